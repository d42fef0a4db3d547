"""The random masks of one layer and direction in one call, drawn before its first step.

A step is given its masks as plain arguments, so that every way of running a layer takes the same ones and a record
can keep them. Masks of dropouts are scaled by 1 / (1 − p), as ``torch.nn.functional.dropout``'s are, and there are
none in evaluation. A zoneout mask is 1 where the old value is kept; in evaluation it holds the expectation p.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

StepMasks = Mapping[str, Tensor]
UNMASKED: StepMasks = {}


@dataclass(frozen=True)
class Masks:
    """Every mask of one layer and direction in one call, by name.

    Attributes:
        once: held over the call: ``input_mask`` (batch, input) and ``hidden_mask`` (batch, output) of
            ``variational_dropout``, ``weight_mask`` (rows, output) of ``weight_dropout``.
        each: anew at each step, (time, batch, size): ``candidate_mask`` of ``recurrent_dropout``,
            ``cell_zoneout_mask`` and ``hidden_zoneout_mask`` of ``zoneout``.
    """

    once: Mapping[str, Tensor] = field(default_factory=dict)
    each: Mapping[str, Tensor] = field(default_factory=dict)

    def on_input(self, x: Tensor) -> Tensor:
        """The layer's input, shape (…, batch, input), as W sees it."""
        return masked(x, self.once.get("input_mask"))

    def on_weights(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The weights with R as this call uses it."""
        if "weight_mask" not in self.once:
            return weights
        return {**weights, "weight_hh": weights["weight_hh"] * self.once["weight_mask"]}

    def at(self, time: int) -> StepMasks:
        """What the step at one input time is given."""
        if not self.once and not self.each:
            return UNMASKED
        return {**self.once, **{name: mask[time] for name, mask in self.each.items()}}

    def recorded(self, alive: Tensor | None) -> dict[str, Tensor]:
        """All masks for a record; those of steps past a sequence's end are zero.

        Args:
            alive: shape (time, batch, 1), True within each sequence's length; None where all are full.
        """
        each = {name: mask if alive is None else mask.where(alive, 0) for name, mask in self.each.items()}
        return {**self.once, **each}


def dropout_mask(shape: tuple[int, ...], p: float, like: Tensor) -> Tensor:
    """0 with probability ``p``, else 1 / (1 − p)."""
    return F.dropout(like.new_ones(shape), p)


def zoneout_mask(shape: tuple[int, ...], p: float, like: Tensor, *, training: bool) -> Tensor:
    """1 with probability ``p``, else 0; in evaluation the expectation ``p`` everywhere."""
    expected = like.new_full((), p).expand(shape)
    return torch.bernoulli(expected) if training else expected


def masked(value: Tensor, mask: Tensor | None) -> Tensor:
    """``value`` through a dropout's mask, or as it is where there is none."""
    return value if mask is None else value * mask
