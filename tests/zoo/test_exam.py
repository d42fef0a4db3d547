"""The examination asks what it says: every string, once a prefix, and it can fail."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

import peephole as ph
from peephole.data.task_problem import TaskProblem
from peephole.data.tasks import TASKS, Task, task_named
from peephole.zoo import exam
from peephole.zoo.exam import Exam, examine, first_failure


def network_for(task: Task, cell: str = "lstm", *, seed: int = 0) -> ph.Network:
    torch.manual_seed(seed)
    size = len(task.symbols)
    return ph.Network(
        ph.NetworkConfig(
            cell=cell,  # type: ignore[arg-type]
            input="symbols",
            input_size=size,
            output_size=size,
            embedding=None,
            hidden=6,
            layers=2,
            bidirectional=task.tags,
        )
    )


def one_by_one(network: ph.Network, task: Task) -> Exam:
    """The slow way: each string by itself, each prefix counted once."""
    problem = TaskProblem(task=task)
    seen: dict[str, tuple[bool, bool, float]] = {}
    for string in task.strings():
        with torch.no_grad():
            outputs = network(torch.from_numpy(problem.vocabulary.encode(string))[:, None])[0][:, 0]
        for read in range(1, len(string) + 1):
            legal = string[-1] if task.tags else task.follows(string[:read])
            ids = problem.vocabulary.encode(legal).tolist()
            right = int(outputs[read - 1].argmax()) in ids
            leak = 1 - float(outputs[read - 1].softmax(-1)[ids].sum())
            key = f"{string}{read}" if task.tags else string[:read]
            seen[key] = (len(ids) == 1, right, leak)
    return Exam(
        len(seen),
        sum(certain for certain, _, _ in seen.values()),
        sum(certain and not right for certain, right, _ in seen.values()),
        max(leak for _, _, leak in seen.values()),
    )


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("name", ["counter", "memorizer", "copy"])
def test_it_is_what_each_string_by_itself_gives(
    name: str, cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exam, "_TOGETHER", 5)  # so that levels are read in several pieces
    task = task_named(name)
    network = network_for(task, cell)
    found, expected = examine(network, TaskProblem(task=task).vocabulary, task), one_by_one(network, task)
    assert (found.prefixes, found.determined, found.wrong) == (
        expected.prefixes,
        expected.determined,
        expected.wrong,
    )
    assert found.leak == pytest.approx(expected.leak, abs=1e-5)
    assert found.wrong > 0
    assert not found.perfect


def test_tags_are_judged_at_every_letter_of_every_string() -> None:
    mirror = task_named("mirror")
    short = Task(
        "short",
        mirror.letters,
        lambda p: "abc." if 2 <= len(p) < 4 else "abc" if len(p) < 2 else ".",
        mirror.draw,
        True,
    )
    network = network_for(short)
    found, expected = examine(network, TaskProblem(task=short).vocabulary, short), one_by_one(network, short)
    assert found.prefixes == expected.prefixes == 2 * 9 + 3 * 27 + 4 * 81
    assert (found.determined, found.wrong) == (expected.determined, expected.wrong)
    assert found.leak == pytest.approx(expected.leak, abs=1e-5)


def test_the_tree_of_the_counter_has_every_prefix_once() -> None:
    task = TASKS["counter"]
    found = examine(network_for(task), TaskProblem(task=task).vocabulary, task)
    prefixes = Counter(string[:read] for string in task.strings() for read in range(1, len(string) + 1))
    assert found.prefixes == len(prefixes)


class Counting(torch.nn.Module):
    """Counts without an error up to a number, and then takes the full stop for granted."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, None]:
        outputs, left = torch.zeros(*ids.shape, 4), 0
        for step, symbol in enumerate(ids[:, 0].tolist()):
            left += (symbol == 0) - (symbol == 2)
            outputs[step, 0, 2 if 0 < left <= self.most else 3] = 1
        return outputs, None


@pytest.mark.parametrize(("most", "expected"), [(12, 13), (0, 1), (500, None)])
def test_the_first_failure_is_the_least_number_counted_wrongly(most: int, expected: int | None) -> None:
    vocabulary = TaskProblem(task=task_named("counter")).vocabulary
    assert vocabulary.symbols == ("a", "X", "b", ".")
    assert first_failure(Counting(most), vocabulary, most=40) == expected  # type: ignore[arg-type]
