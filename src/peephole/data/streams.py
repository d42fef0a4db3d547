"""One long sequence whose state carries over from chunk to chunk: what text and series share.

It is split into two contiguous parts, the first to learn from, the second held out. Knows nothing of symbols,
files or networks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from peephole.data.batches import Batch
from peephole.data.columns import chunks_per_epoch, training_chunks, validation_chunks
from peephole.errors import DataError, OptionError

EXCERPT = 4000
"""So many held-out steps are a stream's sample."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Stream:
    """What text and series share: two parts of one sequence, cut into chunks of ``chunk`` steps.

    training_part, held_out_part
        (time,) int64 ids, or (time, feature) float32 numbers.

    Raises OptionError for a chunk below 1, DataError for a part that does not hold one chunk and what follows
    it.
    """

    training_part: npt.NDArray[Any]
    held_out_part: npt.NDArray[Any]
    chunk: int
    description: Mapping[str, object]

    causal: ClassVar[bool] = True
    samples: ClassVar[int] = 1
    labels: ClassVar[None] = None

    def __post_init__(self) -> None:
        require_chunk(self.chunk, training=len(self.training_part), held_out=len(self.held_out_part))

    @property
    def largest_batch(self) -> int:
        """The number of columns at which each has one chunk."""
        return (len(self.training_part) - 1) // self.chunk

    def training(self, epoch: int, *, batch: int, rank: int = 0, world: int = 1) -> Iterator[Batch]:
        """Consecutive chunks, the same in every epoch; see ``training_chunks``."""
        return training_chunks(self.training_part, batch=batch, chunk=self.chunk, rank=rank, world=world)

    def validation(self, *, batch: int) -> Iterator[Batch]:
        """The held-out part, everything but its first entry asked for once; see ``validation_chunks``."""
        return validation_chunks(self.held_out_part, batch=batch, chunk=self.chunk)

    def steps_per_epoch(self, batch: int) -> int:
        """Whole chunks in each of ``batch`` columns."""
        return chunks_per_epoch(len(self.training_part), batch=batch, chunk=self.chunk)

    def describe(self) -> dict[str, object]:
        """What ``problem_from`` takes."""
        return dict(self.description)


def require_chunk(chunk: int, *, training: int, held_out: int) -> None:
    """Raise OptionError for a chunk below 1, DataError for a part (in steps) without a chunk and a target for
    it.
    """
    if chunk < 1:
        raise OptionError(f"chunk must be at least 1, got {chunk}")
    for name, length in (("training", training), ("held-out", held_out)):
        if length <= chunk:
            raise DataError(
                f"the {name} part is {length:,} long (of {training + held_out:,}), but a chunk of {chunk} steps and "
                f"what follows it need {chunk + 1:,}: lower the chunk or bring more data"
            )


def held_out_from(length: int, validation: float) -> int:
    """Where the held-out part of ``length`` steps begins if it is the last ``validation`` share of them.

    Raises OptionError unless the share is between 0 and 1.
    """
    if not 0 < validation < 1:
        raise OptionError(f"validation must be a share between 0 and 1, got {validation}")
    return length - max(1, round(length * validation))


def require_same(data: bytes, sha256: str | None, name: str) -> str:
    """The SHA-256 of ``data``. Raises DataError, with ``name``, if another one was expected."""
    digest = hashlib.sha256(data).hexdigest()
    if sha256 not in (None, digest):
        raise DataError(f"{name} has changed since this run was trained on it: bring the old one back")
    return digest
