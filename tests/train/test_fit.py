from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric

from peephole.data.digits_problem import DigitsProblem
from peephole.data.series_problem import SeriesProblem
from peephole.data.task_problem import TaskProblem
from peephole.data.tasks import task_named
from peephole.data.text_problem import TextProblem
from peephole.errors import OptionError, RunExistsError, TrainingError
from peephole.nn.models import Network, NetworkConfig
from peephole.train import files, loop, recorder
from peephole.train.fit import fit
from peephole.train.objective import Validation, validate
from peephole.train.options import TrainOptions
from peephole.train.progress import Progress
from peephole.train.run import Run

Make = Callable[..., NetworkConfig]


def test_training_learns_a_rule(tmp_path: Path, network_for: Make) -> None:
    counter = TaskProblem(task=task_named("counter"))
    options = TrainOptions(steps=250, batch=32, learning_rate=0.02, validations=5)
    run = fit(counter, network_for(counter, hidden=12), options, tmp_path / "run")
    assert run is not None
    assert run.result["perfect"] == 1.0


def test_the_weights_that_are_kept_are_the_best_ones(
    tmp_path: Path, text_problem: TextProblem, network_for: Make
) -> None:
    run = fit(text_problem, network_for(text_problem), TrainOptions(steps=30, batch=4), tmp_path / "run")
    assert run is not None
    again = validate(run.network(), text_problem, batch=4)
    assert again.loss == pytest.approx(run.result["validation_bits"], abs=1e-6)


def test_a_bidirectional_network_may_tag_but_not_predict(
    tmp_path: Path, text_problem: TextProblem, network_for: Make
) -> None:
    with pytest.raises(OptionError, match="backward direction would read the very symbol"):
        fit(
            text_problem,
            network_for(text_problem, bidirectional=True),
            TrainOptions(steps=1),
            tmp_path / "run",
        )
    assert not (tmp_path / "run").exists()
    mirror = TaskProblem(task=task_named("mirror"), strings=32)
    assert fit(mirror, network_for(mirror, bidirectional=True), TrainOptions(steps=2), tmp_path / "run")


def test_a_network_for_another_problem_is_refused(
    tmp_path: Path, text_problem: TextProblem, counter: TaskProblem, network_for: Make
) -> None:
    with pytest.raises(OptionError, match="input_size"):
        fit(text_problem, network_for(counter), TrainOptions(steps=1), tmp_path / "run")


def test_a_series_is_forecast(tmp_path: Path, network_for: Make) -> None:
    path = tmp_path / "waves.csv"
    values = torch.sin(torch.arange(600) / 5).tolist()
    path.write_text("level\n" + "".join(f"{20 + 3 * value:.5f}\n" for value in values))
    series = SeriesProblem.from_path(path, "level", chunk=25)
    run = fit(
        series, network_for(series), TrainOptions(epochs=20, batch=4, learning_rate=0.02), tmp_path / "run"
    )
    assert run is not None
    assert run.vocabulary() is None
    assert run.result["validation_loss"] < 0.1 < run.metrics()[0].validation


def test_digits_are_told_better_than_by_chance(tmp_path: Path, network_for: Make) -> None:
    digits = DigitsProblem.load()
    options = TrainOptions(steps=120, batch=32, learning_rate=0.02, validations=2)
    run = fit(digits, network_for(digits, hidden=16), options, tmp_path / "run")
    assert run is not None
    assert run.result["accuracy"] > 0.3


def test_a_run_is_never_overwritten_unasked(tmp_path: Path, counter: TaskProblem, network_for: Make) -> None:
    network, options, folder = network_for(counter), TrainOptions(steps=2), tmp_path / "run"
    fit(counter, network, options, folder)
    before = (folder / "weights.safetensors").read_bytes()
    with pytest.raises(RunExistsError, match="--resume"):
        fit(counter, network, TrainOptions(steps=3), folder)
    assert (folder / "weights.safetensors").read_bytes() == before
    (folder / "notes.txt").write_text("mine")
    run = fit(counter, network, TrainOptions(steps=3), folder, overwrite=True)
    assert run is not None
    assert run.result["step"] == 3
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_folder_that_is_no_run_is_never_written_to(
    tmp_path: Path, counter: TaskProblem, network_for: Make, overwrite: bool
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunExistsError, match="is not a run"):
        fit(counter, network_for(counter), TrainOptions(steps=1), tmp_path, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_folder_is_taken(tmp_path: Path, counter: TaskProblem, network_for: Make) -> None:
    (tmp_path / "run").mkdir()
    assert fit(counter, network_for(counter), TrainOptions(steps=1), tmp_path / "run")


def test_a_loss_that_is_no_number_ends_training_with_the_good_weights_kept(
    tmp_path: Path, text_problem: TextProblem, network_for: Make
) -> None:
    options = TrainOptions(
        steps=500, batch=4, learning_rate=1e38, schedule="constant", warmup=0.5, validations=500
    )
    with pytest.raises(TrainingError, match=r"became (nan|inf) at step \d+.*--learning-rate"):
        fit(text_problem, network_for(text_problem), options, tmp_path / "run")
    run = Run.open(tmp_path / "run")
    assert all(torch.isfinite(parameter).all() for parameter in run.network().parameters())
    assert all(tensor.isfinite().all() for tensor in run.checkpoint().weights.values())


def test_validations_do_not_eat_up_a_budget_of_minutes(
    tmp_path: Path, counter: TaskProblem, network_for: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*arguments: Any, **options: Any) -> Validation:
        time.sleep(0.3)
        return validate(*arguments, **options)

    monkeypatch.setattr(loop, "validate", slow)
    run = fit(counter, network_for(counter), TrainOptions(minutes=0.03, validations=100), tmp_path / "run")
    assert run is not None
    assert 1 <= len(run.metrics()) <= 2, "the first, and the one at the end"
    assert run.metrics()[-1].step == run.result["step"]


def test_patience_stops_a_training_that_no_longer_gains(
    tmp_path: Path, text_problem: TextProblem, network_for: Make
) -> None:
    options = TrainOptions(steps=1000, batch=4, learning_rate=1e-30, validations=500, patience=3)
    run = fit(text_problem, network_for(text_problem), options, tmp_path / "run")
    assert run is not None
    assert run.result["stopped"] == "patience"
    assert run.result["step"] < 50


def test_progress_is_told_after_every_step(tmp_path: Path, counter: TaskProblem, network_for: Make) -> None:
    seen: list[Progress] = []
    fit(
        counter,
        network_for(counter),
        TrainOptions(steps=6, validations=3),
        tmp_path / "run",
        watch=seen.append,
    )
    assert [progress.step for progress in seen] == [1, 2, 3, 4, 5, 6]
    assert seen[-1].share == 1
    assert seen[0].validation is None
    assert seen[1].validation is not None


def test_tensorboard_finds_what_metrics_hold(tmp_path: Path, counter: TaskProblem, network_for: Make) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = fit(counter, network_for(counter), TrainOptions(steps=6, validations=3), tmp_path / "run")
    assert run is not None
    events = EventAccumulator(str(run.path / "logs"))
    events.Reload()
    logged = [(event.step, event.value) for event in events.Scalars("validation_bits")]
    assert logged == [(row.step, pytest.approx(row.validation)) for row in run.metrics()]


def test_validation_leaves_the_network_as_it_was(text_problem: TextProblem, network_for: Make) -> None:
    network = Network(network_for(text_problem, layers=2, dropout=0.5)).train()
    first = validate(network, text_problem, batch=4)
    assert network.training
    assert validate(network, text_problem, batch=4) == first, "dropout is off while it is tried"


def test_a_validations_batch_size_hardly_matters_where_sequences_are_whole(
    counter: TaskProblem, network_for: Make
) -> None:
    network = Network(network_for(counter))
    losses = [validate(network, counter, batch=batch).loss for batch in (1, 3, 64)]
    assert losses == pytest.approx([losses[0]] * 3, abs=1e-5)


def test_training_gives_torch_its_threads_back(
    tmp_path: Path, counter: TaskProblem, network_for: Make
) -> None:
    torch.set_num_threads(2)
    try:
        during: list[int] = []
        fit(
            counter,
            network_for(counter),
            TrainOptions(steps=1),
            tmp_path / "run",
            watch=lambda _: during.append(torch.get_num_threads()),
        )
        assert during == [1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_a_run_that_cannot_be_begun_leaves_nothing_that_looks_like_one(
    tmp_path: Path, counter: TaskProblem, network_for: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        with files.writing(path):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(recorder, "replace_bytes", full)
    with pytest.raises(TrainingError, match="could not be begun: No space left") as caught:
        fit(counter, network_for(counter), TrainOptions(steps=2), tmp_path / "run")
    assert "--resume" not in str(caught.value)
    assert not any((tmp_path / "run").iterdir())
    monkeypatch.undo()
    assert fit(counter, network_for(counter), TrainOptions(steps=2), tmp_path / "run") is not None


def test_every_process_goes_by_the_first_ones_clock(
    tmp_path: Path, counter: TaskProblem, network_for: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes that disagreed on whether there is time for a validation would wait for one another for ever."""

    def told(fabric: Fabric, value: Any, src: int = 0) -> Any:
        return (value[0], 1e6) if isinstance(value, tuple) else value

    options = TrainOptions(minutes=0.05, validations=20)
    free = fit(counter, network_for(counter), options, tmp_path / "free")
    monkeypatch.setattr(Fabric, "broadcast", told)
    bound = fit(counter, network_for(counter), options, tmp_path / "bound")
    assert free is not None
    assert bound is not None
    assert len(bound.metrics()) <= 2 < len(free.metrics())
