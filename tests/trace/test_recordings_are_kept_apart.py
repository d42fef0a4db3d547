"""Who is recorded: the model asked for, in the thread that asked, while it asked, and nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import torch
from conformance.rows import HIDDEN, INPUT
from torch import Tensor, nn

import peephole as ph
from peephole.errors import TraceError

homes = pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
T = 4


def x() -> Tensor:
    return torch.randn(T, 2, INPUT)


@homes
def test_a_tape_holds_every_call_made_inside_and_none_made_outside(home: object) -> None:
    model = home.LSTM(INPUT, HIDDEN)
    model(x())
    with ph.recording(model) as tape:
        inside = [model(x())[0] for _ in range(3)]
    model(x())
    trace = tape.trace()
    assert [r.call for r in trace.records] == [0, 1, 2]
    for call, output in enumerate(inside):
        assert torch.equal(trace.layer(call=call).hidden, output)


@homes
def test_a_tape_can_be_read_while_it_runs(home: object) -> None:
    model = home.LSTM(INPUT, HIDDEN)
    with ph.recording(model) as tape:
        model(x())
        early = tape.trace()
        model(x())
    assert len(early.records) == 1
    assert len(tape.trace().records) == 2


@homes
def test_another_model_run_meanwhile_is_not_recorded(home: object) -> None:
    model, other = home.LSTM(INPUT, HIDDEN), home.LSTM(INPUT, HIDDEN)
    with ph.recording(model) as tape:
        output, _ = model(x())
        other(x())
    (record,) = tape.trace().records
    assert torch.equal(record.hidden, output)


@homes
def test_the_part_recorded_is_named_from_the_part(home: object) -> None:
    whole = nn.Sequential(home.RNN(INPUT, HIDDEN))
    with ph.recording(whole[0]) as tape:
        whole(x())
    assert [r.module for r in tape.trace().records] == [""]


@homes
def test_a_recording_inside_a_recording_sees_its_own_calls_and_the_outer_one_sees_all(home: object) -> None:
    model = home.GRU(INPUT, HIDDEN)
    with ph.recording(model) as outer:
        first, _ = model(x())
        with ph.recording(model) as inner:
            second, _ = model(x())
        third, _ = model(x())
    (record,) = inner.trace().records
    assert torch.equal(record.hidden, second)
    hiddens = [r.hidden for r in outer.trace().records]
    assert len(hiddens) == 3
    assert all(torch.equal(a, b) for a, b in zip(hiddens, (first, second, third), strict=True))


@homes
def test_recordings_of_two_models_at_once_each_hold_their_own(home: object) -> None:
    one, two = home.GRU(INPUT, HIDDEN), home.LSTM(INPUT, HIDDEN)
    with ph.recording(one) as tape_one, ph.recording(two) as tape_two:
        one(x())
        two(x())
    assert [r.kind for r in tape_one.trace().records] == ["gru"]
    assert [r.kind for r in tape_two.trace().records] == ["lstm"]


class Failing(nn.Module):
    def __init__(self, home: object) -> None:
        super().__init__()
        self.rnn = home.LSTM(INPUT, HIDDEN)
        self.fail = True

    def forward(self, given: Tensor) -> Tensor:
        output, _ = self.rnn(given)
        if self.fail:
            raise ArithmeticError("the model's own mistake")
        return output


@homes
def test_an_error_inside_the_model_passes_through_and_leaves_nothing_behind(home: object) -> None:
    model = Failing(home)
    kind = type(model.rnn)
    before = dict(kind.__dict__), dict(nn.Module.__dict__), set(model.rnn.__dict__)
    with pytest.raises(ArithmeticError, match="own mistake"):
        ph.trace(model, x())
    with pytest.raises(ArithmeticError), ph.recording(model) as tape:
        model(x())
    assert (dict(kind.__dict__), dict(nn.Module.__dict__), set(model.rnn.__dict__)) == before
    model.fail = False
    model(x())
    assert len(tape.trace().records) == 1, "the run afterwards must not be on the tape"
    output, trace = ph.trace(model, x())
    assert torch.equal(trace.layer(module="rnn").hidden, output)
    assert len(trace.records) == 1


@homes
def test_an_error_in_torchs_own_checks_leaves_nothing_behind(home: object) -> None:
    model = home.LSTM(INPUT, HIDDEN)
    with pytest.raises(RuntimeError):
        ph.trace(model, torch.randn(T, 2, INPUT + 1))
    with ph.recording(model) as tape:
        model(x())
    assert len(tape.trace().records) == 1


@homes
def test_a_tape_that_saw_nothing_says_so(home: object) -> None:
    with ph.recording(home.LSTM(INPUT, HIDDEN)) as tape:
        pass
    with pytest.raises(TraceError):
        tape.trace()


@homes
def test_two_threads_recording_at_once_do_not_see_each_other(home: object) -> None:
    meet = threading.Barrier(2, timeout=20)
    shared = home.LSTM(INPUT, HIDDEN)
    found: dict[int, tuple[list[Tensor], list[Tensor]]] = {}

    def work(number: int) -> None:
        with ph.recording(shared) as tape:
            meet.wait()
            outputs = []
            for _ in range(20):
                outputs.append(shared(torch.randn(T, number + 1, INPUT))[0])
            meet.wait()
        found[number] = outputs, [record.hidden for record in tape.trace().records]

    in_threads(lambda: work(0), lambda: work(1))
    for number in range(2):
        outputs, hiddens = found[number]
        assert len(hiddens) == 20
        assert all(torch.equal(a, b) for a, b in zip(outputs, hiddens, strict=True))


@homes
def test_a_model_under_recording_that_runs_in_another_thread_is_not_recorded_there(home: object) -> None:
    model = home.LSTM(INPUT, HIDDEN)
    with ph.recording(model) as tape:
        output, _ = model(x())
        in_threads(lambda: model(x()))
    (record,) = tape.trace().records
    assert torch.equal(record.hidden, output)


@homes
def test_a_recording_that_ends_in_one_thread_goes_on_in_the_other(home: object) -> None:
    model = home.LSTM(INPUT, HIDDEN)
    started, ended = threading.Event(), threading.Event()
    calls: list[int] = []

    def long() -> None:
        with ph.recording(model) as tape:
            model(x())
            started.set()
            assert ended.wait(20)
            model(x())
        calls.append(len(tape.trace().records))

    def short() -> None:
        assert started.wait(20)
        ph.trace(model, x())
        ended.set()

    in_threads(long, short)
    assert calls == [2]


def in_threads(*actions: Callable[[], None]) -> None:
    """Run each in a thread of its own; what one raises is raised here."""
    errors: list[BaseException] = []

    def guarded(action: Callable[[], None]) -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if errors:
        raise errors[0]
