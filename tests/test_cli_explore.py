"""What `peephole explore` opens: what was named, else the folder runs if it holds any; and the shipped networks."""

from __future__ import annotations

from pathlib import Path

import pytest

from peephole.cli.explore import explore
from peephole.data.task_problem import TaskProblem
from peephole.data.tasks import task_named
from peephole.errors import RunNotFoundError
from peephole.explorer import server
from peephole.explorer.catalog import Catalog
from peephole.nn.models import NetworkConfig
from peephole.train.fit import fit
from peephole.train.options import TrainOptions


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Catalog]:
    """The catalogs that would be served, from an empty folder."""
    catalogs: list[Catalog] = []
    monkeypatch.setattr(server, "serve", lambda paths, **options: catalogs.append(Catalog(paths)))
    monkeypatch.chdir(tmp_path)
    return catalogs


def train(folder: Path) -> None:
    problem = TaskProblem(task=task_named("counter"))
    network = NetworkConfig(
        cell="rnn", input="symbols", input_size=4, output_size=4, embedding=None, hidden=2, layers=1
    )
    fit(problem, network, TrainOptions(steps=1), folder)


def test_without_runs_the_shipped_networks_are_all_there_is(opened: list[Catalog], tmp_path: Path) -> None:
    explore()
    (tmp_path / "runs").mkdir()
    explore()
    for catalog in opened:
        assert catalog.folders() == {}
        assert catalog.only_run is None
        assert "zoo:counter" in catalog.shipped()


def test_the_folder_runs_is_opened_beside_them(opened: list[Catalog], tmp_path: Path) -> None:
    train(tmp_path / "runs" / "counter")
    explore()
    assert list(opened[0].folders()) == ["counter"]
    assert opened[0].open("counter").run.path == tmp_path / "runs" / "counter"
    assert opened[0].open("zoo:counter").run.config.hidden == 10


def test_a_run_that_has_a_shipped_networks_id_takes_another(opened: list[Catalog], tmp_path: Path) -> None:
    train(tmp_path / "runs" / "zoo:counter")
    explore()
    assert list(opened[0].folders()) == ["zoo:counter-2"]


def test_what_is_named_must_be_there(opened: list[Catalog]) -> None:
    with pytest.raises(RunNotFoundError, match="nowhere is not there"):
        explore([Path("nowhere")])
