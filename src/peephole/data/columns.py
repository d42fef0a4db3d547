"""Cuts one long sequence into parallel columns and consecutive chunks whose state carries over.

    a b c d e f g h i j k l m      a batch of 2 columns:   a b c d e f
                                                           g h i j k l    (m is a target only)
    chunks of 3 steps: (a b c / g h i), then (d e f / j k l); each column goes on where it stopped

Knows nothing of what the numbers mean; symbols and series are cut alike. A step's target is what follows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from peephole.data.batches import Batch
from peephole.errors import DataError, OptionError

Sequence = npt.NDArray[Any]
"""(time,) int64 symbols, or (time, feature) float32 numbers."""


def ranks_columns(batch: int, rank: int, world: int) -> slice:
    """The columns of a global batch that process ``rank`` of ``world`` owns.

    Raises OptionError where the batch is below 1, the rank is none of the world's, or the world does not
    divide the batch.
    """
    if batch < 1:
        raise OptionError(f"batch must be at least 1, got {batch}")
    if not 0 <= rank < world:
        raise OptionError(f"rank must be from 0 to {world - 1} (world={world}), got {rank}")
    if batch % world:
        raise OptionError(f"the batch must be a multiple of the number of processes, got {batch} for {world}")
    share = batch // world
    return slice(rank * share, (rank + 1) * share)


def chunks_per_epoch(length: int, *, batch: int, chunk: int) -> int:
    """How many whole chunks each of ``batch`` columns has. Raises DataError if there is not one."""
    chunks = (length - 1) // batch // chunk
    if not chunks:
        raise DataError(
            f"the training part is {length:,} long, but {batch} columns with a chunk of {chunk} steps need "
            f"{batch * chunk + 1:,}: lower the batch or the chunk"
        )
    return chunks


def training_chunks(
    sequence: Sequence, *, batch: int, chunk: int, rank: int = 0, world: int = 1
) -> Iterator[Batch]:
    """All whole chunks of one pass; what is left at the columns' ends, less than a chunk, is not used."""
    own = ranks_columns(batch, rank, world)
    chunks = chunks_per_epoch(len(sequence), batch=batch, chunk=chunk)
    height = (len(sequence) - 1) // batch
    starts = np.arange(batch)[own] * height
    for number in range(chunks):
        places = starts + np.arange(number * chunk, (number + 1) * chunk)[:, None]
        weight = torch.ones(places.shape)
        yield _batch(sequence, places, weight, total_weight=float(chunk * batch), first=number == 0)


def validation_chunks(sequence: Sequence, *, batch: int, chunk: int) -> Iterator[Batch]:
    """Chunks in which everything but the sequence's first entry is a target exactly once.

    There are as many columns as ``batch``, or fewer where they would be shorter than a chunk. Columns that
    are one step shorter than the first are padded with a step of weight 0.
    """
    ranks_columns(batch, 0, 1)
    targets = len(sequence) - 1
    columns = max(1, min(batch, targets // chunk))
    height, longer = divmod(targets, columns)
    heights = height + (np.arange(columns) < longer)
    starts = np.cumsum(heights) - heights
    for begin in range(0, int(heights[0]), chunk):
        steps = np.arange(begin, min(begin + chunk, int(heights[0])))[:, None]
        counts = steps < heights
        # A padding step repeats the last entry that has a target: any legal number would do.
        places = starts + np.minimum(steps, heights - 1)
        weight = torch.from_numpy(counts.astype(np.float32))
        yield _batch(sequence, places, weight, total_weight=float(counts.sum()), first=begin == 0)


def _batch(
    sequence: Sequence,
    places: npt.NDArray[np.int64],
    weight: torch.Tensor,
    *,
    total_weight: float,
    first: bool,
) -> Batch:
    return Batch(
        inputs=torch.from_numpy(sequence[places]),
        targets=torch.from_numpy(sequence[places + 1]),
        weight=weight,
        total_weight=total_weight,
        first=first,
    )
