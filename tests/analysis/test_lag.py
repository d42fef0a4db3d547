"""Sensitivity against lag is the mean of what single backward passes give, and the gates along the way are products."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import peephole as ph
from peephole.analysis import lag as lag_module
from peephole.analysis.lag import gate_products, lag_curve
from peephole.analysis.outputs import Output, Unit
from peephole.analysis.sensitivity import sensitivities
from peephole.errors import MissingQuantityError, OptionError, TraceError

LENGTHS = torch.tensor([9, 6])


def network(cell: Any, **options: Any) -> ph.Network:
    values = {"embedding": None, "hidden": 4, "layers": 2} | options
    return ph.Network(
        ph.NetworkConfig(cell=cell, input="symbols", input_size=4, output_size=3, **values)
    ).double()


def traced(model: ph.Network) -> ph.Trace:
    return ph.trace(model, torch.randint(4, (9, 2)), lengths=LENGTHS)[1]


def one_by_one(
    model: ph.Network, trace: ph.Trace, of: Any, layer: int, state: str, steps: list[tuple[int, int]]
) -> Tensor:
    """(lag,) from one backward pass for each step and each component of y."""
    parts = [Unit(unit, "hidden", 1) for unit in range(4)] if of is None else [of]
    norms: list[list[Tensor]] = [[] for _ in range(10)]
    for t, sequence in steps:
        squares = torch.zeros(9, dtype=torch.float64)
        for part in parts:
            found: Tensor = getattr(sensitivities(model, trace, part, t).layer(layer), state)
            squares += found[:, sequence].square().sum(-1)
        for lag in range(t + 1):
            norms[lag].append(squares[t - lag].sqrt())
    return torch.stack([torch.stack(n).mean() if n else torch.tensor(torch.nan).double() for n in norms])


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("of", [Output(1, "probability"), Unit(2, "hidden", 1), Unit(1, "hidden", 0), None])
@pytest.mark.parametrize("layer", [0, 1])
def test_every_lag_is_the_mean_of_single_backward_passes(
    cell: str, of: Any, layer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag_module, "AT_ONCE", 48)  # several pieces
    model = network(cell)
    trace = traced(model)
    steps = [(8, 0), (5, 0), (5, 1), (2, 1)]
    mask = torch.zeros(9, 2, dtype=torch.bool)
    for step in steps:
        mask[step] = True
    for state in ("hidden", "cell") if cell == "lstm" else ("hidden",):
        found = lag_curve(model, trace, of, lags=9, steps=mask, layer=layer, state=state)  # type: ignore[arg-type]
        above = isinstance(of, Unit) and of.layer < layer
        expected = one_by_one(model, trace, of, layer, state, steps)
        torch.testing.assert_close(found.sensitivity, expected, equal_nan=True)
        assert (found.sensitivity[:9] == 0).all() == above
        assert found.counts.tolist() == [4, 4, 4, 3, 3, 3, 1, 1, 1, 0]


def test_the_state_meant_is_the_cell_where_there_is_one() -> None:
    model = network("lstm")
    trace = traced(model)
    own, cell = (lag_curve(model, trace, Output(0), lags=3, state=state) for state in (None, "cell"))  # type: ignore[arg-type]
    assert torch.equal(own.sensitivity, cell.sensitivity)


def test_all_steps_with_so_much_past_are_averaged_unless_some_are_chosen() -> None:
    model = network("gru")
    found = lag_curve(model, traced(model), Output(0), lags=4)
    assert found.counts.tolist() == [(9 - 4) + (6 - 4)] * 5
    assert found.lags.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("cell", "gate"), [("lstm", "forget_gate"), ("gru", "update_gate")])
def test_the_gates_beside_it_are_the_mean_products_along_the_way(cell: str, gate: str) -> None:
    model = network(cell)
    trace = traced(model)
    found = lag_curve(model, trace, Output(0), lags=3, layer=1)
    keep = trace.layer(1)[gate]
    steps = [(t, s) for s, length in enumerate(LENGTHS.tolist()) for t in range(3, length)]
    assert found.gates is not None
    for lag in range(4):
        products = torch.stack([keep[t - lag + 1 : t + 1, s].prod(0) for t, s in steps])
        torch.testing.assert_close(found.gates[lag], products.mean(0))


def test_an_rnn_has_no_gates_beside_its_curve() -> None:
    model = network("rnn")
    assert lag_curve(model, traced(model), Output(0), lags=2).gates is None


def test_products_of_gates_lead_from_every_step_to_the_chosen_one() -> None:
    record = traced(network("lstm")).layer(1)
    found = gate_products(record, 5)
    for t in range(6):
        torch.testing.assert_close(found[t], record.forget_gate[t + 1 : 6].prod(0))
    assert found[6:].abs().max() == 0


def test_products_of_gates_run_the_other_way_in_the_backward_direction() -> None:
    _, trace = ph.trace(ph.GRU(3, 4, bidirectional=True), torch.randn(6, 1, 3))
    record = trace.layer(0, "backward")
    found = gate_products(record, 2)
    torch.testing.assert_close(found[5], record.update_gate[2:5].double().prod(0))
    assert found[:2].abs().max() == 0
    assert (found[2] == 1).all()


def test_an_rnn_has_no_products_of_gates() -> None:
    record = traced(network("rnn")).layer()
    with pytest.raises(MissingQuantityError, match="this rnn has no forget_gate"):
        gate_products(record, 2)


def test_a_network_that_also_runs_backward_has_no_lag() -> None:
    model = network("lstm", bidirectional=True)
    with pytest.raises(TraceError, match="no lag"):
        lag_curve(model, traced(model), Output(0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": -1}, "lags must be at least 0, got -1"),
        ({"lags": 9}, "no step to ask: the longest sequence has 9 steps, lags is 9"),
        ({"steps": torch.zeros(9, 2, dtype=torch.bool)}, "no step to ask"),
        ({"steps": torch.ones(9)}, r"steps must be bool of shape \(9, 2\)"),
        ({"layer": 2}, "layers are 0 to 1"),
        ({"state": "cell"}, "this gru has no state 'cell'"),
    ],
)
def test_what_cannot_be_asked_is_told(options: dict[str, Any], message: str) -> None:
    model = network("gru")
    with pytest.raises((OptionError, TraceError, MissingQuantityError), match=message):
        lag_curve(model, traced(model), Output(0), **({"lags": 2} | options))


def test_a_step_past_the_record_is_refused() -> None:
    with pytest.raises(TraceError, match="no step 9: the record has steps 0 to 8"):
        gate_products(traced(network("lstm")).layer(), 9)
