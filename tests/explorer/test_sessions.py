"""Open traces: made once, held while they are few and small, whichever thread asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

import peephole as ph
from peephole.explorer import reading, sessions
from peephole.explorer.opened import OpenRun
from peephole.explorer.refusal import Refusal
from peephole.explorer.sessions import Session, Sessions
from peephole.explorer.task import Task


@pytest.fixture
def opened(zoo: Path) -> OpenRun:
    return OpenRun(ph.open_run(zoo / "text"))


def held(store: Sessions, made: list[Session]) -> list[bool]:
    """Which of the sessions the store still has."""

    def has(session: Session) -> bool:
        try:
            return store.get(session.id) is session
        except Refusal:
            return False

    return [has(session) for session in made]


def test_a_trace_is_made_once(opened: OpenRun) -> None:
    store = Sessions()
    first = store.read(opened, Task(opened.typed("x")))
    assert store.read(opened, Task(opened.typed("x"))) is first
    assert store.get(first.id) is first


def test_threads_that_ask_at_once_share_one_trace(opened: OpenRun, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[reading.Reading] = []

    def read(*args: Any, **options: Any) -> reading.Reading:
        made.append(reading.read(*args, **options))
        return made[-1]

    monkeypatch.setattr(sessions, "read", read)
    store, barrier = Sessions(), Barrier(4)

    def ask(_: int) -> Session:
        barrier.wait()
        return store.read(opened, Task(opened.typed("return")))

    with ThreadPoolExecutor(4) as threads:
        found = set(map(id, threads.map(ask, range(4))))
    assert len(found) == len(made) == 1


def test_the_trace_not_used_for_longest_is_forgotten_first(opened: OpenRun) -> None:
    store = Sessions(most=2)
    a, b = (store.read(opened, Task(opened.typed(text))) for text in "ab")
    store.get(a.id)
    c = store.read(opened, Task(opened.typed("c")))
    assert held(store, [a, b, c]) == [True, False, True]


def test_traces_together_hold_no_more_numbers_than_allowed(opened: OpenRun) -> None:
    per_symbol = 2 * 6 * 5  # layers × quantities × units
    store = Sessions(most_numbers=10 * per_symbol)
    made = [store.read(opened, Task(opened.typed(text))) for text in ("x" * 4, "y" * 4, "z" * 4)]
    assert held(store, made) == [False, True, True]


def test_the_newest_trace_is_held_however_large(opened: OpenRun) -> None:
    store = Sessions(most_numbers=1)
    small, large = (store.read(opened, Task(opened.typed("x" * length))) for length in (1, 100))
    assert held(store, [small, large]) == [False, True]


def test_a_trace_too_large_to_hold_is_refused_with_the_length_that_is_not(
    opened: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    per_symbol = reading.numbers_per_step(opened.network)
    monkeypatch.setattr(reading, "MOST_NUMBERS", 100 * per_symbol + 1)
    Sessions().read(opened, Task(opened.typed("x" * 100)))
    with pytest.raises(Refusal, match="101 symbols and at most 100 can be shown"):
        Sessions().read(opened, Task(opened.typed("x" * 101)))


def test_the_numbers_of_a_step_are_those_that_its_trace_holds(opened: OpenRun) -> None:
    _, trace = ph.trace(opened.network, opened.typed("x").inputs)
    numbers = sum(r.input.numel() + sum(v.numel() for v in r.quantities.values()) for r in trace)
    assert reading.numbers_per_step(opened.network) == numbers
