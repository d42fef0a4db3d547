"""Where gates stand at exactly 0 or 1, what they promise holds exactly, for as long as one likes.

The gates' pre-activations are near 1000 and −1000, where the sigmoid is 1 and 0 to the last bit; hard ones are by
definition.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from conformance.compare import on
from torch import Tensor

import peephole as ph

STEPS, UNITS = 1000, 3
FAR = 1000.0

LSTMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "diagonal peepholes": {"peephole": "diagonal"},
    "full peepholes": {"peephole": "full"},
    "hard_sigmoid": {"gate_activation": "hard_sigmoid"},
    "hard_sigmoid_6": {"gate_activation": "hard_sigmoid_6"},
    "layer_norm": {"layer_norm": True},
    "full_gate_recurrence": {"full_gate_recurrence": True},
    "cell_clip": {"cell_clip": 2.0},
    "proj_size": {"proj_size": 2},
    "identities": {"input_activation": "identity", "output_activation": "identity"},
}


def lstm(options: dict[str, Any], **gates: float) -> ph.LSTM:
    """An LSTM of random weights in which the biases decide alone where the named gates stand."""
    layer = ph.LSTM(2, UNITS, dtype=torch.float64, **options)
    rows = [
        name for name in ("input_gate", "forget_gate", "candidate", "output_gate") if name in rows_of(options)
    ]
    with torch.no_grad():
        for name, value in gates.items():
            row = slice(rows.index(name) * UNITS, (rows.index(name) + 1) * UNITS)
            layer.bias_ih_l0[row] = value
    return layer


def rows_of(options: dict[str, Any]) -> list[str]:
    return [
        name
        for name in ("input_gate", "forget_gate", "candidate", "output_gate")
        if options.get(name, True) and not (name == "forget_gate" and options.get("coupled"))
    ]


def start(layer: ph.LSTM, options: dict[str, Any]) -> tuple[tuple[Tensor, ...], Tensor]:
    """A state within every clip, and its cell, which wants a gradient."""
    cell = (torch.rand(1, 2, UNITS, dtype=torch.float64) * 2 - 1).requires_grad_()
    hidden = torch.rand(1, 2, layer.proj_size or UNITS, dtype=torch.float64)
    gates = [torch.rand(1, 2, UNITS, dtype=torch.float64)] * (3 if options.get("full_gate_recurrence") else 0)
    return (hidden, cell, *gates), cell


@pytest.mark.parametrize("options", LSTMS.values(), ids=LSTMS)
def test_an_open_forget_and_a_shut_input_gate_keep_the_cell_and_its_gradient_for_a_thousand_steps(
    options: dict[str, Any],
) -> None:
    layer = lstm(options, forget_gate=FAR, input_gate=-FAR)
    state, cell = start(layer, options)
    _, final = layer(torch.randn(STEPS, 2, 2, dtype=torch.float64), state)
    assert torch.equal(final[1], cell)
    towards = torch.randn_like(cell)
    (gradient,) = torch.autograd.grad(final[1], cell, towards)
    assert torch.equal(gradient, towards)


@pytest.mark.parametrize("way", ["kernel", "vendor", "reference"])
def test_so_it_is_on_every_way_and_in_both_directions(way: str) -> None:
    layer = ph.LSTM(2, UNITS, bidirectional=True, dtype=torch.float64)
    with torch.no_grad():
        for bias in (layer.bias_ih_l0, layer.bias_ih_l0_reverse):
            bias[:UNITS], bias[UNITS : 2 * UNITS] = -FAR, FAR
    cell = torch.randn(2, 2, UNITS, dtype=torch.float64, requires_grad=True)
    with on(way):
        _, (_, final) = layer(torch.randn(STEPS, 2, 2, dtype=torch.float64), (torch.zeros_like(cell), cell))
    assert torch.equal(final, cell)
    (gradient,) = torch.autograd.grad(final.sum(), cell)
    assert torch.equal(gradient, torch.ones_like(cell))


def test_a_coupled_gate_that_shuts_the_input_keeps_the_cell() -> None:
    options = {"coupled": True}
    layer = lstm(options, input_gate=-FAR)
    state, cell = start(layer, options)
    _, final = layer(torch.randn(STEPS, 2, 2, dtype=torch.float64), state)
    assert torch.equal(final[1], cell)
    (gradient,) = torch.autograd.grad(final[1].sum(), cell)
    assert torch.equal(gradient, torch.ones_like(cell))


def test_a_missing_forget_gate_keeps_the_cell_as_an_open_one() -> None:
    options = {"forget_gate": False}
    layer = lstm(options, input_gate=-FAR)
    state, cell = start(layer, options)
    _, final = layer(torch.randn(STEPS, 2, 2, dtype=torch.float64), state)
    assert torch.equal(final[1], cell)
    (gradient,) = torch.autograd.grad(final[1].sum(), cell)
    assert torch.equal(gradient, torch.ones_like(cell))


@pytest.mark.parametrize("options", LSTMS.values(), ids=LSTMS)
def test_a_shut_forget_gate_erases_the_cell(options: dict[str, Any]) -> None:
    layer = lstm(options, forget_gate=-FAR, input_gate=-FAR)
    state, cell = start(layer, options)
    _, final = layer(torch.randn(1, 2, 2, dtype=torch.float64), state)
    assert torch.equal(final[1], torch.zeros_like(cell))
    (gradient,) = torch.autograd.grad(final[1].sum(), cell)
    assert not gradient.any()


@pytest.mark.parametrize("options", LSTMS.values(), ids=LSTMS)
def test_a_shut_output_gate_hides_the_cell_and_leaves_it(options: dict[str, Any]) -> None:
    hiding, showing = lstm(options, output_gate=-FAR), lstm(options, output_gate=FAR)
    showing.load_state_dict(hiding.state_dict())
    with torch.no_grad():
        showing.bias_ih_l0[-UNITS:] = FAR
    state, _ = start(hiding, options)
    x = torch.randn(1, 2, 2, dtype=torch.float64)
    output, hidden = hiding(x, state)
    other, shown = showing(x, state)
    assert not output.any()
    assert other.all()
    assert torch.equal(hidden[1], shown[1])


def test_a_missing_output_gate_shows_the_whole_cell() -> None:
    layer = ph.LSTM(2, UNITS, dtype=torch.float64, output_gate=False)
    _, trace = ph.trace(layer, torch.randn(5, 2, 2, dtype=torch.float64))
    torch.testing.assert_close(trace.layer().hidden, trace.layer().cell.tanh(), rtol=0, atol=1e-15)


def test_a_missing_input_gate_lets_the_whole_candidate_in() -> None:
    options = {"input_gate": False}
    layer = lstm(options, forget_gate=-FAR)
    _, trace = ph.trace(layer, torch.randn(5, 2, 2, dtype=torch.float64))
    assert torch.equal(trace.layer().cell, trace.layer().candidate)


@pytest.mark.parametrize("reset_after", [True, False])
def test_an_open_update_gate_keeps_a_grus_state_and_its_gradient_for_a_thousand_steps(
    reset_after: bool,
) -> None:
    layer = ph.GRU(2, UNITS, dtype=torch.float64, reset_after=reset_after)
    with torch.no_grad():
        layer.bias_ih_l0[UNITS : 2 * UNITS] = FAR
    hidden = torch.randn(1, 2, UNITS, dtype=torch.float64, requires_grad=True)
    with on("reference"):  # torch's own operation computes n + z∘(h − n), which rounds even at z = 1
        _, final = layer(torch.randn(STEPS, 2, 2, dtype=torch.float64), hidden)
    assert torch.equal(final, hidden)
    (gradient,) = torch.autograd.grad(final.sum(), hidden)
    assert torch.equal(gradient, torch.ones_like(hidden))


@pytest.mark.parametrize("reset_after", [True, False])
def test_a_shut_reset_and_a_shut_update_gate_forget_a_grus_state(reset_after: bool) -> None:
    layer = ph.GRU(2, UNITS, dtype=torch.float64, reset_after=reset_after)
    with torch.no_grad():
        layer.bias_ih_l0[: 2 * UNITS] = -FAR
    x = torch.randn(1, 2, 2, dtype=torch.float64)
    one, other = (layer(x, torch.randn(1, 2, UNITS, dtype=torch.float64))[0] for _ in range(2))
    assert torch.equal(one, other)


def test_a_clip_holds_the_cell_at_its_limit_and_lets_no_gradient_through() -> None:
    options = {"cell_clip": 0.5}
    layer = lstm(options, forget_gate=FAR, input_gate=FAR, candidate=FAR)
    cell = torch.zeros(1, 1, UNITS, dtype=torch.float64, requires_grad=True)
    _, (_, final) = layer(torch.randn(3, 1, 2, dtype=torch.float64), (torch.zeros_like(cell), cell))
    assert torch.equal(final, torch.full_like(cell, 0.5))
    (gradient,) = torch.autograd.grad(final.sum(), cell)
    assert not gradient.any()
