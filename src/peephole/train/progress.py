"""What there is to show after each step of training.

Knows nothing of how it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peephole.train.objective import Validation


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What there is to show after a step.

    step, epoch, seconds, share
        Steps taken, the epoch under way (from 0), seconds of training, the share of the budget that is used up.
    train
        The training loss smoothed over some fifty steps, in bits or squared standard deviations.
    validation
        The latest since training began or was resumed; None before the first.
    """

    step: int
    epoch: int
    seconds: float
    share: float
    train: float
    validation: Validation | None


Watch = Callable[[Progress], None]
