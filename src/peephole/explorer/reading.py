"""Runs a network over a material, and keeps what it did and what it said.

A long text is read in pieces whose state carries over, so that the scores of a large vocabulary are never held for
all steps at once. Knows nothing of runs, ids or the wire.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from peephole.analysis.predictions import delay, predictions, surprise
from peephole.analysis.steps import flatten, starts
from peephole.data.batches import Target
from peephole.explorer.material import Material, too_long
from peephole.nn.models import Network
from peephole.trace.beside import one_thread
from peephole.trace.recording import trace
from peephole.trace.trace import LayerRecord, Trace

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
            labels, it is the bits of the right label, and NaN where that is not known.
    """

    trace: Trace
    said: Mapping[str, Tensor]


def read(network: Network, material: Material, *, target: Target) -> Reading:
    """Let ``network``, in eval mode, read ``material``.

    Args:
        network: what reads.
        material: inputs of the kind that the network takes, and the right outputs as far as they are known.
        target: what the outputs mean.

    Raises:
        Refusal: the trace would be too large to hold.
    """
    per_step = numbers_per_step(network)
    time, batch = material.inputs.shape[:2]
    if time * batch * per_step > MOST_NUMBERS:
        raise too_long(time * batch, "symbols", MOST_NUMBERS // per_step)
    say = _SAY.get(target, _choices)
    # A backward direction and a padded batch are read whole.
    step = PIECE if batch == 1 and not network.config.bidirectional else time
    lengths = material.lengths if batch > 1 else None
    joined = _JoinedTrace(material.inputs)
    said: list[dict[str, Tensor]] = []
    state = None
    with torch.no_grad(), one_thread():
        for begin in range(0, time, step):
            here = slice(begin, begin + step)
            (scores, state), piece = trace(network, material.inputs[here], state, lengths=lengths)
            joined.add(piece, here)
            said.append(say(flatten(scores, lengths), flatten(material.targets[here], lengths)))
    whole = {name: torch.cat([part[name] for part in said]) for name in said[0]}
    if target in ("next", "value"):
        whole["surprise"] = delay(whole["surprise"], starts(material.lengths))
    return Reading(trace=joined.trace, said=whole)


def numbers_per_step(network: Network) -> int:
    """How many numbers the record of one step holds, over all layers and directions."""
    recurrent = network.recurrent
    lane = sum(len(layer.quantities) * layer.hidden_size + layer.input_size for layer in recurrent.equations)
    return lane * (2 if recurrent.bidirectional else 1)


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


_SAY = {"value": _numbers, "class": _labels}


class _JoinedTrace:
    """The traces of consecutive pieces of one sequence, put together in place."""

    def __init__(self, inputs: Tensor) -> None:
        self._inputs = inputs
        self._records: list[LayerRecord] = []

    @property
    def trace(self) -> Trace:
        """What one trace of all pieces would have been, but for the readout's scores."""
        return Trace(records=tuple(self._records), inputs=self._inputs)

    def add(self, piece: Trace, here: slice) -> None:
        """Put in the trace of the steps ``here``."""
        if not self._records:
            self._records = [self._room(record) for record in piece]
        for whole, part in zip(self._records, piece, strict=True):
            whole.input[here] = part.input
            for name, values in part.quantities.items():
                whole[name][here] = values

    def _room(self, record: LayerRecord) -> LayerRecord:
        """A record like the first piece's, as long as all pieces."""

        def room(values: Tensor) -> Tensor:
            return values.new_empty(len(self._inputs), *values.shape[1:])

        quantities = {name: room(values) for name, values in record.quantities.items()}
        return replace(record, quantities=quantities, input=room(record.input))
