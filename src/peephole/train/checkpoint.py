"""Everything that a training run needs to go on as if it had never stopped.

The random numbers need no place in it: those of each step are made from the seed and the step's number. Nor does
the data: the batches are a pure function of the epoch. Knows nothing of folders.
"""

from __future__ import annotations

import dataclasses
import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from peephole.errors import RunError

_FORMAT = 1


@dataclass
class Position:
    """How far a training run has come; the loop moves it on.

    step, epoch, batch
        Steps taken; the epoch under way and the batches of it that are done.
    seconds, symbols
        Seconds of training so far, and symbols (or numbers) learned from.
    loss_sum, loss_count
        The training loss since the last validation, summed, and over how many symbols.
    best_step, best_loss, best_scores
        The best validation so far; ``best_loss`` is infinite before the first.
    stale
        Validations since then.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0
    symbols: int = 0
    loss_sum: float = 0.0
    loss_count: float = 0.0
    best_step: int = 0
    best_loss: float = float("inf")
    best_scores: dict[str, float] = field(default_factory=dict)
    stale: int = 0


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """One moment of a training run.

    weights, best
        The network's weights now, and at its best validation.
    optimizer
        The optimizer's ``state_dict``.
    carried
        The recurrent state of all columns of the batch, each (layer·direction, batch, unit); empty if there is none.
    """

    position: Position
    weights: Mapping[str, Tensor]
    best: Mapping[str, Tensor]
    optimizer: Mapping[str, Any]
    carried: tuple[Tensor, ...] = ()

    def to_bytes(self) -> bytes:
        """The checkpoint as torch saves it: tensors, numbers and texts alone."""
        buffer = io.BytesIO()
        torch.save(
            {
                "format": _FORMAT,
                "position": dataclasses.asdict(self.position),
                "weights": dict(self.weights),
                "best": dict(self.best),
                "optimizer": dict(self.optimizer),
                "carried": list(self.carried),
            },
            buffer,
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Checkpoint:
        """What ``to_bytes`` made, on the CPU. No code in it is ever run. Raises RunError for anything else."""
        try:
            raw = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise RunError(f"it is truncated or damaged ({reason})") from error
        if not isinstance(raw, dict) or raw.get("format") != _FORMAT:
            raise RunError("it was written by another version of Peephole")
        try:
            return cls(
                position=Position(**raw["position"]),
                weights=raw["weights"],
                best=raw["best"],
                optimizer=raw["optimizer"],
                carried=tuple(raw["carried"]),
            )
        except (KeyError, TypeError) as error:
            raise RunError(f"it lacks a part: {error}") from error
