"""The command line: ``peephole train``, ``sample``, ``import``, ``explore``, ``export``, ``shapes``, ``demo``.

Each command has a file of its own and imports what it needs when it runs, so that help and mistakes are answered at
once. An error that Peephole raises on purpose becomes one line and exit status 1.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from peephole.cli.demo import demo
from peephole.cli.explore import explore
from peephole.cli.export import export
from peephole.cli.import_ import import_
from peephole.cli.sample import sample
from peephole.cli.shapes import shapes
from peephole.cli.train import train
from peephole.errors import PeepholeError

app = typer.Typer(
    name="peephole",
    help="Recurrent networks with the lid off: train them, and look inside at every gate and every step.",
    epilog="New here? Run [bold]peephole demo[/bold]: it trains a network for a minute and opens it. Any command "
    "shows a full traceback of an error if the environment variable PEEPHOLE_DEBUG is set.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(no_args_is_help=True)(train)
app.command(no_args_is_help=True)(sample)
app.command("import", no_args_is_help=True)(import_)
app.command()(explore)
app.command(no_args_is_help=True)(export)
app.command(no_args_is_help=True)(shapes)
app.command()(demo)


def _show_version(wanted: bool) -> None:
    if wanted:
        from peephole import __version__

        typer.echo(f"peephole {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Options before the command; ``--version`` acts in its callback."""


def main() -> None:
    """Run the command line; the entry point of the program ``peephole``."""
    try:
        app()
    except PeepholeError as error:
        _fail(str(error), error)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{error.strerror or error}", error)
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        _fail("this takes more memory than there is: lower the batch, the chunk or the network's size", error)


def _fail(message: str, error: Exception) -> None:
    """End with one line; of several processes on a machine the first one alone says it."""
    if os.environ.get("PEEPHOLE_DEBUG"):
        raise error
    if os.environ.get("LOCAL_RANK", "0") == "0":
        typer.echo("peephole: " + " ".join(message.split()), err=True)
    sys.exit(1)


def _is_out_of_memory(error: Exception) -> bool:
    """Whether an error is Python's or torch's way to say that memory has run out."""
    text = str(error)
    return isinstance(error, MemoryError) or "can't allocate memory" in text or "out of memory" in text
