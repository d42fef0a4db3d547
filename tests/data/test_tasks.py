"""The small languages against definitions of their own, written here with regular expressions and counting."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.data import END, TASKS, Task, task_named
from peephole.errors import OptionError


def is_counter(string: str) -> bool:
    match = re.fullmatch("(a{1,10})X(b+)", string)
    return match is not None and len(match[1]) == len(match[2])


def is_selective(string: str) -> bool:
    match = re.fullmatch("([aX]+)Y(b{1,10})", string)
    return match is not None and match[1].count("a") == len(match[2]) and match[1].count("X") <= 10


def is_memorizer(string: str) -> bool:
    return re.fullmatch("Ax{1,10}Ya|Bx{1,10}Yb", string) is not None


def is_copy(string: str) -> bool:
    return re.fullmatch(r"([abc]{3})X\1", string) is not None


def is_mirror(string: str) -> bool:
    return re.fullmatch("[abc]{2,10}", string) is not None


DEFINITIONS = {
    "counter": is_counter,
    "selective": is_selective,
    "memorizer": is_memorizer,
    "copy": is_copy,
    "mirror": is_mirror,
}
every_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())


def drawn(task: Task, count: int = 500) -> list[str]:
    random = np.random.default_rng(1)
    return [task.draw(random) for _ in range(count)]


def test_the_tasks_are_the_five() -> None:
    assert TASKS.keys() == DEFINITIONS.keys()


@every_task
def test_strings_drawn_belong_to_the_language(task: Task) -> None:
    assert all(DEFINITIONS[task.name](string) and task.accepts(string) for string in drawn(task))


@every_task
def test_the_language_accepts_exactly_its_definition_among_all_short_strings(task: Task) -> None:
    alphabet = [*task.letters, END]
    for length in range(7):
        for symbols in product(alphabet, repeat=length):
            string = "".join(symbols)
            assert task.accepts(string) == DEFINITIONS[task.name](string), string


@every_task
@given(data=st.data())
def test_a_string_with_one_symbol_changed_is_judged_as_the_definition_does(
    task: Task, data: st.DataObject
) -> None:
    string = task.draw(np.random.default_rng(data.draw(st.integers(0, 10**6))))
    place = data.draw(st.integers(0, len(string) - 1))
    symbol = data.draw(st.sampled_from(["", *task.letters]))
    changed = string[:place] + symbol + string[place + 1 :]
    assert task.accepts(changed) == DEFINITIONS[task.name](changed)


@pytest.mark.parametrize(
    ("name", "count"),
    [("counter", 10), ("memorizer", 20), ("copy", 27), ("mirror", sum(3**n for n in range(2, 11)))],
)
def test_all_strings_are_listed_once(name: str, count: int) -> None:
    strings = list(task_named(name).strings())
    assert len(strings) == len(set(strings)) == count
    assert all(map(DEFINITIONS[name], strings))


@pytest.mark.parametrize("name", ["counter", "memorizer", "copy"])
def test_every_string_of_a_small_language_is_drawn(name: str) -> None:
    task = task_named(name)
    assert set(drawn(task)) == set(task.strings())


def test_draws_are_spread_over_the_counts() -> None:
    assert {string.count("b") for string in drawn(task_named("selective"))} == set(range(1, 11))
    assert {string.count("X") for string in drawn(task_named("selective"))} == set(range(11))
    assert {len(string) for string in drawn(task_named("mirror"))} == set(range(2, 11))


@pytest.mark.parametrize("name", ["counter", "memorizer", "copy"])
def test_a_step_is_determined_where_all_strings_with_its_prefix_go_on_alike(name: str) -> None:
    task = task_named(name)
    strings = list(task.strings())
    for string in strings:
        for read, certain in enumerate(task.determined(string), start=1):
            following = {(other + END)[read] for other in strings if other.startswith(string[:read])}
            assert certain == (len(following) == 1), (string, read)


@pytest.mark.parametrize(
    ("name", "string", "expected"),
    [
        ("counter", "aaXbb", "..!!!"),
        ("counter", "aaaaaaaaaaXbbbbbbbbbb", ".........!!!!!!!!!!!!"),
        ("selective", "aXaXYbb", "....!!!"),
        # After ten X's only an a may follow, after ten a's as well only Y.
        ("selective", "X" * 10 + "a" * 10 + "Y" + "b" * 10, "." * 9 + "!" + "." * 9 + "!" * 12),
        ("memorizer", "AxxYa", "!..!!"),
        ("copy", "abaXaba", "..!!!!!"),
        ("mirror", "abc", "!!!"),
    ],
)
def test_determined_steps_are_those_a_reader_would_mark(name: str, string: str, expected: str) -> None:
    assert task_named(name).accepts(string)
    assert "".join(".!"[certain] for certain in task_named(name).determined(string)) == expected


def test_targets_are_what_follows_and_the_end() -> None:
    assert task_named("counter").targets("aXb") == "Xb."
    assert task_named("mirror").targets("abca") == "aaaa"


def test_an_unknown_task_is_named_with_those_there_are() -> None:
    with pytest.raises(OptionError, match="counter, selective, memorizer, copy, mirror, got 'sort'"):
        task_named("sort")
