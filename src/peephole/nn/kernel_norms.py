"""Layer norm in the backward pass: what stands between the kernels' gradients and the weights around a norm.

The kernels go back through the norms inside a step. The norm of W x is made before the first step and so is torch's,
and so are the sums over all steps that give gains and biases. Knows nothing of time and batch: everything is a list
of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from peephole.nn.equations import Equations, Weights


def into_input(
    e: Equations, w: Weights, x: Tensor, given: Mapping[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    """From the gradients of the sums back to the input.

    Args:
        e, w: the cell's equations and weights.
        x: what it read, (steps, input).
        given: the kernels' gradients by name, each (steps, rows).

    Returns:
        the gradient of x, and those of W and of its norm's gain and bias by name.
    """
    if e.name == "rnn":  # what is normalised is W x + R h itself
        of_product, found = given["product"], {}
    else:
        product = x @ w["weight_ih"].t()
        sizes = [2 * e.hidden_size, e.hidden_size] if e.name == "gru" else [product.shape[1]]
        parts = (
            t.split_with_sizes(sizes, -1)
            for t in (given["sums"], product, w["weight_ln_ih"], w["bias_ln_ih"])
        )
        backward = [_layer_norm_backward(*part) for part in zip(*parts, strict=True)]
        of_product, gain, bias = (torch.cat(each, -1) for each in zip(*backward, strict=True))
        found = {"weight_ln_ih": gain, "bias_ln_ih": bias}
    return of_product @ w["weight_ih"], found | {"weight_ih": of_product.t() @ x}


def of_recurrence(
    e: Equations, given: Mapping[str, Tensor], recorded: Callable[[str], Tensor]
) -> dict[str, Tensor]:
    """The gradients of the gains and biases of the norms inside a step, by name.

    Args:
        e: the equations.
        given: the kernels' gradients by name, each (steps, rows).
        recorded: gives what the forward pass kept under a name, (steps, rows).
    """
    product, result = recorded("product"), given["sums"]
    parts = [product]
    if e.name == "gru":
        gates = 2 * e.hidden_size
        parts = [product[:, :gates], product[:, gates:]]
        if "candidate_product" in given:
            result = torch.cat([result[:, :gates], given["candidate_product"]], 1)
    normal = torch.cat([F.layer_norm(part, part.shape[1:]) for part in parts], 1)
    gain, bias = ("weight_ln", "bias_ln") if e.name == "rnn" else ("weight_ln_hh", "bias_ln_hh")
    found = {gain: (result * normal).sum(0), bias: result.sum(0)}
    if "normalised_cell" in given:
        cell = recorded("cell_before_zoneout" if "cell_before_zoneout" in e.quantities else "cell")
        found["weight_ln_cell"] = (given["normalised_cell"] * F.layer_norm(cell, cell.shape[1:])).sum(0)
        found["bias_ln_cell"] = given["normalised_cell"].sum(0)
    return found


def _layer_norm_backward(
    grad: Tensor, a: Tensor, gain: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of ``F.layer_norm`` of ``a``, (steps, rows), with respect to it, its gain and its bias.

    An operation that is opaque cannot ask autograd, which may be switched off around it.
    """
    shape = list(gain.shape)
    a = a.contiguous()
    _, mean, scale = torch.native_layer_norm(a, shape, gain, bias, 1e-5)
    return torch.ops.aten.native_layer_norm_backward(  # type: ignore[no-any-return]
        grad.contiguous(), a, shape, mean, scale, gain, bias, [True, True, True]
    )
