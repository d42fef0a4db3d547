"""How much of a training run is done, and what follows from it: learning rate, validations, frames of the film.

Everything goes by one number, the share of the budget that is used up, so that a minute and a thousand steps are
planned alike. Pure functions: a resumed run computes the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, cast

from peephole.train.options import Schedule, TrainOptions


@dataclass(frozen=True)
class Budget:
    """So many steps, or so many seconds."""

    amount: float
    unit: Literal["steps", "seconds"]

    @classmethod
    def of(cls, options: TrainOptions, *, steps_per_epoch: int) -> Budget:
        """The budget that the options name."""
        if options.minutes is not None:
            return cls(options.minutes * 60, "seconds")
        if options.epochs is not None:
            return cls(options.epochs * steps_per_epoch, "steps")
        # TrainOptions has made sure that one of the three is given.
        return cls(cast(int, options.steps), "steps")

    def share(self, *, step: int, seconds: float) -> float:
        """The used share, from 0 to 1, after so many steps and seconds."""
        return min(1.0, (step if self.unit == "steps" else seconds) / self.amount)


def rate_factor(share: float, *, schedule: Schedule, warmup: float) -> float:
    """What the learning rate is multiplied by at ``share`` of the budget: from 0.1 up to 1, then down.

    The first tenth of the way up is skipped because a rate of 0 would make the first step an idle one.
    """
    rising = 0.1 + 0.9 * min(1.0, share / warmup) if warmup else 1.0
    if schedule == "linear":
        return rising * (1 - share)
    if schedule == "cosine":
        return rising * (1 + math.cos(math.pi * share)) / 2
    return rising


def is_due(times: int, *, before: float, now: float) -> bool:
    """Whether one of ``times`` evenly spaced moments, the last at the end, lies after ``before`` and up to ``now``."""
    return math.floor(now * times) > math.floor(before * times)


def frame_due(frames: int, share: float) -> int:
    """The number (from 0) of the last frame of the film that is due at ``share``; −1 for no film.

    Quadratic spacing: half of the frames fall into the first quarter, where a network changes most.
    """
    return math.floor(math.sqrt(share) * (frames - 1)) if frames else -1
