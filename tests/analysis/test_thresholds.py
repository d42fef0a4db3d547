"""Thresholds: the best on the one half by trying them all, scored on the other half by counting."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import peephole as ph
from peephole.analysis.thresholds import best_thresholds
from peephole.errors import OptionError, TraceError


def record_of(values: Tensor) -> ph.LayerRecord:
    batch = values.shape[1]
    return ph.LayerRecord(
        "", 0, 0, "forward", "lstm", {"cell": values}, {}, torch.zeros(len(values), batch, 1)
    )


def test_no_other_threshold_does_better_where_it_was_chosen() -> None:
    values = torch.randn(40, 1, 5).round(decimals=1)  # with ties
    labels = values[:, 0, 3] + 0.5 * torch.randn(40) > 0
    choose = torch.rand(40) < 0.5
    found = best_thresholds(record_of(values), "cell", labels, choose=choose)
    for unit in range(5):
        own = values[:, 0, unit].double()
        right = [
            ((own[choose] > bound) == labels[choose]).double().mean()
            for bound in [*own[choose].tolist(), -1e9, 1e9]
        ]
        best = max(*right, *[1 - r for r in right])
        assert found.chosen_accuracy[unit] == pytest.approx(float(best))
        says = (own > found.threshold[unit]) == found.above[unit]
        assert found.chosen_accuracy[unit] == (says == labels)[choose].double().mean()
        assert found.accuracy[unit] == (says == labels)[~choose].double().mean()
    assert found.best == int(found.chosen_accuracy.argmax())


def test_a_unit_that_tells_the_label_by_falling_is_as_good() -> None:
    labels = torch.arange(20) % 3 == 0
    values = torch.stack([torch.rand(20), -labels.float()], -1).unsqueeze(1)
    found = best_thresholds(record_of(values), "cell", labels)
    assert (found.best, found.accuracy[1].item(), found.above[1].item()) == (1, 1.0, False)
    assert found.threshold[1].item() == pytest.approx(-0.5)


def test_halves_are_every_other_sequence() -> None:
    # Only in even sequences does the unit tell the label: a choice there cannot score in the odd ones.
    labels = torch.tensor([True, False]).repeat(8)
    values = labels.float().reshape(4, 4).T.clone()
    values[:, 1::2] = 1 - values[:, 1::2]
    found = best_thresholds(record_of(values.unsqueeze(-1)), "cell", labels)
    assert (found.chosen_accuracy.item(), found.accuracy.item()) == (1.0, 0.0)


def test_only_the_steps_asked_for_count_and_the_baseline_is_the_commoner_answer() -> None:
    labels = torch.tensor([True, True, False, True, False, False, True, False])
    values = labels.float()
    values[[1, 5]] = 0.5 - values[[1, 5]]
    where = torch.ones(8, dtype=torch.bool)
    where[[1, 5]] = False
    found = best_thresholds(record_of(values.reshape(8, 1, 1)), "cell", labels, where=where)
    assert found.accuracy.item() == 1
    assert found.baseline == pytest.approx(
        1 / 3
    )  # two of three were yes in the first half, one of three is later


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": torch.zeros(8)}, r"labels must be bool of shape \(step,\)"),
        ({"labels": torch.zeros(7, dtype=torch.bool)}, "7 labels for 8 recorded steps"),
        ({"choose": torch.ones(8, dtype=torch.bool)}, "got 8 and 0"),
        ({"where": torch.zeros(8, dtype=torch.bool)}, "got 0 and 0"),
    ],
)
def test_what_cannot_be_chosen_or_scored_is_told(options: dict[str, Tensor], message: str) -> None:
    values = {"labels": torch.zeros(8, dtype=torch.bool)} | options
    with pytest.raises((OptionError, TraceError), match=message):
        best_thresholds(record_of(torch.rand(8, 1, 2)), "cell", **values)
