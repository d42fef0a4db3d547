"""Which units keep two kinds of steps apart: at no step of one kind are they where they are at a step of the other.

A unit that remembers which of two symbols opened a string is such a unit, at all the steps in between. Knows nothing
of what the kinds mean.
"""

from __future__ import annotations

import torch
from torch import Tensor

from peephole.analysis.rankings import Ranking
from peephole.analysis.steps import one_a_step, steps_of
from peephole.errors import OptionError, TraceError
from peephole.trace.trace import LayerRecord


def apart(record: LayerRecord, quantity: str, labels: Tensor, *, where: Tensor | None = None) -> Ranking:
    """Units by the gap between the values at two kinds of steps.

    The gap is from the highest value of the one kind to the lowest of the other, −2 to 2 (gates: −1 to 1); above 0 a
    threshold tells every step's kind. A cell counts by its tanh, so that one which drifts off gains nothing.

    Args:
        record: the record of one layer and direction.
        quantity: which of its quantities.
        labels: (step,) bool, sequence after sequence: the kind of each step.
        where: (step,) bool, the steps that count at all; None for all.

    Raises:
        MissingQuantityError: the record does not hold ``quantity``.
        OptionError: a mask that is not bool.
        TraceError: a mask that is not one a step, or a kind without a step.
    """
    values = steps_of(record, quantity).to("cpu", torch.float64)
    where = torch.ones(len(values), dtype=torch.bool) if where is None else where
    for name, mask in (("labels", labels), ("where", where)):
        if mask.dtype != torch.bool or mask.dim() != 1:
            raise OptionError(f"{name} must be bool of shape (step,), got {mask.dtype} {tuple(mask.shape)}")
        one_a_step(len(mask), len(values), name)
    yes, no = (labels & where).cpu(), (~labels & where).cpu()
    if not yes.any() or not no.any():
        raise TraceError(f"there must be steps of both kinds, got {int(yes.sum())} and {int(no.sum())}")
    bounded = values.tanh() if quantity == "cell" else values
    one, other = bounded[yes], bounded[no]
    return Ranking.of("apart", torch.maximum(one.amin(0) - other.amax(0), other.amin(0) - one.amax(0)))
