"""Shows a training's progress: a bar on a terminal, plain lines anywhere else.

Knows what a ``Progress`` says and nothing of training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from peephole.data.batches import Problem
    from peephole.train.progress import Progress

_LINES = 10
"""So many plain lines are printed over the whole training."""


def loss_unit(problem: Problem) -> str:
    """What the problem's loss is counted in, as read after a number."""
    if problem.target == "value":
        return "squared error"
    if problem.target == "class":
        return "bits per row"
    unit = None if problem.vocabulary is None else problem.vocabulary.unit
    return {"char": "bits per character", "word": "bits per word"}.get(unit or "", "bits per symbol")


@contextmanager
def shown_progress(console: Console, unit: str) -> Iterator[Callable[[Progress], None]]:
    """A function to call after each step. Nothing is shown before its first call: other processes never call it."""
    if not console.is_terminal:
        yield _Lines(console, unit)
        return
    bar = Bar(
        BarColumn(bar_width=30),
        TextColumn("{task.fields[train]:.3f} " + unit),
        TextColumn("[dim]held out[/dim] {task.fields[held_out]}"),
        TextColumn("{task.fields[left]} left"),
        console=console,
    )
    task = bar.add_task("", total=1.0, train=0.0, held_out="–", left="–")

    def show(progress: Progress) -> None:
        if not bar.live.is_started:
            bar.start()
        held_out = f"{progress.validation.loss:.3f}" if progress.validation else "–"
        bar.update(
            task, completed=progress.share, train=progress.train, held_out=held_out, left=_time_left(progress)
        )

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()


class _Lines:
    """Prints a line now and then."""

    def __init__(self, console: Console, unit: str) -> None:
        self._console, self._unit = console, unit
        self._printed = 0

    def __call__(self, progress: Progress) -> None:
        due = int(progress.share * _LINES)
        if due <= self._printed:
            return
        self._printed = due
        held_out = f", held out {progress.validation.loss:.3f}" if progress.validation else ""
        self._console.print(
            f"{progress.share:4.0%}  step {progress.step}  {progress.train:.3f} {self._unit}{held_out}  "
            f"{_time_left(progress)} left",
            highlight=False,
            soft_wrap=True,
        )


def _time_left(progress: Progress) -> str:
    """Minutes and seconds to go, if it goes on as it went."""
    if not progress.share:
        return "–"
    seconds = round(progress.seconds * (1 / progress.share - 1))
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"
