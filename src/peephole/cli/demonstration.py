"""What ``peephole demo`` does: train on real text for a minute, compare, write, look inside.

Imported only when the demo runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from peephole.cli.progress import loss_unit, shown_progress
from peephole.cli.training import exit_if_interrupted, network_for
from peephole.data.ngram import held_out_bits
from peephole.data.text_problem import TextProblem
from peephole.data.vocabulary import Vocabulary
from peephole.explorer.server import serve
from peephole.train.fit import fit
from peephole.train.options import TrainOptions
from peephole.train.presets import TEXT
from peephole.train.run import Run
from peephole.train.sample import sample

CHARACTERS, HELD_OUT = 2_000_000, 100_000
_ORDERS = (3, 4, 5)
_WRITTEN = 200


def demonstrate(*, minutes: float, folder: Path | None, port: int, open_browser: bool, explore: bool) -> None:
    """The whole demo; ``folder`` None takes ``runs/demo``, or the next free name, so that each demo is kept."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Reading {CHARACTERS:,} characters of the Python standard library")
    problem = TextProblem.from_library(CHARACTERS, HELD_OUT, chunk=TEXT.chunk)
    run = _train(console, problem, minutes=minutes, folder=folder or _free_folder())
    exit_if_interrupted(console, run)
    console.print(_comparison(problem, bits=run.result["validation_bits"]))
    _write(console, run)
    if explore:
        console.print("\nLook inside:")
        serve([run.path], port=port, open_browser=open_browser)


def _free_folder() -> Path:
    folder, number = Path("runs/demo"), 2
    while folder.exists():
        folder, number = Path(f"runs/demo-{number}"), number + 1
    return folder


def _train(console: Console, problem: TextProblem, *, minutes: float, folder: Path) -> Run:
    network = network_for(problem, {})
    options = TrainOptions(
        minutes=minutes, batch=TEXT.batch, learning_rate=TEXT.learning_rate, validations=10
    )
    console.print(f"Training an LSTM of {network.layers} × {network.hidden} units in {folder}", markup=False)
    with shown_progress(console, loss_unit(problem)) as watch:
        run = fit(problem, network, options, folder, watch=watch)
    return cast(Run, run)  # one process trains, and it is the first


def _comparison(problem: TextProblem, *, bits: float) -> Table:
    """The network's held-out bits per character beside those of models that count."""
    title = f"The next {HELD_OUT:,} characters"
    table = Table("model", "bits per character", title=title, title_justify="left")
    table.columns[1].justify = "right"
    for order in _ORDERS:
        counted = held_out_bits(
            problem.training_part,
            problem.held_out_part,
            order=order,
            vocabulary_size=len(problem.vocabulary),
        )
        table.add_row(f"{order}-gram, add-one smoothing", f"{counted:.2f}")
    table.add_row("[bold]this LSTM", f"[bold]{bits:.2f}")
    return table


def _write(console: Console, run: Run) -> None:
    """Print what the network writes."""
    vocabulary = cast(Vocabulary, run.vocabulary())  # a text has one
    written = sample(run.trained_network(), vocabulary, prompt="\n", length=_WRITTEN, temperature=0.7, seed=0)
    console.print("\nIt writes:")
    console.print(Text("".join(written), style="green"))
