"""What a readout expects, and how surprised it is by what comes.

Takes scores ("logits") of any leading shape and what really came. Knows nothing of networks, padding or symbols.
All information is in bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Predictions:
    """The likeliest outputs after each step, the likeliest first.

    Attributes:
        outputs: (…, k) int32, which outputs.
        probabilities: (…, k) float32, how likely each is.
    """

    outputs: Tensor
    probabilities: Tensor


def predictions(logits: Tensor, *, k: int = 5) -> Predictions:
    """The ``k`` likeliest outputs at each step.

    Args:
        logits: (…, output) scores before the softmax.
        k: how many; fewer where there are fewer outputs.
    """
    probabilities, outputs = logits.softmax(-1).topk(min(k, logits.shape[-1]), dim=-1)
    return Predictions(outputs=outputs.int(), probabilities=probabilities.float())


def entropy(logits: Tensor) -> Tensor:
    """How undecided the readout is at each step: (…, output) scores to (…) bits, 0 to log2(outputs)."""
    log_probabilities = logits.log_softmax(-1)
    # An output of probability 0 adds nothing, though its logarithm is minus infinity.
    terms = torch.where(log_probabilities.isneginf(), 0.0, log_probabilities.exp() * log_probabilities)
    return -terms.sum(-1) / math.log(2)


def surprise(logits: Tensor, outcomes: Tensor) -> Tensor:
    """−log2 of the probability that the readout gave to what came.

    Args:
        logits: (…, output) scores before the softmax.
        outcomes: (…) int64, which output it should have been.

    Returns:
        (…) float32 bits.
    """
    log_probabilities = logits.log_softmax(-1).gather(-1, outcomes.unsqueeze(-1)).squeeze(-1)
    return (-log_probabilities / math.log(2)).float()


def delay(values: Tensor, starts: Tensor) -> Tensor:
    """Move what was said about the next step to that step: NaN where a sequence starts and nothing was said.

    Args:
        values: (steps, …) float, sequence after sequence.
        starts: (steps,) bool, True where a sequence starts.
    """
    moved = values.roll(1, dims=0)
    moved[starts] = math.nan
    return moved
