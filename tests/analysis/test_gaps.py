"""Units by the gap between two kinds of steps."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import peephole as ph
from peephole.analysis import apart
from peephole.errors import MissingQuantityError, OptionError, TraceError

LABELS = torch.tensor([True, True, False, False, True])


def record_of(**quantities: Tensor) -> ph.LayerRecord:
    lengths = torch.tensor([2, 3])
    padded = {name: torch.full((3, 2, values.shape[1]), 9.0) for name, values in quantities.items()}
    for name, values in quantities.items():
        padded[name][:2, 0], padded[name][:, 1] = values[:2], values[2:]
    return ph.LayerRecord("", 0, 0, "forward", "lstm", padded, {}, torch.zeros(3, 2, 1), lengths)


def test_the_gap_is_from_the_one_kinds_highest_to_the_others_lowest_in_either_order() -> None:
    above = torch.tensor([0.9, 0.6, 0.1, -0.2, 0.7])
    found = apart(
        record_of(hidden=torch.stack([above, -above, above[[2, 0, 1, 3, 4]]], -1)), "hidden", LABELS
    )
    torch.testing.assert_close(found.scores, torch.tensor([0.5, 0.5, -0.5], dtype=torch.float64))
    assert found.units == (0, 1, 2)


def test_a_cell_counts_by_its_tanh() -> None:
    cell = torch.tensor([[1.0, 500.0], [1.0, 400.0], [-1.0, 300.0], [-1.0, 2.0], [1.0, 310.0]])
    found = apart(record_of(cell=cell), "cell", LABELS)
    assert found.units == (0, 1)
    assert found.scores[0] == pytest.approx(2 * torch.tensor(1.0).tanh().item())
    assert found.scores[1] == 0


def test_steps_that_do_not_count_are_left_out() -> None:
    hidden = torch.tensor([[0.9], [-0.9], [0.1], [0.9], [0.7]])
    where = torch.tensor([True, False, True, False, True])
    assert apart(record_of(hidden=hidden), "hidden", LABELS).scores.item() < 0
    assert apart(record_of(hidden=hidden), "hidden", LABELS, where=where).scores.item() == pytest.approx(0.6)


def test_what_cannot_be_asked_is_refused() -> None:
    record = record_of(hidden=torch.rand(5, 1))
    with pytest.raises(OptionError, match="labels must be bool"):
        apart(record, "hidden", LABELS.long())
    with pytest.raises(TraceError, match="4 labels for 5"):
        apart(record, "hidden", LABELS[:4])
    with pytest.raises(TraceError, match="both kinds, got 3 and 0"):
        apart(record, "hidden", LABELS, where=LABELS)
    with pytest.raises(MissingQuantityError):
        apart(record, "cell", LABELS)
