"""``peephole demo``: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    minutes: Annotated[float, typer.Option(help="Minutes to train.")] = 1.0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="RUN",
            help="The run's folder.",
            show_default="runs/demo, or the next free",
        ),
    ] = None,
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Serve the explorer at this port.", show_default="a free one"),
    ] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
    no_explore: Annotated[bool, typer.Option("--no-explore", help="End before the explorer.")] = False,
) -> None:
    """Train a character LSTM on Python's own library for a minute, and look inside.

    It learns from 2 million characters of the standard library's sources, is tried on the 100,000 after them beside
    models that only count, and writes a little. Then the explorer opens on it.
    """
    from peephole.cli.demonstration import demonstrate

    demonstrate(minutes=minutes, folder=output, port=port, open_browser=not no_open, explore=not no_explore)
