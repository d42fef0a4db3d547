"""Small languages whose rules are known exactly, so that what a network's units do can be checked.

    counter     aaaXbbb.      n a's, X, n b's                              n from 1 to 10
    selective   aXaXXaYbbb.   n a's among up to 10 X's, Y, n b's           n from 1 to 10
    memorizer   AxxxxYa.      A or B, then 1 to 10 x, Y, then a after A and b after B
    copy        abcXabc.      three letters of a, b, c, then X, then the same three
    mirror      abcab         2 to 10 letters of a, b, c; every step's tag is the last letter

A string is read up to its last letter and each symbol predicts the next, at the end the full stop; the first
symbol is given. In mirror nothing is predicted: each letter is tagged, and only a network that looks ahead
can know the tag. Knows nothing of batches or networks.

Each language is one function, which tells the symbols that may follow a prefix. What is legal, what is
certain and the list of all strings come from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from peephole.errors import OptionError

END = "."
"""Follows a string's last symbol."""

MOST = 10
"""The most a's, X's or x's in a string, and the longest mirror string."""


@dataclass(frozen=True)
class Task:
    """A small language.

    letters
        The symbols of its strings.
    follows
        The symbols, ``END`` among them, that may come after a legal prefix.
    draw
        One string at random, without ``END``.
    tags
        The targets are not the symbols that follow but the last letter, at every step.
    """

    name: str
    letters: str
    follows: Callable[[str], str]
    draw: Callable[[np.random.Generator], str]
    tags: bool = False

    @property
    def symbols(self) -> tuple[str, ...]:
        """The letters and, where something is to be predicted, ``END``."""
        return (*self.letters,) if self.tags else (*self.letters, END)

    def targets(self, string: str) -> str:
        """The right answer at each step of ``string``."""
        return string[-1] * len(string) if self.tags else string[1:] + END

    def determined(self, string: str) -> tuple[bool, ...]:
        """At which steps of a legal string the answer is certain: only one symbol may follow what was read.

        A tag is certain everywhere to a network that looks ahead, so all steps count.
        """
        return tuple(self.tags or len(self.follows(string[:read])) == 1 for read in range(1, len(string) + 1))

    def accepts(self, string: str) -> bool:
        """Whether ``string`` (without ``END``) belongs to the language."""
        return END not in string and all(
            symbol in self.follows(string[:place]) for place, symbol in enumerate(string + END)
        )

    def strings(self, prefix: str = "") -> Iterator[str]:
        """All strings of the language that begin with ``prefix``, depth first."""
        for symbol in self.follows(prefix):
            if symbol == END:
                yield prefix
            else:
                yield from self.strings(prefix + symbol)


def _counter_follows(prefix: str) -> str:
    before, marker, after = prefix.partition("X")
    if marker:
        return "b" if len(after) < len(before) else END
    return _between(len(before), "a", "X")


def _counter_draw(random: np.random.Generator) -> str:
    count = _one_to_most(random)
    return "a" * count + "X" + "b" * count


def _selective_follows(prefix: str) -> str:
    before, marker, after = prefix.partition("Y")
    if marker:
        return "b" if len(after) < before.count("a") else END
    more = ("a" if before.count("a") < MOST else "") + ("X" if before.count("X") < MOST else "")
    return more + ("Y" if "a" in before else "")


def _selective_draw(random: np.random.Generator) -> str:
    count = _one_to_most(random)
    mixed = random.permutation(list("a" * count + "X" * int(random.integers(MOST + 1))))
    return "".join(mixed) + "Y" + "b" * count


def _memorizer_follows(prefix: str) -> str:
    if not prefix:
        return "AB"
    between, marker, after = prefix[1:].partition("Y")
    if marker:
        return END if after else prefix[0].lower()
    return _between(len(between), "x", "Y")


def _memorizer_draw(random: np.random.Generator) -> str:
    first = "AB"[random.integers(2)]
    return first + "x" * _one_to_most(random) + "Y" + first.lower()


def _copy_follows(prefix: str) -> str:
    if len(prefix) < 3:
        return "abc"
    return (prefix[:3] + "X" + prefix[:3] + END)[len(prefix)]


def _copy_draw(random: np.random.Generator) -> str:
    letters = _letters(random, 3)
    return letters + "X" + letters


def _mirror_follows(prefix: str) -> str:
    return ("abc" if len(prefix) < MOST else "") + (END if len(prefix) >= 2 else "")


def _mirror_draw(random: np.random.Generator) -> str:
    return _letters(random, int(random.integers(2, MOST + 1)))


def _between(count: int, more: str, stop: str) -> str:
    """What may follow ``count`` symbols of which there are 1 to ``MOST`` before ``stop``."""
    return (more if count < MOST else "") + (stop if count else "")


def _one_to_most(random: np.random.Generator) -> int:
    return int(random.integers(1, MOST + 1))


def _letters(random: np.random.Generator, count: int) -> str:
    return "".join("abc"[place] for place in random.integers(3, size=count))


_ALL = (
    Task("counter", "aXb", _counter_follows, _counter_draw),
    Task("selective", "aXYb", _selective_follows, _selective_draw),
    Task("memorizer", "ABxYab", _memorizer_follows, _memorizer_draw),
    Task("copy", "abcX", _copy_follows, _copy_draw),
    Task("mirror", "abc", _mirror_follows, _mirror_draw, tags=True),
)
TASKS = {task.name: task for task in _ALL}
"""The tasks by name."""


def task_named(name: str) -> Task:
    """The task with this name. Raises OptionError if there is none."""
    if name not in TASKS:
        raise OptionError(f"task must be one of {', '.join(TASKS)}, got {name!r}")
    return TASKS[name]
