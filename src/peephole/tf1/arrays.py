"""The array functions that stand around recurrent lines, in TensorFlow's names and argument orders."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def reshape(tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """The same numbers in another shape; one of its sizes may be −1."""
    return tensor.reshape(tuple(shape))


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """The product of two matrices, or of two batches of them."""
    return torch.matmul(a, b)


def transpose(a: Tensor, perm: Sequence[int] | None = None) -> Tensor:
    """The dimensions in the order ``perm``; reversed without it."""
    return a.permute(tuple(perm) if perm is not None else tuple(reversed(range(a.dim()))))


def unstack(value: Tensor, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The slices along ``axis``, as a list; that axis is gone from them.

    Raises:
        ValueError: another number of slices than ``num``.
    """
    slices = list(value.unbind(axis))
    if num is not None and num != len(slices):
        raise ValueError(
            f"num={num} and axis={axis} do not fit the shape {tuple(value.shape)}: it has {len(slices)} slices"
        )
    return slices


def stack(values: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Tensors of one shape along a new axis: the inverse of ``unstack``."""
    return torch.stack(list(values), axis)


def concat(values: Sequence[Tensor], axis: int) -> Tensor:
    """Tensors side by side along an axis that they have."""
    return torch.cat(list(values), axis)
