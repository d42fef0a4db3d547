"""The states of a call: the form in which the caller has them, and a tuple a layer, as they are run.

A caller's state has one of two forms, by the layer's options and never by the values:

    widths the same      what ``torch.nn`` has: a tensor (layers · directions, batch, size), layer 0 forward, layer 0
                         backward, layer 1 forward, …; a tuple of such tensors where the cell carries several:
                         (h, c) for an LSTM, (h, c, i, f, o) with full gate recurrence
    a width per layer    a tuple with one entry a layer, each in the form above for that layer alone: a tensor
                         (directions, batch, size), or a tuple of them

Without a batch that dimension is left out. Knows nothing of how a layer runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from typing_extensions import TypeAliasType

from peephole.nn.equations import Equations, State
from peephole.nn.stack import Stack, by_layer
from peephole.nn.ways import autocast_dtype

#: A state as callers give it and get it back, whatever the cell.
CallState = TypeAliasType("CallState", "Tensor | tuple[CallState, ...]")


def read(stack: Stack, hx: Any, x: Tensor, batch: int, *, batched: bool) -> tuple[State, ...]:
    """The caller's initial states as one tuple a layer, each tensor of shape (directions, batch, size).

    Args:
        stack: the layers.
        hx: what the caller gave; None for learned states or zeros.
        x: the input, whose dtype and device the states must have.
        batch: sequences.
        batched: whether the caller's input had a batch.

    Raises:
        RuntimeError: another form, shape, dtype or device.
        AttributeError: something that is no tensor where one is wanted, as in ``torch.nn``.
    """
    if hx is None:
        return stack.initial_states(batch, x)
    if not stack.state_per_layer:
        parts = _parts(stack.equations[0], hx, "hx")
        _check(stack.equations[0], parts, len(stack.layers) * stack.directions, x, batch, batched, "hx")
        parts = parts if batched else tuple(part.unsqueeze(1) for part in parts)
        return tuple(by_layer(parts, stack.directions))
    if isinstance(hx, Tensor) or len(hx) != len(stack.layers):
        received = f"a tensor {tuple(hx.shape)}" if isinstance(hx, Tensor) else f"{len(hx)} entries"
        raise RuntimeError(
            f"hx must be a tuple with one state for each of the {len(stack.layers)} layers, since their widths "
            f"were given apart; got {received}"
        )
    layers = []
    for depth, (equations, entry) in enumerate(zip(stack.equations, hx, strict=True)):
        parts = _parts(equations, entry, f"hx[{depth}]")
        _check(equations, parts, stack.directions, x, batch, batched, f"hx[{depth}]")
        layers.append(parts if batched else tuple(part.unsqueeze(1) for part in parts))
    return tuple(layers)


def write(stack: Stack, states: Sequence[State], *, batched: bool) -> CallState:
    """The inverse of ``read`` for final states."""
    if not batched:
        states = [tuple(part.squeeze(1) for part in state) for state in states]
    if stack.state_per_layer:
        return tuple(_bare(state) for state in states)
    if len(states) == 1:
        return _bare(states[0])
    return _bare(tuple(torch.cat(parts) for parts in zip(*states, strict=True)))


def read_cell(equations: Equations, hx: Any, x: Tensor, *, batched: bool) -> State:
    """The caller's state of a cell, each tensor of shape (batch, size); ``x`` is (batch, input).

    Raises:
        ValueError: a state with another number of dimensions.
        RuntimeError: another form, size, dtype or device.
    """
    if hx is None:
        return tuple(x.new_zeros(len(x), size) for size in equations.state_sizes.values())
    cell = f"{equations.name.upper()}Cell"
    parts = _parts(equations, hx, "hx")
    for place, ((name, size), given) in enumerate(zip(equations.state_sizes.items(), parts, strict=True)):
        where = name if len(parts) == 1 else f"hx[{place}]"
        if given.dim() not in (1, 2):
            raise ValueError(f"{cell}: Expected {where} to be 1D or 2D, got {given.dim()}D instead")
        if given.shape[-1] != size:
            raise RuntimeError(
                f"{cell}: hidden{place} has inconsistent hidden_size: got {given.shape[-1]}, expected {size} for "
                f"{name}" + _order_hint(equations, parts)
            )
        if given.dim() != (2 if batched else 1):
            wanted = (len(x), size) if batched else (size,)
            raise RuntimeError(
                f"{cell}: hidden{place} must have the shape {wanted}, got {tuple(given.shape)}"
            )
        if batched and len(given) != len(x):
            raise RuntimeError(
                f"{cell}: Input batch size {len(x)} doesn't match hidden{place} batch size {len(given)}"
            )
        _check_kind(given, x, where)
    return parts if batched else tuple(part.unsqueeze(0) for part in parts)


def write_cell(state: State, *, batched: bool) -> CallState:
    """The inverse of ``read_cell`` for a new state."""
    return _bare(state if batched else tuple(part.squeeze(0) for part in state))


def detached(state: Any) -> Any:
    """A caller's state, of any form, cut off from the graph that made it."""
    return state.detach() if isinstance(state, Tensor) else tuple(detached(part) for part in state)


def _bare(state: State) -> CallState:
    """A tensor where the state is one alone."""
    return state[0] if len(state) == 1 else state


def _parts(equations: Equations, hx: Any, where: str) -> State:
    """A caller's state of one layer, or of all at once, as a tuple of tensors."""
    names = list(equations.state_sizes)
    if len(names) == 1:
        if not isinstance(hx, Tensor):
            raise AttributeError(
                f"{where} of this {equations.name} must be one tensor, {names[0]}, got {_told(hx)}"
            )
        return (hx,)
    if isinstance(hx, Tensor) or len(hx) != len(names) or not all(isinstance(part, Tensor) for part in hx):
        raise RuntimeError(
            f"{where} of this {equations.name} must be a tuple of tensors ({', '.join(names)}), got {_told(hx)}"
        )
    return tuple(hx)


def _told(hx: Any) -> str:
    """What was received, in a few words."""
    if isinstance(hx, Tensor):
        return f"one tensor {tuple(hx.shape)}"
    if isinstance(hx, tuple | list):
        return f"a {type(hx).__name__} of {[tuple(p.shape) if isinstance(p, Tensor) else type(p).__name__ for p in hx]}"
    return f"a {type(hx).__name__}"


def _check(
    equations: Equations, parts: State, lanes: int, x: Tensor, batch: int, batched: bool, where: str
) -> None:
    """Shapes, dtypes and devices of states, each (lanes, batch, size), or (lanes, size) without a batch."""
    dims = 3 if batched else 2
    for (name, size), given in zip(equations.state_sizes.items(), parts, strict=True):
        expected = (lanes, batch, size) if batched else (lanes, size)
        if given.dim() != dims:
            kind = "batched 3-D" if batched else "unbatched 2-D"
            raise RuntimeError(
                f"For {kind} input, {where} should also be {dims}-D: Expected {name} size {expected}, "
                f"but got a {given.dim()}-D tensor, {tuple(given.shape)}"
            )
        if tuple(given.shape) != expected:
            raise RuntimeError(
                f"Expected {name} size {expected} in {where}, got {list(given.shape)}"
                + _order_hint(equations, parts)
            )
        _check_kind(given, x, f"{name} in {where}")


def _order_hint(equations: Equations, parts: State) -> str:
    """A remark where the sizes are right in the opposite order, as TensorFlow and Flax have it."""
    sizes = list(equations.state_sizes.values())
    given = [part.shape[-1] if part.dim() else None for part in parts]
    if len(sizes) == 2 and sizes[0] != sizes[1] and given == sizes[::-1]:
        return "; the order is (hidden, cell), this looks like (cell, hidden)"
    return ""


def _check_kind(given: Tensor, x: Tensor, name: str) -> None:
    """Device and dtype against the input's."""
    if given.device != x.device:
        raise RuntimeError(
            f"Input and hidden tensors are not at the same device, found input tensor at {x.device} and "
            f"{name} at {given.device}: move it with .to({str(x.device)!r})"
        )
    if given.dtype != x.dtype and autocast_dtype(x.device) is None:
        raise RuntimeError(
            f"Input and hidden tensors are not the same dtype, found input tensor with {x.dtype} and "
            f"{name} with {given.dtype}: convert it with .to({x.dtype})"
        )
