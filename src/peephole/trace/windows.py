"""Running a stretch of a surveyed text again from its keyframes, with every gate on record.

The segments that the stretch touches are run side by side as one batch: a stretch of thousands of steps costs hardly
more time steps than one segment has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from peephole.errors import TraceError
from peephole.trace.keyframes import Keyframes, joined
from peephole.trace.subject import Subject
from peephole.trace.trace import LayerRecord


def read_window(
    subject: Subject, keyframes: Keyframes, inputs: Tensor, start: int, stop: int, layer: int | None
) -> list[LayerRecord]:
    """The records of steps ``start`` to ``stop`` − 1, those of one layer or of all.

    Args:
        subject: what reads.
        keyframes: of the whole text.
        inputs: the whole text, (time, 1) ids or (time, 1, feature) numbers.
        start, stop: which steps; at least one.
        layer: depth of the layer, or None.
    """
    first, last = start // keyframes.every, -(-stop // keyframes.every)
    device = subject.weight.device
    parts = []
    for run in keyframes.batches(first, last):
        x = keyframes.fold(inputs[keyframes.cut(*run)], *run).to(device)
        state = tuple(part.to(device) for part in keyframes.entering(*run))
        parts.append(subject.records(x, state, layer))
    begin = first * keyframes.every
    return [_cut(lane, start - begin, stop - begin) for lane in zip(*parts, strict=True)]


def _cut(parts: Sequence[LayerRecord], start: int, stop: int) -> LayerRecord:
    """Steps ``start`` to ``stop`` − 1 of the records of one lane's segments, which lie side by side in each part."""
    one = parts[0]
    quantities = {name: joined([Keyframes.unfold(part[name]) for part in parts]) for name in one.quantities}
    if one.direction == "forward":
        entered = {name: values[:1] for name, values in one.initial.items()}
        before = start - 1 if start > 0 else None
    else:
        entered = {name: values[-1:] for name, values in parts[-1].initial.items()}
        before = stop if stop < len(quantities["hidden"]) else None
    return replace(
        one,
        call=0,
        quantities={name: values[start:stop] for name, values in quantities.items()},
        initial=entered if before is None else {name: quantities[name][before] for name in entered},
        input=joined([Keyframes.unfold(part.input) for part in parts])[start:stop],
    )


def checked_steps(start: int, stop: int | None, steps: int) -> tuple[int, int]:
    """First step and the one after the last, counted as Python counts; None is the end.

    Raises:
        TraceError: no step lies between them.
    """
    begin, end, _ = slice(start, stop).indices(steps)
    if begin >= end:
        raise TraceError(f"no steps between {start} and {stop}: the text has steps 0 to {steps - 1}")
    return begin, end
