"""Examines a network on a whole small language: every string of it, every step.

A language is a tree of prefixes, and each prefix is read once, however many strings begin with it. Knows the
languages and networks, nothing of units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

import torch
from torch import Tensor

from peephole.data.tasks import END, Task
from peephole.data.vocabulary import Vocabulary
from peephole.nn.models import Network

_TOGETHER = 1 << 16
"""So many prefixes, or strings, are read at once."""


@dataclass(frozen=True)
class Exam:
    """How a network did on all strings of a language.

    Attributes:
        prefixes: so many different prefixes there are; for a language of tags, so many letters.
        determined: at so many of them only one answer is right.
        wrong: so often another answer was the likeliest there.
        leak: the greatest probability that the network gave, anywhere, to what cannot follow.
    """

    prefixes: int
    determined: int
    wrong: int
    leak: float

    @property
    def perfect(self) -> bool:
        """No answer is wrong."""
        return self.wrong == 0

    def __add__(self, other: Exam) -> Exam:
        return Exam(
            self.prefixes + other.prefixes,
            self.determined + other.determined,
            self.wrong + other.wrong,
            max(self.leak, other.leak),
        )


@torch.no_grad()
def examine(network: Network, vocabulary: Vocabulary, task: Task) -> Exam:
    """Every string of ``task``, which may take a minute for the largest languages."""
    parts = _tagged(network, vocabulary, task) if task.tags else _continued(network, vocabulary, task)
    return sum(parts, Exam(0, 0, 0, 0.0))


@torch.no_grad()
def first_failure(network: Network, vocabulary: Vocabulary, *, most: int = 200) -> int | None:
    """The least n for which a counter errs between X and the full stop of n a's, X, n b's; None: not up to ``most``."""
    for count in range(1, most + 1):
        string = "a" * count + "X" + "b" * count
        outputs, _ = network(torch.from_numpy(vocabulary.encode(string))[:, None])
        after = outputs[count:, 0].argmax(-1)
        if vocabulary.decode(after.numpy()) != "b" * count + END:
            return count
    return None


def _continued(network: Network, vocabulary: Vocabulary, task: Task) -> Iterator[Exam]:
    """The tree of prefixes, level by level: every prefix of one length with the state that it leaves behind."""
    symbols = {symbol: place for place, symbol in enumerate(vocabulary.symbols)}
    prefixes: list[str] = [symbol for symbol in task.follows("") if symbol != END]
    state: Any = None
    while prefixes:
        ids = torch.tensor([symbols[prefix[-1]] for prefix in prefixes])
        outputs, state = _one_step(network, ids, state)
        follows = [task.follows(prefix) for prefix in prefixes]
        legal = torch.zeros(len(prefixes), len(symbols), dtype=torch.bool)
        places = [(row, symbols[symbol]) for row, after in enumerate(follows) for symbol in after]
        legal[tuple(torch.tensor(places).T)] = True
        yield _judged(outputs, legal)
        parents = [row for row, after in enumerate(follows) for symbol in after if symbol != END]
        prefixes = [
            prefix + symbol
            for prefix, after in zip(prefixes, follows, strict=True)
            for symbol in after
            if symbol != END
        ]
        state = _chosen(state, torch.tensor(parents, dtype=torch.int64))


def _tagged(network: Network, vocabulary: Vocabulary, task: Task) -> Iterator[Exam]:
    """Strings of equal length together; every step's answer is certain."""
    for _, group in groupby(sorted(task.strings(), key=len), key=len):
        while together := list(islice(group, _TOGETHER)):
            ids = torch.from_numpy(vocabulary.encode("".join(together))).view(len(together), -1).T
            targets = vocabulary.encode("".join(map(task.targets, together)))
            right = torch.from_numpy(targets).view(len(together), -1).T.reshape(-1)
            outputs = network(ids)[0].flatten(0, 1)
            yield _judged(outputs, torch.nn.functional.one_hot(right, outputs.shape[-1]).bool())


def _judged(outputs: Tensor, legal: Tensor) -> Exam:
    """Of answers (step, symbol), with what may stand there, (step, symbol) bool."""
    determined = legal.sum(-1) == 1
    right = legal.gather(-1, outputs.argmax(-1, keepdim=True)).squeeze(-1)
    leak = outputs.softmax(-1).masked_fill(legal, 0).sum(-1)
    return Exam(len(legal), int(determined.sum()), int((determined & ~right).sum()), float(leak.max()))


def _one_step(network: Network, ids: Tensor, state: Any) -> tuple[Tensor, Any]:
    """The outputs (prefix, symbol) and states after one more symbol, some prefixes at a time."""
    outputs: list[Tensor] = []
    states: list[Any] = []
    for begin in range(0, len(ids), _TOGETHER):
        here = slice(begin, begin + _TOGETHER)
        said, after = network(ids[None, here], None if state is None else _chosen(state, here))
        outputs.append(said[0])
        states.append(after)
    if isinstance(states[0], Tensor):
        return torch.cat(outputs), torch.cat(states, 1)
    return torch.cat(outputs), tuple(torch.cat(parts, 1) for parts in zip(*states, strict=True))


def _chosen(state: Any, which: Tensor | slice) -> Any:
    """The states (layer, prefix, unit) of some prefixes."""
    if isinstance(state, Tensor):
        return state[:, which]
    return tuple(part[:, which] for part in state)
