"""``peephole explore``: opens the explorer on runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def explore(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RUN | FOLDER]...",
            help="Runs, or folders of runs.",
            show_default="runs, if there are any",
        ),
    ] = None,
    text: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Offer this text to read, too; may be given several times."),
    ] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--input",
            metavar="FILE",
            help="Offer these numbers to read, too: a CSV, .npy or .wav; may be given several times.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Serve at this port.", show_default="a free one")
    ] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the address only.")] = False,
) -> None:
    """Look inside trained networks, in the browser: the shipped ones, and your own.

    Serves this machine alone, until Ctrl-C. The address that is printed is the key: who has it can look.

    Examples:

        peephole explore                     the shipped networks, and all runs in the folder runs

        peephole explore runs/counter        one run

        peephole explore runs/python --text big.py     one run, reading a file of up to a million symbols

        peephole explore runs/vad --input speech.wav   one run that reads numbers, from a recording, CSV or .npy
    """
    from peephole.explorer.server import serve
    from peephole.train.run import Run, is_run

    if not paths:
        own = Path("runs")
        paths = [own] if own.is_dir() and any(map(is_run, own.iterdir())) else []
    for path in filter(is_run, paths):
        Run.open(path)  # a run that was named must be good; in a folder of runs a bad one shows its error
    serve(paths, texts=text or (), inputs=inputs or (), port=port, open_browser=not no_open)
