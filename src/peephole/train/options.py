"""How to train: every number and choice that is not the network's or the problem's.

Knows nothing of networks or data. Two runs with equal options, networks, problems and seeds are the same run.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from peephole.errors import OptionError

Schedule = Literal["linear", "cosine", "constant"]
Precision = Literal["32-true", "bf16-mixed"]

LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Options of one training run; OptionError for a value that makes no sense.

    minutes, epochs, steps
        The budget: exactly one is given. Minutes are of wall clock, validation included; an epoch is one pass
        through the training data; a step is one batch and one change of the weights.
    batch
        Sequences (or parallel columns of a text) a step, over all processes together.
    learning_rate, schedule, warmup
        Adam's learning rate at its highest, what becomes of it ("linear" and "cosine" fall to 0 at the budget's
        end), and the share of the budget over which it first rises.
    clip
        The largest norm of the gradient, over all weights; a longer one is scaled down. 0: never.
    validations
        How many times, evenly over the budget, the network is tried on the held-out data; fewer where that would
        take more than a tenth of a budget of minutes.
    patience
        Stop after so many validations without a better result; None: never.
    film
        How many checkpoints to keep, from the first weights to the last, closer together at the start, where
        more happens. 0: none; else at least 2.
    seed
        Of the first weights and of dropout.
    devices, nodes
        Processes on each machine (one a GPU where there are any, else on the CPU) and machines.
    threads
        Threads of each process on the CPU; None: one for a small network, whose steps are too short to share out;
        else as many as torch has, or in a training counted in minutes whatever is found to pay.
    precision
        "32-true", or "bf16-mixed", which is faster on hardware that has it.
    """

    minutes: float | None = None
    epochs: int | None = None
    steps: int | None = None
    batch: int = 32
    learning_rate: float = 4e-3
    schedule: Schedule = "linear"
    warmup: float = 0.03
    clip: float = 1.0
    validations: int = 20
    patience: int | None = None
    film: int = 0
    seed: int = 0
    devices: int = 1
    nodes: int = 1
    threads: int | None = None
    precision: Precision = "32-true"

    def __post_init__(self) -> None:
        given = [name for name in ("minutes", "epochs", "steps") if getattr(self, name) is not None]
        if len(given) != 1:
            received = " and ".join(given) if given else "none of them"
            raise OptionError(f"give one of minutes, epochs and steps, got {received}")
        _positive("minutes", self.minutes)
        _at_least(
            1,
            epochs=self.epochs,
            steps=self.steps,
            batch=self.batch,
            validations=self.validations,
            patience=self.patience,
            devices=self.devices,
            nodes=self.nodes,
            threads=self.threads,
        )
        _positive("learning_rate", self.learning_rate)
        _one_of("schedule", self.schedule, get_args(Schedule))
        _one_of("precision", self.precision, get_args(Precision))
        if not 0 <= self.warmup < 1:
            raise OptionError(f"warmup is a share of the budget from 0 to below 1, got {self.warmup}")
        if not (math.isfinite(self.clip) and self.clip >= 0):
            raise OptionError(f"clip must be a number of at least 0 (0: no clipping), got {self.clip}")
        if self.film < 0 or self.film == 1:
            raise OptionError(
                f"film must be 0 (none) or at least 2 (the first and the last), got {self.film}"
            )
        if not 0 <= self.seed <= LARGEST_SEED:
            raise OptionError(f"seed must be from 0 to {LARGEST_SEED}, got {self.seed}")
        if self.batch % self.world:
            raise OptionError(
                f"batch must be a multiple of the {self.world} processes ({self.devices} devices × {self.nodes} "
                f"nodes), got {self.batch}"
            )

    @property
    def world(self) -> int:
        """How many processes train together."""
        return self.devices * self.nodes

    def to_json(self) -> dict[str, object]:
        """What ``from_json`` takes."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: object) -> TrainOptions:
        """The options that ``to_json`` wrote. Raises OptionError for anything else."""
        known = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(data, Mapping) or not set(data) <= known:
            raise OptionError(f"training options are a JSON object with the names {', '.join(sorted(known))}")
        try:
            return cls(**cast("Mapping[str, object]", data))  # type: ignore[arg-type]  # __post_init__ checks them
        except TypeError as error:
            raise OptionError(f"training options hold a value of a wrong kind: {error}") from error


def _at_least(least: int, **values: int | None) -> None:
    for name, value in values.items():
        if value is not None and value < least:
            raise OptionError(f"{name} must be at least {least}, got {value}")


def _positive(name: str, value: float | None) -> None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise OptionError(f"{name} must be a positive number, got {value}")


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise OptionError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
