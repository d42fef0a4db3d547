"""torch's recurrent operations as single nodes of a compiled graph.

Dynamo takes torch's operations, but the compiler below it unrolls them over time: minutes for a hundred steps. These
two operations stay whole, for any number of steps. They are reached under ``torch.compile`` alone: eager calls,
functorch's transforms and ``torch.export`` have torch's operations or the reference. The backward one runs the forward
pass again, so that nothing but its arguments is kept. Knows nothing of packed sequences or dropout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

OPERATIONS: dict[str, Callable[..., Any]] = {
    "lstm": torch.lstm,
    "gru": torch.gru,
    "rnn_tanh": torch.rnn_tanh,
    "rnn_relu": torch.rnn_relu,
}

# Kept for good: the operations exist as long as the library does.
_library: Any = torch.library.Library("peephole", "DEF")  # type: ignore[no-untyped-call]


def define(name: str, schema: str, function: Callable[..., Any], shapes: Callable[..., Any]) -> None:
    """Registers an operation ``torch.ops.peephole.{name}`` without a derivative.

    Args:
        name: its name.
        schema: arguments and results.
        function: what it does, on any device.
        shapes: gives tensors of the results' shapes, for tensors without values.
    """
    _library.define(name + schema)
    _library.impl(name, function, "CompositeExplicitAutograd")
    torch.library.register_fake(f"peephole::{name}", shapes, lib=_library)


def _call(
    name: str, x: Tensor, state: Sequence[Tensor], weights: Sequence[Tensor], *how: Any
) -> tuple[Tensor, ...]:
    """torch's operation: output and final states."""
    bias, layers, bidirectional = how
    hx = list(state) if name == "lstm" else state[0]
    return OPERATIONS[name](x, hx, list(weights), bias, layers, 0.0, False, bidirectional, False)  # type: ignore[no-any-return]


def _forward(name: str, x: Tensor, *arguments: Any) -> list[Tensor]:
    # A graph's operations may return no two views of one memory, which a single step's output and state are.
    return [result.clone() for result in _call(name, x, *arguments)]


def _forward_shapes(
    name: str, x: Tensor, state: Sequence[Tensor], weights: Sequence[Tensor], *how: Any
) -> list[Tensor]:
    bidirectional = how[-1]
    width = state[0].shape[-1] * (2 if bidirectional else 1)
    return [x.new_empty(x.shape[0], x.shape[1], width), *(torch.empty_like(part) for part in state)]


def _backward(
    grads: Sequence[Tensor | None],
    name: str,
    x: Tensor,
    state: Sequence[Tensor],
    weights: Sequence[Tensor],
    *how: Any,
) -> list[Tensor]:
    with torch.enable_grad():
        inputs = [tensor.detach().requires_grad_() for tensor in (x, *state, *weights)]
        results = _call(name, inputs[0], inputs[1 : 1 + len(state)], inputs[1 + len(state) :], *how)
        given = [(result, grad) for result, grad in zip(results, grads, strict=True) if grad is not None]
        return list(torch.autograd.grad([result for result, _ in given], inputs, [grad for _, grad in given]))


def _backward_shapes(
    grads: Sequence[Tensor | None],
    name: str,
    x: Tensor,
    state: Sequence[Tensor],
    weights: Sequence[Tensor],
    *how: Any,
) -> list[Tensor]:
    return [torch.empty_like(tensor) for tensor in (x, *state, *weights)]


def _setup(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    name, x, state, weights, *how = inputs
    ctx.save_for_backward(x, *state, *weights)
    ctx.name, ctx.states, ctx.how = name, len(state), how


def _gradients(ctx: Any, grads: Sequence[Tensor | None]) -> tuple[Any, ...]:
    x, *rest = ctx.saved_tensors
    state, weights = rest[: ctx.states], rest[ctx.states :]
    dx, *rest = torch.ops.peephole.recurrence_backward(list(grads), ctx.name, x, state, weights, *ctx.how)
    return None, dx, rest[: ctx.states], rest[ctx.states :], None, None, None


_ARGUMENTS = "str name, Tensor x, Tensor[] state, Tensor[] weights, bool bias, int layers, bool bidirectional"
define("recurrence", f"({_ARGUMENTS}) -> Tensor[]", _forward, _forward_shapes)
define("recurrence_backward", f"(Tensor?[] grads, {_ARGUMENTS}) -> Tensor[]", _backward, _backward_shapes)
torch.library.register_autograd("peephole::recurrence", _gradients, setup_context=_setup, lib=_library)


def run(
    name: str,
    x: Tensor,
    state: Sequence[Tensor],
    weights: Sequence[Tensor],
    *,
    bias: bool,
    layers: int,
    bidirectional: bool,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """One call of torch's operation ``name``, as one node of the graph that is being compiled.

    Args:
        name: a key of ``OPERATIONS``.
        x: inputs, shape (time, batch, input).
        state: initial states, each (layers · directions, batch, size).
        weights: all weights in torch's order.
        bias, layers, bidirectional: as torch's operation takes them.

    Returns:
        the output, and the final states.
    """
    output, *final = torch.ops.peephole.recurrence(
        name, x, list(state), list(weights), bias, layers, bidirectional
    )
    return output, tuple(final)
