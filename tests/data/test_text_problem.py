"""Text as a problem: what is learned from, what is held out, and building it again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from peephole.data import UNKNOWN, Problem, TextProblem, Vocabulary, problem_from
from peephole.errors import DataError, DataNotFoundError, OptionError

TEXT = "the quick brown fox jumps over the lazy dog. " * 40


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "fox.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def everything(problem: Problem) -> list[torch.Tensor]:
    batches = [*problem.training(0, batch=2), *problem.validation(batch=2)]
    return [tensor for batch in batches for tensor in (batch.inputs, batch.targets, batch.weight)]


def test_the_last_part_of_the_text_is_held_out() -> None:
    problem = TextProblem.from_text(TEXT, chunk=20, validation=0.25)
    decode = problem.vocabulary.decode
    assert decode(problem.training_part) == TEXT[:1350]
    assert decode(problem.held_out_part) == TEXT[1350:]
    assert problem.sample_text() == TEXT[1350:]


def test_the_share_held_out_is_of_words_where_words_are_the_unit() -> None:
    problem = TextProblem.from_text("one two three four five " * 10, chunk=3, unit="word", validation=0.2)
    assert (len(problem.training_part), len(problem.held_out_part)) == (80, 20)
    assert problem.sample_text() == "one two three four five " * 2


def test_a_held_out_text_can_be_given() -> None:
    problem = TextProblem.from_text("abab" * 9, "ba?" * 9, chunk=5)
    assert problem.vocabulary.symbols == ("a", "b", UNKNOWN)
    assert problem.vocabulary.decode(problem.held_out_part) == f"ba{UNKNOWN}" * 9
    assert problem.sample_text() == "ba?" * 9


def test_batches_are_ids_with_the_symbols_that_follow_as_targets() -> None:
    problem = TextProblem.from_text(TEXT, chunk=20)
    first = next(problem.training(0, batch=2))
    assert problem.vocabulary.decode(first.inputs[:, 0].numpy()) == TEXT[:20]
    assert problem.vocabulary.decode(first.targets[:, 0].numpy()) == TEXT[1:21]
    assert (first.inputs.dtype, first.targets.dtype, first.weight.dtype) == (
        torch.int64,
        torch.int64,
        torch.float32,
    )
    assert problem.steps_per_epoch(2) == len(list(problem.training(3, batch=2)))


def test_the_largest_batch_fills_one_chunk_a_column() -> None:
    problem = TextProblem.from_text(TEXT, chunk=20)
    assert problem.steps_per_epoch(problem.largest_batch) == 1
    with pytest.raises(DataError, match="lower the batch"):
        problem.steps_per_epoch(problem.largest_batch + 1)


@pytest.mark.parametrize("length", [1, 20, 204])
def test_a_text_shorter_than_a_chunk_says_how_long_it_must_be(length: int) -> None:
    with pytest.raises(DataError, match="need 21: lower the chunk"):
        TextProblem.from_text("x" * length, chunk=20)
    TextProblem.from_text("x" * 210, chunk=20)


@pytest.mark.parametrize(
    ("options", "named"),
    [({"validation": 0.0}, "validation"), ({"validation": 1.0}, "validation"), ({"chunk": 0}, "chunk")],
)
def test_options_out_of_range_are_named(options: dict[str, float], named: str) -> None:
    with pytest.raises(OptionError, match=named):
        TextProblem.from_text(
            TEXT, chunk=int(options.get("chunk", 20)), validation=options.get("validation", 0.1)
        )


@pytest.mark.parametrize("unit", ["char", "word"])
def test_a_text_from_a_file_is_built_again_from_its_description(file: Path, unit: str) -> None:
    problem = TextProblem.from_path(
        file, chunk=15, unit="word" if unit == "word" else "char", validation=0.3, min_count=41, max_size=9
    )
    description = json.loads(json.dumps(problem.describe()))
    again = problem_from(description)
    assert again.vocabulary == problem.vocabulary
    assert again.describe() == problem.describe()
    for old, new in zip(everything(problem), everything(again), strict=True):
        assert torch.equal(old, new)
    with_vocabulary = problem_from(description, vocabulary=Vocabulary(("x", UNKNOWN), unknown=1))
    assert with_vocabulary.output_size == 2


def test_a_relative_path_is_kept_absolute(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    description = TextProblem.from_path("fox.txt", chunk=15).describe()
    monkeypatch.chdir("/")
    assert problem_from(description).describe() == description


def test_a_file_that_has_changed_or_gone_is_refused(file: Path) -> None:
    description = TextProblem.from_path(file, chunk=15).describe()
    file.write_text(TEXT + "!", encoding="utf-8")
    with pytest.raises(DataError, match=r"fox\.txt has changed since"):
        problem_from(description)
    file.unlink()
    with pytest.raises(DataNotFoundError, match=r"fox\.txt is not there"):
        problem_from(description)


def test_the_library_is_built_again_and_refused_if_it_is_another_one() -> None:
    problem = TextProblem.from_library(20_000, 2_000)
    assert (len(problem.training_part), len(problem.held_out_part)) == (20_000, 2_000)
    description = problem.describe()
    again = problem_from(description)
    assert all(map(torch.equal, everything(problem), everything(again)))
    with pytest.raises(DataError, match="library has changed"):
        problem_from({**description, "sha256": "0" * 64})


def test_a_text_given_in_memory_cannot_be_built_again() -> None:
    with pytest.raises(DataError, match="in memory"):
        problem_from(TextProblem.from_text(TEXT).describe())


def test_the_sample_is_the_beginning_of_the_held_out_text_as_it_was() -> None:
    problem = TextProblem.from_text("ab" * 200, "abé" * 2000, chunk=5)
    sample = problem.sample()
    assert "".join(sample.labels[0]) == ("abé" * 2000)[:4000]
    assert sample.sequences[0].shape == (4000,)
    assert sample.sequences[0][:4].tolist() == [0, 1, 2, 0]
    assert sample.targets[0][:3].tolist() == [1, 2, 0]
    assert sample.targets[0][-1] == -1
    with pytest.raises(DataError, match="no sample 1"):
        problem.sample(1)


def test_looking_ahead_would_leak_the_answer() -> None:
    assert TextProblem.from_text(TEXT).causal
