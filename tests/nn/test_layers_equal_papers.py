"""Every layer against the papers' formulas in NumPy: values, derivatives by the complex step, higher derivatives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from conformance.compare import EXACT, assert_same, on, results, results_and_gradients, weigh
from conformance.forms import BATCHED, PACKED, TIME, Form, in_forms
from conformance.rows import INPUT, Subject, label, on_ways, subjects
from oracles import derivative, stack

EVERY = subjects()
SOME = subjects(layers=(2,), directions=(True,))


@pytest.mark.parametrize(("subject", "way", "form"), in_forms(on_ways(EVERY)), ids=label)
def test_output_and_states_equal_the_formulas(subject: Subject, way: str, form: Form) -> None:
    layer = subject.ours(**form.arguments())
    x, initial = torch.randn(TIME, form.batch, INPUT, dtype=torch.float64), subject.initial(form.batch)
    expected = formula(subject.net(layer), x, initial, form)
    with on(way):
        assert_same(results(layer, form, x, initial), expected, EXACT)


@pytest.mark.parametrize(("subject", "way"), on_ways(SOME), ids=label)
@pytest.mark.parametrize("form", [BATCHED, PACKED], ids=str)
def test_every_gradient_equals_the_derivative_of_the_formulas(subject: Subject, way: str, form: Form) -> None:
    layer = subject.ours()
    x, initial = torch.randn(TIME, form.batch, INPUT, dtype=torch.float64), subject.initial(form.batch)
    with on(way):
        actual = results_and_gradients(layer, form, x, initial)
    net = subject.net(layer)
    point = {"x": x.numpy(), **{k: v.numpy() for k, v in initial.items()}, **net.parameters}

    def loss(at: Mapping[str, np.ndarray]) -> complex:
        moved = stack.Net(net.step, {k: at[k] for k in net.parameters}, net.layers, net.bidirectional)
        found = stack.run(moved, at["x"], {k: at[k] for k in initial}, form.lengths)
        return sum(weights_of(v) @ v.ravel() for v in (found.output, *found.final.values()))

    for name, value in point.items():
        towards = np.random.default_rng(0).standard_normal(value.shape)
        expected = float(derivative.along(loss, point, name, towards))
        slope = float((actual[f"gradient of {name}"].numpy() * towards).sum())
        assert slope == pytest.approx(expected, rel=EXACT, abs=EXACT), name


@pytest.mark.parametrize(
    ("subject", "way"),
    on_ways(subjects(options=["plain", "peephole", "peephole_projection"], layers=(1, 2))),
    ids=label,
)
def test_numerical_gradients_agree(subject: Subject, way: str) -> None:
    layer = subject.ours()
    names = [name for name, _ in layer.named_parameters()]

    def function(x: torch.Tensor, *rest: torch.Tensor) -> tuple[torch.Tensor, ...]:
        states, parameters = rest[: len(subject.cell.states)], rest[len(subject.cell.states) :]
        state = states[0] if len(states) == 1 else states
        output, final = torch.func.functional_call(
            layer, dict(zip(names, parameters, strict=True)), (x, state)
        )
        return (output, *(final if isinstance(final, tuple) else (final,)))

    x = torch.randn(2, 1, INPUT, dtype=torch.float64)
    point = [t.detach().requires_grad_() for t in (x, *subject.initial(1).values(), *layer.parameters())]
    with on(way):
        assert torch.autograd.gradcheck(function, point, fast_mode=True)


@pytest.mark.parametrize("subject", subjects(options=["plain", "peephole"], layers=(1, 2)), ids=label)
def test_numerical_second_gradients_agree_on_the_reference_way(subject: Subject) -> None:
    layer = subject.ours()

    def function(x: torch.Tensor, *states: torch.Tensor) -> torch.Tensor:
        return layer(x, states[0] if len(states) == 1 else states)[0]

    point = [torch.randn(2, 1, INPUT, dtype=torch.float64), *subject.initial(1).values()]
    with on("reference"):
        assert torch.autograd.gradgradcheck(function, [t.requires_grad_() for t in point])


def weights_of(value: np.ndarray) -> np.ndarray:
    """The weights that `weigh` gives the elements."""
    return np.cos(np.linspace(0.5, 2.0, value.size))


def formula(
    net: stack.Net, x: torch.Tensor, initial: Mapping[str, torch.Tensor], form: Form
) -> dict[str, np.ndarray]:
    """The oracle's results, named as `results` names them."""
    found = stack.run(net, x.numpy(), {k: v.numpy() for k, v in initial.items()}, form.lengths)
    return {"output": found.output} | {f"final {name}": value for name, value in found.final.items()}


def test_the_oracles_weights_are_the_suites() -> None:
    value = torch.randn(3, 4, dtype=torch.float64)
    assert float(weigh({"a": value})) == pytest.approx(weights_of(value.numpy()) @ value.numpy().ravel())
