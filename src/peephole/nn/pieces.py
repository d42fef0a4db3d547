"""What the options add to a step: small functions that do nothing where their option is off.

They are the words in which ``rnn.py``, ``lstm.py`` and ``gru.py`` say what an option does, so that a step with all
of them still reads as its equations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

Tap = Callable[[str, Tensor], Tensor]


def add_product(a: Tensor, h: Tensor, r: Tensor) -> Tensor:
    """a + R h in one operation: ``a`` (…, rows), ``h`` (…, columns), ``r`` (rows, columns)."""
    return torch.addmm(a.flatten(0, -2), h.flatten(0, -2), r.t()).view_as(a)


def plus(a: Tensor, bias: Tensor | None) -> Tensor:
    """a + bias, or a where there is none."""
    return a if bias is None else a + bias


def plus_seen(a: Tensor, p: Tensor | None, c: Tensor) -> Tensor:
    """``a`` and what a gate sees of the cell through its peephole: p∘c for a vector, P c for a matrix."""
    if p is None:
        return a
    return a + (p * c if p.dim() == 1 else F.linear(c, p))


def clipped(value: Tensor, limit: float | None) -> Tensor:
    """``value`` within −limit … limit."""
    return value if limit is None else value.clamp(-limit, limit)


def normalised(a: Tensor, gain: Tensor, bias: Tensor, groups: Sequence[int] | None = None) -> Tensor:
    """Layer normalisation over the last dimension (Ba 2016), ε = 1e-5, biased variance.

    Args:
        a: shape (…, rows).
        gain, bias: shape (rows,).
        groups: sizes of the parts of the rows that are normalised apart; None for all together.
    """
    if groups is None:
        return F.layer_norm(a, gain.shape, gain, bias)
    parts = zip(*(value.split_with_sizes(list(groups), -1) for value in (a, gain, bias)), strict=True)
    return torch.cat([normalised(*part) for part in parts], -1)


def limited(name: str, value: Tensor, limit: float | None, tap: Tap) -> Tensor:
    """A state within −limit … limit; as it was before is tapped under its own name."""
    return value if limit is None else clipped(tap(f"{name}_before_clip", value), limit)


def carried(name: str, before: Tensor, new: Tensor, mask: Tensor | None, tap: Tap) -> tuple[Tensor, Tensor]:
    """Taps a new state, and zones it out where there is a mask: d∘before + (1 − d)∘new.

    Returns:
        the new state as the rest of this step sees it, and as the next step does.
    """
    if mask is None:
        new = tap(name, new)
        return new, new
    new = tap(f"{name}_before_zoneout", new)
    return new, tap(name, mask * before + (1 - mask) * new)
