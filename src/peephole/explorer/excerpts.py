"""Parts of a trace that stand for themselves: what a question about a few steps has to look at.

A part begins with the state that its first step started from, so everything that is asked within it has the same
answer as in the whole. Only forward, unless a part is a whole sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from peephole.analysis.steps import lengths_of, state_before
from peephole.trace.trace import LayerRecord, Trace


def excerpt(trace: Trace, sequence: int, begin: int, end: int) -> Trace:
    """The steps from ``begin`` up to ``end`` of one sequence."""
    return _excerpts(trace, [(sequence, begin)], end - begin)


def windows(trace: Trace, lags: int, most: int) -> tuple[Trace, Tensor]:
    """Steps spread evenly over a trace, each with what lies up to ``lags`` steps behind it.

    Args:
        trace: of a network that reads forward.
        lags: below the longest sequence's steps.
        most: most steps.

    Returns:
        the part of the trace, and (time, batch) bool, the chosen steps in it. They all have ``lags`` steps behind
        them; but where fewer steps have than there are sequences, each sequence's last step is chosen.
    """
    lengths = lengths_of(trace.layer())
    long_enough = [(s, time) for s, n in enumerate(lengths.tolist()) for time in range(lags, n)]
    if len(lengths) > 1 and len(long_enough) < len(lengths):
        # Lines of a task: each is looked at whole, its last step being the one with the most behind it.
        chosen = _spread([s for s, n in enumerate(lengths.tolist()) if n], most)
        steps = torch.zeros(int(lengths.max()), len(lengths), dtype=torch.bool)
        steps[lengths[chosen] - 1, chosen] = True
        return trace, steps
    ends = [long_enough[place] for place in _spread(range(len(long_enough)), most)]
    parts = _excerpts(trace, [(sequence, time - lags) for sequence, time in ends], lags + 1)
    steps = torch.zeros(lags + 1, len(ends), dtype=torch.bool)
    steps[-1] = True
    return parts, steps


def _spread(places: Sequence[int], most: int) -> list[int]:
    """At most so many of the places, evenly apart, the last among them."""
    count = min(most, len(places))
    return [places[len(places) - 1 - place * len(places) // count] for place in range(count)]


def _excerpts(trace: Trace, begins: Sequence[tuple[int, int]], steps: int) -> Trace:
    """Stretches of one length side by side, each from a sequence and a time on."""
    return Trace(records=tuple(_of_record(record, begins, steps) for record in trace))


def _of_record(record: LayerRecord, begins: Sequence[tuple[int, int]], steps: int) -> LayerRecord:
    def cut(values: Tensor) -> Tensor:
        parts = [values[begin : begin + steps, sequence] for sequence, begin in begins]
        return torch.stack(parts, 1)

    if record.direction == "backward":
        initial = {
            name: torch.stack([v[sequence] for sequence, _ in begins]) for name, v in record.initial.items()
        }
    else:
        initial = {
            name: torch.stack([state_before(record, name, begin, sequence) for sequence, begin in begins])
            for name in record.initial
        }
    quantities = {name: cut(values) for name, values in record.quantities.items()}
    return replace(record, quantities=quantities, initial=initial, input=cut(record.input), lengths=None)
