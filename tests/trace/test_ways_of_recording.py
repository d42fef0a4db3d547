"""``way=`` of a recording: which operation runs a layer, ours or ``torch.nn``'s, is the caller's choice."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from conformance.compare import EXACT
from conformance.forms import FORMS, TIME, Form
from conformance.rows import INPUT, Subject, label, subjects
from torch import nn
from torch.utils._pytree import tree_leaves

import peephole as ph
from peephole.errors import OptionError
from peephole.nn import kernel, vendor

IN_TORCH = [
    s for s in subjects(options=["plain", "no_bias", "projection"], layers=(2,)) if "torch" in s.homes
]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ways that were taken, kernel or vendor, call by call."""
    taken: list[str] = []
    for name, module in (("kernel", kernel), ("vendor", vendor)):

        def noting(*given: Any, name: str = name, run: Any = module.run, **named: Any) -> Any:
            taken.append(name)
            return run(*given, **named)

        monkeypatch.setattr(module, "run", noting)
    return taken


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("subject", IN_TORCH, ids=label)
def test_the_kernels_record_torchs_layers_as_the_vendor_way_does(subject: Subject, form: Form) -> None:
    layer = subject.torchs(**form.arguments())
    x, initial = torch.randn(TIME, form.batch, INPUT, dtype=torch.float64), subject.initial(form.batch)
    found = []
    for way in ("kernel", None, "reference"):
        result, trace = ph.trace(layer, form.give(x), form.give_state(initial), way=way)
        output, final = result
        quantities = [dict(record.quantities) for record in trace]
        records = [(r.input, r.initial, r.lengths) for r in trace]
        found.append([form.take(output), form.take_state(final), quantities, records])
    for other in found[1:]:
        for ours, theirs in zip(tree_leaves(found[0]), tree_leaves(other), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize(
    ("make", "way", "expected"),
    [
        (nn.LSTM, None, {"vendor"}),
        (nn.LSTM, "kernel", {"kernel"}),
        (nn.LSTM, "vendor", {"vendor"}),
        (nn.LSTM, "reference", set()),
        (ph.LSTM, None, {"kernel"}),
        (ph.LSTM, "vendor", {"vendor"}),
        (ph.LSTM, "reference", set()),
    ],
)
def test_each_layer_runs_as_it_was_asked_to(ran: list[str], make: Any, way: Any, expected: set[str]) -> None:
    model = nn.ModuleList([make(3, 4, 2)])[0]
    ph.trace(model, torch.randn(5, 2, 3), way=way)
    assert set(ran) == expected


def test_an_intervention_in_torchs_layer_costs_no_slow_path(ran: list[str]) -> None:
    layer, x = (
        nn.LSTM(3, 4, 2, bidirectional=True, dtype=torch.float64),
        torch.randn(6, 2, 3, dtype=torch.float64),
    )
    clamps = {"l1.cell.2": 0.5, "l1_reverse.forget_gate.*": torch.tensor([0.1, float("nan")])}
    with ph.intervene(layer, clamps, steps=slice(1, -1)):
        held = tree_leaves(layer(x))
        assert ran == ["vendor", "kernel"], "the layer in which nothing is held runs as it always does"
        with ph.recording(layer, way="reference"):
            expected = tree_leaves(layer(x))
    for ours, theirs in zip(held, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=EXACT, atol=EXACT)


def test_a_clamp_that_learns_runs_the_reference(ran: list[str]) -> None:
    layer, value = ph.LSTM(3, 4), torch.tensor(0.3, requires_grad=True)
    with ph.intervene(layer, {"l0.cell.1": value}):
        layer(torch.randn(5, 2, 3))[0].sum().backward()
    assert value.grad is not None
    assert value.grad.abs() > 0
    assert not ran


@pytest.mark.parametrize("lengths", [None, [6, 0, 3]], ids=["full", "ragged"])
def test_gradients_flow_around_what_is_held_as_in_the_reference(lengths: Any) -> None:
    layer = ph.LSTM(3, 4, bidirectional=True, peephole="diagonal", dtype=torch.float64)
    x = torch.randn(6, 3, 3, dtype=torch.float64)
    clamps = {
        "l0.cell.2": 0.5,
        "l0.candidate.1": torch.tensor([0.1, float("nan"), -0.2]),
        "l0_reverse.output_gate.*": 0.7,
        "l0_reverse.hidden.0": 0.2,
    }
    found = []
    for way in ("kernel", "reference"):
        with ph.intervene(layer, clamps, steps=range(1, 4)):
            (output, _), trace = ph.trace(layer, x, lengths=lengths, grad=True, way=way)
        loss = output.square().sum() + sum(r.forget_gate.sum() + r.cell.sum() for r in trace)
        found.append([output, *torch.autograd.grad(loss, list(layer.parameters()))])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=EXACT, atol=EXACT)


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(OptionError, match=r"kernel, vendor, reference; got 'fast'"):
        ph.trace(nn.LSTM(3, 4), torch.randn(5, 2, 3), way="fast")
