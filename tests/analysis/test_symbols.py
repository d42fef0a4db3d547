"""What each unit does on each symbol, against plain loops; padding never counts."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import peephole as ph
from peephole.analysis.symbols import by_symbol
from peephole.errors import OptionError, TraceError


def record_of(values: Tensor) -> ph.LayerRecord:
    batch = values.shape[1]
    return ph.LayerRecord(
        "", 0, 0, "forward", "lstm", {"input_gate": values}, {}, torch.zeros(len(values), batch, 1)
    )


def test_means_and_extremes_are_those_of_the_steps_that_read_the_symbol() -> None:
    values = torch.rand(5, 2, 3)
    symbols = list("abXbb") + list("aXbab")
    found = by_symbol(record_of(values), "input_gate", symbols)
    steps = values.transpose(0, 1).reshape(10, 3).double()
    assert found.symbols == ("b", "a", "X")
    assert found.counts.tolist() == [5, 3, 2]
    for row, symbol in enumerate(found.symbols):
        own = steps[[s == symbol for s in symbols]]
        torch.testing.assert_close(found.mean[row], own.mean(0))
        assert torch.equal(found.minimum[row], own.amin(0))
        assert torch.equal(found.maximum[row], own.amax(0))


def test_units_are_found_by_what_they_do_on_symbols() -> None:
    # Unit 0 does as asked at every step, units 1 and 2 in the mean, one missing on X and one on a; unit 3 does not.
    on_x = torch.tensor([[0.05, 0.0, 0.0, 0.9], [0.1, 0.15, 0.1, 0.9]])
    on_a = torch.tensor([[0.9, 1.0, 1.0, 0.1], [0.8, 0.9, 0.7, 0.1]])
    record = record_of(torch.cat([on_x, on_a]).unsqueeze(1))
    found = by_symbol(record, "input_gate", "XXaa")
    bounds = {"at_most": {"X": 0.1001}, "at_least": {"a": 0.7999}}
    assert found.units_where(**bounds) == [0, 1, 2]
    assert found.units_where(**bounds, over="every") == [0]
    assert found.units_where() == [0, 1, 2, 3]


def test_the_contrast_of_two_symbols_ranks_units_by_the_difference_of_means() -> None:
    record = record_of(torch.tensor([[0.1, 0.9, 0.5], [0.2, 0.1, 0.9]]).unsqueeze(1))
    found = by_symbol(record, "input_gate", "aX").contrast("a", "X")
    assert found.units == (1, 0, 2)
    torch.testing.assert_close(found.scores.float(), torch.tensor([-0.1, 0.8, -0.4]))


def test_what_was_never_read_is_named() -> None:
    record = record_of(torch.rand(2, 1, 3))
    found = by_symbol(record, "input_gate", "aX")
    with pytest.raises(OptionError, match="'b' was never read; the text has 'a' 'X'"):
        found.contrast("a", "b")
    with pytest.raises(OptionError, match="over must be 'mean' or 'every', got 'most'"):
        found.units_where(over="most")  # type: ignore[arg-type]
    with pytest.raises(TraceError, match="1 symbols for 2 recorded steps"):
        by_symbol(record, "input_gate", "a")
