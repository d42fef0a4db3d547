"""How far two tasks are the same from their start: what a causal network need not do again.

Knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from peephole.explorer.held import Held
from peephole.explorer.task import Task


class Shared(NamedTuple):
    """How far two tasks are the same.

    Attributes:
        steps: what was done and said at these is the same; always fewer than either task has.
        rows: what was done at these is the same. What is said of a step's outcome may differ: at the end of a text
            nobody knows yet what follows.
    """

    steps: int
    rows: int


def shared(known: Task, new: Task) -> Shared:
    """How far two tasks of one causal network are the same. Only tasks of one sequence share anything."""
    one, other = known.material, new.material
    if one.inputs.shape[1] != 1 or other.inputs.shape[1] != 1 or not _in_order(known.clamps, new.clamps):
        return Shared(0, 0)
    longest = min(len(one.inputs), len(other.inputs))
    rows = min(
        _same(one.inputs[:longest], other.inputs[:longest]),
        *(held.first for held in {*known.clamps} ^ {*new.clamps}),
        longest,
    )
    return Shared(min(rows, longest - 1, _same(one.targets[:rows], other.targets[:rows])), rows)


def _same(a: Tensor, b: Tensor) -> int:
    """How many rows of two tensors of one shape are the same; NaN is the same as NaN."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return 0
    equal = (a == b) | (a.isnan() & b.isnan()) if a.is_floating_point() else a == b
    rows = equal.flatten(1).all(1)
    return len(rows) if bool(rows.all()) else int(torch.argmin(rows.int()))


def _in_order(known: Sequence[Held], new: Sequence[Held]) -> bool:
    """Whether what both hold is held in the same order: of what is held twice, the later counts."""
    both = {*known} & {*new}
    return [held for held in known if held in both] == [held for held in new if held in both]
