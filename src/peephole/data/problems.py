"""Builds a problem again from what it said of itself in ``describe()``.

The description may come from a run folder that someone else made, so nothing in it is trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from peephole.data.batches import Problem
from peephole.data.digits_problem import DigitsProblem
from peephole.data.library import Part
from peephole.data.series_problem import SeriesProblem
from peephole.data.task_problem import TaskProblem
from peephole.data.tasks import task_named
from peephole.data.text_problem import TextProblem
from peephole.data.vocabulary import Unit, Vocabulary
from peephole.errors import DataError

_T = TypeVar("_T")


def problem_from(description: Mapping[str, object], *, vocabulary: Vocabulary | None = None) -> Problem:
    """The problem whose ``describe()`` this is; its data are read again from where they were.

    vocabulary
        The one that was saved with the network; None: a text's is made again, the same from the same text.

    Raises DataError for a description that is not one, for data that changed since, and for a text that was
    given in memory; DataNotFoundError for data that are gone.
    """
    kind = _field(description, "kind", str)
    if kind == "text":
        return _text(description, vocabulary)
    if kind == "task":
        return TaskProblem(
            task=task_named(_field(description, "task", str)),
            seed=_field(description, "seed", int),
            strings=_field(description, "strings", int),
        )
    if kind == "digits":
        return DigitsProblem.load(
            _optional(description, "folder", str),
            seed=_field(description, "seed", int),
            augment=_optional(description, "augment", bool) or False,
            sha256=_field(description, "sha256", str),
        )
    if kind == "series":
        return SeriesProblem.from_path(
            _field(description, "path", str),
            _field(description, "column", str),
            chunk=_field(description, "chunk", int),
            validation=_field(description, "validation", float),
            sha256=_field(description, "sha256", str),
        )
    raise DataError(f"a problem's kind must be text, task, digits or series, got {kind!r}")


def _text(description: Mapping[str, object], vocabulary: Vocabulary | None) -> TextProblem:
    source = _field(description, "source", str)
    chunk, unit = _field(description, "chunk", int), _unit(description)
    min_count, max_size = _field(description, "min_count", int), _optional(description, "max_size", int)
    if source == "path":
        return TextProblem.from_path(
            _field(description, "path", str),
            validation=_field(description, "validation", float),
            sha256=_field(description, "sha256", str),
            chunk=chunk,
            unit=unit,
            min_count=min_count,
            max_size=max_size,
            vocabulary=vocabulary,
        )
    if source == "library":
        return TextProblem.from_library(
            _field(description, "characters", int),
            _field(description, "held_out", int),
            part=_part(description),
            sha256=_field(description, "sha256", str),
            chunk=chunk,
            unit=unit,
            min_count=min_count,
            max_size=max_size,
            vocabulary=vocabulary,
        )
    if source == "memory":
        raise DataError(
            "this run's text was given in memory and is not kept: train again from a file to resume"
        )
    raise DataError(f"a text's source must be path, library or memory, got {source!r}")


def _part(description: Mapping[str, object]) -> Part:
    part = description.get("part", "code")
    if part == "code":
        return "code"
    if part == "prose":
        return "prose"
    raise DataError(f"a part of the library must be code or prose, got {part!r}")


def _unit(description: Mapping[str, object]) -> Unit:
    unit = _field(description, "unit", str)
    if unit == "char":
        return "char"
    if unit == "word":
        return "word"
    raise DataError(f"a text's unit must be char or word, got {unit!r}")


def _field(description: Mapping[str, object], name: str, kind: type[_T]) -> _T:
    """An entry of the description, of exactly this type: true is no number."""
    value = description.get(name)
    if type(value) is not kind:
        raise DataError(f"a problem's description needs {name!r} ({kind.__name__}), got {value!r}")
    return value


def _optional(description: Mapping[str, object], name: str, kind: type[_T]) -> _T | None:
    return None if description.get(name) is None else _field(description, name, kind)
