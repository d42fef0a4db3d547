"""The course of a training run: one row a validation, kept as CSV.

Knows nothing of folders or networks.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from peephole.errors import RunError

_FIXED = ("step", "epoch", "seconds", "symbols")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What was known after so many steps.

    step, epoch, seconds, symbols
        Steps taken, the epoch then under way (from 0), seconds of training, and symbols (or numbers) learned from.
    train, validation
        The mean loss since the row before, and the held-out loss: bits a symbol, or squared standard deviations.
    learning_rate
        Of the last step.
    scores
        Further held-out measures by name, such as accuracy.
    """

    step: int
    epoch: int
    seconds: float
    symbols: int
    train: float
    validation: float
    learning_rate: float
    scores: Mapping[str, float] = field(default_factory=dict)


def to_csv(rows: Iterable[Metric], *, unit: str) -> str:
    """The rows as CSV with a header; ``unit`` ("bits" or "loss") says what train_… and validation_… are."""
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row.scores))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_FIXED, f"train_{unit}", f"validation_{unit}", "learning_rate", *names])
    for row in rows:
        numbers = [
            row.train,
            row.validation,
            row.learning_rate,
            *(row.scores.get(name, "") for name in names),
        ]
        writer.writerow([row.step, row.epoch, f"{row.seconds:.3f}", row.symbols, *numbers])
    return out.getvalue()


def from_csv(text: str) -> list[Metric]:
    """The rows that ``to_csv`` wrote. Raises RunError for anything else."""
    header, *lines = list(csv.reader(io.StringIO(text))) or [[]]
    fixed = len(_FIXED) + 3
    if tuple(header[: len(_FIXED)]) != _FIXED or len(header) < fixed:
        raise RunError(f"a table of metrics begins with the columns {', '.join(_FIXED)}, got {header[:4]}")
    try:
        return [
            Metric(
                step=int(line[0]),
                epoch=int(line[1]),
                seconds=float(line[2]),
                symbols=int(line[3]),
                train=float(line[4]),
                validation=float(line[5]),
                learning_rate=float(line[6]),
                scores={
                    name: float(cell) for name, cell in zip(header[fixed:], line[fixed:], strict=True) if cell
                },
            )
            for line in lines
        ]
    except (ValueError, IndexError) as error:
        raise RunError(f"a table of metrics holds a line that cannot be read: {error}") from error
