"""What the tests of training share: tiny problems, and one call that trains on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from peephole.data.batches import Problem
from peephole.data.task_problem import TaskProblem
from peephole.data.tasks import task_named
from peephole.data.text_problem import TextProblem
from peephole.nn.models import NetworkConfig

TEXT = "".join(f"{n} green bottles hanging on the wall,\n" for n in range(300))


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """A small text on the disk, so that a run of it can be resumed."""
    path = tmp_path / "bottles.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def text_problem(text_file: Path) -> TextProblem:
    return TextProblem.from_path(text_file, chunk=20)


@pytest.fixture
def counter() -> TaskProblem:
    return TaskProblem(task=task_named("counter"), strings=64)


@pytest.fixture
def network_for() -> Callable[..., NetworkConfig]:
    """The config of a tiny network for a problem."""

    def make(problem: Problem, **changes: object) -> NetworkConfig:
        sizes: dict[str, object] = {"cell": "lstm", "embedding": None, "hidden": 8, "layers": 1}
        return NetworkConfig(  # type: ignore[arg-type]
            input=problem.input,
            input_size=problem.input_size,
            output_size=problem.output_size,
            **{**sizes, **changes},  # type: ignore[arg-type]
        )

    return make
