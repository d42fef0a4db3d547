"""``python -m peephole.zoo.retrain``: trains the shipped networks again from their recipes.

    python -m peephole.zoo.retrain                      all of them
    python -m peephole.zoo.retrain counter digits       some of them
    python -m peephole.zoo.retrain -o FOLDER            leave them there, not in the package

Every training is a run of ``peephole train`` in ``--work``. One that was cut short is gone on with, one that is done
is not repeated.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import safetensors.torch
import torch
import typer

from peephole.errors import OptionError, PeepholeError
from peephole.train.files import replace_bytes, replace_json
from peephole.train.run import CHECKPOINT, CONFIG, FILM, LOGS, WEIGHTS, Run, is_run
from peephole.zoo.claims import Figure, failure
from peephole.zoo.gallery import MEASURED, NETWORKS
from peephole.zoo.recipes import RECIPES, Recipe


def retrain(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Which.", show_default="all")
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="Where they go.")] = NETWORKS,
    work: Annotated[Path, typer.Option(help="Where they are trained.")] = Path("build/zoo"),
) -> None:
    """Train the shipped networks again, and say which seeds were tried and what came of them."""
    names = names or list(RECIPES)
    if unknown := sorted(set(names) - set(RECIPES)):
        raise OptionError(f"no recipe for {', '.join(unknown)}: there are {', '.join(RECIPES)}")
    torch.set_num_threads(1)
    without = [name for name in names if not make(name, out=out, work=work)]
    if without:
        typer.echo(
            f"No seed satisfied the claim of {', '.join(without)}: what was there is left as it was", err=True
        )
        raise typer.Exit(1)


def make(name: str, *, out: Path, work: Path) -> bool:
    """Try a recipe's seeds until one satisfies the claim, and put that network into ``out``; False if none does."""
    recipe = RECIPES[name]
    for seed in range(recipe.first, recipe.first + recipe.seeds):
        trained = work / f"{name}-{seed}-{recipe.digest(seed)}"
        _train(recipe, seed, trained)
        packed = work / f"{name}-packed"
        pack(trained, packed, name=name, half=recipe.half)
        run = Run.open(packed)
        figures = recipe.claim(run)
        holds = all(figure.holds for figure in figures)
        typer.echo(
            f"{name}, seed {seed}: {'holds' if holds else 'does not hold'}: {'; '.join(map(str, figures))}"
        )
        if holds:
            _measure(run, recipe, seed, figures)
            shutil.rmtree(out / name, ignore_errors=True)
            shutil.copytree(packed, out / name)
            return True
    return False


def pack(trained: Path, packed: Path, *, name: str, half: bool) -> None:
    """A run as it is shipped: under its own name, without logs and checkpoint, the weights as float16 if ``half``."""
    shutil.rmtree(packed, ignore_errors=True)
    shutil.copytree(trained, packed, ignore=shutil.ignore_patterns(LOGS, Path(CHECKPOINT).parts[0]))
    config = json.loads((packed / CONFIG).read_text(encoding="utf-8"))
    replace_json(packed / CONFIG, config | {"name": name})
    if half:
        for path in (packed / WEIGHTS, *sorted((packed / FILM).glob("*.safetensors"))):
            weights = safetensors.torch.load_file(path)
            halves = {key: value.to(torch.float16).contiguous() for key, value in weights.items()}
            replace_bytes(path, safetensors.torch.save(halves))


def _train(recipe: Recipe, seed: int, folder: Path) -> None:
    """Run ``peephole train``, or go on with what it left."""
    resume = ["--resume"] if is_run(folder) else []
    command = [sys.executable, "-m", "peephole.cli", *recipe.command(seed), "-o", str(folder), *resume]
    done = subprocess.run(command, check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)


def _measure(run: Run, recipe: Recipe, seed: int, figures: list[Figure]) -> None:
    """Write what was found beside the network."""
    replace_json(
        run.path / MEASURED,
        {
            "command": ["peephole", *recipe.command(seed)],
            "seeds_tried": list(range(recipe.first, seed + 1)),
            "first_failure": failure(run),
            "measured": {figure.name: figure.value for figure in figures},
        },
    )


def main() -> None:
    """Run it; a mistake is one line."""
    try:
        typer.run(retrain)
    except PeepholeError as error:
        typer.echo(f"Error: {error}", err=True)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
