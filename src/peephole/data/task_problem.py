"""The small languages as a problem: fresh strings every epoch, a fixed set to validate on.

Knows nothing of the languages' rules or of networks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from peephole.data.batches import Batch, Input, Sample, Score, Target, require_index
from peephole.data.columns import ranks_columns
from peephole.data.seeding import generator, require_seed
from peephole.data.tasks import Task
from peephole.data.vocabulary import Vocabulary
from peephole.errors import DataError, OptionError

_TRAINING, _VALIDATION = 0, 1  # what a generator's key begins with
_HELD_OUT = 200
"""So many strings to validate on, drawn at random once, or all strings where a language has no more."""
_SHOWN = 12
"""So many of them are the sample."""


@dataclass(frozen=True, kw_only=True)
class TaskProblem:
    """Predict the next symbol of a task's strings, or tag them.

    seed
        Decides all strings drawn; not below 0.
    strings
        So many are drawn for an epoch. They come from the whole language, the validation strings included:
        what is measured is whether the rule was learned.
    """

    task: Task
    seed: int = 0
    strings: int = 2048

    def __post_init__(self) -> None:
        require_seed(self.seed)
        if self.strings < 1:
            raise OptionError(f"strings must be at least 1, got {self.strings}")

    @property
    def name(self) -> str:
        """The task's."""
        return self.task.name

    @property
    def input(self) -> Input:
        """Symbols."""
        return "symbols"

    @property
    def target(self) -> Target:
        """The next symbol, or a tag."""
        return "tag" if self.task.tags else "next"

    @property
    def causal(self) -> bool:
        """True unless the task is to tag."""
        return not self.task.tags

    @property
    def samples(self) -> int:
        """One, of several strings."""
        return 1

    @property
    def largest_batch(self) -> int:
        """All strings of an epoch."""
        return self.strings

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The task's symbols."""
        return Vocabulary(self.task.symbols, "task")

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The tags, where the task is to tag."""
        return self.task.symbols if self.task.tags else None

    @property
    def input_size(self) -> int:
        """The number of symbols."""
        return len(self.task.symbols)

    @property
    def output_size(self) -> int:
        """The number of symbols, or of tags, which are the same."""
        return len(self.task.symbols)

    @cached_property
    def held_out(self) -> tuple[str, ...]:
        """The strings to validate on: all of a small language, else a fixed random choice, all different."""
        everything = tuple(islice(self.task.strings(), _HELD_OUT + 1))
        if len(everything) <= _HELD_OUT:
            return everything
        random = generator(self.seed, _VALIDATION)
        drawn: dict[str, None] = {}
        while len(drawn) < _HELD_OUT:
            drawn[self.task.draw(random)] = None
        return tuple(drawn)

    def training(self, epoch: int, *, batch: int, rank: int = 0, world: int = 1) -> Iterator[Batch]:
        """Fresh random strings, of which every process draws all and keeps its own."""
        own = ranks_columns(batch, rank, world)
        for step in range(self.steps_per_epoch(batch)):
            random = generator(self.seed, _TRAINING, epoch, step)
            yield self._batch([self.task.draw(random) for _ in range(batch)], own)

    def validation(self, *, batch: int) -> Iterator[Batch]:
        """The held-out strings in order; the last batch may be smaller."""
        ranks_columns(batch, 0, 1)
        for start in range(0, len(self.held_out), batch):
            yield self._batch(self.held_out[start : start + batch], slice(None))

    def steps_per_epoch(self, batch: int) -> int:
        """Whole batches in an epoch's strings."""
        if batch > self.strings:
            raise DataError(
                f"an epoch has {self.strings} strings, fewer than the batch of {batch}: lower the batch"
            )
        return self.strings // batch

    def score(self, outputs: Tensor, batch: Batch) -> dict[str, Score]:
        """``accuracy``, over the determined steps, and ``perfect``, the share of strings without an error
        there.
        """
        if batch.determined is None:
            raise DataError("this batch does not say which steps are determined: it is no task's")
        right = outputs.argmax(-1) == batch.targets
        perfect = (right | ~batch.determined).all(0)
        return {
            "accuracy": Score(float((right & batch.determined).sum()), float(batch.determined.sum())),
            "perfect": Score(float(perfect.sum()), float(perfect.numel())),
        }

    def sample(self, index: int = 0) -> Sample:
        """A dozen of the held-out strings, spread over them."""
        require_index(index, self.samples)
        places = np.linspace(0, len(self.held_out) - 1, min(_SHOWN, len(self.held_out))).round().astype(int)
        shown = [self.held_out[place] for place in places]
        return Sample(
            title=f"{len(shown)} strings of {self.name}",
            chinese=f"{self.name} 的 {len(shown)} 个字符串",
            sequences=tuple(self.vocabulary.encode(string) for string in shown),
            labels=tuple(tuple(string) for string in shown),
            targets=tuple(self.vocabulary.encode(self.task.targets(string)) for string in shown),
        )

    def describe(self) -> dict[str, object]:
        """What ``problem_from`` takes."""
        return {"kind": "task", "task": self.name, "seed": self.seed, "strings": self.strings}

    def _batch(self, strings: Sequence[str], own: slice) -> Batch:
        """The ``own`` columns of the batch of ``strings``, padded to the longest of all."""
        encode = self.vocabulary.encode
        longest = max(map(len, strings))
        kept = strings[own]
        return Batch(
            inputs=_padded([encode(string) for string in kept], longest),
            targets=_padded([encode(self.task.targets(string)) for string in kept], longest),
            weight=_padded([np.ones(len(string), dtype=np.float32) for string in kept], longest),
            total_weight=float(sum(map(len, strings))),
            lengths=torch.tensor([len(string) for string in kept]),
            determined=_padded([np.array(self.task.determined(string)) for string in kept], longest),
        )


def _padded(rows: Sequence[npt.NDArray[np.generic]], longest: int) -> Tensor:
    """(longest, batch): the rows as columns, filled up with zeros."""
    columns = np.zeros((longest, len(rows)), dtype=rows[0].dtype)
    for place, row in enumerate(rows):
        columns[: len(row), place] = row
    return torch.from_numpy(columns)
