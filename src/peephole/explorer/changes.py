"""Over which held-out images a network that labels them row by row changes its mind.

Knows networks and images as batches, nothing of runs or of the wire.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from peephole.data.batches import Batch
from peephole.nn.models import Network


@dataclass(frozen=True)
class Change:
    """How late, and after how much wavering, a network settles on one image's right label.

    Attributes:
        sample: the image's number among the held-out ones.
        row: the row, from 1, from which on the likeliest label stays.
        turns: how often it changed since the first row with ink.
        label: what it is.
        mistaken: the wrong label that was the likeliest at most rows with ink; None if none ever was.
        rows: at how many.
        until: the last of them, from 1; 0 if there is none.
    """

    sample: int
    row: int
    turns: int
    label: int
    mistaken: int | None
    rows: int
    until: int


@torch.no_grad()
def changes(network: Network, batches: Iterable[Batch]) -> list[Change]:
    """The images that are labelled rightly in the end, the latest to settle first.

    Args:
        network: in eval mode.
        batches: inputs (row, image, pixel) and targets (row, image), in the samples' order.
    """
    found: list[Change] = []
    seen = 0
    for batch in batches:
        guesses = network(batch.inputs)[0].argmax(-1)
        inked = batch.inputs.any(-1).cumsum(0) > 0
        turned = torch.zeros_like(inked)
        turned[1:] = (guesses[1:] != guesses[:-1]) & inked[:-1]
        rows = torch.arange(1, len(guesses) + 1)[:, None]
        settled = (turned * rows).amax(0)
        right = guesses[-1] == batch.targets[-1]
        for image in (right & (settled > 0)).nonzero().flatten().tolist():
            label = int(batch.targets[-1, image])
            seen_as = guesses[:, image].where(inked[:, image], label)
            row, times = int(settled[image]), int(turned[:, image].sum())
            found.append(Change(seen + image, row, times, label, *_mistaken(seen_as, label)))
        seen += guesses.shape[1]
    return sorted(found, key=lambda change: (-change.row, -change.turns, change.sample))


def _mistaken(guesses: Tensor, label: int) -> tuple[int | None, int, int]:
    """The wrong label that was guessed most often, how often, and the last row; None and 0 if none was."""
    often = torch.bincount(guesses[guesses != label])
    if len(often) == 0:
        return None, 0, 0
    mistaken = int(often.argmax())
    return mistaken, int(often.max()), int((guesses == mistaken).nonzero().max()) + 1
