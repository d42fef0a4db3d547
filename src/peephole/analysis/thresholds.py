"""Does a threshold on one unit tell a label? Chosen on one half of the steps, scored on the other.

The threshold, its side and the best unit all come from the first half alone, so that the score on the other half is
an honest one. Knows nothing of what the label means.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from peephole.analysis.steps import lengths_of, one_a_step, steps_of
from peephole.errors import OptionError, TraceError
from peephole.trace.trace import LayerRecord


@dataclass(frozen=True, eq=False)
class Thresholds:
    """The best threshold of every unit; each field but the last two (unit,).

    Attributes:
        threshold: float64; a unit says yes above it.
        above: bool; False where the unit says yes at or below it instead.
        chosen_accuracy: share of right answers, 0 to 1, on the half where the threshold was chosen.
        accuracy: the same on the other half.
        best: the unit with the greatest ``chosen_accuracy``.
        baseline: accuracy on the other half of always giving the commoner answer of the first.
    """

    threshold: Tensor
    above: Tensor
    chosen_accuracy: Tensor
    accuracy: Tensor
    best: int
    baseline: float


def best_thresholds(
    record: LayerRecord,
    quantity: str,
    labels: Tensor,
    *,
    choose: Tensor | None = None,
    where: Tensor | None = None,
) -> Thresholds:
    """The threshold on each unit that best tells ``labels``.

    Args:
        record: the record of one layer and direction.
        quantity: which of its quantities.
        labels: (step,) bool, sequence after sequence.
        choose: (step,) bool, where thresholds are chosen; the other steps score them. None: on every other
            sequence, or on the first half of the steps where there is one sequence.
        where: (step,) bool, the steps that count at all; None for all.

    Raises:
        MissingQuantityError: the record does not hold ``quantity``.
        OptionError: a mask that is not bool.
        TraceError: a mask that is not one a step, or a half with no steps.
    """
    values = steps_of(record, quantity).to("cpu", torch.float64)
    steps = len(values)
    if choose is None:
        choose = _half(record)
    where = torch.ones(steps, dtype=torch.bool) if where is None else where
    for name, mask in (("labels", labels), ("choose", choose), ("where", where)):
        if mask.dtype != torch.bool or mask.dim() != 1:
            raise OptionError(f"{name} must be bool of shape (step,), got {mask.dtype} {tuple(mask.shape)}")
        one_a_step(len(mask), steps, name)
    labels, first, second = labels.cpu(), (choose & where).cpu(), (~choose & where).cpu()
    if not first.any() or not second.any():
        raise TraceError(
            f"thresholds need steps to choose on and others to be scored on, got {int(first.sum())} and "
            f"{int(second.sum())}"
        )
    threshold, above, chosen = _choose(values[first], labels[first])
    says = (values[second] > threshold) == above
    accuracy = (says == labels[second].unsqueeze(-1)).double().mean(0)
    common = labels[first].double().mean() >= 0.5
    return Thresholds(
        threshold=threshold,
        above=above,
        chosen_accuracy=chosen,
        accuracy=accuracy,
        best=int(chosen.argmax()),
        baseline=float((labels[second] == common).double().mean()),
    )


def _choose(values: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Threshold, side and accuracy of each column of (step, unit) values; midway between the two values it parts."""
    ordered, order = values.sort(dim=0)
    below = labels[order].cumsum(0)  # labels at or below each value
    counts = torch.arange(1, len(values) + 1).unsqueeze(-1)
    # Right answers of "yes above": the no's at or below, and the yes's above.
    right_above = (counts - below) + (below[-1:] - below)
    right = torch.maximum(right_above, len(values) - right_above)
    # A threshold falls between two different values, or above them all.
    parts = torch.cat([ordered[1:] > ordered[:-1], torch.ones_like(ordered[:1], dtype=torch.bool)])
    best = right.masked_fill(~parts, -1).argmax(0, keepdim=True)
    following = torch.cat([ordered[1:], ordered[-1:]])
    threshold = (ordered.gather(0, best) + following.gather(0, best)) / 2
    above = right_above.gather(0, best) * 2 >= len(values)
    accuracy = right.gather(0, best).double() / len(values)
    return threshold.squeeze(0), above.squeeze(0), accuracy.squeeze(0)


def _half(record: LayerRecord) -> Tensor:
    """Every other sequence, or the first half of a single one."""
    lengths = lengths_of(record)
    if len(lengths) > 1:
        return (torch.arange(len(lengths)) % 2 == 0).repeat_interleave(lengths)
    steps = int(lengths.sum())
    return torch.arange(steps) < steps // 2
