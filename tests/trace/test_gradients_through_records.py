"""`grad=True`: a loss on a recorded gate has the gradient of the formulas; detached by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from conformance.compare import EXACT, on, results_and_gradients
from conformance.forms import BATCHED, PACKED, TIME, Form
from conformance.rows import INPUT, Subject, at_homes, label, subjects
from oracles import derivative
from oracles.network import run
from torch import nn

import peephole as ph

SOME = subjects(
    options=["plain", "projection", "peephole", "peephole_projection"], layers=(2,), directions=(True,)
)
CASES = at_homes(SOME)


@pytest.mark.parametrize("form", [BATCHED, PACKED], ids=str)
@pytest.mark.parametrize(("subject", "home"), CASES, ids=label)
def test_a_loss_on_each_quantity_has_the_gradient_of_the_formulas(
    subject: Subject, home: str, form: Form
) -> None:
    layer = subject.at(home)
    x = torch.randn(TIME, form.batch, INPUT, dtype=torch.float64, requires_grad=True)
    initial = {k: v.requires_grad_() for k, v in subject.initial(form.batch).items()}
    with on(home), ph.recording(layer, grad=True) as tape:
        layer(form.give(x), form.give_state(initial))
    trace = tape.trace()
    network = subject.network(layer)
    sources = {"x": x, **initial, **dict(layer.named_parameters())}
    point = {name: value.detach().numpy() for name, value in sources.items()}
    quantities = [(place, quantity) for place in subject.places for quantity in subject.quantities]
    gradients = {
        (place, quantity): torch.autograd.grad(
            weighted(trace.layer(*place)[quantity]),
            list(sources.values()),
            retain_graph=True,
            allow_unused=True,
        )
        for place, quantity in quantities
    }

    def losses(at: Mapping[str, np.ndarray]) -> np.ndarray:
        moved = replace(network, parameters={k: at[k] for k in network.parameters})
        start = network.at_places({k: at[k] for k in initial})
        record = run(moved, at["x"], start, form.lengths).record
        values = [record[place][quantity].ravel() for place, quantity in quantities]
        return np.array([np.cos(np.linspace(0.5, 2.0, value.size)) @ value for value in values])

    for number, name in enumerate(sources):
        towards = np.random.default_rng(1).standard_normal(point[name].shape)
        expected = derivative.along(losses, point, name, towards)
        for place_and_quantity, slope in zip(quantities, expected, strict=True):
            gradient = gradients[place_and_quantity][number]
            actual = 0.0 if gradient is None else float((gradient.numpy() * towards).sum())
            assert actual == pytest.approx(slope, rel=EXACT, abs=EXACT), f"{place_and_quantity} by {name}"


def weighted(value: torch.Tensor) -> torch.Tensor:
    return torch.linspace(0.5, 2.0, value.numel(), dtype=value.dtype).cos() @ value.flatten()


@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_a_loss_on_output_and_gate_together_adds_their_gradients(home: Any) -> None:
    layer, x = home.LSTM(INPUT, 3, dtype=torch.float64), torch.randn(TIME, 2, INPUT, dtype=torch.float64)
    with ph.recording(layer, grad=True) as tape:
        output, _ = layer(x)
    gate = tape.trace().layer().forget_gate
    weights = list(layer.parameters())
    both = torch.autograd.grad(output.sum() + gate.sum(), weights, retain_graph=True)
    apart = [torch.autograd.grad(part.sum(), weights, retain_graph=True) for part in (output, gate)]
    for together, a, b in zip(both, *apart, strict=True):
        torch.testing.assert_close(together, a + b, atol=EXACT, rtol=EXACT)


@pytest.mark.parametrize("subject", [s for s in SOME if s.option.in_torch is not None], ids=label)
def test_keeping_the_graph_changes_neither_output_nor_gradients(subject: Subject) -> None:
    layer = subject.torchs()
    x, initial = torch.randn(TIME, 3, INPUT, dtype=torch.float64), subject.initial(3)
    expected = results_and_gradients(layer, BATCHED, x, initial)
    with ph.recording(layer, grad=True):
        actual = results_and_gradients(layer, BATCHED, x, initial)
    for name, value in expected.items():
        assert torch.equal(actual[name], value), name


@pytest.mark.parametrize("cell", ["RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_a_cells_record_keeps_the_graph_over_the_whole_loop(home: Any, cell: str) -> None:
    module = getattr(home, cell)(INPUT, 3, dtype=torch.float64)
    x = torch.randn(TIME, 2, INPUT, dtype=torch.float64, requires_grad=True)
    with ph.recording(module, grad=True) as tape:
        state, outputs = None, []
        for x_t in x:
            state = module(x_t, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
    recorded = torch.autograd.grad(tape.trace().layer().hidden[-1].sum(), x, retain_graph=True)[0]
    direct = torch.autograd.grad(outputs[-1].sum(), x)[0]
    torch.testing.assert_close(recorded, direct, atol=EXACT, rtol=EXACT)
    assert recorded[0].any()


def test_the_record_is_detached_unless_asked() -> None:
    layer = nn.LSTM(INPUT, 3)
    with ph.recording(layer) as tape:
        layer(torch.randn(TIME, 2, INPUT, requires_grad=True))
    assert not any(v.requires_grad for v in tape.trace().layer().quantities.values())


@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_a_recording_with_a_graph_inside_one_without_leaves_the_outer_detached(home: Any) -> None:
    layer = home.LSTM(INPUT, 3)
    with ph.recording(layer) as outer, ph.recording(layer, grad=True) as inner:
        layer(torch.randn(TIME, 2, INPUT))
    assert not any(v.requires_grad for v in outer.trace().layer().quantities.values())
    assert all(v.requires_grad for v in inner.trace().layer().quantities.values())
