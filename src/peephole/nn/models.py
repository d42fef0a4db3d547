"""``Network``: the models that ``peephole train`` makes, symbols or numbers in, logits or numbers out.

An optional embedding, recurrent layers, a linear readout. Knows nothing of vocabularies, files or training.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from peephole.errors import OptionError
from peephole.nn.layers import GRU, LSTM, RNN
from peephole.nn.lstm import Peephole
from peephole.nn.recurrent import RecurrentLayer
from peephole.nn.states import detached

CellName = Literal["rnn", "lstm", "gru"]


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """What a ``Network`` is made of.

    Attributes:
        cell: "rnn", "lstm" or "gru".
        input: "symbols" for integer ids, "numbers" for float features.
        input_size: number of symbols, or of features.
        output_size: number of outputs of the readout.
        embedding: size of a symbol's learned vector; None feeds symbols one-hot, and is what numbers need.
        hidden: units a layer.
        layers: recurrent layers.
        bidirectional: whether each layer also runs backwards.
        peephole: None or "diagonal"; LSTM only.
        forget_bias: as in ``LSTM``; LSTM only.
        dropout: between layers, in training.

    Raises:
        OptionError: a size below 1, an unknown cell or input, an LSTM's option for another cell.
    """

    cell: CellName
    input: Literal["symbols", "numbers"]
    input_size: int
    output_size: int
    embedding: int | None
    hidden: int
    layers: int
    bidirectional: bool = False
    peephole: Peephole | None = None
    forget_bias: float | None = None
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.cell not in ("rnn", "lstm", "gru"):
            raise OptionError(f"cell must be 'rnn', 'lstm' or 'gru', got {self.cell!r}")
        if self.input not in ("symbols", "numbers"):
            raise OptionError(f"input must be 'symbols' or 'numbers', got {self.input!r}")
        for name in ("input_size", "output_size", "hidden", "layers"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.embedding is not None and self.embedding < 1:
            raise OptionError(
                f"embedding must be at least 1, or None for one-hot symbols, got {self.embedding}"
            )
        if self.embedding is not None and self.input == "numbers":
            raise OptionError(f"embedding={self.embedding} needs symbols; numbers are read as they are")
        if not 0 <= self.dropout < 1:
            raise OptionError(f"dropout must be at least 0 and below 1, got {self.dropout}")
        for name in ("peephole", "forget_bias"):
            if self.cell != "lstm" and getattr(self, name) is not None:
                raise OptionError(
                    f"{name}={getattr(self, name)!r} is an LSTM's option; cell is {self.cell!r}"
                )

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> NetworkConfig:
        """The inverse of ``to_json``.

        Raises:
            OptionError: an attribute that is missing or not known.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise OptionError(
                f"a network's config has no {', '.join(unknown)}; it has {', '.join(sorted(known))}"
            )
        try:
            return cls(**values)
        except TypeError as error:
            raise OptionError(f"a network's config is incomplete or of a wrong type: {error}") from error


class Network(nn.Module):
    """Embedding, recurrent layers, readout.

    Attributes:
        config: what it is made of.
        embedding: ``torch.nn.Embedding``, or None.
        recurrent: a ``peephole.RNN``, ``LSTM`` or ``GRU``, time first.
        readout: ``torch.nn.Linear`` from the last layer's hidden state.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.input_size, config.embedding) if config.embedding else None
        self.recurrent = _recurrent(config, config.embedding or config.input_size)
        width = config.hidden * (2 if config.bidirectional else 1)
        self.readout = nn.Linear(width, config.output_size)

    def forward(
        self, inputs: Tensor, state: Any = None, *, lengths: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        """Reads whole sequences.

        Args:
            inputs: ids, shape (time, batch), or numbers, shape (time, batch, feature).
            state: of the recurrent layers, as they take and return it; None for zeros.
            lengths: steps of each sequence, shape (batch,); None where all are full. Outputs past a sequence's end
                are those of a zero hidden state.

        Returns:
            outputs of the readout, shape (time, batch, output_size), and the final state.
        """
        hidden, state = self.recurrent(self.features(inputs), state, lengths=lengths)
        return self.readout(hidden), state

    def features(self, inputs: Tensor) -> Tensor:
        """What the first recurrent layer reads, shape (time, batch, feature)."""
        if self.config.input == "numbers":
            return inputs
        if self.embedding is not None:
            return self.embedding(inputs)  # type: ignore[no-any-return]
        return F.one_hot(inputs, self.config.input_size).to(self.readout.weight.dtype)


def _recurrent(config: NetworkConfig, input_size: int) -> RecurrentLayer:
    """The recurrent layers that a config asks for."""
    shared: dict[str, Any] = {
        "num_layers": config.layers,
        "dropout": config.dropout if config.layers > 1 else 0.0,
        "bidirectional": config.bidirectional,
    }
    if config.cell == "lstm":
        return LSTM(
            input_size,
            config.hidden,
            **shared,
            peephole=config.peephole,
            forget_bias=config.forget_bias,
        )
    return (GRU if config.cell == "gru" else RNN)(input_size, config.hidden, **shared)


def detach(state: Any) -> Any:
    """A state cut off from the graph that made it: where back-propagation through time is truncated."""
    return detached(state)
