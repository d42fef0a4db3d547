"""``peephole sample``: lets a trained network write."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from peephole.errors import OptionError


def sample(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run of a network that predicts the next symbol.")
    ],
    prompt: Annotated[
        str | None,
        typer.Option(help="The text to go on with.", show_default="a line end, or a task's first symbol"),
    ] = None,
    length: Annotated[int, typer.Option(min=0, help="Symbols to write after the prompt.")] = 500,
    temperature: Annotated[
        float, typer.Option(min=0, help="Below 1 safer, above 1 bolder; 0: always the likeliest symbol.")
    ] = 1.0,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed writes the same text.", show_default="a new one")
    ] = None,
) -> None:
    """Let a trained network write, symbol by symbol.

    Examples:

        peephole sample runs/demo --prompt "def " --temperature 0.7

        peephole sample runs/counter --prompt aaaaX --length 5 --temperature 0
    """
    import torch

    from peephole.train.run import Run
    from peephole.train.sample import sample as sampled

    opened = Run.open(run)
    opened.refuse_imported("what its outputs stand for is not known, so it cannot write")
    vocabulary = opened.vocabulary()
    if vocabulary is None or not opened.predicts_next_symbol:
        raise OptionError(
            f"{run} does not predict the next symbol, so it cannot write: use a run of a text or task"
        )
    if prompt is None:
        prompt = "\n" if "\n" in vocabulary.symbols else vocabulary.symbols[0]
    torch.set_num_threads(1)  # one symbol at a time is too little work to share out
    typer.echo(prompt, nl=False)
    for symbol in sampled(
        opened.trained_network(), vocabulary, prompt=prompt, length=length, temperature=temperature, seed=seed
    ):
        typer.echo(symbol, nl=False)
    typer.echo()
