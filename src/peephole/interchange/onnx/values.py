"""The values that a graph fixes: initializers, Constant nodes, and what exporters compute of them on the way.

Only operations that move numbers are computed, never those that make new ones of them; what an operation may allocate
is bounded by a small multiple of the file's size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch

from peephole.errors import InterchangeError
from peephole.interchange.onnx import tensors
from peephole.interchange.onnx.graphs import Placed, Scope, shown

Array = np.ndarray

_DEEPEST = 64
_ROOM = 2**24
_TIMES = 8


class NotFixedError(Exception):
    """A value that the file does not fix; the words say where it comes from."""


@dataclass(frozen=True, eq=False)
class Value:
    """A fixed value.

    Attributes:
        array: the numbers.
        open: whether they are repeated along axes whose size is known when the model runs only.
        source: which tensor of the file they are, and what was done to it, in words.
    """

    array: Array
    open: bool = False
    source: str = ""


class Values:
    """What the names of a model stand for.

    Args:
        folder: where the model is.
        given: values of graph inputs, by name, from the caller.
        size: of the file, in bytes.
    """

    def __init__(self, folder: Path, given: Mapping[str, Array], size: int) -> None:
        self._folder = folder
        self._given = given
        self._room = _ROOM + _TIMES * size
        self._known: dict[tuple[Scope, str], Value] = {}

    def fixed(self, scope: Scope, name: str) -> Value:
        """The value of a name.

        Raises:
            NotFixedError: the file does not fix it.
            InterchangeError: a damaged tensor, a graph that goes in a circle, operations that do not fit.
        """
        return self._value(scope, name, 0)

    def _value(self, scope: Scope, name: str, depth: int) -> Value:
        if depth > _DEEPEST:
            raise InterchangeError(
                f"tensor {shown(name)!r} is the result of more than {_DEEPEST} operations, or of itself"
            )
        scope, name = scope.find(name)
        key = scope, name
        if key not in self._known:
            self._known[key] = self._made(scope, name, depth)
        return self._known[key]

    def _made(self, scope: Scope, name: str, depth: int) -> Value:
        if scope.outer is None and scope.caller is None and name in self._given:
            return Value(np.asarray(self._given[name]), source=f"{shown(name)!r} of the tensors given")
        if name in scope.initializers:
            array = tensors.values_of(scope.initializers[name], self._folder)
            if scope.initializers[name].data_location == scope.initializers[name].EXTERNAL:
                self._room += _TIMES * array.nbytes
            return Value(array, source=shown(name))
        if name in scope.sparse:
            raise InterchangeError(f"tensor {shown(name)!r} is stored sparsely, which is not read")
        if name not in scope.producers:
            given = name in scope.inputs
            raise NotFixedError(
                "is given to the graph when it runs" if given else "is made by nothing in the file"
            )
        return self._folded(Placed(scope.producers[name], scope), name, depth)

    def _folded(self, placed: Placed, name: str, depth: int) -> Value:
        """The result of a node, where it only moves numbers that are fixed."""
        operation = placed.node.op_type
        if not placed.standard or operation not in _OPERATIONS or list(placed.node.output) != [name]:
            raise NotFixedError(f"is computed by {placed.told}")
        attributes = placed.attributes()
        if operation == "Constant":
            return Value(self._constant(placed, attributes), source=shown(name))
        arguments: list[Value | None] = []
        for index in range(len(placed.node.input)):
            given = placed.input(index)
            try:
                arguments.append(self._value(placed.scope, given, depth + 1) if given else None)
            except NotFixedError:
                # A shape that is known at run time only: what is repeated to it is known still.
                repeated = bool(arguments and arguments[0] and arguments[0].open)
                if not repeated and (operation, index) not in (("ConstantOfShape", 0), ("Expand", 1)):
                    raise
                arguments.append(None)
        try:
            return self._computed(placed, attributes, arguments)
        except InterchangeError:
            raise
        except (ValueError, IndexError, TypeError, KeyError, OverflowError, MemoryError) as error:
            shapes = ", ".join("unknown" if a is None else str(list(a.array.shape)) for a in arguments)
            raise InterchangeError(
                f"{placed.told} cannot be computed from inputs of the shapes {shapes}"
            ) from error

    def _computed(self, placed: Placed, attributes: dict[str, Any], arguments: list[Value | None]) -> Value:
        operation = placed.node.op_type
        first = arguments[0]
        if operation == "ConstantOfShape":
            return self._filled(attributes, first)
        if first is None:
            raise TypeError("no first input")
        rest = [None if a is None else a.array for a in arguments[1:]]
        if operation == "Expand":
            if rest[0] is None or first.open:
                return Value(first.array, True, first.source)
            return Value(self._expanded(first.array, rest[0]), source=first.source)
        if first.open and (operation not in _OF_OPEN or first.array.ndim > 0):
            return _open(operation, attributes, first, rest)
        if first.open:
            return first
        if operation == "Concat":
            parts = [first.array, *(part for part in rest if part is not None)]
            if any(a is None or a.open for a in arguments):
                raise NotFixedError(f"is computed by {placed.told}")
            self._take(placed, sum(part.nbytes for part in parts))
            sources = dict.fromkeys(a.source for a in arguments if a is not None)
            return Value(np.concatenate(parts, attributes["axis"]), source=" and ".join(sources))
        self._take(placed, first.array.nbytes * (2 if operation == "Cast" else 1))
        return Value(_OPERATIONS[operation](first.array, attributes, rest), source=first.source)

    def _filled(self, attributes: dict[str, Any], shape: Value | None) -> Value:
        given = attributes.get("value")
        if given is not None and not hasattr(given, "dims"):
            raise TypeError("value")
        value = np.zeros(1, "f4") if given is None else tensors.values_of(given, self._folder)
        if shape is None:
            return Value(value.reshape(()), True)
        return Value(self._expanded(value.reshape(()), shape.array, exactly=True))

    def _constant(self, placed: Placed, attributes: dict[str, Any]) -> Array:
        """The value of a Constant node, in any of its forms."""
        for name, value in attributes.items():
            if name == "value" and hasattr(value, "dims"):
                return tensors.values_of(value, self._folder)
            if name in ("value_float", "value_floats") and isinstance(value, float | list):
                return np.array(value, "f4")
            if name in ("value_int", "value_ints") and isinstance(value, int | list):
                return np.array(value, "i8")
        raise InterchangeError(
            f"{placed.told} has no value that is read, only {shown(', '.join(attributes)) or 'none'}"
        )

    def _expanded(self, array: Array, shape: Array, *, exactly: bool = False) -> Array:
        """Broadcast, which copies nothing."""
        sizes = tuple(int(size) for size in shape.reshape(-1))
        if len(sizes) > 64 or any(size < 0 for size in sizes) or prod(sizes) * array.itemsize > self._room:
            raise ValueError("the result would be too large")
        wanted = sizes if exactly else np.broadcast_shapes(array.shape, sizes)
        return np.broadcast_to(array, wanted)

    def _take(self, placed: Placed, size: int) -> None:
        """Takes from the room that results may use."""
        self._room -= size
        if self._room < 0:
            raise InterchangeError(
                f"{placed.told}: the constants of this model unfold to many times its size"
            )


def _axes(attributes: dict[str, Any], rest: list[Array | None], rank: int) -> list[int]:
    """The axes of Squeeze and Unsqueeze: an attribute until operator set 12, an input since."""
    given = attributes.get("axes", rest[0] if rest else None)
    if given is None:
        raise KeyError("axes")
    axes = [int(axis) for axis in np.asarray(given).reshape(-1)]
    if any(not -rank <= axis < rank for axis in axes):
        raise IndexError("axis")
    return [axis % rank for axis in axes]


def _squeeze(array: Array, attributes: dict[str, Any], rest: list[Array | None]) -> Array:
    if "axes" not in attributes and (not rest or rest[0] is None):
        return np.squeeze(array)
    return np.squeeze(array, tuple(_axes(attributes, rest, array.ndim)))


def _unsqueeze(array: Array, attributes: dict[str, Any], rest: list[Array | None]) -> Array:
    given = attributes.get("axes", rest[0] if rest else ())
    axes = _axes(attributes, rest, array.ndim + len(np.asarray(given).reshape(-1)))
    return np.expand_dims(array, tuple(axes))


def _reshape(array: Array, attributes: dict[str, Any], rest: list[Array | None]) -> Array:
    given = attributes.get("shape", rest[0] if rest else None)
    if given is None:
        raise KeyError("shape")
    sizes = [int(size) for size in np.asarray(given).reshape(-1)]
    if not attributes.get("allowzero", 0):
        sizes = [array.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    return array.reshape(sizes)


def _slice(array: Array, attributes: dict[str, Any], rest: list[Array | None]) -> Array:
    if "starts" in attributes:
        rest = [np.asarray(attributes[n]) if n in attributes else None for n in ("starts", "ends", "axes")]
    starts, ends, axes, steps = [*rest, None, None, None, None][:4]
    if starts is None or ends is None:
        raise KeyError("starts")
    wanted = range(len(starts)) if axes is None else [int(axis) for axis in axes]
    cut = [slice(None)] * array.ndim
    for place, axis in enumerate(wanted):
        step = 1 if steps is None else int(steps[place])
        start, end, size = int(starts[place]), int(ends[place]), array.shape[axis]
        if step == 0:
            raise ValueError("step")
        # As the standard clamps them; a backward slice reaches the first element by an end below −size.
        start, end = (start + size if start < 0 else start), (end + size if end < 0 else end)
        start = min(max(start, 0), size if step > 0 else size - 1)
        end = min(max(end, 0 if step > 0 else -1), size)
        cut[axis] = slice(start, None if end < 0 else end, step)
    return array[tuple(cut)]


def _cast(array: Array, attributes: dict[str, Any], rest: list[Array | None]) -> Array:
    name = tensors.type_name(attributes["to"])
    if name == "bfloat16":
        return torch.tensor(array).to(torch.bfloat16).float().numpy()
    with np.errstate(all="ignore"):
        return array.astype(name)


def _transpose(array: Array, attributes: dict[str, Any], rest: list[Array | None]) -> Array:
    return array.transpose(attributes.get("perm"))


def _flatten(array: Array, attributes: dict[str, Any], rest: list[Array | None]) -> Array:
    axis = attributes.get("axis", 1)
    return array.reshape(prod(array.shape[:axis]), -1)


def _itself(array: Array, attributes: dict[str, Any], rest: list[Array | None]) -> Array:
    return array


_OPERATIONS: dict[str, Any] = {
    "Cast": _cast,
    "Concat": None,
    "Constant": None,
    "ConstantOfShape": None,
    "Expand": None,
    "Flatten": _flatten,
    "Identity": _itself,
    "Reshape": _reshape,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
MOVING = frozenset(_OPERATIONS)
"""The operations that only move numbers."""

_OF_OPEN = ("Cast", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze")


def _open(operation: str, attributes: dict[str, Any], first: Value, rest: list[Array | None]) -> Value:
    """The few operations on a value that is repeated to a shape which is known at run time only."""
    if operation == "Identity":
        return first
    if operation == "Slice" and all(part is not None for part in rest):
        axes = attributes.get("axes", rest[2] if len(rest) > 2 else None)
        if axes is not None and all(first.array.shape[int(axis)] > 1 for axis in axes):
            return Value(_slice(first.array, attributes, rest), True, first.source)
    raise NotFixedError(f"has a shape that is known when the graph runs only, and passes {operation}")
