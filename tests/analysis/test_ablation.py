"""Ablations side by side are what one run for each unit gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import peephole as ph
from peephole.analysis import ablation
from peephole.analysis.ablation import ablations
from peephole.analysis.predictions import surprise
from peephole.errors import OptionError

LENGTHS = torch.tensor([9, 4, 6])


def network(**options: Any) -> ph.Network:
    values: dict[str, Any] = {"cell": "lstm", "hidden": 5, "layers": 2} | options
    return ph.Network(
        ph.NetworkConfig(input="symbols", input_size=4, output_size=4, embedding=None, **values)
    )


def by_hand(model: ph.Network, ids: torch.Tensor, outcomes: torch.Tensor, clamps: dict[str, float]) -> float:
    with torch.no_grad(), ph.intervene(model, clamps):
        bits = surprise(model(ids, lengths=LENGTHS)[0], outcomes)
    return float(bits[torch.arange(9)[:, None] < LENGTHS].double().mean())


@pytest.mark.parametrize(
    ("options", "address", "where"),
    [
        ({}, "l0.cell", {}),
        ({}, "l1.output_gate", {"layer": 1, "quantity": "output_gate"}),
        (
            {"bidirectional": True, "layers": 1},
            "l0_reverse.hidden",
            {"direction": "backward", "quantity": "hidden"},
        ),
        ({"cell": "gru"}, "l0.update_gate", {"quantity": "update_gate"}),
    ],
)
@pytest.mark.parametrize("value", [0.0, 0.7])
def test_each_units_cost_is_that_of_a_run_of_its_own(
    options: dict[str, Any],
    address: str,
    where: dict[str, Any],
    value: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ablation, "AT_ONCE", 9 * 3 * 4 * 2)  # two units at once
    model = network(**options)
    ids, outcomes = torch.randint(4, (9, 3)), torch.randint(4, (9, 3))
    found = ablations(model, ids, outcomes, value=value, lengths=LENGTHS, **where)
    baseline = by_hand(model, ids, outcomes, {})
    assert found.baseline == pytest.approx(baseline, abs=1e-6)
    for unit in range(5):
        cost = by_hand(model, ids, outcomes, {f"{address}.{unit}": value}) - baseline
        assert found.cost[unit] == pytest.approx(cost, abs=1e-5)
    assert list(found.ranking.units) == sorted(range(5), key=lambda u: -found.cost[u])


def test_every_unit_can_have_a_value_of_its_own_and_some_be_left_out() -> None:
    model = network()
    ids, outcomes = torch.randint(4, (9, 3)), torch.randint(4, (9, 3))
    means = torch.randn(5)
    found = ablations(model, ids, outcomes, value=means, units=[3, 1], lengths=LENGTHS)
    baseline = by_hand(model, ids, outcomes, {})
    for unit in (1, 3):
        cost = by_hand(model, ids, outcomes, {f"l0.cell.{unit}": means[unit].item()}) - baseline
        assert found.cost[unit] == pytest.approx(cost, abs=1e-5)
    assert found.cost.isnan().tolist() == [True, False, True, False, True]
    assert set(found.ranking.units) == {1, 3}


def test_steps_of_no_weight_do_not_count() -> None:
    model = network()
    ids, outcomes = torch.randint(4, (9, 3)), torch.randint(4, (9, 3))
    weight = torch.zeros(9, 3)
    weight[5, 1] = 1
    found = ablations(model, ids, outcomes, weight=weight, units=[2])
    with torch.no_grad():
        assert found.baseline == pytest.approx(surprise(model(ids)[0], outcomes)[5, 1].item(), abs=1e-6)


def test_a_unit_that_nobody_reads_costs_nothing() -> None:
    model = network(layers=1)
    with torch.no_grad():
        model.readout.weight[:, 2] = 0
        model.recurrent.weight_hh_l0[:, 2] = 0
    ids = torch.randint(4, (9, 3))
    found = ablations(model, ids, ids, value=3.0)
    assert abs(found.cost[2]) < 1e-6
    assert found.ranking.units[0] != 2
    assert model.training


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"layer": 5}, "names no layer"),
        ({"quantity": "update_gate"}, "an lstm has no update_gate"),
        ({"direction": "backward"}, "names no layer"),
        ({"direction": "sideways"}, "direction must be 'forward' or 'backward', got 'sideways'"),
        ({"units": [5]}, "unit 5: the units of this layer's cell are 0 to 4"),
    ],
)
def test_what_is_not_there_is_named(where: dict[str, Any], message: str) -> None:
    ids = torch.randint(4, (9, 3))
    with pytest.raises(OptionError, match=message):
        ablations(network(), ids, ids, **where)
