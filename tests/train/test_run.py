from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from peephole.data.task_problem import TaskProblem
from peephole.data.text_problem import TextProblem
from peephole.errors import RunError, RunNotFoundError
from peephole.nn.models import NetworkConfig
from peephole.train.fit import fit
from peephole.train.options import TrainOptions
from peephole.train.run import Run, find_runs


@pytest.fixture
def run(tmp_path: Path, text_problem: TextProblem, network_for: Callable[..., NetworkConfig]) -> Run:
    """A run of a text, freshly trained for a few steps."""
    network = network_for(text_problem, embedding=4)
    trained = fit(text_problem, network, TrainOptions(steps=4, batch=4, validations=2), tmp_path / "run")
    assert trained is not None
    return trained


def test_an_opened_run_is_what_was_trained(run: Run, text_problem: TextProblem) -> None:
    assert run.name == "run"
    assert run.options == TrainOptions(steps=4, batch=4, validations=2)
    assert run.vocabulary() == text_problem.vocabulary
    assert run.problem().describe() == text_problem.describe()
    assert run.sample_text() == text_problem.excerpt
    assert run.predicts_next_symbol
    assert run.result["stopped"] == "budget"
    assert [row.step for row in run.metrics()] == [2, 4]
    network = run.network()
    assert not network.training
    assert run.parameters == sum(p.numel() for p in network.parameters())


def test_its_best_result_is_the_least_of_its_metrics(run: Run) -> None:
    best = min(run.metrics(), key=lambda row: row.validation)
    assert run.result["validation_bits"] == best.validation
    assert run.result["best_step"] == best.step


def test_a_folder_of_runs_lists_them_with_errors_in_their_place(run: Run) -> None:
    (run.path.parent / "broken").mkdir()
    (run.path.parent / "broken" / "config.json").write_text("{")
    (run.path.parent / "notes").mkdir()
    good = [found for found in find_runs(run.path.parent) if isinstance(found, Run)]
    bad = [found for found in find_runs(run.path.parent) if isinstance(found, RunError)]
    assert [found.path for found in good] == [run.path]
    assert len(bad) == 1


def test_a_run_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError, match="is not there"):
        Run.open(tmp_path / "none")
    with pytest.raises(RunNotFoundError, match=r"no run, it has no config\.json"):
        Run.open(tmp_path)
    with pytest.raises(RunNotFoundError):
        find_runs(tmp_path / "none")


def test_a_run_of_another_version_is_refused_with_that_version(run: Run) -> None:
    config = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps({**config, "format": 2, "peephole": "9.1"}))
    with pytest.raises(RunError, match=r"Peephole 9\.1 in run format 2.*reads format 1"):
        Run.open(run.path)


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_truncated_weights_are_found_when_the_run_is_opened(run: Run, keep: int) -> None:
    weights = run.path / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(RunError, match=r"weights\.safetensors is truncated or damaged"):
        Run.open(run.path)


def test_missing_weights_are_said_to_be_missing(run: Run) -> None:
    (run.path / "weights.safetensors").unlink()
    with pytest.raises(RunError, match=r"weights\.safetensors is not there"):
        Run.open(run.path)


def test_weights_of_another_network_are_refused(run: Run) -> None:
    config = json.loads((run.path / "config.json").read_text())
    config["network"]["hidden"] = 9
    (run.path / "config.json").write_text(json.dumps(config))
    with pytest.raises(RunError, match="weights"):
        Run.open(run.path).network()


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[]",
        "{}",
        '{"format": 1}',
        '{"format": 1, "peephole": "1", "name": "a", "network": 3, "problem": {}, "training": {}, "result": {}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_config_is_refused(run: Run, damage: str) -> None:
    (run.path / "config.json").write_text(damage)
    with pytest.raises(RunError):
        Run.open(run.path)


def test_other_damaged_files_are_refused_when_they_are_read(run: Run) -> None:
    for name in ("vocabulary.json", "metrics.csv", "checkpoint/last.ckpt"):
        (run.path / name).write_text("x")
    opened = Run.open(run.path)
    for read in (opened.vocabulary, opened.metrics, opened.checkpoint):
        with pytest.raises(RunError):
            read()


def test_a_vocabulary_of_another_run_is_refused(run: Run) -> None:
    data = json.loads((run.path / "vocabulary.json").read_text())
    (run.path / "vocabulary.json").write_text(json.dumps({**data, "symbols": data["symbols"] + ["¤"]}))
    with pytest.raises(RunError, match="of another run"):
        run.vocabulary()


def test_a_film_shows_the_network_from_first_to_last(
    tmp_path: Path, counter: TaskProblem, network_for: Callable[..., NetworkConfig]
) -> None:
    run = fit(counter, network_for(counter), TrainOptions(steps=20, batch=8, film=4), tmp_path / "run")
    assert run is not None
    frames = run.film()
    assert [frame.number for frame in frames] == [0, 1, 2, 3]
    assert (frames[0].step, frames[-1].step) == (0, 20)
    torch.manual_seed(run.options.seed)
    first, last = run.network_at(frames[0]), run.network_at(frames[-1])
    assert not torch.equal(first.readout.weight, last.readout.weight)
    assert torch.equal(last.readout.weight, run.checkpoint().weights["readout.weight"])
