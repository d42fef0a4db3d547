"""What an operation that only lays a tensor out anew does to the meaning of its axes.

An axis is a word: "time", "batch", "direction", "unit", "direction and unit" (both in one), "feature" (all that a part
puts out), "one" (an axis of size 1 that was put in), and "given 0", "given 1", … for those of a graph's input. Knows
nothing of values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Axes = tuple[str, ...]

BOTH = "direction and unit"


def is_features(axis: str, directions: int) -> bool:
    """Whether an axis holds all features of a part with so many directions (1 where it is not recurrent)."""
    return axis == "feature" or axis == (BOTH if directions > 1 else "unit")


def laid_out(
    operation: str,
    attributes: Mapping[str, Any],
    sizes: np.ndarray | None,
    axes: Axes,
    *,
    directions: int,
    width: int,
) -> Axes | None:
    """The axes after an operation; None where it is not one of layout, or its result has no such meaning.

    Args:
        operation: of the standard.
        attributes: of the node.
        sizes: its second input, where it is fixed: a shape, or axes.
        axes: before it.
        directions: of the part that the tensor left.
        width: all features of that part.
    """
    match operation:
        case "Identity" | "Dropout" | "Cast":
            return axes
        case "Transpose":
            order = attributes.get("perm") or list(reversed(range(len(axes))))
            if sorted(order) == list(range(len(axes))):
                return tuple(axes[place] for place in order)
        case "Squeeze":
            given = attributes.get("axes", sizes)
            if given is not None:
                return _without(axes, np.asarray(given).reshape(-1).tolist(), directions)
        case "Unsqueeze":
            given = attributes.get("axes", sizes)
            if given is not None:
                return _with_ones(axes, np.asarray(given).reshape(-1).tolist())
        case "Reshape":
            given = attributes.get("shape", sizes)
            if given is not None:
                return _reshaped(axes, np.asarray(given).reshape(-1).tolist(), directions, width)
    return None


def _without(axes: Axes, dropped: Sequence[int], directions: int) -> Axes | None:
    """Only the axis of a single direction, or one put in, can be dropped: the others' sizes are not known to be 1."""
    if any(not -len(axes) <= place < len(axes) for place in dropped):
        return None
    places = {place % len(axes) for place in dropped}
    ones = ("one", "direction") if directions == 1 else ("one",)
    if any(axes[place] not in ones for place in places):
        return None
    return tuple(axis for place, axis in enumerate(axes) if place not in places)


def _with_ones(axes: Axes, put_in: Sequence[int]) -> Axes | None:
    rank = len(axes) + len(put_in)
    if any(not -rank <= place < rank for place in put_in):
        return None
    places, left = {place % rank for place in put_in}, iter(axes)
    return tuple("one" if place in places else next(left, "one") for place in range(rank))


def _reshaped(axes: Axes, sizes: Sequence[int], directions: int, width: int) -> Axes | None:
    """Time and batch stay apart; a single direction vanishes, two join their units."""
    result = [axis for axis in axes if directions > 1 or axis != "direction"]
    if len(sizes) == len(result) - 1 and result[-2:] == ["direction", "unit"]:
        result[-2:] = [BOTH]
    if len(sizes) != len(result) or not is_features(result[-1], directions):
        return None
    for place, size in enumerate(sizes[:-1]):
        copied = size == 0 and axes[place] == result[place]
        # −1 is what is left over: no other order of the same numbers only if all others are copied.
        left_over = size == -1 and all(other == 0 for other in (*sizes[:place], *sizes[place + 1 : -1]))
        if not (copied or left_over or size > 0):
            return None
    copied = sizes[-1] == 0 and len(axes) == len(result)
    return tuple(result) if copied or sizes[-1] in (-1, width) else None
