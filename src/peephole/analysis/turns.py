"""Changes of mind: what was taken for something else while it was read, and how long.

Knows guesses and labels; nothing of what was read.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Turn:
    """A sequence that was taken for something else at first.

    Attributes:
        sequence: which.
        steps: at so many of its steps the guess was the other one.
    """

    sequence: int
    steps: int


def turns(guesses: Tensor, labels: Tensor, *, seems: int, label: int) -> tuple[Turn, ...]:
    """Sequences of one label that were taken for another first and rightly at the end, the longest so first.

    Args:
        guesses: (time, batch) the guess at every step, of sequences of one length.
        labels: (batch,) what each sequence is.
        seems: what they were taken for.
        label: what they are.
    """
    found = (labels == label) & (guesses[-1] == label)
    steps = (guesses == seems).sum(0) * found
    order = steps.argsort(descending=True, stable=True).tolist()
    return tuple(Turn(sequence, int(steps[sequence])) for sequence in order if steps[sequence] > 0)
