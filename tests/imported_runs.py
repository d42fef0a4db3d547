"""Runs of imported networks with random weights, one for each kind that the explorer has to tell apart."""

from __future__ import annotations

from pathlib import Path

import torch

from peephole.data.vocabulary import Vocabulary
from peephole.interchange.imported import Imported
from peephole.interchange.saving import save_run
from peephole.interchange.understood import Row, Understood
from peephole.nn.chain import ActivationPart, ChainConfig, DensePart, EmbeddingPart, Part, RecurrentPart
from peephole.nn.chain_network import Chain
from peephole.train.run import Run


def recurrent(name: str, cell: str, size: int, hidden: int, **more: object) -> RecurrentPart:
    """A recurrent part; what is no option of the layer is the part's own."""
    own = {key: more.pop(key) for key in ("returns", "flipped") if key in more}
    return RecurrentPart(
        name=name, cell=cell, options={"input_size": size, "hidden_size": hidden, **more}, **own
    )  # type: ignore[arg-type]


KINDS: dict[str, tuple[Part, ...]] = {
    # hidden states and no word about them
    "silent": (recurrent("lstm", "lstm", 3, 6, num_layers=2, proj_size=4),),
    # a plain stack with a readout of numbers, which is a Network
    "plain": (
        recurrent("lstm", "lstm", 3, 6),
        DensePart(name="out", inputs=6, outputs=2, activation="sigmoid"),
    ),
    # a function between the stack and its readout, as a voice detector has it
    "voiced": (
        recurrent("lstm", "lstm", 3, 6),
        ActivationPart(name="relu", size=6, activation="relu"),
        DensePart(name="out", inputs=6, outputs=1, activation="sigmoid"),
    ),
    # one number a step: reads a recording sample by sample
    "single": (recurrent("gru", "gru", 1, 5), DensePart(name="out", inputs=5, outputs=1)),
    # many numbers a step
    "wide": (
        recurrent("rnn", "rnn", 40, 7),
        DensePart(name="out", inputs=7, outputs=9, activation="softmax"),
    ),
    # two recurrent parts of different cells and directions; speaks at the end alone
    "two": (
        recurrent("first", "lstm", 3, 4, bidirectional=True),
        DensePart(name="between", inputs=8, outputs=5, activation="tanh"),
        recurrent("second", "gru", 5, 6, returns="last"),
        DensePart(name="out", inputs=6, outputs=1, activation="sigmoid"),
    ),
    # symbols by number, one of them skipped, answers at the ends of both directions
    "masked": (
        EmbeddingPart(name="embedding", symbols=9, size=4, masked=0),
        recurrent("both", "lstm", 4, 5, bidirectional=True, returns="last"),
        DensePart(name="out", inputs=10, outputs=3, activation="softmax"),
    ),
    # symbols with names
    "named": (
        EmbeddingPart(name="embedding", symbols=4, size=3),
        recurrent("gru", "gru", 3, 5),
        DensePart(name="out", inputs=5, outputs=4, activation="softmax"),
    ),
}


def chain_of(kind: str) -> Chain:
    """The network of a kind, the same at each call."""
    torch.manual_seed(7)
    chain = Chain(ChainConfig(KINDS[kind]))
    with torch.no_grad():
        for weight in chain.parameters():
            weight.mul_(2)
    return chain.eval()


def write_imported(folder: Path, kind: str) -> Run:
    """A run as ``peephole import`` writes it."""
    rows = tuple(Row(part.name, part.kind, "", "", {"weight": f"{part.name}.weight"}) for part in KINDS[kind])
    understood = Understood(f"{kind}.bin", "a test's own", rows, notes=("The weights are random.",))
    vocabulary = Vocabulary(("a", "b", "c", "d")) if kind == "named" else None
    return save_run(Imported(chain_of(kind), {}, understood), folder, vocabulary=vocabulary)
