"""Runs a network over a material, and keeps what it did and what it said.

A long text is read in pieces whose state carries over, so that the scores of a large vocabulary are never held for
all steps at once. What a causal network did with the beginning of a text it does with every text that begins so:
only the rest is read. Knows nothing of runs, ids or the wire.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from peephole.analysis.clamping import Clamp, holding
from peephole.analysis.predictions import delay, predictions, surprise
from peephole.analysis.steps import flatten, starts
from peephole.errors import TraceError
from peephole.explorer.held import Held
from peephole.explorer.material import Material, too_long
from peephole.explorer.models import Model, Says, Shown, layers_of, reads_forward
from peephole.explorer.prefix import Shared
from peephole.explorer.rows import ROOM, Rows
from peephole.explorer.words import Words
from peephole.trace.beside import one_thread
from peephole.trace.recording import trace
from peephole.trace.trace import Trace

MOST_NUMBERS = 2**28
"""Most numbers that one trace may hold: 1 GiB as float32."""

PIECE = 2048
"""Steps of one sequence that are read at once."""


@dataclass(frozen=True)
class Reading:
    """What a network did and said; steps are those of the material's sequences, one after another.

    Attributes:
        trace: every quantity of every layer and direction.
        said: what the readout said. For a choice of outputs: ``outputs`` (step, k) int32 and ``probabilities``
            (step, k) float32, the likeliest first, and for the labels of an image ``distribution`` (step, output)
            float32, every one's; for a number: ``forecast`` (step, 1) float32. For both:
            ``surprise`` (step,) float32. Where the network says what comes next, that is the bits of each symbol
            given those before it, or the absolute error of each number, and NaN where a sequence starts. Where it
            labels, it is the bits of the right label, and NaN where that is not known. Of an imported network
            the likeliest outputs as above, or ``output`` (step, output) float32, or ``final`` (output,) where it says
            something at the end alone; nothing where it says nothing.
        rows: where the trace stands.
    """

    trace: Trace
    said: Mapping[str, Tensor]
    rows: Rows


@dataclass(frozen=True, eq=False)
class Begun:
    """What is known of a reading before it is begun: another one, as far as the two are the same.

    Attributes:
        reading: of the same network, of one sequence.
        shared: how far they are the same.
    """

    reading: Reading
    shared: Shared

    @property
    def steps(self) -> int:
        """Steps that are not run again."""
        return self.shared.steps

    @property
    def state(self) -> Any:
        """The network's state after them, in the form that it takes."""
        records = self.reading.trace.records
        hidden, *cell = (
            torch.stack([record[name][self.steps - 1] for record in records]) for name in records[0].initial
        )
        return (hidden, *cell) if cell else hidden


def read(
    network: Model,
    material: Material,
    *,
    target: Says,
    shown: Shown | None = None,
    held: Sequence[Held] = (),
    begun: Begun | None = None,
) -> Reading:
    """Let ``network``, in eval mode, read ``material``.

    Args:
        network: what reads.
        material: inputs of the kind that the network takes, and the right outputs as far as they are known.
        target: what the outputs mean.
        shown: how an imported network became ``network``.
        held: what is held meanwhile.
        begun: its beginning, where that is known.

    Raises:
        Refusal: the trace would be too large to hold.
    """
    per_step = numbers_per_step(network)
    time, batch = material.inputs.shape[:2]
    if time * batch * per_step > MOST_NUMBERS:
        raise too_long(time * batch, Words("symbols", "个符号"), MOST_NUMBERS // per_step)
    lengths = material.lengths if batch > 1 else None
    clamps = [clamp for each in held for clamp in each.clamps(material.lengths)]
    whole = batch > 1 or not reads_forward(network)  # a backward direction and a padded batch are read whole
    said: list[Mapping[str, Tensor]] = []
    state, first, rows, written = None, 0, None, 0
    if begun is not None:
        state, first = begun.state, begun.steps
        said.append(_undelayed(begun, target))
        rows, written = _rows(begun, time)
    with torch.no_grad(), one_thread():
        for here in [range(time)] if whole else _pieces(first, time, clamps):
            piece = material.inputs[here.start : here.stop]
            with holding(network, clamps, here, total=time):
                (scores, state), record = trace(network, piece, state, lengths=lengths)
            if rows is None:
                rows = Rows(record, time, room=0 if whole else ROOM)
            rows.put(record, here, first=written)
            if shown is not None:
                said.append(_of_imported(shown, scores, lengths))
                continue
            say = _SAY.get(target, _choices)
            outcomes = material.targets[here.start : here.stop]
            said.append(say(flatten(scores, lengths), flatten(outcomes, lengths)))
    all_said = {name: torch.cat([part[name] for part in said]) for name in said[0]}
    if target in ("next", "value"):
        all_said["surprise"] = delay(all_said["surprise"], starts(material.lengths))
    if rows is None:
        raise TraceError("nothing was read: a material has at least one step")
    return Reading(trace=rows.trace(material.inputs), said=all_said, rows=rows)


def numbers_per_step(network: Model) -> int:
    """How many numbers the record of one step holds, over all layers and directions."""
    return sum(
        (len(layer.equations.quantities) * layer.equations.hidden_size + layer.equations.input_size)
        * len(layer.directions)
        for layer in layers_of(network)
    )


def _pieces(first: int, time: int, clamps: Sequence[Clamp]) -> Iterator[range]:
    """The steps from ``first`` on, cut where a clamp begins or ends: what nobody holds runs as fast as ever."""
    cuts = {time, *range(first, time, PIECE)}
    for clamp in clamps:
        times = clamp.times(time)
        if isinstance(times, range) and times:
            cuts |= {times.start, times.stop}
    ordered = sorted(cut for cut in cuts if first <= cut <= time)
    yield from (range(begin, end) for begin, end in pairwise(ordered))


def _rows(begun: Begun, time: int) -> tuple[Rows, int]:
    """Where the trace of ``time`` steps is going to stand, and how many of its rows stand there already."""
    known = begun.reading
    if known.rows.claim(begun.shared.rows, time):
        return known.rows, begun.shared.rows
    rows = Rows(known.trace, time, room=ROOM)
    rows.put(known.trace, range(begun.steps))
    return rows, begun.steps


def _undelayed(begun: Begun, target: Says) -> Mapping[str, Tensor]:
    """What was said at the steps that are known, the surprise standing at the step that foretold it."""
    delayed = target in ("next", "value")
    return {
        name: values[1 : begun.steps + 1] if delayed and name == "surprise" else values[: begun.steps]
        for name, values in begun.reading.said.items()
    }


def _choices(scores: Tensor, outcomes: Tensor) -> dict[str, Tensor]:
    """What (step, output) scores say, and how (step,) outcomes surprise them; −1 where none is known."""
    likeliest = predictions(scores)
    bits = surprise(scores, outcomes.clamp(min=0)).masked_fill(outcomes < 0, math.nan)
    return {"outputs": likeliest.outputs, "probabilities": likeliest.probabilities, "surprise": bits}


def _labels(scores: Tensor, outcomes: Tensor) -> dict[str, Tensor]:
    """The same of labels, which are few enough to tell how likely each is."""
    return {**_choices(scores, outcomes), "distribution": scores.softmax(-1).float()}


def _numbers(forecast: Tensor, outcomes: Tensor) -> dict[str, Tensor]:
    """What a (step, 1) forecast says, and how far (step, 1) outcomes are from it; NaN where none is known."""
    return {"forecast": forecast, "surprise": (outcomes - forecast).abs().squeeze(-1)}


def _of_imported(shown: Shown, scores: Tensor, lengths: Tensor | None) -> dict[str, Tensor]:
    """What an imported network says, in whatever units those who trained it gave it."""
    if not shown.says:
        return {}
    if shown.target == "tag":
        likeliest = predictions(flatten(scores, lengths))
        return {"outputs": likeliest.outputs, "probabilities": likeliest.probabilities}
    said = shown.said(scores).float()
    return {"output": flatten(said, lengths)} if shown.everywhere else {"final": said[0, 0]}


_SAY = {"value": _numbers, "class": _labels}
