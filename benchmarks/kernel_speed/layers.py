"""Recurrent layers as entrants: ours, torch's, and the loop that somebody writes who wants to see the gates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

import peephole as ph
from kernel_speed.clock import Action


@dataclass(frozen=True)
class Entrant:
    """One way of doing a work.

    Attributes:
        name: as it is printed.
        run: what is timed.
        gives: the same once, giving what has to be equal.
        should: gives what that has to equal; None for what the first peer gives.
        layer: the layer of ours that runs.
    """

    name: str
    run: Action
    gives: Callable[[], Sequence[Tensor]]
    should: Callable[[], Sequence[Tensor]] | None = None
    layer: nn.Module | None = None


def twins(kind: str, features: int, hidden: int, dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """Our layer of this kind and torch's, with the same weights."""
    torch.manual_seed(0)
    theirs = getattr(nn, kind)(features, hidden, dtype=dtype)
    ours = getattr(ph, kind)(features, hidden, dtype=dtype)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def inferring(name: str, layer: nn.Module, x: Tensor) -> Entrant:
    """A pass without gradients (the caller turns them off)."""
    return Entrant(name, lambda: layer(x), lambda: [layer(x)[0]], layer=layer)


def training(
    name: str,
    layer: nn.Module,
    x: Tensor | PackedSequence,
    weight: Tensor,
    call: Callable[[Any], Any] | None = None,
) -> Entrant:
    """A pass forward and one backward, to the parameters and the input.

    Args:
        name: the entrant's.
        layer: has the parameters.
        x: what is read.
        weight: the loss is the sum of the output times this.
        call: gives the output from the input; the layer itself where it is None.
    """
    leaf = (x if isinstance(x, Tensor) else x.data).requires_grad_()
    parameters = list(layer.parameters())

    def run() -> Tensor:
        leaf.grad = None
        for parameter in parameters:
            parameter.grad = None
        output = layer(x)[0] if call is None else call(x)
        values: Tensor = output if isinstance(output, Tensor) else output.data
        torch.autograd.backward(values, weight)
        return values

    def gives() -> list[Tensor]:
        output = run().detach()
        gradients = [tensor.grad for tensor in (leaf, *parameters)]
        return [output, *(gradient for gradient in gradients if gradient is not None)]

    return Entrant(name, run, gives, layer=layer)


QUANTITIES = ("input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden")


def recorded(layer: nn.Module, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Our way to look: the output, and each quantity of each step, shape (time, batch, unit)."""
    (output, _), trace = ph.trace(layer, x)
    record = trace.layer(0)
    return output, {name: getattr(record, name) for name in QUANTITIES}


def kept_by_hand(layer: Any, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The same in a loop of torch's operations: all inputs at once, one product a step, the gates stacked."""
    batch, hidden = x.shape[1], layer.hidden_size
    h = c = x.new_zeros(batch, hidden)
    outputs: list[Tensor] = []
    kept: dict[str, list[Tensor]] = {name: [] for name in QUANTITIES}
    recurrent = layer.weight_hh_l0.t()
    for of_input in functional.linear(x, layer.weight_ih_l0, layer.bias_ih_l0 + layer.bias_hh_l0):
        i, f, g, o = torch.addmm(of_input, h, recurrent).chunk(4, 1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        h = o * c.tanh()
        outputs.append(h)
        for name, value in zip(QUANTITIES, (i, f, g, o, c, h), strict=True):
            kept[name].append(value.detach())
    return torch.stack(outputs), {name: torch.stack(values) for name, values in kept.items()}
