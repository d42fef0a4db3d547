"""``peephole export``: runs as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Runs to put into the file; zoo:NAME is a shipped network."),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="The HTML file to write.", dir_okay=False, show_default=True),
    ] = Path("page.html"),
    text: Annotated[
        Path | None,
        typer.Option(
            "--text", help="What they read, as UTF-8.", show_default="their own samples", dir_okay=False
        ),
    ] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--input",
            metavar="FILE",
            help="What those read that read numbers: a CSV, .npy or .wav; may be given several times.",
            show_default="their own samples",
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Write the explorer with some runs as one HTML file, which opens from disk with the network off.

    Small networks run in the page, on whatever is typed there. Of large ones it holds what they did with the text.

    Examples:

        peephole export zoo:counter -o counter.html

        peephole export runs/lstm runs/gru --text story.txt -o story.html

        peephole export runs/vad --input speech.wav -o speech.html
    """
    from peephole.data.text import read_text
    from peephole.explorer.carrying import Text
    from peephole.explorer.catalog import SHIPPED, Catalog
    from peephole.explorer.hosts import save_runs
    from peephole.explorer.input_files import InputFiles

    shipped = [run for run in runs if run.startswith(SHIPPED)]
    catalog = Catalog([Path(run) for run in runs if run not in shipped])
    read = None if text is None else Text(text.name, read_text(text))
    numbers = InputFiles(inputs or ())
    save_runs(catalog, [*shipped, *catalog.folders()], output, text=read, inputs=numbers)
    size = output.stat().st_size
    typer.echo(f"{output}  {size / 2**20:.1f} MiB, opens in any browser")
