"""The passes over a long text, piece by piece, that fill a survey.

A causal network is read once, from the left to the right. In a bidirectional one every layer needs the layers below it
from both ends, so that its layers are read one after another, each in a pass from the right and one from the left; what
the layers below say about a piece is run again from their keyframes, all segments of the piece at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from peephole.nn.equations import State
from peephole.nn.stack import DIRECTIONS
from peephole.trace.beside import Beside, one_thread
from peephole.trace.keyframes import Keyframes, joined
from peephole.trace.ranges import bounds, saturation
from peephole.trace.said import Saying
from peephole.trace.scratch import Scratch
from peephole.trace.sketches import Piece, Sketching
from peephole.trace.subject import Subject
from peephole.trace.trace import LayerRecord

PIECE = 1024
"""Steps that are run and sketched at once: few enough for their record to stay near the processor. Segments (whose
steps are a power of two up to this), envelopes and stretches all end where a piece ends."""

Report = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Text:
    """A long text as the passes need it.

    Attributes:
        inputs: (time, 1) ids or (time, 1, feature) numbers.
        tracks: (track, time), around their means and in their deviations.
        rows: (time,) the row of the symbol that each step reads; None for numbers.
        counts: (row,) steps of each row; None for numbers.
    """

    inputs: Tensor
    tracks: Tensor
    rows: Tensor | None
    counts: Tensor | None


@dataclass(frozen=True, eq=False)
class Pass:
    """Everything that the passes fill.

    Attributes:
        subject: what reads.
        text: what is read.
        keyframes: filled lane by lane.
        saying: filled in the last pass; None where nothing is said.
        report: told the share that is done, 0 to 1, after every piece.
        sketchings: of each lane, each quantity.
    """

    subject: Subject
    text: Text
    keyframes: Keyframes
    saying: Saying | None
    report: Report
    sketchings: dict[tuple[int, str], dict[str, Sketching]] = field(default_factory=dict)
    _scratch: Scratch = field(default_factory=Scratch)

    def run(self) -> None:
        """Reads the whole text; while a piece is being read, the one before it is sketched by a second thread."""
        with one_thread(), Beside() as beside:
            if self.subject.directions == 1:
                self._from_left(beside)
            else:
                self._from_both_ends(beside)

    def _pieces(self) -> Sequence[tuple[int, int]]:
        """First and stop segment of each piece."""
        segments = math.ceil(self.keyframes.steps / self.keyframes.every)
        whole = PIECE // self.keyframes.every
        return [(first, min(first + whole, segments)) for first in range(0, segments, whole)]

    def _from_left(self, beside: Beside) -> None:
        state: State | None = None
        for first, stop in self._pieces():
            here = self.keyframes.cut(first, stop)
            outputs, state, records = self.subject.read(self.text.inputs[here], state)
            beside.do(self._take, records, here, outputs if self.saying is not None else None)
            self.report(here.stop / self.keyframes.steps)

    def _from_both_ends(self, beside: Beside) -> None:
        depth = len(self.subject.stack.layers)
        pieces = self._pieces()
        total, done = 2 * depth * len(pieces), 0
        for layer in range(depth):
            for direction in reversed(DIRECTIONS):
                state: State | None = None
                for first, stop in pieces if direction == "forward" else reversed(pieces):
                    here = self.keyframes.cut(first, stop)
                    x = self._through(self.subject.features(self.text.inputs[here]), first, stop, 0, layer)
                    record, state = self.subject.lane(x, state, layer, direction)
                    outputs = None
                    if self.saying is not None and (layer, direction) == (depth - 1, "forward"):
                        outputs = self.subject.readout(self._last(record, x, first, stop))
                    beside.do(self._take, [record], here, outputs)
                    done += 1
                    self.report(done / total)
                beside.wait()  # the next pass needs the keyframes of this one

    def _last(self, forward: LayerRecord, x: Tensor, first: int, stop: int) -> Tensor:
        """The last layer's output: its forward hidden states, and the backward ones, run again from their keyframes."""
        depth = forward.layer
        both = self._through(x, first, stop, depth, depth + 1)
        return torch.cat([forward["hidden"], both[..., forward["hidden"].shape[-1] :]], -1)

    def _through(self, x: Tensor, first: int, stop: int, low: int, high: int) -> Tensor:
        """What layers ``low`` to ``high`` − 1 make of the segments ``first`` to ``stop`` − 1 of ``x``."""
        if low == high:
            return x
        return joined(
            [
                self.keyframes.unfold(
                    self.subject.through(
                        self.keyframes.fold(x[where], *run), self.keyframes.entering(*run), low, high
                    )
                )
                for run, where in self._runs(first, stop)
            ]
        )

    def _runs(self, first: int, stop: int) -> Iterator[tuple[tuple[int, int], slice]]:
        """The runs of equally long segments in a piece, and where they lie in it."""
        begin = first * self.keyframes.every
        for run in self.keyframes.batches(first, stop):
            here = self.keyframes.cut(*run)
            yield run, slice(here.start - begin, here.stop - begin)

    def _take(self, records: Sequence[LayerRecord], here: slice, outputs: Tensor | None) -> None:
        """Sketches the records of one piece, keeps the states between its segments, takes down what was said."""
        text = self.text
        piece = Piece.of(here.start, text.tracks[:, here], None if text.rows is None else text.rows[here])
        for record in records:
            quantities = {name: values[:, 0] for name, values in record.quantities.items()}
            lane = record.layer, record.direction
            if lane not in self.sketchings:
                self.sketchings[lane] = self._sketchings(record.layer, quantities)
            for name, sketching in self.sketchings[lane].items():
                sketching.update(quantities[name], piece)
            self.keyframes.take(
                self.subject.number(*lane),
                quantities,
                record.initial,
                here.start,
                backward=record.direction == "backward",
            )
        if self.saying is not None and outputs is not None:
            self.saying.take(outputs[:, 0], here.start)

    def _sketchings(self, layer: int, quantities: dict[str, Tensor]) -> dict[str, Sketching]:
        equations = self.subject.stack.equations[layer]
        return {
            name: Sketching(
                values.shape[1],
                bounds(name, equations),
                saturation(name),
                len(self.text.tracks),
                self.text.counts,
                values,
                self._scratch,
            )
            for name, values in quantities.items()
        }
