"""A text that is being edited: what was read already is not read again, and nothing else can be told from that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import peephole as ph
from peephole.explorer import reading
from peephole.explorer.drawing import SIDE
from peephole.explorer.held import Held
from peephole.explorer.material import Material
from peephole.explorer.opened import OpenRun
from peephole.explorer.sessions import Session, Sessions
from peephole.explorer.task import Task
from peephole.zoo import gallery

CAUSAL = ("text", "counter", "zoo:counter", "zoo:counter-rnn", "zoo:memorizer-peephole")
EDITS = {
    "text": [
        "def f(x):",
        "def f(x): r",
        "def f(x): re",
        "def f(x): r",
        "def g(x): re",
        "def f(x): rex",
        "def f(",
    ],
    "task": ["aaX", "aaXb", "aaXbb", "aaX", "aXbb", "aaXbb.", "a"],
    "memory": ["Axx", "AxxY", "AxxYa", "Axx", "BxxYa", "AxxY.", "A"],
}


def opened(zoo: Path, run: str) -> OpenRun:
    shipped = run.startswith("zoo:")
    return OpenRun(gallery.open_run(run.removeprefix("zoo:")) if shipped else ph.open_run(zoo / run))


def edits(run: str) -> list[str]:
    return EDITS["text" if run == "text" else "memory" if "memorizer" in run else "task"]


def values(session: Session) -> dict[str, torch.Tensor]:
    """Everything that a session holds, copied."""
    record = {
        f"{r.layer} {name}": v.clone()
        for r in session.reading.trace
        for name, v in {**r.quantities, "input": r.input}.items()
    }
    initial = {
        f"{r.layer} {name} at first": v for r in session.reading.trace for name, v in r.initial.items()
    }
    return record | initial | {name: v.clone() for name, v in session.reading.said.items()}


def equal(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-5, equal_nan=True, msg=name)


@pytest.fixture
def steps_run(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps each reading has the network run, in pieces."""
    run: list[int] = []

    def trace(network: Any, inputs: torch.Tensor, *args: Any, **options: Any) -> Any:
        run.append(len(inputs))
        return ph.trace(network, inputs, *args, **options)

    monkeypatch.setattr(reading, "trace", trace)
    return run


@pytest.mark.parametrize("run", CAUSAL)
def test_every_edit_gives_what_reading_it_alone_gives_and_leaves_the_others_as_they_were(
    zoo: Path, run: str
) -> None:
    network, store = opened(zoo, run), Sessions()
    seen: list[tuple[Session, dict[str, torch.Tensor]]] = []
    for text in edits(run):
        session = store.read(network, Task(network.typed(text)))
        equal(values(session), values(Sessions().read(network, Task(network.typed(text)))))
        seen.append((session, values(session)))
    for session, then in seen:
        for name, value in values(session).items():
            assert torch.equal(value.nan_to_num(-9), then[name].nan_to_num(-9)), name


def test_only_what_is_new_is_run(zoo: Path, steps_run: list[int]) -> None:
    network, store = opened(zoo, "text"), Sessions()

    def run(text: str, *held: Held) -> int:
        steps_run.clear()
        store.read(network, Task(network.typed(text), clamps=held))
        return sum(steps_run)

    text = "def f(x):\n    return 'quoted'\n" * 4
    # After the last symbol nothing was known to follow: that step is said again.
    assert run(text) == len(text)
    assert run(text + "x") == 2
    assert run(text + "xr") == 2
    assert run(text) == 0
    assert run(text[:50] + "d" + text[51:]) == len(text) - 49
    assert run(text + "xr", Held("l0.cell.1", 2.0, 100, 100)) == len(text) + 2 - 100
    assert run(text + "xr", Held("l0.cell.1", 3.0, 100, 100)) == len(text) + 2 - 100
    assert run(text + "xrd", Held("l0.cell.1", 3.0, 100, 100)) == 2


def test_what_is_held_from_somewhere_on_changes_nothing_before(zoo: Path) -> None:
    network, store = opened(zoo, "text"), Sessions()
    text = "def f(x): return"
    free = store.read(network, Task(network.typed(text)))
    then = values(free)
    for value in (1.0, 2.0, -1.0):
        task = Task(network.typed(text), clamps=(Held("l1.cell.2", value, 9, 11),))
        session = store.read(network, task)
        equal(values(session), values(Sessions().read(network, task)))
        assert (session.reading.trace.layer(1).cell[9:12, 0, 2] == value).all()
    for name, value in values(free).items():
        assert torch.equal(value.nan_to_num(-9), then[name].nan_to_num(-9)), name


def test_the_order_in_which_one_thing_is_held_twice_counts(zoo: Path) -> None:
    network, store = opened(zoo, "text"), Sessions()
    low, high = Held("l0.cell.1", -1.0, 2, 5), Held("l0.cell.1", 1.0, 4, 8)
    for clamps, then in (((low, high), 1.0), ((high, low), -1.0)):
        session = store.read(network, Task(network.typed("def f(x):"), clamps=clamps))
        assert session.reading.trace.layer(0).cell[5, 0, 1] == then


def test_a_text_that_outgrows_its_room_is_read_on(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROOM", 2)
    network, store = opened(zoo, "text"), Sessions()
    text = "def f(x): return x"
    for end in range(6, len(text)):
        session = store.read(network, Task(network.typed(text[:end])))
        equal(values(session), values(Sessions().read(network, Task(network.typed(text[:end])))))


def test_the_trace_that_others_begin_with_is_not_forgotten(zoo: Path) -> None:
    network, store = opened(zoo, "text"), Sessions(most=3)
    free = store.read(network, Task(network.typed("def f(x):")))
    for step in range(6):
        held = Held("l0.cell.1", float(step), 4, 4)
        store.read(network, Task(network.typed("def f(x):"), clamps=(held,)))
    assert store.get(free.id) is free


def test_networks_and_frames_share_nothing(zoo: Path, steps_run: list[int]) -> None:
    store = Sessions()
    for run in ("counter", "zoo:counter"):
        network = opened(zoo, run)
        store.read(network, Task(network.typed("aaX")))
    network = opened(zoo, "zoo:counter")
    for frame in (0, 59):
        store.read(network, Task(network.typed("aaXb"), frame=frame))
    assert steps_run == [3, 3, 4, 4]


def test_a_network_that_reads_both_ways_reads_all_again(zoo: Path, steps_run: list[int]) -> None:
    network, store = opened(zoo, "mirror"), Sessions()
    for text in ("abc", "abca"):
        store.read(network, Task(network.typed(text)))
    assert steps_run == [3, 4]


@pytest.mark.parametrize("run", ["digits", "series"])
def test_numbers_that_begin_alike_are_read_on_too(zoo: Path, run: str, steps_run: list[int]) -> None:
    network, store = opened(zoo, run), Sessions()
    first = network.sample(0)
    changed = first.inputs.clone()
    changed[SIDE // 2 :] += 0.5
    second = Material(
        title=None,
        inputs=changed,
        targets=first.targets,
        lengths=first.lengths,
        symbols=first.symbols,
    )
    store.read(network, Task(first))
    steps_run.clear()
    session = store.read(network, Task(second))
    assert sum(steps_run) == len(changed) - SIDE // 2
    equal(values(session), values(Sessions().read(network, Task(second))))
