"""Which held-out images were taken for another digit while they were read, and rightly told at the end."""

from __future__ import annotations

import torch

from peephole.analysis.turns import turns as turns_of
from peephole.explorer.asked import Asked
from peephole.explorer.desk import Desk
from peephole.explorer.payload import Json
from peephole.explorer.refusal import Refusal
from peephole.explorer.words import RELOAD, Words
from peephole.trace.beside import one_thread

MOST = 20


def turns(desk: Desk, asked: Asked) -> Json:
    """All samples are read at once; ``seems`` and ``is`` in the query are names of outputs.

    Raises:
        Refusal: the network does not tell classes, or not these.
    """
    opened = desk.catalog.open(asked["run"])
    names = [asked.query.get(name, "") for name in ("seems", "is")]
    if opened.target != "class" or not {*names} <= {*opened.outputs}:
        raise Refusal(
            Words(
                f"this network does not tell a {names[1]} from a {names[0]}",
                f"该网络不区分“{names[1]}”和“{names[0]}”",
            ),
            do=RELOAD,
            status=422,
        )
    seems, label = (opened.outputs.index(name) for name in names)
    samples = [opened.sample(number) for number in range(opened.samples)]
    inputs = torch.cat([sample.inputs for sample in samples], dim=1)
    labels = torch.cat([sample.targets[-1] for sample in samples])
    with opened.lock, torch.no_grad(), one_thread():
        guesses = opened.network(inputs)[0].argmax(-1)
    found = turns_of(guesses, labels, seems=seems, label=label)[:MOST]
    return {"turns": [{"sample": turn.sequence, "rows": turn.steps} for turn in found]}
