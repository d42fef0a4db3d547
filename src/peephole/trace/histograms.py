"""Exact histograms of quantities whose range nobody knows beforehand, in one pass.

A bounded quantity has 64 bins between its bounds. An unbounded one has 64 bins between −r and r, where r is a power of
two of each unit's own; when a value leaves them, r is doubled and the bins join two by two. Since every edge is a
multiple of a power of two, no value ever changes sides: the counts are those of a second pass that knew r from the
start, whatever the pieces in which the values came. Knows nothing of what the values mean.
"""

from __future__ import annotations

import torch
from torch import Tensor

from peephole.trace.scratch import Scratch

BINS = 64
SMALLEST = 2.0**-20  # the least r, for units that hardly leave zero


class Histogram:
    """The histograms of one quantity of every unit, growing with what is counted.

    Bin k holds what is at least its lower edge and below its upper one; the last bin of a bounded quantity holds its
    upper bound too.

    Attributes:
        low, high: (unit,) the outer edges.
    """

    def __init__(self, units: int, bounds: tuple[float, float] | None, like: Tensor) -> None:
        self._bounded = bounds is not None
        low, high = bounds or (-SMALLEST, SMALLEST)
        # One more bin, for the upper bound itself.
        self._counts = torch.zeros(units, BINS + 1, dtype=torch.int64, device=like.device)
        self.low = like.new_full((units,), low)
        self.high = like.new_full((units,), high)
        self._first_bins = torch.arange(units, device=like.device) * (BINS + 1)

    @property
    def counts(self) -> Tensor:
        """How many values fell into each bin, (unit, 64) int64."""
        counts = self._counts[:, :BINS].clone()
        counts[:, -1] += self._counts[:, BINS]
        return counts

    def update(self, values: Tensor, minimum: Tensor, maximum: Tensor, scratch: Scratch) -> None:
        """Counts ``values``, shape (steps, unit), whose least and greatest, shape (unit,), are known and finite."""
        if not self._bounded:
            self._grow(torch.maximum(minimum.abs(), maximum.abs()))
        # Scale and edges are powers of two and their multiples, so that the products and their floors are exact.
        scale = BINS / (self.high - self.low)
        numbers = torch.mul(values, scale, out=scratch.numbers(values)).floor_()
        bins = scratch.integers(values).copy_(numbers)
        bins += (self._first_bins - self.low * scale).int()
        counts = torch.bincount(bins.flatten(), minlength=self._counts.numel())
        self._counts += counts.view_as(self._counts)

    def _grow(self, reach: Tensor) -> None:
        """Makes room for magnitudes of ``reach``, shape (unit,)."""
        # frexp gives a mantissa below 1, so that the power of two is above what it is made from.
        needed = torch.maximum(torch.ldexp(torch.ones_like(reach), torch.frexp(reach).exponent), self.high)
        while (narrow := needed > self.high).any():
            joined = self._counts[narrow, :BINS].view(-1, BINS // 2, 2).sum(-1)
            self._counts[narrow] = 0
            self._counts[narrow, BINS // 4 : BINS - BINS // 4] = joined
            self.high = torch.where(narrow, 2 * self.high, self.high)
            self.low = -self.high
