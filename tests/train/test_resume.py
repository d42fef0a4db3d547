from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from peephole.data.batches import Problem
from peephole.data.task_problem import TaskProblem
from peephole.data.text_problem import TextProblem
from peephole.errors import OptionError, RunError, RunNotFoundError
from peephole.nn.models import NetworkConfig
from peephole.train.fit import fit, resume
from peephole.train.options import TrainOptions
from peephole.train.progress import Progress
from peephole.train.run import Run

Make = Callable[..., NetworkConfig]


class Crash(Exception):
    """Stands for whatever ends a process in the middle of a step's bookkeeping."""


def crash_at(step: int) -> Callable[[Progress], None]:
    def watch(progress: Progress) -> None:
        if progress.step == step:
            raise Crash

    return watch


def assert_same(one: Run, other: Run) -> None:
    """The runs agree in everything but their clocks."""
    assert (one.path / "weights.safetensors").read_bytes() == (
        other.path / "weights.safetensors"
    ).read_bytes()
    for name, tensor in one.checkpoint().weights.items():
        assert torch.equal(tensor, other.checkpoint().weights[name]), name

    def timeless(run: Run) -> list[object]:
        return [
            (r.step, r.epoch, r.symbols, r.train, r.validation, r.learning_rate, r.scores)
            for r in run.metrics()
        ]

    assert timeless(one) == timeless(other)
    assert {**one.result, "seconds": 0} == {**other.result, "seconds": 0}
    assert [(f.number, f.step) for f in one.film()] == [(f.number, f.step) for f in other.film()]
    for mine, theirs in zip(one.film(), other.film(), strict=True):
        assert mine.path.read_bytes() == theirs.path.read_bytes()


def cases(
    text: TextProblem, counter: TaskProblem, make: Make
) -> dict[str, tuple[Problem, NetworkConfig, TrainOptions]]:
    return {
        "text with dropout": (
            text,
            make(text, layers=2, dropout=0.5, embedding=4),
            TrainOptions(steps=60, batch=4, validations=6, film=5, seed=3),
        ),
        "strings, by epochs": (
            counter,
            make(counter, cell="gru"),
            TrainOptions(epochs=12, batch=12, validations=6, patience=50),
        ),
    }


@pytest.mark.parametrize("case", ["text with dropout", "strings, by epochs"])
@pytest.mark.parametrize("crashes", [(23,), (1, 11, 59)], ids=str)
def test_a_resumed_run_ends_bit_for_bit_as_the_uninterrupted_one(
    tmp_path: Path,
    text_problem: TextProblem,
    counter: TaskProblem,
    network_for: Make,
    case: str,
    crashes: tuple[int, ...],
) -> None:
    problem, network, options = cases(text_problem, counter, network_for)[case]
    whole = fit(problem, network, options, tmp_path / "whole" / "run")
    first, *others = crashes
    with pytest.raises(Crash):
        fit(problem, network, options, tmp_path / "parts" / "run", watch=crash_at(first))
    for step in others:
        with pytest.raises(Crash):
            resume(tmp_path / "parts" / "run", watch=crash_at(step))
    torch.manual_seed(999)  # whatever the new process's random numbers are
    parts = resume(tmp_path / "parts" / "run")
    assert whole is not None
    assert parts is not None
    assert_same(whole, parts)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_training_in_order_and_costs_nothing(
    tmp_path: Path, text_problem: TextProblem, counter: TaskProblem, network_for: Make, number: signal.Signals
) -> None:
    problem, network, options = cases(text_problem, counter, network_for)["text with dropout"]

    def send(progress: Progress) -> None:
        if progress.step == 15:
            os.kill(os.getpid(), number)

    stopped = fit(problem, network, options, tmp_path / "parts" / "run", watch=send)
    assert stopped is not None
    assert stopped.result["stopped"] == number.name
    assert 15 <= stopped.result["step"] <= 17
    assert stopped.checkpoint().position.step == stopped.result["step"]
    whole = fit(problem, network, options, tmp_path / "whole" / "run")
    parts = resume(tmp_path / "parts" / "run")
    assert whole is not None
    assert parts is not None
    assert_same(whole, parts)


def test_an_interrupted_run_has_learned_even_before_its_first_validation(
    tmp_path: Path, text_problem: TextProblem, network_for: Make
) -> None:
    def send(progress: Progress) -> None:
        if progress.step == 40:
            os.kill(os.getpid(), signal.SIGINT)

    options = TrainOptions(steps=10_000, batch=4, validations=1, warmup=0)
    run = fit(text_problem, network_for(text_problem), options, tmp_path / "run", watch=send)
    assert run is not None
    assert run.metrics() == []
    assert run.result["best_step"] == run.result["step"] >= 40
    assert torch.equal(run.network().readout.weight, run.checkpoint().weights["readout.weight"])


def test_a_finished_run_can_be_given_more(tmp_path: Path, counter: TaskProblem, network_for: Make) -> None:
    options = TrainOptions(steps=4, batch=8, validations=2)
    fit(counter, network_for(counter), options, tmp_path / "run")
    assert (same := resume(tmp_path / "run")) is not None
    assert same.result["step"] == 4
    longer = TrainOptions(steps=9, batch=8, validations=2, learning_rate=1e-3)
    assert (more := resume(tmp_path / "run", options=longer)) is not None
    assert more.result["step"] == 9
    assert more.options == longer


@pytest.mark.parametrize("change", [{"batch": 16}, {"seed": 1}, {"film": 9}])
def test_what_would_make_it_another_run_cannot_change(
    tmp_path: Path, counter: TaskProblem, network_for: Make, change: dict[str, int]
) -> None:
    fit(counter, network_for(counter), TrainOptions(steps=2, batch=8), tmp_path / "run")
    with pytest.raises(OptionError, match=f"{next(iter(change))} cannot change"):
        resume(tmp_path / "run", options=TrainOptions(**{"steps": 4, "batch": 8, **change}))


def test_a_run_without_a_good_checkpoint_is_not_resumed(
    tmp_path: Path, counter: TaskProblem, network_for: Make
) -> None:
    with pytest.raises(RunNotFoundError):
        resume(tmp_path / "run")
    fit(counter, network_for(counter), TrainOptions(steps=2), tmp_path / "run")
    checkpoint = tmp_path / "run" / "checkpoint" / "last.ckpt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(RunError, match="--overwrite"):
        resume(tmp_path / "run")
    checkpoint.unlink()
    with pytest.raises(RunError, match="--overwrite"):
        resume(tmp_path / "run")


@pytest.mark.parametrize("keep", [None, 0, 100], ids=["missing", "empty", "truncated"])
def test_a_run_whose_weights_are_damaged_is_made_whole_from_its_checkpoint(
    tmp_path: Path, counter: TaskProblem, network_for: Make, keep: int | None
) -> None:
    fit(counter, network_for(counter), TrainOptions(steps=4, batch=8), tmp_path / "run")
    weights = tmp_path / "run" / "weights.safetensors"
    whole = weights.read_bytes()
    weights.unlink() if keep is None else weights.write_bytes(whole[:keep])
    with pytest.raises(RunError, match="--resume"):
        Run.open(tmp_path / "run")
    assert resume(tmp_path / "run") is not None
    assert weights.read_bytes() == whole
