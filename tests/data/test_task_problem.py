"""Tasks as a problem: padding, processes, seeds, scores."""

from __future__ import annotations

import json

import pytest
import torch

from peephole.data import END, TASKS, Batch, TaskProblem, problem_from, task_named
from peephole.errors import DataError, OptionError

every_problem = pytest.mark.parametrize("name", TASKS)


def problem(name: str, seed: int = 0, strings: int = 64) -> TaskProblem:
    return TaskProblem(task=task_named(name), seed=seed, strings=strings)


def strings_of(task: TaskProblem, batch: Batch) -> list[str]:
    assert batch.lengths is not None
    return [
        task.vocabulary.decode(batch.inputs[:length, column].numpy())
        for column, length in enumerate(batch.lengths.tolist())
    ]


def right_outputs(task: TaskProblem, batch: Batch) -> torch.Tensor:
    return torch.nn.functional.one_hot(batch.targets, task.output_size).float()


@every_problem
def test_a_batch_holds_legal_strings_padded_at_their_end(name: str) -> None:
    task = problem(name)
    for batch in task.training(0, batch=16):
        assert batch.lengths is not None
        assert batch.determined is not None
        assert (
            batch.inputs.shape == batch.targets.shape == batch.weight.shape == (int(batch.lengths.max()), 16)
        )
        strings = strings_of(task, batch)
        assert all(map(task.task.accepts, strings))
        for column, string in enumerate(strings):
            read = slice(0, len(string))
            assert task.vocabulary.decode(batch.targets[read, column].numpy()) == task.task.targets(string)
            assert tuple(batch.determined[read, column].tolist()) == task.task.determined(string)
            assert batch.weight[read, column].tolist() == [1.0] * len(string)
            assert not batch.weight[len(string) :, column].any()
            assert not batch.determined[len(string) :, column].any()
        assert batch.total_weight == float(batch.weight.sum())


@every_problem
def test_every_epoch_is_fresh_and_the_same_when_asked_again(name: str) -> None:
    task = problem(name)

    def strings(epoch: int) -> list[str]:
        return [string for batch in task.training(epoch, batch=16) for string in strings_of(task, batch)]

    assert strings(0) == strings(0)
    assert strings(0) != strings(1)
    assert len(strings(2)) == 64
    assert strings(0) != [
        string for b in problem(name, seed=1).training(0, batch=16) for string in strings_of(task, b)
    ]


@every_problem
def test_the_processes_batches_are_together_the_one_of_a_single_process(name: str) -> None:
    task = problem(name)
    shares = zip(*(task.training(3, batch=8, rank=rank, world=4) for rank in range(4)), strict=True)
    for whole, parts in zip(task.training(3, batch=8), shares, strict=True):
        for field in ("inputs", "targets", "weight", "lengths", "determined"):
            together = torch.cat([getattr(part, field) for part in parts], -1)
            assert torch.equal(together, getattr(whole, field))
        assert {part.total_weight for part in parts} == {whole.total_weight}


@pytest.mark.parametrize(
    ("name", "count"), [("counter", 10), ("memorizer", 20), ("copy", 27), ("selective", 200), ("mirror", 200)]
)
def test_validation_is_a_fixed_set_of_different_strings(name: str, count: int) -> None:
    task = problem(name)
    strings = [string for batch in task.validation(batch=7) for string in strings_of(task, batch)]
    assert len(set(strings)) == len(strings) == count
    assert strings == [string for batch in task.validation(batch=9) for string in strings_of(task, batch)]


@every_problem
def test_right_answers_score_one(name: str) -> None:
    task = problem(name)
    for batch in task.validation(batch=8):
        scores = task.score(right_outputs(task, batch), batch)
        assert {key: score.value for key, score in scores.items()} == {"accuracy": 1.0, "perfect": 1.0}


def test_only_determined_steps_count_and_one_error_spoils_its_string() -> None:
    task = problem("counter")
    (batch,) = task.validation(batch=10)
    assert batch.determined is not None
    outputs = right_outputs(task, batch)
    outputs[~batch.determined] = -outputs[~batch.determined]
    assert task.score(outputs, batch)["perfect"].value == 1.0
    assert batch.lengths is not None
    outputs[int(batch.lengths[4]) - 1, 4] *= -1
    scores = task.score(outputs, batch)
    assert (scores["perfect"].total, scores["perfect"].count) == (9, 10)
    assert scores["accuracy"].count - scores["accuracy"].total == 1


def test_the_end_is_a_symbol_except_where_letters_are_tagged() -> None:
    assert problem("counter").vocabulary.symbols == ("a", "X", "b", END)
    assert problem("counter").labels is None
    mirror = problem("mirror")
    assert mirror.vocabulary.symbols == mirror.labels == ("a", "b", "c")


def test_only_tagging_may_look_ahead() -> None:
    assert {name for name in TASKS if not problem(name).causal} == {"mirror"}
    assert {problem(name).target for name in TASKS} == {"next", "tag"}


@every_problem
def test_it_is_built_again_from_its_description(name: str) -> None:
    task = problem(name, seed=5)
    again = problem_from(json.loads(json.dumps(task.describe())))
    assert again == task


@every_problem
def test_the_sample_is_a_dozen_held_out_strings(name: str) -> None:
    task = problem(name)
    sample = task.sample()
    assert len(sample.sequences) == len(sample.targets) == len(sample.labels) == min(12, len(task.held_out))
    for ids, labels, targets in zip(sample.sequences, sample.labels, sample.targets, strict=True):
        assert "".join(labels) in task.held_out
        assert task.vocabulary.decode(ids) == "".join(labels)
        assert task.vocabulary.decode(targets) == task.task.targets("".join(labels))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(OptionError, match="seed"):
        problem("copy", seed=-1)
    with pytest.raises(OptionError, match="strings"):
        problem("copy", strings=0)
    with pytest.raises(DataError, match="64 strings, fewer than the batch of 65"):
        next(problem("copy").training(0, batch=65))
