"""What a network said over a long text: its likeliest outputs and its surprise at each step, in small arrays.

Takes the scores of a readout piece by piece. Knows nothing of networks or of states.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from peephole.errors import TraceError

if TYPE_CHECKING:
    from peephole.data.batches import Target

LIKELIEST = 5


@dataclass(frozen=True, eq=False, kw_only=True)
class Said:
    """What was said after each step, and how far it was from what came. ``None`` is what does not apply.

    Attributes:
        outputs: (steps, 5) int32, the likeliest outputs after each step, the likeliest first; fewer columns where
            there are fewer outputs.
        probabilities: (steps, 5) float16, how likely each is.
        forecast: (steps, output) float32, where the output is a number itself.
        surprise: (steps,) float16. Where the network says what comes next: the bits of each symbol given those before
            it, or the absolute error of what was forecast for this step, NaN at the first step. Where it labels: the
            bits of the right label, NaN where that is not known.
    """

    outputs: Tensor | None = None
    probabilities: Tensor | None = None
    forecast: Tensor | None = None
    surprise: Tensor | None = None

    def tensors(self) -> dict[str, Tensor]:
        """The attributes by name, without those that are None."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


class Saying:
    """Takes down what is said, piece by piece from the left.

    Args:
        target: what the outputs mean.
        outcomes: what they should have been: (steps,) int64, −1 where nobody knows, or (steps, output) numbers. They
            may be left out where the next symbol or number of ``inputs`` itself is meant.
        inputs: the text, (steps,) or (steps, feature).

    Raises:
        TraceError: outcomes that do not fit the target or the text.
    """

    def __init__(self, target: Target, outcomes: Tensor | None, inputs: Tensor) -> None:
        if target not in ("next", "tag", "class", "value"):
            raise TraceError(f"target must be 'next', 'tag', 'class' or 'value', got {target!r}")
        if target == "next" and inputs.is_floating_point():
            raise TraceError(
                "target='next' means the next symbol, and this network reads numbers: 'value' is meant?"
            )
        ahead = target in ("next", "value")
        if outcomes is None and ahead:
            unknown = math.nan if target == "value" else -1
            outcomes = torch.cat([inputs[1:], torch.full_like(inputs[:1], unknown)])
        elif outcomes is None:
            outcomes = torch.full((len(inputs),), -1)
        if len(outcomes) != len(inputs) or outcomes.is_floating_point() != (target == "value"):
            raise TraceError(
                f"outcomes are one {'number' if target == 'value' else 'output id'} a step, {len(inputs)} in all; "
                f"got {outcomes.dtype} of shape {tuple(outcomes.shape)}"
            )
        self._outcomes, self._ahead, self._numbers = outcomes, ahead, target == "value"
        self._pieces: list[dict[str, Tensor]] = []

    def take(self, scores: Tensor, begin: int) -> None:
        """Takes the readout's scores of one piece, shape (steps, output).

        Raises:
            TraceError: the outcomes are not among the outputs.
        """
        outcomes = self._outcomes[begin : begin + len(scores)].to(scores.device)
        piece = self._forecast(scores, outcomes) if self._numbers else self._choices(scores, outcomes)
        self._pieces.append({name: values.cpu() for name, values in piece.items()})

    def _choices(self, scores: Tensor, outcomes: Tensor) -> dict[str, Tensor]:
        if int(outcomes.max()) >= scores.shape[-1]:
            raise TraceError(
                f"there is an outcome {int(outcomes.max())}, but the network has {scores.shape[-1]} outputs"
            )
        log_probabilities = scores.log_softmax(-1)
        likeliest, outputs = log_probabilities.topk(min(LIKELIEST, scores.shape[-1]), dim=-1)
        right = log_probabilities.gather(-1, outcomes.clamp(min=0).unsqueeze(-1)).squeeze(-1)
        bits = (right / -math.log(2)).masked_fill(outcomes < 0, math.nan)
        return {"outputs": outputs.int(), "probabilities": likeliest.exp().half(), "surprise": bits.half()}

    def _forecast(self, scores: Tensor, outcomes: Tensor) -> dict[str, Tensor]:
        outcomes = outcomes.view(len(outcomes), -1)
        if outcomes.shape != scores.shape:
            raise TraceError(
                f"the network forecasts {scores.shape[1]} numbers a step and there are {outcomes.shape[1]} outcomes; "
                "give outcomes= that fit"
            )
        error = (outcomes - scores).abs().mean(-1)
        return {"forecast": scores.float(), "surprise": error.half()}

    def said(self) -> Said:
        """Everything that was said."""
        whole = {name: torch.cat([piece[name] for piece in self._pieces]) for name in self._pieces[0]}
        if self._ahead:  # what was said about the next step belongs to that step
            whole["surprise"] = whole["surprise"].roll(1)
            whole["surprise"][0] = math.nan
        return Said(**whole)
