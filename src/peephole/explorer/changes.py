"""Over which held-out images a network that labels them row by row changes its mind.

Knows networks and images as batches, nothing of runs or of the wire.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from peephole.data.batches import Batch
from peephole.nn.models import Network

MOST = 60
"""So many images are told."""


@dataclass(frozen=True)
class Change:
    """How late, and after how much wavering, a network settles on one image's right label.

    Attributes:
        sample: the image's number among the held-out ones.
        row: the row, from 1, from which on the likeliest label stays.
        turns: how often it changed since the first row with ink.
    """

    sample: int
    row: int
    turns: int


@torch.no_grad()
def changes(network: Network, batches: Iterable[Batch], *, most: int = MOST) -> list[Change]:
    """The images that are labelled rightly in the end, the latest to settle first, at most so many of them.

    Args:
        network: in eval mode.
        batches: inputs (row, image, pixel) and targets (row, image), in the samples' order.
        most: so many at the most.
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
            found.append(Change(seen + image, int(settled[image]), int(turned[:, image].sum())))
        seen += guesses.shape[1]
    return sorted(found, key=lambda change: (-change.row, -change.turns, change.sample))[:most]
