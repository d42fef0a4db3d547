"""The shapes at which everything is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Shape:
    """Steps, sequences, features, units."""

    time: int
    batch: int
    input: int
    hidden: int

    def __str__(self) -> str:
        return f"{self.time},{self.batch},{self.input},{self.hidden}"

    @classmethod
    def parse(cls, text: str) -> Shape:
        """From ``T,B,I,H``.

        Raises:
            ValueError: not four numbers.
        """
        time, batch, features, hidden = map(int, text.split(","))
        return cls(time, batch, features, hidden)

    def lstm_operations(self) -> float:
        """Of an LSTM's forward pass: the multiplications and additions of its products alone."""
        return 2.0 * self.time * self.batch * 4 * self.hidden * (self.input + self.hidden)


SHAPES = (
    Shape(100, 32, 128, 128),
    Shape(100, 32, 256, 256),
    Shape(100, 64, 512, 512),
    Shape(28, 128, 28, 256),
    Shape(128, 50, 65, 512),
    Shape(100, 16, 50, 60),
    Shape(100, 1, 256, 256),
    Shape(400, 1, 512, 512),
    Shape(1000, 1, 50, 60),
    Shape(1000, 1, 64, 32),
)
ONE_STEP = Shape(1, 1, 16, 32)
