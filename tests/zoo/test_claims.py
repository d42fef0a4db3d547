"""Every shipped network does what its recipe claims, measured anew; its card says the same."""

from __future__ import annotations

import math

import pytest
import torch

import peephole.analysis as pa
from peephole import zoo
from peephole.data.tasks import task_named
from peephole.train.objective import validate
from peephole.zoo.claims import Figure, disobeyed, failure
from peephole.zoo.exam import examine
from peephole.zoo.gallery import names
from peephole.zoo.recipes import RECIPES
from peephole.zoo.strings import Strings, read_strings

COUNTERS = ("counter", "counter-gru", "counter-rnn")
TASKS = (*COUNTERS, "memorizer", "memorizer-peephole", "copy", "mirror")


def read_all(name: str) -> Strings:
    """A network over the strings that it is validated on: all there are, but for the selective counter."""
    run = zoo.open_run(name)
    return read_strings(run, run.problem().held_out)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", TASKS)
def test_it_is_perfect_on_every_string_of_its_language(name: str) -> None:
    run = zoo.open_run(name)
    exam = examine(run.network(), run.vocabulary(), task_named(str(run.description["task"])))
    assert exam.wrong == 0
    assert exam.determined > 0
    assert exam.leak < 0.5


@pytest.mark.slow
def test_the_selective_counter_is_perfect_on_every_string_of_its_language() -> None:
    run = zoo.open_run("selective")
    exam = examine(run.network(), run.vocabulary(), task_named("selective"))
    assert exam.wrong == 0
    assert exam.prefixes > 5_000_000
    assert exam.leak < 0.5


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "selective"])
def test_its_claim_holds_and_its_card_has_the_figures(name: str) -> None:
    figures = RECIPES[name].claim(zoo.open_run(name))
    assert [str(figure) for figure in figures if not figure.holds] == []
    known = next(card for card in zoo.cards() if card.name == name).measured
    assert known == pytest.approx({figure.name: figure.value for figure in figures}, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", COUNTERS)
def test_a_counters_card_says_where_it_first_fails(name: str) -> None:
    said = next(card.first_failure for card in zoo.cards() if card.name == name)
    assert said == failure(zoo.open_run(name))
    assert said is not None
    assert said > 10


def test_only_counters_are_said_to_fail() -> None:
    assert {card.name for card in zoo.cards() if card.first_failure is not None} == set(COUNTERS)


def test_a_cell_of_the_counter_follows_what_is_left_to_count() -> None:
    read = read_all("counter")
    found = pa.correlations(read.record, "cell", [pa.left_to_count(read.symbols, read.lengths)])
    assert abs(found.ranking("left_to_count")[0].r) >= 0.95


def test_that_cell_alone_says_how_many_are_left() -> None:
    """Put at another string's count when X is read, it is nearly always answered with that many b's."""
    read = read_all("counter")
    found = pa.correlations(read.record, "cell", [pa.left_to_count(read.symbols, read.lengths)])
    first, *others = (ranked.unit for ranked in found.ranking("left_to_count"))
    run = zoo.open_run("counter")
    assert len(disobeyed(run, first)) <= 2
    assert len(disobeyed(run, others[-1])) > 40


def test_an_input_gate_of_the_selective_counter_is_shut_on_x_and_open_on_a() -> None:
    read = read_all("selective")
    gates = pa.by_symbol(read.record, "input_gate", read.symbols)
    assert gates.units_where(at_most={"X": 0.1}, at_least={"a": 0.8}) != []
    assert gates.contrast("a", "X").units[0] in gates.units_where(at_most={"X": 0.1}, at_least={"a": 0.8})


@pytest.mark.parametrize("name", ["memorizer", "memorizer-peephole"])
def test_a_cell_of_the_memorizer_keeps_a_apart_from_b_through_all_the_x(name: str) -> None:
    read = read_all(name)
    assert len(read.strings) == 20
    gaps = pa.apart(read.record, "cell", read.beginning("A"), where=read.where("x"))
    holding = pa.by_symbol(read.record, "forget_gate", read.symbols).units_where(
        at_least={"x": 0.95}, over="every"
    )
    assert gaps.units[0] in holding
    assert gaps.scores[gaps.units[0]] > 0


def test_a_unit_of_the_copy_machines_second_layer_tells_a_next_letter_on_the_other_half() -> None:
    task, read = task_named("copy"), read_all("copy")
    assert len(read.strings) == 27
    assert read.record.layer == 1
    certain = torch.tensor([step for string in read.strings for step in task.determined(string)])
    answers = "".join(map(task.targets, read.strings))
    told = [
        pa.best_thresholds(read.record, "hidden", torch.tensor([a == letter for a in answers]), where=certain)
        for letter in "abc"
    ]
    best = max(told, key=lambda found: float(found.chosen_accuracy[found.best]))
    assert best.accuracy[best.best] >= 0.95 > best.baseline


def test_digits_are_told_at_the_last_row_and_half_way() -> None:
    run = zoo.open_run("digits")
    problem = run.problem()
    assert problem.samples == 1000
    scores = validate(run.network(), problem, batch=100).scores
    assert scores["accuracy"] >= 0.965
    assert scores["accuracy_row_14"] >= 0.60


def test_a_figure_holds_within_its_bounds_only() -> None:
    assert Figure("", 0.5, 0.5, 0.5).holds
    assert not Figure("", 0.4, at_least=0.5).holds
    assert not Figure("", 0.6, at_most=0.5).holds
    assert not Figure("", math.nan, at_least=0.0).holds
    assert not Figure("", math.nan, at_most=0.0).holds


def test_there_is_a_recipe_for_every_network_and_a_network_for_every_recipe() -> None:
    assert set(names()) == set(RECIPES)
    assert zoo.names() == names()
