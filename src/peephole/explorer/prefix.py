"""How far two tasks are the same from their start: what a causal network need not do again.

Knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from peephole.explorer.held import Held
from peephole.explorer.task import Task


def shared_steps(known: Task, new: Task) -> int:
    """Steps from the start at which two tasks of one network are the same in every way; fewer than either has.

    The same is read, the same outputs are right and the same is held. Only tasks of one sequence share anything.
    """
    one, other = known.material, new.material
    if one.inputs.shape[1] != 1 or other.inputs.shape[1] != 1:
        return 0
    longest = min(len(one.inputs), len(other.inputs)) - 1
    # What is held twice goes by the order in which it was said.
    if longest < 1 or not _in_order(known.clamps, new.clamps):
        return 0
    return min(
        longest,
        _same(one.inputs[:longest], other.inputs[:longest]),
        _same(one.targets[:longest], other.targets[:longest]),
        *(held.first for held in {*known.clamps} ^ {*new.clamps}),
    )


def _same(a: Tensor, b: Tensor) -> int:
    """How many rows of two tensors of one shape are the same; NaN is the same as NaN."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return 0
    equal = (a == b) | (a.isnan() & b.isnan()) if a.is_floating_point() else a == b
    rows = equal.flatten(1).all(1)
    return len(rows) if bool(rows.all()) else int(torch.argmin(rows.int()))


def _in_order(known: Sequence[Held], new: Sequence[Held]) -> bool:
    both = {*known} & {*new}
    return [held for held in known if held in both] == [held for held in new if held in both]
