"""What a trainer and an explorer need of data: batches, problems, samples, scores.

Knows nothing of files, vocabularies' making or networks. Everything is time-first: (time, batch) for symbols,
(time, batch, feature) for numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from peephole.data.vocabulary import Ids, Vocabulary
from peephole.errors import DataError

Input = Literal["symbols", "numbers"]
Target = Literal["next", "tag", "class", "value"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """One step's worth of training or validation data.

    inputs
        (time, batch) int64 ids of symbols, or (time, batch, feature) float32 numbers.
    targets
        (time, batch) int64 ids of the right outputs, or (time, batch, 1) float32 numbers.
    weight
        (time, batch) float32: 1 where the loss counts, 0 in padding.
    total_weight
        The sum of ``weight`` over the batches of all processes. A loss that is summed and divided by this,
        and then summed over the processes, is the loss of one process with the whole batch.
    lengths
        (batch,) int64, the length of each sequence; None where no sequence is padded at its end.
    first
        True: the state starts at zero; False: it goes on from the previous batch.
    determined
        (time, batch) bool: where the right output follows with certainty from what was read; None where a
        problem has no such places.
    """

    inputs: Tensor
    targets: Tensor
    weight: Tensor
    total_weight: float
    lengths: Tensor | None = None
    first: bool = True
    determined: Tensor | None = None

    def to(self, device: torch.device | str) -> Batch:
        """The batch with its tensors on ``device``; lengths stay on the CPU, where packing wants them."""
        return Batch(
            inputs=self.inputs.to(device),
            targets=self.targets.to(device),
            weight=self.weight.to(device),
            total_weight=self.total_weight,
            lengths=self.lengths,
            first=self.first,
            determined=None if self.determined is None else self.determined.to(device),
        )


@dataclass(frozen=True)
class Score:
    """A mean that can be added up over batches and processes: ``(first + second).value``.

    ``root``: the value is the root of the mean (of squares), as in a root mean square error.
    """

    total: float
    count: float
    root: bool = False

    def __add__(self, other: Score) -> Score:
        return Score(self.total + other.total, self.count + other.count, self.root)

    @property
    def value(self) -> float:
        """The mean, or its root; NaN if nothing was counted."""
        if self.count == 0:
            return math.nan
        mean = self.total / self.count
        return math.sqrt(mean) if self.root else mean


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """Sequences for the explorer to show.

    title, chinese
        One line that says what they are, in English and in Chinese.
    sequences
        The inputs, each (time,) int64 ids or (time, feature) float32 numbers.
    labels
        For each sequence, what to write at each of its steps.
    targets
        For each sequence the right output at each step: (time,) int64 with −1 where it is not known, or
        (time, 1) float32 with NaN where it is not known.
    """

    title: str
    chinese: str
    sequences: tuple[npt.NDArray[np.generic], ...]
    labels: tuple[tuple[str, ...], ...]
    targets: tuple[npt.NDArray[np.generic], ...]


class Problem(Protocol):
    """What can be learned: training and validation batches, and what their numbers mean."""

    @property
    def name(self) -> str:
        """The kind of data ("text", "series", "digits") or the task's name."""

    @property
    def input(self) -> Input:
        """Whether the network reads symbols or numbers."""

    @property
    def target(self) -> Target:
        """What is asked. "next": the next symbol; "tag": a label for every step; "class": one label, asked at
        every step; "value": the next number.
        """

    @property
    def causal(self) -> bool:
        """True where a network that looks ahead would read the answer."""

    @property
    def input_size(self) -> int:
        """Symbols, or numbers a step."""

    @property
    def output_size(self) -> int:
        """Symbols, labels, or numbers a step."""

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The input's symbols; None for numbers."""

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Names of the outputs; None where these are the vocabulary's symbols, or numbers."""

    @property
    def samples(self) -> int:
        """How many samples ``sample`` has."""

    @property
    def largest_batch(self) -> int:
        """The largest (global) batch that the training data can fill once an epoch."""

    def training(self, epoch: int, *, batch: int, rank: int = 0, world: int = 1) -> Iterator[Batch]:
        """The batches of one epoch: a pure function of the problem and the arguments, so that to resume is to
        skip.

        ``batch`` is the global batch. Process ``rank`` of ``world`` receives its own batch/world columns; all
        of them together are exactly the batch of one process. Raises OptionError where ``world`` does not
        divide ``batch`` and DataError where there is too little data to fill the batch.
        """

    def validation(self, *, batch: int) -> Iterator[Batch]:
        """The held-out data, the same at each call, at most ``batch`` columns at a time."""

    def steps_per_epoch(self, batch: int) -> int:
        """How many batches ``training`` yields."""

    def score(self, outputs: Tensor, batch: Batch) -> Mapping[str, Score]:
        """Measures beyond the loss, by name, from ``batch`` and its outputs (time, batch, output)."""

    def sample(self, index: int = 0) -> Sample:
        """Held-out data for the explorer. Raises DataError unless 0 ≤ index < samples."""

    def describe(self) -> dict[str, object]:
        """What ``problem_from`` needs to build the problem again; JSON, without the data."""


def require_index(index: int, samples: int) -> None:
    """Raise DataError unless there is a sample with this index."""
    if not 0 <= index < samples:
        raise DataError(f"there is no sample {index}: they go from 0 to {samples - 1}")


def text_sample(text: str, vocabulary: Vocabulary, *, title: str, chinese: str) -> Sample:
    """A text, as it is written or typed, as a sample whose targets are the symbols that follow.

    For a task's vocabulary every line that is not empty is a sequence of its own. The labels show symbols
    that the vocabulary lacks as they are. Raises DataError for a text without symbols, or with unknown ones
    where the vocabulary has none to stand for them.
    """
    parts = text.split("\n") if vocabulary.unit == "task" else [text]
    labels = tuple(tuple(vocabulary.split(part)) for part in parts if part)
    if not labels:
        raise DataError("the text is empty: there is nothing to read")
    sequences = tuple(vocabulary.encode(symbols) for symbols in labels)
    targets = tuple(map(following, sequences))
    return Sample(title=title, chinese=chinese, sequences=sequences, labels=labels, targets=targets)


def following(ids: Ids) -> Ids:
    """What follows each of ``ids`` (time,): −1, not known, after the last."""
    return np.append(ids[1:], np.int64(-1))
