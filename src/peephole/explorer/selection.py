"""What is looked at in a notebook's explorer, as ``widget.selection`` has it: a plain dict, checked.

Knows its names and kinds; whether a network has such a layer or unit the page tells, as for any address.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from peephole.errors import OptionError

PAGES = ("home", "network", "unit", "moment", "digit", "compare", "nowhere")
_UNIT = re.compile(r"l\d+(?:_reverse)?\.[a-z_]+\.\d+", re.ASCII)


def opening(run: str) -> dict[str, Any]:
    """What is looked at when a run is opened; what is None the page chooses, and then says what it chose."""
    return {
        "page": "network",
        "run": run,
        "layer": 0,
        "direction": "forward",
        "quantity": None,
        "unit": None,
        "moment": 0,
        "sample": 0,
        "text": None,
        "frame": None,
        "clamps": [],
        "light": None,
        "stretch": None,
    }


def _number(value: object) -> bool:
    return type(value) is int and 0 <= value < 10**9


def _number_or_none(value: object) -> bool:
    return value is None or _number(value)


def _text_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


def _stretch(value: object) -> bool:
    return value is None or (isinstance(value, list | tuple) and len(value) == 2 and all(map(_number, value)))


def _clamp(value: object) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"unit", "value", "from", "to"}:
        return False
    held = value["value"]
    real = isinstance(held, int | float) and not isinstance(held, bool) and math.isfinite(held)
    named = isinstance(value["unit"], str) and _UNIT.fullmatch(value["unit"]) is not None
    return named and real and _number(value["from"]) and _number_or_none(value["to"])


_KINDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "page": (lambda value: value in PAGES, f"one of {', '.join(PAGES)}"),
    "run": (lambda value: isinstance(value, str), "the id of a run"),
    "layer": (_number, "a number from 0"),
    "direction": (lambda value: value in ("forward", "backward"), "'forward' or 'backward'"),
    "quantity": (_text_or_none, "a quantity's name, or None for the one that the page chooses"),
    "unit": (_number_or_none, "a number from 0, or None for the one that the page chooses"),
    "moment": (_number, "a step's number from 0"),
    "sample": (_number_or_none, "a sample's number from 0, or None"),
    "text": (_text_or_none, "a text to read, or None"),
    "frame": (_number_or_none, "a frame of the film, or None for the finished network"),
    "clamps": (
        lambda value: isinstance(value, list | tuple) and all(map(_clamp, value)),
        "a list of {'unit': 'l0.cell.3', 'value': 0.5, 'from': 0, 'to': None}",
    ),
    "light": (_number_or_none, "a step's number, or None"),
    "stretch": (_stretch, "two steps' numbers, or None"),
}


def completed(wanted: object, before: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody assigned, with everything that it leaves out as it was.

    Raises:
        OptionError: it is no dict, or has a name or a value that a selection cannot have.
    """
    if not isinstance(wanted, Mapping):
        raise OptionError(f"a selection is a dict such as {{'unit': 3, 'moment': 12}}, got {wanted!r}")
    for name, value in wanted.items():
        if name not in _KINDS:
            raise OptionError(f"a selection has no {name!r}; it has {', '.join(_KINDS)}")
        fits, expected = _KINDS[name]
        if not fits(value):
            raise OptionError(f"a selection's {name} must be {expected}, got {value!r}")
    changed = dict(wanted)
    # A text and a sample are two answers to one question: the one that was given now counts.
    if changed.get("text") is not None and "sample" not in changed:
        changed["sample"] = None
    elif changed.get("sample") is not None and "text" not in changed:
        changed["text"] = None
    return {**before, **changed}
