"""Networks are made again from recipes: seeds in order until a claim holds, nothing done twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from peephole.cli.train import train
from peephole.errors import OptionError
from peephole.train.run import Run
from peephole.zoo import retrain as retraining
from peephole.zoo.claims import Figure
from peephole.zoo.recipes import RECIPES, Recipe
from peephole.zoo.retrain import make, retrain

SHORT = "--task counter --hidden 3 --steps 3 --film 2"


def recipe(holds: Callable[[Run], bool], **more: object) -> Recipe:
    return Recipe(
        arguments=SHORT,
        claim=lambda run: [Figure("it", float(holds(run)), at_least=1)],
        **{"seeds": 3, **more},  # type: ignore[arg-type]
    )


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """Every call of `peephole train`: its seed, and whether it went on with what was there."""
    calls: list[tuple[int, bool]] = []
    run = retraining.subprocess.run

    def watched(command: list[str], **how: object) -> object:
        calls.append((int(command[command.index("--seed") + 1]), "--resume" in command))
        return run(command, **how)  # type: ignore[call-overload]

    monkeypatch.setattr(retraining.subprocess, "run", watched)
    return calls


def test_seeds_are_tried_in_order_until_one_satisfies_the_claim(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trainings: list[tuple[int, bool]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    second = recipe(lambda run: run.options.seed == 1, half=True)
    monkeypatch.setitem(RECIPES, "counter", second)
    assert make("counter", out=tmp_path / "out", work=tmp_path / "work")
    assert trainings == [(0, False), (1, False)]
    said = capsys.readouterr().out.splitlines()
    assert said == ["counter, seed 0: does not hold: it 0 (≥ 1)", "counter, seed 1: holds: it 1 (≥ 1)"]

    made = Run.open(tmp_path / "out" / "counter")
    assert made.name == "counter"
    assert not (made.path / "logs").exists()
    assert not (made.path / "checkpoint").exists()
    for path in (made.path / "weights.safetensors", *(frame.path for frame in made.film())):
        assert {weights.dtype for weights in load_file(path).values()} == {torch.float16}
    found = json.loads((made.path / "zoo.json").read_text(encoding="utf-8"))
    assert found["seeds_tried"] == [0, 1]
    assert found["measured"] == {"it": 1.0}
    assert found["command"] == ["peephole", *second.command(1)]
    assert isinstance(found["first_failure"], int)

    assert make("counter", out=tmp_path / "out", work=tmp_path / "work")
    assert trainings[2:] == [(0, True), (1, True)]
    assert Run.open(tmp_path / "out" / "counter").result == made.result


def test_where_no_seed_holds_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(RECIPES, "counter", recipe(lambda run: False, seeds=1))
    (tmp_path / "out" / "counter").mkdir(parents=True)
    (tmp_path / "out" / "counter" / "kept").touch()
    with pytest.raises(retraining.typer.Exit):
        retrain(["counter"], out=tmp_path / "out", work=tmp_path / "work")
    assert (tmp_path / "out" / "counter" / "kept").exists()
    assert "No seed satisfied the claim of counter" in capsys.readouterr().err


def test_a_name_without_a_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no recipe for conter: there are counter"):
        retrain(["counter", "conter"], out=tmp_path, work=tmp_path)


@pytest.mark.parametrize("name", RECIPES)
def test_a_shipped_network_was_made_by_its_recipe(name: str) -> None:
    made = json.loads((retraining.NETWORKS / name / "zoo.json").read_text(encoding="utf-8"))
    seed = made["seeds_tried"][-1]
    assert made["command"] == ["peephole", *RECIPES[name].command(seed)]
    assert made["seeds_tried"] == list(range(RECIPES[name].first, seed + 1))
    assert Run.open(retraining.NETWORKS / name).options.seed == seed


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_a_command_that_can_be_given(name: str) -> None:
    words = [word for word in RECIPES[name].command(0) if word.startswith("--")]
    known = {f"--{parameter.replace('_', '-')}" for parameter in train.__annotations__}
    assert set(words) <= known
    assert len(set(words)) == len(words)
