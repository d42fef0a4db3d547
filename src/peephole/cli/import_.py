"""``peephole import``: opens a network that was trained elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

_PARTS = "Which parts make the network, where the file does not tell"
_READING = "How the file is read"
_OWN = ("kind", "layer", "embedding", "readout", "activation")


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="PyTorch (.pt, .pth, .safetensors, TorchScript), Keras (.h5, .keras) or ONNX.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="RUN",
            help="Write the network to this folder, for the explorer.",
            show_default="only print",
        ),
    ] = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(rich_help_panel=_PARTS, help="A recurrent layer by its name; several in order."),
    ] = None,
    embedding: Annotated[
        str | None, typer.Option(rich_help_panel=_PARTS, help="The embedding before them, by its name.")
    ] = None,
    readout: Annotated[
        list[str] | None,
        typer.Option(rich_help_panel=_PARTS, help="A dense part after them by its name; several in order."),
    ] = None,
    activation: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=_PARTS,
            help="The function of the last dense part, such as softmax; or one for each --readout.",
        ),
    ] = None,
    kind: Annotated[
        Literal["torch", "torchscript", "safetensors", "keras", "onnx"] | None,
        typer.Option(rich_help_panel=_READING, help="What the file is.", show_default="by its content"),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            rich_help_panel=_READING,
            help="An option of the reader, such as config=model.json for Keras weights.",
        ),
    ] = None,
    vocabulary: Annotated[
        Path | None,
        typer.Option(
            help="The symbols that it reads, in the order of their ids: a JSON list, or one a line.",
            show_default="their ids",
            dir_okay=False,
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that is there.")] = False,
) -> None:
    """Open a recurrent network that was trained elsewhere: say what is in the file, and make a run of it.

    Nothing in the file is executed, and nothing is written unless all of it was understood.

    Examples:

        peephole import model.onnx -o runs/model

        peephole import weights.pt --embedding embedding --layer lstm --readout out -o runs/model

        peephole import weights.h5 --option config=model.json
    """
    from rich.console import Console

    from peephole.cli.advice import advise
    from peephole.errors import OptionError
    from peephole.interchange.loading import load
    from peephole.interchange.saving import read_vocabulary, save_run
    from peephole.interchange.table import show

    symbols = None if vocabulary is None else read_vocabulary(vocabulary)
    if output is None and (overwrite or symbols is not None):
        raise OptionError("--overwrite and --vocabulary are of the run: name its folder by -o")
    functions: list[str | tuple[str | float, ...]] = [*(activation or [])]
    network = load(
        file,
        kind=kind,
        layer=layer or None,
        embedding=embedding,
        readout=readout or None,
        activation=functions[0] if len(functions) == 1 else functions or None,
        **_options(option or []),
    )
    run = None if output is None else save_run(network, output, vocabulary=symbols, overwrite=overwrite)
    console = Console()
    show(network.understood, console)
    console.print()
    if run is not None:
        advise(console, "Look inside with: peephole explore", run.path)
    elif network.chain is not None:
        advise(console, "Make a run of it with: peephole import", file, "-o RUN")


def _options(given: list[str]) -> dict[str, Any]:
    """The reader's options; a value that is JSON, such as true or 0.1, is what it says, any other a text."""
    import json

    from peephole.errors import OptionError

    found: dict[str, Any] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise OptionError(f"--option must be NAME=VALUE, got {pair!r}")
        if name in _OWN:
            raise OptionError(f"{name} has an option of its own: --{name} {value}")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found
