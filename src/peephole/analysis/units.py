"""What one run of a network says about each of its units.

Takes one record of a layer and direction. Knows the range of each quantity, nothing of symbols' meaning or of
how the numbers are shown. Slots past a sequence's end never count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from peephole.analysis.steps import lengths_of, one_a_step, starts, steps_of
from peephole.errors import TraceError
from peephole.trace.ranges import GATES, saturation
from peephole.trace.trace import LayerRecord

HELD = 20  # steps for which a telling unit holds what it takes
BINS = 41  # odd, so that zero falls into the middle of the middle bin of a symmetric range


@dataclass(frozen=True)
class UnitStatistics:
    """One quantity of every unit over all steps of a run. Each field is (unit,) float32.

    Attributes:
        minimum: least value.
        maximum: greatest value.
        mean: mean value.
        deviation: standard deviation (of these steps, not an estimate for others).
        saturated_low: share of steps, 0 to 1, at which the unit is shut: a gate below 0.1, a candidate or hidden
            value below −0.9, a cell whose tanh is below −0.9.
        saturated_high: the same at the other end: above 0.9.
        turnover: mean absolute change from one step of a sequence to the next; 0 where no step follows another.
        telling: how likely the unit is to stand for something, 0 to 1: large for one that swings between its ends
            (a cell by its tanh, so that one which drifts off does not count) and holds what it takes for some
            20 steps. The deviation times the share of those steps that deviation ÷ turnover makes.
    """

    minimum: Tensor
    maximum: Tensor
    mean: Tensor
    deviation: Tensor
    saturated_low: Tensor
    saturated_high: Tensor
    turnover: Tensor
    telling: Tensor


@dataclass(frozen=True)
class Histogram:
    """How often one unit's quantity fell where: ``counts`` (bins,) float32 between ``low`` and ``high``."""

    counts: Tensor
    low: float
    high: float


@dataclass(frozen=True)
class SymbolMeans:
    """A unit's mean over the steps that read each symbol, the most frequent symbol first.

    Attributes:
        symbols: the symbols that occur.
        means: (symbol,) float32.
        counts: (symbol,) float32, how many steps read that symbol.
    """

    symbols: tuple[str, ...]
    means: Tensor
    counts: Tensor


def unit_statistics(record: LayerRecord, quantity: str) -> UnitStatistics:
    """Statistics of one quantity of every unit of ``record``.

    Raises:
        MissingQuantityError: the record does not hold ``quantity``.
        TraceError: the record has no steps.
    """
    values = steps_of(record, quantity)
    low, high = saturation(quantity)
    deviation, mean = torch.std_mean(values, dim=0, correction=0)
    return UnitStatistics(
        minimum=values.amin(0),
        maximum=values.amax(0),
        mean=mean,
        deviation=deviation,
        saturated_low=(values < low).sum(0) / len(values),
        saturated_high=(values > high).sum(0) / len(values),
        turnover=_turnover(values, lengths_of(record)),
        telling=_telling(values.tanh() if quantity == "cell" else values, lengths_of(record)),
    )


def histogram(record: LayerRecord, quantity: str, unit: int, *, bins: int = BINS) -> Histogram:
    """The distribution of one unit's quantity over its natural range.

    A gate's range is 0 to 1, a candidate's and a hidden value's −1 to 1 (wider if they leave it), a cell's its
    own greatest magnitude to both sides; so zero, or a half for a gate, is always the middle.

    Raises:
        MissingQuantityError: the record does not hold ``quantity``.
        TraceError: the record has no steps.
    """
    values = steps_of(record, quantity)[:, unit]
    low, high = _range(quantity, values)
    return Histogram(counts=torch.histc(values, bins=bins, min=low, max=high), low=low, high=high)


def mean_by_symbol(record: LayerRecord, quantity: str, unit: int, symbols: Sequence[str]) -> SymbolMeans:
    """The unit's mean after each symbol that was read.

    Args:
        record: the record of one layer and direction.
        quantity: which of its quantities.
        unit: which unit.
        symbols: what each step read, sequence after sequence, without padding.

    Raises:
        MissingQuantityError: the record does not hold ``quantity``.
        TraceError: the record has no steps, or not as many as there are symbols.
    """
    values = steps_of(record, quantity)[:, unit]
    one_a_step(len(symbols), len(values), "symbols")
    number: dict[str, int] = {}
    ids = torch.tensor([number.setdefault(symbol, len(number)) for symbol in symbols])
    counts = torch.bincount(ids, minlength=len(number))
    sums = torch.zeros(len(number), dtype=torch.float64).index_add_(0, ids, values.double())
    order = counts.argsort(descending=True, stable=True)
    names = tuple(number)
    return SymbolMeans(
        symbols=tuple(names[i] for i in order.tolist()),
        means=(sums / counts)[order].float(),
        counts=counts[order].float(),
    )


def rank_units(statistics: UnitStatistics, by: str, *, ascending: bool = False) -> list[int]:
    """Unit numbers ordered by one field of ``statistics``, the greatest first; ties by number.

    Raises:
        TraceError: ``by`` is not a field of :class:`UnitStatistics`.
    """
    names = sorted(UnitStatistics.__dataclass_fields__)
    if by not in names:
        raise TraceError(f"units cannot be ranked by {by!r}; choose one of {', '.join(names)}")
    key: Tensor = getattr(statistics, by)
    order: list[int] = key.argsort(descending=not ascending, stable=True).tolist()
    return order


def _range(quantity: str, values: Tensor) -> tuple[float, float]:
    if quantity in GATES:
        return 0.0, 1.0
    reach = float(values.abs().amax())
    if quantity != "cell":
        reach = max(reach, 1.0)
    elif reach == 0.0:
        reach = 1.0
    return -reach, reach


def _turnover(values: Tensor, lengths: Tensor) -> Tensor:
    """Mean |change| of (steps, unit) values from step to step, never from one sequence to the next."""
    changes = (values[1:] - values[:-1]).abs_()
    if len(lengths) > 1:
        changes = changes[~starts(lengths)[1:]]
    return changes.mean(0) if len(changes) else torch.zeros(values.shape[1])


def _telling(values: Tensor, lengths: Tensor) -> Tensor:
    """See :class:`UnitStatistics`; of (steps, unit) values that are bounded."""
    deviation, turnover = values.std(dim=0, correction=0), _turnover(values, lengths)
    held = (deviation / turnover).nan_to_num(0.0, posinf=0.0)  # what never changes tells nothing
    return deviation * (held / HELD).clamp(max=1.0)
