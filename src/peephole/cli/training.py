"""What ``peephole train`` does: from what was asked for to a problem, a network, options, and a run.

Imported only when something is trained.
"""

from __future__ import annotations

import dataclasses
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from peephole.cli.advice import advise
from peephole.cli.progress import loss_unit, shown_progress
from peephole.data.batches import Problem
from peephole.data.digits_problem import DigitsProblem
from peephole.data.library import Part
from peephole.data.problems import problem_from
from peephole.data.series_problem import SeriesProblem
from peephole.data.task_problem import TaskProblem
from peephole.data.tasks import task_named
from peephole.data.text_problem import TextProblem
from peephole.errors import OptionError
from peephole.nn.models import NetworkConfig
from peephole.train.fit import fit
from peephole.train.fit import resume as go_on
from peephole.train.options import TrainOptions
from peephole.train.presets import SERIES, TEXT, preset_for
from peephole.train.run import Run

_DESCRIBED = {"vocabulary": "max_size", "images": "folder"}
"""What a problem's description calls an option by another name."""
_PLACES = {"path", "folder"}
"""What may change in a description: data are known by their hash, wherever they lie."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the command line asked for; in the mappings None stands for what it did not say."""

    text: str | None
    library: Part | None
    task: str | None
    series: Path | None
    data: Mapping[str, Any]
    network: Mapping[str, Any]
    budget: Mapping[str, Any]
    options: Mapping[str, Any]
    output: Path | None

    @property
    def names_data(self) -> bool:
        """Whether it says what to learn."""
        return any(source is not None for source in (self.text, self.library, self.task, self.series))


def run_training(request: Request, *, resume: bool, overwrite: bool) -> None:
    """Train as asked, show progress, and say what came of it. Exits with 128 + n after signal n."""
    if resume and overwrite:
        raise OptionError("--resume goes on with a run and --overwrite replaces it: give one of them")
    if resume:
        _go_on(request)
    else:
        _begin(request, overwrite=overwrite)


def _begin(request: Request, *, overwrite: bool) -> None:
    console, problem = Console(stderr=True), problem_for(request)
    network, options = network_for(problem, request.network), options_for(problem, request)
    folder = request.output or default_folder(request)
    with shown_progress(console, loss_unit(problem)) as watch:
        run = fit(problem, network, options, folder, overwrite=overwrite, watch=watch)
    conclude(console, run, loss_unit(problem))


def _go_on(request: Request) -> None:
    console, before = (
        Console(stderr=True),
        Run.open(request.output or default_folder(request), without_weights=True),
    )
    before.training()  # an imported network is refused
    problem = problem_from(_description_for(before, request), vocabulary=before.vocabulary())
    with shown_progress(console, loss_unit(problem)) as watch:
        run = go_on(before.path, options=resumed_options(before, request), problem=problem, watch=watch)
    conclude(console, run, loss_unit(problem))


def problem_for(request: Request) -> Problem:
    """The problem that was asked for. Raises OptionError for none, several, or an option of another kind of data."""
    sources = {
        "TEXT": request.text,
        "--library": request.library,
        "--task": request.task,
        "--series": request.series,
    }
    given = [name for name, source in sources.items() if source is not None]
    if len(given) != 1:
        received = " and ".join(given) if given else "none of them"
        raise OptionError(f"say what to learn by one of TEXT, --library, --task and --series, got {received}")
    data = _given(request.data)
    seed = request.options["seed"] or 0
    if request.text is not None:
        _refuse(data, "column", "images", "augment", "characters", "held_out", to="a text")
        size = data.pop("vocabulary", None)
        return TextProblem.from_path(request.text, **{"chunk": TEXT.chunk, "max_size": size, **data})
    if request.library is not None:
        _refuse(data, "column", "images", "augment", "validation", to="the library")
        size = data.pop("vocabulary", None)
        return TextProblem.from_library(
            part=request.library, **{"chunk": TEXT.chunk, "max_size": size, **data}
        )
    _refuse(data, "characters", "held_out", to="what is not the library")
    if request.series is not None:
        _refuse(data, "images", "augment", "unit", "min_count", "vocabulary", to="a series")
        if "column" not in data:
            raise OptionError("--series needs --column, the name of the column to forecast")
        return SeriesProblem.from_path(request.series, **{"chunk": SERIES.chunk, **data})
    _refuse(data, "column", "unit", "min_count", "vocabulary", "validation", "chunk", to="a task")
    if request.task == "digits":
        return DigitsProblem.load(data.get("images"), seed=seed, augment=data.get("augment", False))
    _refuse(data, "images", "augment", to=f"the task {request.task}")
    return TaskProblem(task=task_named(str(request.task)), seed=seed)


def network_for(problem: Problem, asked: Mapping[str, Any]) -> NetworkConfig:
    """The network that was asked for, with the preset's sizes where nothing was said."""
    preset = preset_for(problem)
    sizes = {"cell": "lstm", "hidden": preset.hidden, "layers": preset.layers, "embedding": preset.embedding}
    chosen: dict[str, Any] = {**sizes, **_network_options(asked)}
    return NetworkConfig(
        input=problem.input, input_size=problem.input_size, output_size=problem.output_size, **chosen
    )


def options_for(problem: Problem, request: Request) -> TrainOptions:
    """The training options that were asked for, with the preset's where nothing was said."""
    preset, asked = preset_for(problem), _given(request.options)
    budget = _given(request.budget) or {"minutes": preset.minutes, "steps": preset.steps}
    world = asked.get("devices", 1) * asked.get("nodes", 1)
    batch = min(preset.batch, problem.largest_batch)
    batch = max(batch - batch % max(world, 1), world, 1)
    return TrainOptions(**{"batch": batch, "learning_rate": preset.learning_rate, **budget, **asked})


def resumed_options(run: Run, request: Request) -> TrainOptions:
    """The run's own options, but for what was asked for anew."""
    budget = {**dict.fromkeys(request.budget), **_given(request.budget)} if _given(request.budget) else {}
    return dataclasses.replace(run.training()[1], **budget, **_given(request.options))


def default_folder(request: Request) -> Path:
    """``runs/`` and a name after the text, task or column. Raises OptionError where there is none of them."""
    if not request.names_data:
        raise OptionError("say which run to resume by -o RUN")
    if request.series is not None:
        name = f"{request.series.stem}-{request.data['column']}"
    else:
        name = request.task or request.library or Path(str(request.text)).expanduser().absolute().stem
    return Path("runs") / (re.sub(r"[^\w.-]+", "-", name).strip("-.") or "text")


def conclude(console: Console, run: Run | None, unit: str) -> None:
    """Say what a training has reached and what to do with it; after a signal, exit as programs do.

    run
        None on all processes but the first, which have nothing to say.
    """
    if run is None:
        return
    result = run.result
    loss = result.get("validation_bits", result.get("validation_loss"))
    reached = [f"{loss:.3f} {unit}"] if loss is not None else []
    reached += [f"{name.replace('_', ' ')} {result[name]:.4g}" for name in _score_names(result)]
    steps = f"best at step {result['best_step']} of {result['step']}"
    console.print(
        f"Held-out data: {', '.join(reached) or 'not tried yet'} ({steps})", highlight=False, soft_wrap=True
    )
    exit_if_interrupted(console, run)
    advise(console, "Look inside with: peephole explore", run.path)


def exit_if_interrupted(console: Console, run: Run) -> None:
    """After signal n, say how to go on and exit with 128 + n."""
    stopped = str(run.result["stopped"])
    if stopped in signal.Signals.__members__:
        advise(console, f"Stopped by {stopped}. Go on with: peephole train -o", run.path, "--resume")
        raise typer.Exit(128 + signal.Signals[stopped])


def _score_names(result: Mapping[str, Any]) -> list[str]:
    fixed = {
        "best_step",
        "step",
        "epoch",
        "seconds",
        "symbols",
        "stopped",
        "validation_bits",
        "validation_loss",
    }
    return [name for name in result if name not in fixed]


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _network_options(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was said about the network, in the terms of ``NetworkConfig``."""
    given = _given(asked)
    if given.get("embedding") == 0:
        given["embedding"] = None
    return given


def _refuse(data: Mapping[str, Any], *names: str, to: str) -> None:
    for name in names:
        if name in data:
            raise OptionError(f"--{name.replace('_', '-')} means nothing to {to}: leave it out")


def _description_for(run: Run, request: Request) -> dict[str, object]:
    """The problem of the run to resume, with its data where the command line says they are now.

    Raises OptionError where the command line names other data, or another network, than the run has.
    """
    named = {_DESCRIBED.get(name, name): value for name, value in _given(request.data).items()}
    if "folder" in named:
        named["folder"] = _absolute(named["folder"])
    if request.text is not None:
        named |= {"kind": "text", "source": "path", "path": _absolute(request.text)}
    if request.library is not None:
        named |= {"kind": "text", "source": "library", "part": request.library}
    if request.series is not None:
        named |= {"kind": "series", "path": _absolute(request.series)}
    if request.task is not None:
        named |= {"kind": "digits"} if request.task == "digits" else {"kind": "task", "task": request.task}
    pairs = [(name, now, run.description.get(name)) for name, now in named.items() if name not in _PLACES]
    pairs += [
        (name, now, getattr(run.config, name)) for name, now in _network_options(request.network).items()
    ]
    for name, now, then in pairs:
        if now != then:
            raise OptionError(
                f"{run.path} was trained with {name}={then!r}, which cannot become {now!r}: leave it out"
            )
    return {**run.description, **named}


def _absolute(path: str | Path) -> str:
    return str(Path(path).expanduser().absolute())
