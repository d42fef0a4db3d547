"""Descriptions that are not what ``describe()`` gave are refused, and what samples and scores have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
import torch

from peephole.data import Batch, Score, TaskProblem, Vocabulary, problem_from, task_named, text_sample
from peephole.errors import DataError, OptionError

TASK: Mapping[str, object] = {"kind": "task", "task": "copy", "seed": 0, "strings": 8}


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({}, r"needs 'kind' \(str\), got None"),
        ({"kind": "image"}, "got 'image'"),
        ({**TASK, "seed": "0"}, r"needs 'seed' \(int\), got '0'"),
        ({**TASK, "seed": True}, r"needs 'seed' \(int\), got True"),
        ({**TASK, "strings": None}, "needs 'strings'"),
        ({"kind": "digits", "folder": 3, "seed": 0, "sha256": ""}, r"needs 'folder' \(str\), got 3"),
        ({"kind": "series", "path": "x.csv"}, "needs 'column'"),
        ({"kind": "text", "source": "path", "chunk": 5, "unit": "syllable"}, "got 'syllable'"),
        (
            {"kind": "text", "source": "web", "chunk": 5, "unit": "char", "min_count": 1, "max_size": None},
            "got 'web'",
        ),
    ],
)
def test_a_description_that_is_none_says_what_is_wrong(
    description: Mapping[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        problem_from(description)


def test_an_unknown_task_in_a_description_is_refused() -> None:
    with pytest.raises(OptionError, match="got 'sort'"):
        problem_from({**TASK, "task": "sort"})


def test_scores_add_up_over_batches() -> None:
    total = Score(3, 4) + Score(0, 2)
    assert total.value == 0.5
    assert (Score(8, 1, root=True) + Score(1, 0, root=True)).value == 3.0
    assert math.isnan(Score(0, 0).value)


def test_a_typed_text_is_one_sequence_with_what_follows_as_targets() -> None:
    sample = text_sample("ab\na?", Vocabulary.build("ab\n", unknown=True), title="typed", chinese="键入")
    assert sample.labels == (("a", "b", "\n", "a", "?"),)
    assert sample.sequences[0].tolist() == [1, 2, 0, 1, 3]
    assert sample.targets[0].tolist() == [2, 0, 1, 3, -1]


def test_each_typed_line_is_a_string_of_a_task() -> None:
    sample = text_sample(
        "aXb\n\naaXbb\n", Vocabulary(("a", "X", "b", "."), "task"), title="typed", chinese="键入"
    )
    assert sample.labels == (("a", "X", "b"), ("a", "a", "X", "b", "b"))


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_a_typed_text_without_symbols_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="empty"):
        text_sample(text, Vocabulary(("a",), "task"), title="typed", chinese="键入")


def test_a_batch_moves_to_a_device_with_all_it_computes_with() -> None:
    batch = next(TaskProblem(task=task_named("copy")).training(0, batch=4)).to("meta")
    assert {batch.inputs.device.type, batch.targets.device.type, batch.weight.device.type} == {"meta"}
    assert batch.lengths is not None
    assert batch.lengths.device.type == "cpu"
    assert isinstance(batch, Batch)
    assert batch.determined is not None
    assert batch.determined.device == torch.device("meta")
