"""Keyframes: the states at every few hundred steps of a text, from which any stretch of it can be run again.

The text is cut into segments of ``every`` steps, the last of which may be shorter. A lane (one layer in one direction)
*enters* a segment with a state: the forward lanes from the left, the backward lanes from the right. That state is all
that a lane ever knows of what it has read, so that a segment can be run again by itself, and many segments at once as a
batch. Knows nothing of how they are run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from peephole.nn.equations import State

SEGMENTS = (32, 64, 128, 256, 512, 1024)
"""How many steps a segment may have, so that every larger thing that a text is cut into holds whole segments."""


@dataclass(frozen=True, eq=False)
class Keyframes:
    """The states with which every lane enters every segment.

    Attributes:
        every: steps of a segment.
        steps: of the whole text.
        states: by part of the state ("hidden", "cell"), in torch's order: (segment, lane, size); lanes are in torch's
            order too: layer 0 forward, layer 0 backward, layer 1 forward, ….
    """

    every: int
    steps: int
    states: Mapping[str, Tensor]

    @classmethod
    def empty(cls, every: int, steps: int, sizes: Mapping[str, int], lanes: int, like: Tensor) -> Keyframes:
        """Zeros, to be filled by ``take``; ``sizes`` has that of each part of the state."""
        segments = math.ceil(steps / every)
        return cls(every, steps, {n: like.new_zeros(segments, lanes, size) for n, size in sizes.items()})

    def take(
        self,
        lane: int,
        quantities: Mapping[str, Tensor],
        initial: Mapping[str, Tensor],
        begin: int,
        *,
        backward: bool,
    ) -> None:
        """Keeps the states with which a lane entered the segments of one piece.

        Args:
            lane: its number.
            quantities: what was recorded, "hidden" and an LSTM's "cell" among it, each (steps, unit).
            initial: the states with which it entered the piece, each (1, unit).
            begin: the piece's first step, where a segment begins.
            backward: whether the lane runs from the right to the left.
        """
        first = begin // self.every
        for name, states in self.states.items():
            values = quantities[name]
            if backward:  # a segment is entered from the first step of the one after it
                entered = torch.cat([values[self.every :: self.every], initial[name]])
            else:  # … from the last step of the one before it; what leaves the piece is the next one's initial
                last = values[self.every - 1 : -1 : self.every]
                entered = torch.cat([initial[name], last])
            states[first : first + len(entered), lane] = entered

    def entering(self, first: int, stop: int) -> State:
        """The states with which the lanes enter segments ``first`` to ``stop`` − 1, each (lane, segment, size)."""
        return tuple(states[first:stop].transpose(0, 1).contiguous() for states in self.states.values())

    def batches(self, first: int, stop: int) -> Iterator[tuple[int, int]]:
        """Segments ``first`` to ``stop`` − 1 as runs of equal length: all full ones, then the text's short last one."""
        full = min(stop, self.steps // self.every)
        if first < full:
            yield first, full
        if full < stop:
            yield max(first, full), stop

    def fold(self, values: Tensor, first: int, stop: int) -> Tensor:
        """Steps of a run of segments of equal length, (time, 1, …), side by side: (steps of one, segments, …)."""
        return values.reshape(stop - first, -1, *values.shape[2:]).transpose(0, 1)

    @staticmethod
    def unfold(values: Tensor) -> Tensor:
        """The inverse of ``fold``."""
        return values.transpose(0, 1).reshape(-1, 1, *values.shape[2:])

    def cut(self, first: int, stop: int) -> slice:
        """The steps of segments ``first`` to ``stop`` − 1."""
        return slice(first * self.every, min(stop * self.every, self.steps))


def joined(parts: list[Tensor]) -> Tensor:
    """Parts one after the other in time; no copy of one alone."""
    return parts[0] if len(parts) == 1 else torch.cat(parts)
