"""The states of TensorFlow 1's cells: tensors [batch, size], and tuples of them.

An LSTM's state is an ``LSTMStateTuple`` (c, h), in this order; a stack's is a tuple with one entry a cell. A cell's
``state_size`` has the same form, with numbers in place of the tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor


class LSTMStateTuple(NamedTuple):
    """An LSTM's state: ``c``, the cell, then ``h``, the hidden state, each [batch, size].

    The other way round than ``torch.nn``, which has (h, c). As a ``state_size`` it holds two numbers.
    """

    c: Any
    h: Any

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of both tensors.

        Raises:
            TypeError: they differ.
        """
        if self.c.dtype != self.h.dtype:
            raise TypeError(f"the state's tensors have different dtypes: c {self.c.dtype}, h {self.h.dtype}")
        return self.c.dtype  # type: ignore[no-any-return]


def mapped(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """``function`` of every leaf of ``structure`` and what stands there in the ``others``, in the same structure."""
    if not isinstance(structure, tuple):
        return function(structure, *others)
    parts = [mapped(function, *each) for each in zip(structure, *others, strict=True)]
    return LSTMStateTuple(*parts) if isinstance(structure, LSTMStateTuple) else tuple(parts)


def checked(size: Any, state: Any, x: Tensor, batch: int, where: str) -> Any:
    """A caller's state, in the structure of ``size`` and on the device of ``x``.

    TensorFlow 1 moved tensors between devices by itself, and a zero state is made before anybody knows where the
    inputs are.

    Args:
        size: the cell's ``state_size``.
        state: what the caller gave.
        x: the input, whose dtype the state must have.
        batch: sequences.
        where: the argument's name, for messages.

    Raises:
        ValueError: another structure, shape or dtype.
    """
    if isinstance(size, tuple):
        return _checked_tuple(size, state, x, batch, where)
    if not isinstance(state, Tensor):
        raise ValueError(f"{where} must be a tensor [{batch}, {size}], got a {type(state).__name__}")
    if tuple(state.shape) != (batch, size):
        raise ValueError(
            f"{where} must have the shape [{batch}, {size}] (batch, state size), got {list(state.shape)}"
        )
    if state.dtype != x.dtype:
        raise ValueError(f"{where} is {state.dtype} and the inputs are {x.dtype}: give both one dtype")
    return state.to(x.device)


def _checked_tuple(size: tuple[Any, ...], state: Any, x: Tensor, batch: int, where: str) -> Any:
    """``checked`` of a state with several parts."""
    if not isinstance(state, tuple | list) or len(state) != len(size):
        got = f"a tensor {list(state.shape)}" if isinstance(state, Tensor) else f"a {type(state).__name__}"
        length = f" of {len(state)}" if isinstance(state, tuple | list) else ""
        raise ValueError(
            f"{where} must be a tuple of {len(size)}, as the cell's state_size {size}, got {got}{length}"
        )
    if not isinstance(size, LSTMStateTuple):
        return tuple(checked(size[k], part, x, batch, f"{where}[{k}]") for k, part in enumerate(state))
    c, h = state
    if size.c != size.h and [part.shape[-1:] for part in state] == [(size.h,), (size.c,)]:
        raise ValueError(f"{where} must be (c, h), of sizes {size.c} and {size.h}; this looks like (h, c)")
    return LSTMStateTuple(
        checked(size.c, c, x, batch, f"{where}.c"), checked(size.h, h, x, batch, f"{where}.h")
    )
