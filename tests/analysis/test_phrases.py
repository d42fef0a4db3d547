"""Phrase search finds what was planted, scores it exactly, and never reaches over a sequence's end."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import peephole as ph
from peephole.analysis.phrases import Match, PatternUnit, find_phrases
from peephole.errors import OptionError, TraceError


def record_of(values: Tensor, quantity: str = "cell", lengths: Tensor | None = None) -> ph.LayerRecord:
    inputs = torch.zeros(*values.shape[:2], 1)
    return ph.LayerRecord("", 0, 0, "forward", "lstm", {quantity: values}, {}, inputs, lengths)


def columns(*rows: str) -> Tensor:
    """One sequence; a row a unit: + high, - low, . neither."""
    value = {"+": 0.8, "-": -0.6, ".": 0.0}
    return torch.tensor([[value[c] for c in row] for row in rows]).T.unsqueeze(1)


def test_the_pattern_is_what_is_on_in_the_stretch_and_off_around_it() -> None:
    found = find_phrases(
        record_of(
            columns(
                "..+++......",  # on there, off around
                "..---......",  # by its other sign
                "..+++++....",  # on after it too
                "..++.......",  # not all through it
                "-.+++.-....",  # off just around it; further out nobody asks
            )
        ),
        "cell",
        2,
        5,
    )
    assert found.units == (PatternUnit(0, 1), PatternUnit(4, 1), PatternUnit(1, -1))
    assert found.matches == ()
    assert (found.threshold, found.start, found.stop) == (0.3, 2, 5)


def test_with_more_around_units_must_be_off_for_longer() -> None:
    values = columns("-.+++.-....", "..+++......")
    found = find_phrases(record_of(values), "cell", 2, 5, around=2)
    assert found.units == (PatternUnit(0, 1), PatternUnit(1, 1))  # low is off for a unit that is on when high
    assert find_phrases(record_of(values.abs()), "cell", 2, 5, around=2).units == (PatternUnit(1, 1),)


def test_other_places_are_ranked_by_agreement_then_by_likeness_of_length() -> None:
    values = columns(
        "..+++..++++.+++...+++++",
        "..---..----.--....-----",
    )
    found = find_phrases(record_of(values), "cell", 2, 5)
    assert found.matches == (
        Match(7, 11, 1.0),
        Match(18, 23, 1.0),
        Match(12, 15, 9 / 10),
    )


def test_a_place_where_only_some_units_are_on_counts_if_they_are_enough() -> None:
    values = columns(
        ".+++....+++.",
        ".+++....+++.",
        ".---........",
    )
    assert find_phrases(record_of(values), "cell", 1, 4, together=0.7).matches == ()
    (match,) = find_phrases(record_of(values), "cell", 1, 4).matches
    assert match == Match(8, 11, (6 + 6) / 15)


def test_a_gate_is_on_when_open_or_when_shut() -> None:
    gate = torch.tensor([[0.3, 0.9], [0.95, 0.05], [0.99, 0.02], [0.2, 0.8], [0.9, 0.1], [0.1, 0.9]])
    found = find_phrases(record_of(gate.unsqueeze(1), "forget_gate"), "forget_gate", 1, 3)
    assert set(found.units) == {PatternUnit(0, 1), PatternUnit(1, -1)}
    assert found.matches == (Match(4, 5, 1.0),)


def test_sequences_are_apart() -> None:
    values = torch.cat([columns("..++."), columns("+++.."), columns(".+++.")], 1)
    lengths = torch.tensor([4, 5, 4])
    found = find_phrases(record_of(values, lengths=lengths), "cell", 2, 4)
    assert found.units == (PatternUnit(0, 1),)  # the next sequence's first step is not after it
    assert found.matches == (Match(4, 7, 1.0), Match(10, 13, 1.0))


def test_a_stretch_that_is_like_its_surroundings_has_no_pattern_and_no_match() -> None:
    found = find_phrases(record_of(columns("+++++++++++")), "cell", 2, 5)
    assert (found.units, found.matches) == ((), ())


def test_there_are_no_more_matches_than_asked_for() -> None:
    values = columns(".+." * 10)
    assert len(find_phrases(record_of(values), "cell", 1, 2).matches) == 9
    assert len(find_phrases(record_of(values), "cell", 1, 2, limit=4).matches) == 4


@pytest.mark.parametrize(
    ("stretch", "options", "message"),
    [
        ((5, 5), {}, "steps 5 to 5 are no stretch of one sequence; there are 12 steps in 2 sequences"),
        ((4, 8), {}, "no stretch of one sequence"),
        ((10, 13), {}, "no stretch of one sequence"),
        ((1, 3), {"threshold": 0.0}, "threshold must be above 0"),
        ((1, 3), {"around": -1}, "around and limit must be at least 0, got -1 and 50"),
        ((1, 3), {"together": 0.0}, "together must be above 0"),
    ],
)
def test_what_cannot_be_searched_for_is_told(
    stretch: tuple[int, int], options: dict[str, Any], message: str
) -> None:
    record = record_of(torch.randn(6, 2, 3))
    with pytest.raises((OptionError, TraceError), match=message):
        find_phrases(record, "cell", *stretch, **options)


def test_a_gates_threshold_is_above_a_half() -> None:
    with pytest.raises(OptionError, match=r"a gate's threshold must be from 0.5 to 1, got 0.3"):
        find_phrases(record_of(torch.rand(6, 1, 3), "input_gate"), "input_gate", 1, 3, threshold=0.3)
