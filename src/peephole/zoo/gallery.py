"""The shipped networks as they lie in the package: their names, their folders, a card for each.

A network is a run folder, ``networks/<name>``, with one file more: ``zoo.json``, what was measured when it was made.
Knows nothing of how they were trained.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peephole.errors import RunError, RunNotFoundError
from peephole.train.run import Run, is_run
from peephole.zoo.words import WORDS, Words

NETWORKS = Path(__file__).parent / "networks"
MEASURED = "zoo.json"


@dataclass(frozen=True)
class Card:
    """What to say of a shipped network before it is opened.

    Attributes:
        name: as ``open_run`` takes it.
        title, look_for: in English ("en") and Chinese ("zh"); look_for is one sentence that says what to look for.
        first_failure: for a counter, the least n that it gets wrong, as it was found when it was made; else None.
        film: frames of its training film, 0 for none.
        measured: what it was found to do, by the name of the figure.
    """

    name: str
    title: Words
    look_for: Words
    first_failure: int | None
    film: int
    measured: Mapping[str, float]


def names() -> tuple[str, ...]:
    """The shipped networks, in the order in which they are best met."""
    return tuple(name for name in WORDS if is_run(folder(name)))


def folder(name: str) -> Path:
    """Where a shipped network lies.

    Raises:
        RunNotFoundError: there is none of this name.
    """
    if name not in WORDS:
        raise RunNotFoundError(f"the zoo has no network {name!r}: it has {', '.join(names())}")
    return NETWORKS / name


def open_run(name: str) -> Run:
    """A shipped network as the run that it is.

    Raises:
        RunNotFoundError: there is none of this name.
    """
    return Run.open(folder(name))


def cards() -> tuple[Card, ...]:
    """A card for each shipped network, in the order of ``names``."""
    return tuple(card(name) for name in names())


def card(name: str) -> Card:
    """The card of one network.

    Raises:
        RunNotFoundError: there is none of this name.
        RunError: what was measured is not there or damaged.
    """
    path = folder(name) / MEASURED
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        first_failure, measured = found["first_failure"], dict(found["measured"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} is missing or damaged ({error}): install Peephole again") from error
    title, look_for = WORDS[name]
    return Card(name, title, look_for, first_failure, len(open_run(name).film()), measured)
