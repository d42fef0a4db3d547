"""Which unit follows what: exact correlations of every unit with every indicator, and units in order of a score.

Knows numbers a step and their names; nothing of where they come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from peephole.analysis.indicators import Indicator
from peephole.analysis.steps import one_a_step, steps_of
from peephole.errors import OptionError
from peephole.trace.trace import LayerRecord

Language = Literal["en", "zh"]
AT_ONCE = 2**23
"""Most numbers of a quantity that are widened at once: 64 MiB as float64."""


@dataclass(frozen=True)
class Follows:
    """How one unit goes with one indicator.

    Attributes:
        unit: which unit.
        key, name, chinese: the indicator's.
        r: Pearson's correlation, −1 to 1; below 0 the unit falls where the indicator rises.
    """

    unit: int
    key: str
    name: str
    chinese: str
    r: float

    def sentence(self, language: Language = "en") -> str:
        """In words: "follows: inside quotes (r .93)", "跟随：引号内（r .93）"."""
        if language == "zh":
            return f"跟随：{self.chinese}（r {correlation_text(self.r)}）"
        return f"follows: {self.name} (r {correlation_text(self.r)})"


@dataclass(frozen=True, eq=False)
class Correlations:
    """One quantity of every unit against every indicator.

    Attributes:
        quantity: which quantity.
        indicators: what it was compared with.
        r: (unit, indicator) float64; NaN where the unit or the indicator never changes.
    """

    quantity: str
    indicators: tuple[Indicator, ...]
    r: Tensor

    def ranking(self, key: str) -> list[Follows]:
        """All units, the one that goes most closely with the indicator first, in whatever sense; NaN left out.

        Raises:
            OptionError: there is no such indicator.
        """
        keys = [known.key for known in self.indicators]
        if key not in keys:
            raise OptionError(f"no indicator {key!r}; there are {', '.join(keys)}")
        column = self.r[:, keys.index(key)]
        order = column.abs().nan_to_num(-1).argsort(descending=True, stable=True).tolist()
        return [self._follows(unit, keys.index(key)) for unit in order if not column[unit].isnan()]

    def best(self, unit: int) -> Follows | None:
        """What the unit follows most closely; None if it never changes, or nothing else does.

        Raises:
            OptionError: there is no such unit.
        """
        if not 0 <= unit < len(self.r):
            raise OptionError(f"unit {unit}: the units are 0 to {len(self.r) - 1}")
        row = self.r[unit].abs().nan_to_num(-1)
        if not len(row) or row.max() < 0:
            return None
        return self._follows(unit, int(row.argmax()))

    def telling(self) -> list[Follows]:
        """Every unit with what it follows most closely, the closest first."""
        found = [best for unit in range(len(self.r)) if (best := self.best(unit)) is not None]
        return sorted(found, key=lambda follows: -abs(follows.r))

    def _follows(self, unit: int, number: int) -> Follows:
        known = self.indicators[number]
        return Follows(unit, known.key, known.name, known.chinese, float(self.r[unit, number]))


@dataclass(frozen=True, eq=False)
class Ranking:
    """Units in order of a score, the greatest first, ties by number.

    Attributes:
        by: what the score is.
        units: unit numbers.
        scores: (unit,) float64, by unit number.
    """

    by: str
    units: tuple[int, ...]
    scores: Tensor

    @classmethod
    def of(cls, by: str, scores: Tensor) -> Ranking:
        """The ranking by ``scores``, (unit,)."""
        return cls(by, tuple(scores.argsort(descending=True, stable=True).tolist()), scores)


def correlations(record: LayerRecord, quantity: str, indicators: Sequence[Indicator]) -> Correlations:
    """Pearson's correlation of one quantity of every unit with every indicator, over all steps, in float64.

    Raises:
        MissingQuantityError: the record does not hold ``quantity``.
        TraceError: the record has no steps, or an indicator not as many numbers.
        OptionError: two indicators of one key.
    """
    values = steps_of(record, quantity).cpu()
    keys = [known.key for known in indicators]
    if len(set(keys)) != len(keys):
        raise OptionError(f"each indicator needs a key of its own, got {', '.join(keys)}")
    for known in indicators:
        one_a_step(len(known.values), len(values), f"values of {known.key}")
    known_values = [known.values for known in indicators]
    tracks = torch.stack(known_values, -1) if known_values else torch.empty(len(values), 0).double()
    units = torch.split(values, max(1, AT_ONCE // len(values)), 1)  # each by itself, however long the text
    r = torch.cat([pearson(some.double(), tracks) for some in units])
    return Correlations(quantity, tuple(indicators), r)


def pearson(a: Tensor, b: Tensor) -> Tensor:
    """Correlations of the columns of two tensors (step, m) and (step, n): (m, n), NaN where a column is constant."""
    centred_a, centred_b = a - a.mean(0), b - b.mean(0)
    lengths = torch.outer(centred_a.norm(dim=0), centred_b.norm(dim=0))
    constant = torch.outer((a != a[:1]).any(0), (b != b[:1]).any(0)).logical_not()
    return (centred_a.T @ centred_b / lengths).clamp(-1, 1).masked_fill(constant, torch.nan)


def silence(record: LayerRecord) -> Ranking:
    """Units of an LSTM by how much they hold and do not show: the mean of (1 − o)·|tanh c|, 0 to 1.

    Raises:
        MissingQuantityError: the record is of no LSTM.
        TraceError: the record has no steps.
    """
    shows, holds = (steps_of(record, quantity).cpu() for quantity in ("output_gate", "cell"))
    units = max(1, AT_ONCE // len(holds))
    silent = [
        ((1 - o.double()) * c.double().tanh().abs()).mean(0)
        for o, c in zip(torch.split(shows, units, 1), torch.split(holds, units, 1), strict=True)
    ]
    return Ranking.of("silence", torch.cat(silent))


def correlation_text(r: float) -> str:
    """A correlation as it is printed: ".93", "−.07", "1.00"."""
    digits = f"{abs(r):.2f}"
    return ("−" if r < 0 and float(digits) else "") + digits.removeprefix("0")
