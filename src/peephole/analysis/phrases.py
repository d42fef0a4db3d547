"""Phrase search: the units that are on in a chosen stretch and off around it, and where else they are so together.

A unit is on while its value is at least the threshold; one that speaks by its other sign, while it is at most minus
the threshold (a gate: at most 1 − threshold). After LSTMVis (Strobelt, Gehrmann, Pfister & Rush 2018), with exact
scores. Knows nothing of symbols: a stretch is steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from peephole.analysis.steps import lengths_of, starts, steps_of
from peephole.errors import OptionError, TraceError
from peephole.trace.ranges import GATES
from peephole.trace.trace import LayerRecord

THRESHOLDS = {"gate": 0.5, "state": 0.3}
"""What counts as on where the caller does not say: a gate that is more open than shut; a state that stands out."""


@dataclass(frozen=True)
class PatternUnit:
    """A unit of the pattern, and the sense in which it is on: 1 high, −1 low."""

    unit: int
    sign: int


@dataclass(frozen=True)
class Match:
    """A stretch of one sequence in which the pattern's units are on together.

    Attributes:
        start, stop: steps, counted over all sequences without padding; ``stop`` is the first one after it.
        agreement: share, 0 to 1, of the pattern's units and this stretch's steps (those around it included) at
            which a unit is on within and off around.
    """

    start: int
    stop: int
    agreement: float


@dataclass(frozen=True)
class Phrases:
    """The pattern of a stretch and where else it is found.

    Attributes:
        quantity, threshold, around: what was asked.
        start, stop: the chosen stretch.
        units: the units that are on all through it and off around it; those that stand out most come first.
        matches: other stretches, the best agreement first; at equal agreement those nearest in length.
    """

    quantity: str
    threshold: float
    around: int
    start: int
    stop: int
    units: tuple[PatternUnit, ...]
    matches: tuple[Match, ...]


def find_phrases(
    record: LayerRecord,
    quantity: str,
    start: int,
    stop: int,
    *,
    threshold: float | None = None,
    around: int = 1,
    together: float = 0.5,
    limit: int = 50,
) -> Phrases:
    """The pattern of a stretch, and other stretches that have it.

    Args:
        record: the record of one layer and direction.
        quantity: which of its quantities.
        start, stop: the stretch: steps counted over all sequences without padding, within one sequence.
        threshold: from which value on a unit is on; None for 0.5 for gates and 0.3 for the others.
        around: steps on either side of a stretch at which the units are to be off; those past the ends of a sequence
            are not asked.
        together: share of the pattern's units that must be on at each step of another stretch.
        limit: most matches.

    Raises:
        MissingQuantityError: the record does not hold ``quantity``.
        OptionError: an option out of range.
        TraceError: the record has no such stretch.
    """
    threshold = THRESHOLDS["gate" if quantity in GATES else "state"] if threshold is None else threshold
    _check(quantity, threshold, around, together, limit)
    values = steps_of(record, quantity).cpu()
    sequence = _sequence_of(record)
    if not 0 <= start < stop <= len(values) or sequence[start] != sequence[stop - 1]:
        raise TraceError(
            f"steps {start} to {stop} are no stretch of one sequence; there are {len(values)} steps in "
            f"{len(lengths_of(record))} sequences"
        )
    signs = torch.tensor([1, -1])
    both = torch.stack([_on(values, quantity, threshold, int(sign)) for sign in signs])
    beside = _around(start, stop, around, sequence)
    fits = both[:, start:stop].all(1) & ~both[:, beside].any(1)
    number, unit = fits.nonzero().unbind(1)
    margin = _margin(values, unit, start, stop, beside)
    order = margin.argsort(descending=True, stable=True)
    number, unit = number[order], unit[order]
    units = tuple(PatternUnit(u, s) for u, s in zip(unit.tolist(), signs[number].tolist(), strict=True))
    matches: list[Match] = []
    if units:
        on = both[number, :, unit].T
        matches = [
            _match(on, *run, around, sequence)
            for run in _runs(on.double().mean(1) >= together, sequence)
            if run[1] <= start or run[0] >= stop
        ]
        matches.sort(key=lambda m: (-m.agreement, abs(m.stop - m.start - (stop - start)), m.start))
    return Phrases(quantity, threshold, around, start, stop, units, tuple(matches[:limit]))


def _check(quantity: str, threshold: float, around: int, together: float, limit: int) -> None:
    if quantity in GATES and not 0.5 <= threshold <= 1:
        raise OptionError(f"a gate's threshold must be from 0.5 to 1, got {threshold}")
    if not threshold > 0:
        raise OptionError(f"threshold must be above 0, got {threshold}")
    if around < 0 or limit < 0:
        raise OptionError(f"around and limit must be at least 0, got {around} and {limit}")
    if not 0 < together <= 1:
        raise OptionError(f"together must be above 0 and at most 1, got {together}")


def _on(values: Tensor, quantity: str, threshold: float, sign: int) -> Tensor:
    """Where each unit is on in one sense: (step, unit) bool."""
    if sign > 0:
        return values >= threshold
    return values <= (1 - threshold if quantity in GATES else -threshold)


def _sequence_of(record: LayerRecord) -> Tensor:
    """(step,) the number of the sequence that each step is in."""
    return starts(lengths_of(record)).cumsum(0)


def _around(start: int, stop: int, around: int, sequence: Tensor) -> list[int]:
    """The steps beside a stretch, within its sequence."""
    steps = [*range(max(0, start - around), start), *range(stop, min(len(sequence), stop + around))]
    return [step for step in steps if sequence[step] == sequence[start]]


def _margin(values: Tensor, unit: Tensor, start: int, stop: int, beside: list[int]) -> Tensor:
    """How far each unit's mean in the stretch is from its mean around it."""
    outside = values[beside][:, unit].mean(0) if beside else 0.0
    return (values[start:stop][:, unit].mean(0) - outside).abs()


def _runs(on: Tensor, sequence: Tensor) -> list[tuple[int, int]]:
    """Maximal stretches of steps at which ``on``, (step,), holds; none crosses from one sequence to the next."""
    same = on[1:] & on[:-1] & (sequence[1:] == sequence[:-1])
    no = torch.zeros(1, dtype=torch.bool)
    begins = (on & ~torch.cat([no, same])).nonzero().flatten()
    ends = (on & ~torch.cat([same, no])).nonzero().flatten() + 1
    return list(zip(begins.tolist(), ends.tolist(), strict=True))


def _match(on: Tensor, start: int, stop: int, around: int, sequence: Tensor) -> Match:
    """How well a stretch agrees with the pattern; ``on`` (step, pattern unit)."""
    beside = _around(start, stop, around, sequence)
    agreeing = int(on[start:stop].sum()) + int((~on[beside]).sum())
    return Match(start, stop, agreeing / (on.shape[1] * (stop - start + len(beside))))
