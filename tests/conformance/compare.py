"""Running a layer with its gradients, and comparing named tensors."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from conformance.forms import Form
from peephole.nn import ways

#: In float64 everything must agree to this, absolutely and relatively.
EXACT = 1e-10
#: In float32, products of a handful of terms in another order: outputs, states and records of the size of one …
SINGLE = 1e-6
#: … and their gradients, which sum over time, batch and depth.
SINGLE_GRADIENT = 1e-5


def on(way: str | None) -> AbstractContextManager[object]:
    """Everything inside runs on this way; None leaves the choice to the layer, as "torch" does to torch's."""
    return nullcontext() if way in (None, "torch") else ways.forced(way)


def weigh(tensors: Mapping[str, Tensor]) -> Tensor:
    """A scalar in which every element of every tensor counts differently."""
    return sum(
        (value * torch.linspace(0.5, 2.0, value.numel(), dtype=value.dtype).cos().view_as(value)).sum()
        for value in tensors.values()
    )


def results(
    layer: torch.nn.Module, form: Form, x: Tensor, initial: Mapping[str, Tensor] | None
) -> dict[str, Tensor]:
    """Output and final states by name, as (time, batch, feature) and (layers · directions, batch, unit)."""
    state = () if initial is None else (form.give_state(initial),)
    output, final = layer(form.give(x), *state, **form.keywords())
    return {"output": form.take(output)} | {f"final {k}": v for k, v in form.take_state(final).items()}


def results_and_gradients(
    layer: torch.nn.Module, form: Form, x: Tensor, initial: Mapping[str, Tensor] | None
) -> dict[str, Tensor]:
    """`results`, and the gradient of their weighted sum with respect to inputs, initial states, all parameters."""
    x = x.clone().requires_grad_()
    initial = None if initial is None else {k: v.clone().requires_grad_() for k, v in initial.items()}
    found = results(layer, form, x, initial)
    sources = {"x": x, **(initial or {}), **dict(layer.named_parameters())}
    gradients = torch.autograd.grad(weigh(found), list(sources.values()))
    return found | {f"gradient of {name}": g for name, g in zip(sources, gradients, strict=True)}


def assert_same(
    actual: Mapping[str, Tensor],
    expected: Mapping[str, object],
    tolerance: float = EXACT,
    gradient_tolerance: float | None = None,
) -> None:
    """Same names, shapes, dtypes; values to the tolerance; 0 means bit for bit. Says which name differs."""
    assert list(actual) == list(expected)
    for name, value in expected.items():
        allowed = gradient_tolerance if gradient_tolerance is not None and "gradient" in name else tolerance
        torch.testing.assert_close(
            actual[name].detach(),
            torch.as_tensor(value).detach(),
            atol=allowed,
            rtol=allowed,
            msg=lambda message, name=name: f"{name}: {message}",
        )
