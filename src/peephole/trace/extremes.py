"""The highest and lowest moments of every unit, and the envelope of the whole text, from one pass.

A slow unit's eight highest steps would be eight neighbours. So the text is cut into stretches of 32 steps, each of
which counts once, by its highest (or lowest) step. Exact: of all stretches the eight most extreme are found. Knows
nothing of what the values mean.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

KEPT = 8
STRETCH = 32
ENVELOPE = 512


class Extremes:
    """The stretches with the most extreme values, for every unit of one quantity.

    Attributes:
        steps: (kept, 2 · unit) int32, where the highest values of the units were, and beside them where the lowest
            were, the most extreme first; −1 where the text has fewer stretches.
    """

    def __init__(self, units: int, like: Tensor) -> None:
        # The lowest values are the highest of what is negated: one array for both.
        self._heights = like.new_full((KEPT, 2 * units), -math.inf)
        self.steps = torch.full((KEPT, 2 * units), -1, dtype=torch.int32, device=like.device)
        self._sign = like.new_ones(2 * units)
        self._sign[units:] = -1

    @property
    def values(self) -> Tensor:
        """The values at ``steps``; infinite where there is none."""
        return self._sign * self._heights

    def update(self, values: Tensor, least: Tensor, greatest: Tensor, begin: int) -> None:
        """Takes the stretches of one piece.

        Args:
            values: (steps, unit), from a step that begins a stretch.
            least, greatest: (stretches, unit), the extremes of each of its stretches.
            begin: the step at which the piece begins.
        """
        peaks = torch.cat([greatest, -least], 1)
        columns = (peaks > self._heights[-1]).any(0).nonzero().squeeze(-1)
        if len(columns) == 0:
            return
        # A new stretch n is numbered −2 − n until it is known to enter; only then is its extreme looked for.
        new = -2 - torch.arange(len(peaks), dtype=torch.int32, device=peaks.device)
        heights = torch.cat([self._heights[:, columns], peaks[:, columns]])
        numbers = torch.cat([self.steps[:, columns], new.unsqueeze(1).expand(-1, len(columns))])
        best, chosen = heights.topk(KEPT, dim=0)
        steps = numbers.gather(0, chosen)
        rank, which = (steps < -1).nonzero(as_tuple=True)
        entered = columns[which]
        within = torch.arange(STRETCH, device=peaks.device).unsqueeze(1)
        # The last stretch of a text may be short: past its end its last step stands in, which changes no extreme.
        places = ((-2 - steps[rank, which]) * STRETCH + within).clamp_(max=len(values) - 1)
        units = values.shape[1]
        candidates = values.take(places * units + entered % units).mul_(self._sign[entered])
        steps[rank, which] = (begin + places.gather(0, candidates.argmax(0, keepdim=True)).squeeze(0)).int()
        self._heights[:, columns], self.steps[:, columns] = best, steps


def peaks_of(values: Tensor) -> tuple[Tensor, Tensor]:
    """The least and the greatest value in each stretch: (steps, unit) to (stretches, unit); the last may be short."""
    full = len(values) - len(values) % STRETCH
    whole, rest = values[:full].view(-1, STRETCH, values.shape[1]), values[full:]
    least, greatest = whole.amin(1), whole.amax(1)
    if len(rest) == 0:
        return least, greatest
    return torch.cat([least, rest.amin(0, keepdim=True)]), torch.cat([greatest, rest.amax(0, keepdim=True)])


def envelope(least: Tensor, greatest: Tensor) -> Tensor:
    """Least and greatest value in each 512 steps, for drawing: from those of each stretch, (stretches, unit), of a
    piece that begins at a multiple of 512 steps, to (blocks, 2, unit) float16.
    """
    size = ENVELOPE // STRETCH
    blocks = [
        torch.stack([least[first : first + size].amin(0), greatest[first : first + size].amax(0)])
        for first in range(0, len(least), size)
    ]
    largest = torch.finfo(torch.float16).max
    return torch.stack(blocks).clamp_(-largest, largest).half()
