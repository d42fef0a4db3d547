"""Surveys: what every unit does over a text of up to millions of symbols, without ever holding its trace.

``survey`` reads the text once (a bidirectional network's every lane once) and keeps keyframes, exact sketches and what
the network said. Any window of the full record is run again from its keyframes when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from peephole.errors import MissingQuantityError, TraceError
from peephole.nn.chain_network import Chain
from peephole.nn.models import Network
from peephole.trace.keyframes import SEGMENTS, Keyframes
from peephole.trace.said import Said, Saying
from peephole.trace.sketches import QuantitySketch, standardised, symbol_rows
from peephole.trace.subject import Subject
from peephole.trace.sweeps import Pass, Report, Text
from peephole.trace.trace import Trace
from peephole.trace.tracks import checked_tracks, derived_tracks
from peephole.trace.windows import checked_steps, read_window

if TYPE_CHECKING:
    from peephole.data.batches import Target

EVERY = 256
MEANS = 256


@dataclass(frozen=True, eq=False)
class LayerSketch:
    """What one layer did in one direction over the whole text. ``sketch["cell"]`` is its cell's ``QuantitySketch``.

    Attributes:
        module, layer, direction, kind: as in ``LayerRecord``.
        quantities: the sketch of each quantity.
    """

    module: str
    layer: int
    direction: str
    kind: str
    quantities: Mapping[str, QuantitySketch]

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantities", MappingProxyType(dict(self.quantities)))

    def __getitem__(self, name: str) -> QuantitySketch:
        try:
            return self.quantities[name]
        except KeyError:
            raise MissingQuantityError(
                f"this {self.kind} has no {name}; its survey holds {', '.join(self.quantities)}"
            ) from None


@dataclass(frozen=True, eq=False, kw_only=True)
class Survey:
    """What a network did over a whole text, and the way back to any of its moments.

    Attributes:
        sketches: one for each layer and direction, from the lowest layer up.
        keyframes: the states from which windows are run again.
        said: what the network said at each step; empty where no target was given.
        inputs: the text: (steps,) int64 ids or (steps, feature) numbers.
        symbols: the ids whose means are kept, in the order of the rows of ``by_symbol``; one more row is for all
            other symbols together.
        counts: (row,) int64, how many steps read the symbol of each row.
        tracks: the names of the rows of ``correlations``.
        digest: names the weights with which the text was read.
    """

    sketches: tuple[LayerSketch, ...]
    keyframes: Keyframes
    said: Said
    inputs: Tensor
    symbols: tuple[int, ...]
    counts: Tensor
    tracks: tuple[str, ...]
    digest: str
    _subject: Subject = field(repr=False)

    def __len__(self) -> int:
        return len(self.inputs)

    def __repr__(self) -> str:
        lanes = ", ".join(f"{s.kind} l{s.layer} {s.direction}" for s in self.sketches)
        return f"<survey of {len(self)} steps: {lanes}>"

    def layer(self, index: int = 0, direction: str = "forward") -> LayerSketch:
        """What one layer did in one direction.

        Raises:
            TraceError: there is no such layer.
        """
        for sketch in self.sketches:
            if (sketch.layer, sketch.direction) == (index, direction):
                return sketch
        raise TraceError(f"no layer {index} {direction} in {self!r}")

    def correlation(
        self, track: str, quantity: str = "hidden", *, layer: int = 0, direction: str = "forward"
    ) -> Tensor:
        """How closely each unit follows a track, (unit,) from −1 to 1.

        Raises:
            TraceError: no such track or layer.
            MissingQuantityError: the layer has no such quantity.
        """
        if track not in self.tracks:
            raise TraceError(f"no track {track!r}; this survey has {', '.join(self.tracks) or 'none'}")
        return self.layer(layer, direction)[quantity].correlations[self.tracks.index(track)]

    def window(
        self, start: int, stop: int | None = None, *, layer: int | None = None, direction: str | None = None
    ) -> Trace:
        """The record of steps ``start`` to ``stop`` − 1, run again from the keyframes before (and behind) them.

        It is the slice of the full trace, to rounding; the initial states of its records are those before the window.

        Args:
            start, stop: which steps, counted as Python counts; ``stop`` None is the end of the text.
            layer: only this one, which is faster; None for all.
            direction: only this one; None for all.

        Raises:
            TraceError: no step lies in the window, no such layer, or the network has other weights by now.
        """
        begin, end = checked_steps(start, stop, len(self))
        subject = self._subject
        if layer is not None or direction is not None:
            self.layer(layer or 0, direction or "forward")
        if subject.digest() != self.digest:
            raise TraceError("the network's weights have changed since the survey: survey the text again")
        inputs = self.inputs.unsqueeze(1)
        records = read_window(subject, self.keyframes, inputs, begin, end, layer)
        chosen = tuple(record for record in records if direction in (None, record.direction))
        return Trace(chosen, inputs=inputs[begin:end])

    def save(self, path: str | Path) -> None:
        """Writes the survey as one safetensors file, without the network; docs/files.md describes it.

        Raises:
            TraceError: the file cannot be written.
        """
        from peephole.trace.survey_files import save

        save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path, network: nn.Module) -> Survey:
        """Reads what ``save`` wrote, for the network that was surveyed.

        Raises:
            TraceError: no such file, no survey, or that of a network with other weights.
        """
        from peephole.trace.survey_files import load

        return load(Path(path), Subject.of(network))


def survey(
    network: nn.Module,
    tokens: Tensor | Sequence[int],
    *,
    symbols: Sequence[str] | None = None,
    tracks: Mapping[str, object] | None = None,
    target: Target | None = None,
    outcomes: Tensor | None = None,
    every: int = EVERY,
    means: int = MEANS,
    report: Report | None = None,
) -> Survey:
    """Reads a long text once and keeps what every unit did: exact sketches, keyframes, and what was said.

    Args:
        network: a ``Network``, a recurrent layer by itself, or any module that has exactly one recurrent layer (ours
            or torch's), is called as ``module(inputs, state)`` and returns ``(outputs, state)`` with that layer's
            state. A bidirectional one must be of the first two kinds. In eval mode.
        tokens: one text: (steps,) ids, or (steps, feature) numbers.
        symbols: the names of the ids. From them tracks are derived: position in line, inside quotes, indentation,
            digit, … (``peephole.trace.tracks.derived_tracks``).
        tracks: more tracks to correlate every unit with, by name, each one number a step: a count, a class, a label.
        target: what the outputs mean: "next" symbol, "tag" or "class" of a step, next "value"; None keeps nothing of
            them.
        outcomes: what the outputs should have been, (steps,) ids with −1 where unknown, or (steps, output) numbers;
            for "next" and "value" they follow from the text itself.
        every: steps from one keyframe to the next, a power of two from 32 to 1024.
        means: how many symbols, the commonest, have means of their own; the others have one together.
        report: is told the share that is done, 0 to 1; what it raises ends the survey.

    Raises:
        TraceError: a module that cannot be surveyed, an empty text, arguments that do not fit the text.
    """
    subject = Subject.of(network)
    inputs = _checked_inputs(subject, tokens)
    if every not in SEGMENTS:
        raise TraceError(f"every must be one of {', '.join(map(str, SEGMENTS))}, got {every}")
    if target is not None and not subject.speaks:
        raise TraceError("a recurrent layer by itself says nothing: target= needs a model with a readout")
    names = _tracks(inputs, symbols, tracks or {})
    ids, counts, rows = (
        ((), torch.zeros(0, dtype=torch.int64), None)
        if inputs.is_floating_point()
        else symbol_rows(inputs, means)
    )
    weight, stack = subject.weight, subject.stack
    device, dtype = weight.device, weight.dtype
    columns = [torch.from_numpy(track) for track in names.values()]
    mean, scale = standardised(columns)
    text = Text(
        inputs=inputs.unsqueeze(1).to(device),
        tracks=_stacked(columns, mean, scale, len(inputs)).to(device, dtype),
        rows=None if rows is None else rows.to(device),
        counts=None if rows is None else counts.to(device),
    )
    lanes = len(stack.layers) * subject.directions
    keyframes = Keyframes.empty(every, len(inputs), stack.equations[0].state_sizes, lanes, weight.detach())
    saying = None if target is None else Saying(target, outcomes, inputs)
    reading = Pass(subject, text, keyframes, saying, report or (lambda share: None))
    reading.run()
    return Survey(
        sketches=tuple(
            LayerSketch(
                subject.name,
                layer,
                direction,
                stack.equations[layer].name,
                {name: sketching.sketch() for name, sketching in lane.items()},
            )
            for (layer, direction), lane in sorted(
                reading.sketchings.items(), key=lambda item: subject.number(*item[0])
            )
        ),
        keyframes=keyframes,
        said=Said() if saying is None else saying.said(),
        inputs=inputs,
        symbols=ids,
        counts=counts,
        tracks=tuple(names),
        digest=subject.digest(),
        _subject=subject,
    )


def _checked_inputs(subject: Subject, tokens: Tensor | Sequence[int]) -> Tensor:
    """The text as (steps,) int64 or (steps, feature) of the network's dtype, on the CPU."""
    inputs = torch.as_tensor(tokens).detach().cpu()
    numbers = inputs.is_floating_point()
    if inputs.dim() != (2 if numbers else 1) or len(inputs) == 0:
        raise TraceError(
            f"a survey reads one text, (steps,) ids or (steps, feature) numbers, got {inputs.dtype} of shape "
            f"{tuple(inputs.shape)}"
        )
    if numbers:
        return inputs.to(subject.weight.dtype)
    inputs = inputs.long()
    known = subject.module.config.input_size if isinstance(subject.module, Network | Chain) else None
    if int(inputs.min()) < 0 or (known is not None and int(inputs.max()) >= known):
        raise TraceError(
            f"the text has ids from {int(inputs.min())} to {int(inputs.max())}; "
            f"the network reads 0 to {'…' if known is None else known - 1}"
        )
    return inputs


def _tracks(
    inputs: Tensor, symbols: Sequence[str] | None, given: Mapping[str, object]
) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """The derived tracks and the caller's, whose go before derived ones of the same name."""
    steps = len(inputs)
    if symbols is None:
        derived = {"position in text": (np.arange(steps) / max(steps - 1, 1)).astype(np.float32)}
    elif inputs.is_floating_point():
        raise TraceError("symbols= names ids, and this text is of numbers")
    elif int(inputs.max()) >= len(symbols):
        raise TraceError(f"the text has the id {int(inputs.max())}, and symbols= names only {len(symbols)}")
    else:
        derived = derived_tracks(inputs.numpy(), symbols)
    return {**derived, **checked_tracks(given, steps)}


def _stacked(columns: Sequence[Tensor], mean: Tensor, scale: Tensor, steps: int) -> Tensor:
    """Tracks around their means and in their deviations, (track, steps)."""
    if not columns:
        return torch.zeros(0, steps)
    return torch.stack([(c - m) * s for c, m, s in zip(columns, mean.float(), scale.float(), strict=True)])
