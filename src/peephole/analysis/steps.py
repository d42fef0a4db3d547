"""From a padded batch to one list of steps: where padding is left behind.

A batch of sequences of different lengths is (time, batch, …) with slots past each sequence's end. Everything
derived from a record works on its real steps alone, sequence after sequence; this file is the only way there.
It does not know what the numbers are.
"""

from __future__ import annotations

import torch
from torch import Tensor


def flatten(values: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Lay the sequences of a batch end to end, without their padding.

    Args:
        values: (time, batch, …).
        lengths: (batch,) steps in each sequence; None means that all are ``time`` long.

    Returns:
        (steps, …): first the steps of sequence 0, then those of sequence 1, and so on. A view of ``values`` where
        the batch is one full sequence.
    """
    by_sequence = values.transpose(0, 1)
    if lengths is None:
        return by_sequence.reshape(-1, *values.shape[2:])
    inside = torch.arange(len(values), device=values.device) < lengths.to(values.device)[:, None]
    return by_sequence[inside]


def starts(lengths: Tensor) -> Tensor:
    """Which of the flattened steps begin a sequence.

    Args:
        lengths: (batch,) steps in each sequence; empty sequences have no first step.

    Returns:
        (steps,) bool.
    """
    begins = torch.zeros(int(lengths.sum()), dtype=torch.bool)
    first = lengths.cumsum(0) - lengths
    begins[first[lengths > 0]] = True
    return begins
