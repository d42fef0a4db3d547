"""Every layer on every way and in every form against the papers' formulas in NumPy.

Values, and derivatives by the complex step; those of every option are in `test_derivatives_of_layers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from conformance.compare import EXACT, assert_same, on, results, results_and_gradients, weigh
from conformance.forms import BATCHED, PACKED, PADDED, TIME, Form, in_forms
from conformance.rows import INPUT, Subject, label, on_ways, subjects
from oracles import derivative
from oracles.network import Network, run

EVERY = subjects()
SOME = subjects(layers=(2,), directions=(True,))


@pytest.mark.parametrize(("subject", "way", "form"), in_forms(on_ways(EVERY), ours=True), ids=label)
def test_output_and_states_equal_the_formulas(subject: Subject, way: str, form: Form) -> None:
    layer = subject.ours(**form.arguments())
    x, initial = torch.randn(TIME, form.batch, INPUT, dtype=torch.float64), subject.initial(form.batch)
    expected = formula(subject.network(layer), x, initial, form)
    with on(way):
        assert_same(results(layer, form, x, initial), expected, EXACT)


@pytest.mark.parametrize(("subject", "way"), on_ways(SOME), ids=label)
@pytest.mark.parametrize("form", [BATCHED, PACKED, PADDED], ids=str)
def test_every_gradient_equals_the_derivative_of_the_formulas(subject: Subject, way: str, form: Form) -> None:
    layer = subject.ours()
    x, initial = torch.randn(TIME, form.batch, INPUT, dtype=torch.float64), subject.initial(form.batch)
    with on(way):
        actual = results_and_gradients(layer, form, x, initial)
    network = subject.network(layer)
    point = {"x": x.numpy(), **{k: v.numpy() for k, v in initial.items()}, **network.parameters}

    def loss(at: Mapping[str, np.ndarray]) -> complex:
        moved = replace(network, parameters={k: at[k] for k in network.parameters})
        found = run(moved, at["x"], network.at_places({k: at[k] for k in initial}), form.lengths)
        return sum(weights_of(v) @ v.ravel() for v in (found.output, *found.ends().values()))

    for name, value in point.items():
        towards = np.random.default_rng(0).standard_normal(value.shape)
        expected = float(derivative.along(loss, point, name, towards))
        slope = float((actual[f"gradient of {name}"].numpy() * towards).sum())
        assert slope == pytest.approx(expected, rel=EXACT, abs=EXACT), name


def weights_of(value: np.ndarray) -> np.ndarray:
    """The weights that `weigh` gives the elements."""
    return np.cos(np.linspace(0.5, 2.0, value.size))


def formula(
    network: Network, x: torch.Tensor, initial: Mapping[str, torch.Tensor], form: Form
) -> dict[str, np.ndarray]:
    """The oracle's results, named as `results` names them."""
    start = network.at_places({k: v.numpy() for k, v in initial.items()})
    found = run(network, x.numpy(), start, form.lengths)
    return {"output": found.output} | {f"final {name}": value for name, value in found.ends().items()}


def test_the_oracles_weights_are_the_suites() -> None:
    value = torch.randn(3, 4, dtype=torch.float64)
    assert float(weigh({"a": value})) == pytest.approx(weights_of(value.numpy()) @ value.numpy().ravel())
