"""``peephole train``: its options, and what the command prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

_DATA = "What to learn (TEXT, --library, --task or --series)"
_NETWORK = "The network"
_LENGTH = "How long (--minutes, --epochs or --steps)"
_LEARNING = "How to learn"
_RUN = "The run"
_MACHINES = "Machines"

TaskName = Literal["counter", "selective", "memorizer", "copy", "mirror", "digits"]


def train(
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="[TEXT]",
            help="A text to learn: a file, a folder, or a quoted glob such as 'src/**/*.py'. UTF-8.",
        ),
    ] = None,
    library: Annotated[
        Literal["code", "prose"] | None,
        typer.Option(
            rich_help_panel=_DATA,
            help="Learn the Python library's own sources, or the prose of their documentation strings.",
        ),
    ] = None,
    characters: Annotated[
        int | None,
        typer.Option(rich_help_panel=_DATA, help="So many of the library.", show_default="2000000"),
    ] = None,
    held_out: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=_DATA, help="So many of the library's, after those.", show_default="100000"
        ),
    ] = None,
    task: Annotated[
        TaskName | None,
        typer.Option(
            rich_help_panel=_DATA,
            help="counter aaXbb; selective aXaYbb; memorizer AxxYa; copy abcXabc; mirror: tag each letter with the "
            "last one; digits: handwritten, row by row.",
        ),
    ] = None,
    series: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=_DATA, metavar="FILE.csv", help="Forecast the next value of a CSV's --column."
        ),
    ] = None,
    column: Annotated[str | None, typer.Option(rich_help_panel=_DATA, help="The series' column.")] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=_DATA,
            metavar="FOLDER",
            help="For --task digits: take the four IDX files there.",
            show_default="the shipped digits",
        ),
    ] = None,
    augment: Annotated[
        bool | None,
        typer.Option(
            "--augment",
            rich_help_panel=_DATA,
            help="For --task digits: move each image a little, in every epoch anew.",
        ),
    ] = None,
    unit: Annotated[
        Literal["char", "word"] | None,
        typer.Option(rich_help_panel=_DATA, help="What a text's symbols are.", show_default="char"),
    ] = None,
    min_count: Annotated[
        int | None,
        typer.Option(rich_help_panel=_DATA, help="Rarer symbols of a text become unknown.", show_default="1"),
    ] = None,
    vocabulary: Annotated[
        int | None,
        typer.Option(rich_help_panel=_DATA, help="Keep at most so many symbols.", show_default="all"),
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(rich_help_panel=_DATA, help="Share of a text or series held out.", show_default="0.1"),
    ] = None,
    chunk: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=_DATA,
            help="Steps of a text or series that are learned from at once; the state carries on.",
            show_default="64",
        ),
    ] = None,
    cell: Annotated[
        Literal["rnn", "lstm", "gru"] | None, typer.Option(rich_help_panel=_NETWORK, show_default="lstm")
    ] = None,
    hidden: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=_NETWORK,
            help="Units a layer.",
            show_default="128; tasks 16, digits 64, series 32",
        ),
    ] = None,
    layers: Annotated[
        int | None, typer.Option(rich_help_panel=_NETWORK, show_default="2; 1 but for texts")
    ] = None,
    embedding: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=_NETWORK,
            help="Size of a symbol's vector; 0: one-hot.",
            show_default="50; tasks 0",
        ),
    ] = None,
    bidirectional: Annotated[
        bool | None,
        typer.Option(
            "--bidirectional",
            rich_help_panel=_NETWORK,
            help="Read backwards too; for mirror and digits, where that gives nothing away.",
        ),
    ] = None,
    peephole: Annotated[
        bool | None,
        typer.Option(
            "--peephole", rich_help_panel=_NETWORK, help="Let an LSTM's gates see its cells (diagonal)."
        ),
    ] = None,
    forget_bias: Annotated[
        float | None,
        typer.Option(rich_help_panel=_NETWORK, help="An LSTM's first forget bias.", show_default="torch's"),
    ] = None,
    dropout: Annotated[
        float | None, typer.Option(rich_help_panel=_NETWORK, help="Between layers.", show_default="0")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(rich_help_panel=_LENGTH, help="Minutes of wall clock.", show_default="1 for texts"),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(rich_help_panel=_LENGTH, help="Passes through the training data.")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(rich_help_panel=_LENGTH, help="Batches.", show_default="2000 but for texts"),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=_LENGTH,
            help="Stop early, after so many validations without a better one.",
            show_default="never",
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=_LEARNING,
            help="Sequences, or columns of a text, a step.",
            show_default="16; tasks 32, series 8",
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            rich_help_panel=_LEARNING, help="Adam's, at its highest.", show_default="0.005; tasks 0.01"
        ),
    ] = None,
    schedule: Annotated[
        Literal["linear", "cosine", "constant"] | None,
        typer.Option(rich_help_panel=_LEARNING, help="The learning rate's fall to 0.", show_default="linear"),
    ] = None,
    clip: Annotated[
        float | None,
        typer.Option(
            rich_help_panel=_LEARNING, help="The gradient's longest norm; 0: any.", show_default="1"
        ),
    ] = None,
    validations: Annotated[
        int | None,
        typer.Option(rich_help_panel=_LEARNING, help="Tries on the held-out data.", show_default="20"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(rich_help_panel=_LEARNING, help="Of weights, dropout and tasks.", show_default="0"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            rich_help_panel=_RUN,
            metavar="RUN",
            help="The run's folder.",
            show_default="runs/…",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", rich_help_panel=_RUN, help="Go on with the run from its last checkpoint."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", rich_help_panel=_RUN, help="Replace the run that is there.")
    ] = False,
    film: Annotated[
        int | None,
        typer.Option(rich_help_panel=_RUN, help="Keep so many checkpoints, first to last.", show_default="0"),
    ] = None,
    devices: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=_MACHINES, help="Processes a machine, each with its GPU if there are any."
        ),
    ] = None,
    nodes: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=_MACHINES,
            help="Machines. Start the same command on each, with MASTER_ADDR, MASTER_PORT and NODE_RANK set.",
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(rich_help_panel=_MACHINES, help="CPU threads a process.", show_default="what pays"),
    ] = None,
    precision: Annotated[
        Literal["32-true", "bf16-mixed"] | None,
        typer.Option(rich_help_panel=_MACHINES, show_default="32-true"),
    ] = None,
) -> None:
    """Train a network on a text, a task or a series, and leave a run to look into.

    Ctrl-C ends training early and leaves a run that can be used and resumed. A run that is there already is never
    replaced unasked. TensorBoard reads the folder's logs.

    Examples:

        peephole train novel.txt --minutes 5

        peephole train 'src/**/*.py' --unit word --vocabulary 20000 --epochs 3

        peephole train --task mirror --bidirectional --film 60

        peephole train --series weather.csv --column temperature

        peephole train novel.txt --epochs 10 --resume      after a kill: ends with the same weights
    """
    from peephole.cli.training import Request, run_training

    run_training(
        Request(
            text=text,
            library=library,
            task=task,
            series=series,
            data={
                "column": column,
                "characters": characters,
                "held_out": held_out,
                "images": images,
                "augment": augment,
                "unit": unit,
                "min_count": min_count,
                "vocabulary": vocabulary,
                "validation": validation,
                "chunk": chunk,
            },
            network={
                "cell": cell,
                "hidden": hidden,
                "layers": layers,
                "embedding": embedding,
                "bidirectional": bidirectional,
                "peephole": "diagonal" if peephole else None,
                "forget_bias": forget_bias,
                "dropout": dropout,
            },
            budget={"minutes": minutes, "epochs": epochs, "steps": steps},
            options={
                "patience": patience,
                "batch": batch,
                "learning_rate": learning_rate,
                "schedule": schedule,
                "clip": clip,
                "validations": validations,
                "seed": seed,
                "film": film,
                "devices": devices,
                "nodes": nodes,
                "threads": threads,
                "precision": precision,
            },
            output=output,
        ),
        resume=resume,
        overwrite=overwrite,
    )
