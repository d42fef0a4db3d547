"""What training makes small, and how well a network does on held-out data.

Symbols, tags and classes: the cross-entropy, in bits. Numbers: the squared error, in squared standard deviations
of the training part. Knows nothing of optimisation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from peephole.data.batches import Batch, Problem, Score
from peephole.nn.models import Network


@dataclass(frozen=True)
class Validation:
    """A network's mean loss on the held-out data, in bits or squared deviations, and further scores by name."""

    loss: float
    scores: Mapping[str, float]


def summed_loss(outputs: Tensor, batch: Batch) -> Tensor:
    """The loss summed over all steps that count: a scalar, in bits or in squared standard deviations.

    outputs
        (time, batch, output), as the network gave them for ``batch``.
    """
    outputs = outputs.float()  # a network of lower precision is judged in full
    if batch.targets.is_floating_point():
        each = (outputs - batch.targets).square().sum(-1)
    else:
        each = functional.cross_entropy(outputs.flatten(0, 1), batch.targets.flatten(), reduction="none")
        each = each.view_as(batch.targets) / math.log(2)
    return (each * batch.weight).sum()


@torch.no_grad()
def validate(network: Network, problem: Problem, *, batch: int) -> Validation:
    """Try the network on the problem's held-out data, ``batch`` sequences or columns at a time."""
    device = next(network.parameters()).device
    loss, scores, state = Score(0, 0), dict[str, Score](), None
    was_training = network.training
    network.eval()
    for held_out in problem.validation(batch=batch):
        part = held_out.to(device)
        outputs, state = network(part.inputs, None if part.first else state, lengths=part.lengths)
        loss += Score(summed_loss(outputs, part).item(), part.total_weight)
        for name, score in problem.score(outputs, part).items():
            scores[name] = scores[name] + score if name in scores else score
    network.train(was_training)
    return Validation(loss.value, {name: score.value for name, score in scores.items()})
