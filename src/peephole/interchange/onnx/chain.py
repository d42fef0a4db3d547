"""What feeds what in an ONNX model: embedding, recurrent nodes and dense layers one after another.

Each tensor that leaves a part is followed with the meaning of its axes through the operations that only lay it out
anew. A part that reads such a tensor as a whole, its axes where they belong, is fed by that part. Whatever else stands
between two parts breaks the chain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from peephole.errors import InterchangeError
from peephole.interchange.found import FoundPart
from peephole.interchange.onnx.graphs import Placed, Scope
from peephole.interchange.onnx.layouts import laid_out
from peephole.interchange.onnx.links import Link, Stream
from peephole.interchange.onnx.nodes import ReadNode
from peephole.interchange.onnx.recurrent import Recurrent
from peephole.interchange.onnx.values import NotFixedError, Value, Values

# Functions that a dense layer may end with, and ours.
_FUNCTIONS = {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Softmax": "softmax",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
}
_LAYOUTS = ("Cast", "Dropout", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
_WITH_SIZES = ("Reshape", "Squeeze", "Unsqueeze")
_SOFTMAX_OF_LAST_AXIS = 13  # since this version its axis is the last one by default, and one alone
_FLOATS = (1, 10, 11, 16)


@dataclass(frozen=True, eq=False)
class Chained:
    """The parts in the order in which one feeds the next, the nodes that they are made of, and what else to know."""

    parts: tuple[FoundPart, ...]
    nodes: frozenset[Placed]
    notes: tuple[str, ...]


def chain_of(
    nodes: Sequence[Placed],
    read: Mapping[Placed, tuple[Recurrent, ReadNode]],
    values: Values,
    outputs: Sequence[tuple[Scope, str]],
    opset: int,
) -> Chained | None:
    """The chain that all recurrent nodes stand in, or None where there is no such chain.

    Args:
        nodes: all nodes.
        read: the recurrent ones, with what was read of them.
        values: fixed values.
        outputs: what the main graph returns.
        opset: version of the standard's operators.
    """
    if not read or any(node.split for _, node in read.values()):
        return None
    if any(_begins_from_another(node, read, values) for node, _ in read.values()):
        return None
    follower = _Follower(nodes, values, outputs, opset)
    recurrent = []
    for placed in nodes:
        if placed in read:
            recurrent.append(follower.recurrent(placed, *read[placed]))
        else:
            follower.other(placed)
    path = _path(recurrent[0])
    if any(link not in path or link.returns == "both" for link in recurrent):
        return None
    end = path[-1]
    if end.kind == "recurrent" and not end.returns and not follower.is_read(end.nodes[0], 0):
        end.returns = "last"  # the graph's output rests on the final states alone
    return Chained(
        _with_own_names([link.part() for link in path]),
        frozenset(node for link in path for node in link.nodes),
        tuple(link.note for link in path if link.note),
    )


def _begins_from_another(node: Recurrent, read: Mapping[Placed, Any], values: Values) -> bool:
    """Whether an initial state is made of what a recurrent node puts out, as a decoder's is of its encoder's."""
    made = {(placed.scope, name) for placed in read for name in placed.node.output if name}
    seen = set()
    for role in ("initial_h", "initial_c"):
        name = node.names(role)
        try:
            if name:
                values.fixed(node.placed.scope, name)
        except NotFixedError:
            seen.add(node.placed.scope.find(name))
    waiting = list(seen)
    while waiting:
        scope, name = waiting.pop()
        if (scope, name) in made:
            return True
        maker = scope.producers.get(name)
        if maker is not None and maker.op_type not in ("Shape", "Size"):
            more = {scope.find(given) for given in maker.input if given} - seen
            seen |= more
            waiting += more
    return False


def _path(link: Link) -> list[Link]:
    """The parts in a row around one; at a fork it goes on where another recurrent part is, or ends."""
    path = [link]
    while path[0].before is not None and path[0].before not in path:
        path.insert(0, path[0].before)
    while True:
        following = path[-1].after
        if len(following) > 1:
            following = [after for after in following if after.kind == "recurrent"]
        if len(following) != 1 or following[0] in path:
            return path
        path.append(following[0])


def _with_own_names(parts: Sequence[FoundPart]) -> tuple[FoundPart, ...]:
    """Parts of which no two have the same name; nodes of some files share one."""
    found: dict[str, FoundPart] = {}
    for part in parts:
        name, number = part.part.name, 2
        while name in found:
            name, number = f"{part.part.name} ({number})", number + 1
        found[name] = replace(part, part=replace(part.part, name=name))
    return tuple(found.values())


class _Follower:
    """Follows tensors through the nodes, in the order of the file."""

    def __init__(
        self, nodes: Sequence[Placed], values: Values, outputs: Sequence[tuple[Scope, str]], opset: int
    ) -> None:
        self._values = values
        self._opset = opset
        self._streams: dict[tuple[Scope, str], Stream] = {}
        names = [(placed.scope, name) for placed in nodes for name in placed.node.input if name]
        self._readers = Counter(scope.find(name) for scope, name in (*names, *outputs))

    def is_read(self, placed: Placed, index: int) -> bool:
        """Whether anything reads an output of a node."""
        names = placed.node.output[index : index + 1]
        return any(self._readers[placed.scope, name] > 0 for name in names if name)

    def recurrent(self, placed: Placed, node: Recurrent, read: ReadNode) -> Link:
        """A recurrent node: what feeds it, and what leaves it."""
        found = read.parts[0]
        width = node.directions * found.tensors["weight_hh_l0"].shape[1]
        link = Link("recurrent", [placed], width, node.directions, node.direction == "reverse", found)
        stream = self._stream(placed, 0)
        if stream is not None and stream.whole and len(stream.axes) == 3 and not stream.last:
            first, second = stream.axes[:2]
            time, batch = (second, first) if node.batch_first else (first, second)
            if (time, batch) == ("time", "batch") or time.startswith("given"):
                self._feeds(stream, link)
                if time == "given 1":
                    link.note = "the file's input has the batch before the time; ours is time first"
        first_axes = ("batch", "time") if node.batch_first else ("time",)
        sequence = (*first_axes, "direction", *(() if node.batch_first else ("batch",)), "unit")
        final = ("batch", "direction", "unit") if node.batch_first else ("direction", "batch", "unit")
        for name, axes, last in zip(placed.node.output, (sequence, final), (False, True), strict=False):
            if name:
                self._streams[placed.scope, name] = Stream(link, axes, last)
        return link

    def other(self, placed: Placed) -> None:
        """Any other node."""
        operation = placed.node.op_type
        if not placed.standard or not placed.node.output:
            return
        if operation == "Gather":
            self._gather(placed)
        elif operation in ("MatMul", "Gemm"):
            self._dense(placed)
        elif operation == "Add":
            self._add_bias(placed)
        elif operation in _FUNCTIONS:
            self._function(placed)
        elif operation in _LAYOUTS:
            self._layout(placed)

    def _feeds(self, stream: Stream, link: Link) -> None:
        link.before = stream.link
        if stream.link is not None:
            read = "last" if stream.last else "sequence"
            stream.link.returns = read if stream.link.returns in ("", read) else "both"
            stream.link.after.append(link)

    def _stream(self, placed: Placed, index: int) -> Stream | None:
        """What an input of a node is, if it is followed or the graph's own input."""
        name = placed.input(index)
        if not name:
            return None
        scope, name = placed.scope.find(name)
        known = self._streams.get((scope, name))
        if known is not None or name in scope.initializers or name in scope.producers:
            return known
        if scope.outer is not None or scope.caller is not None or name not in scope.inputs:
            return None
        kind = scope.inputs[name].type.tensor_type
        rank = len(kind.shape.dim) if kind.HasField("shape") else 3 if kind.elem_type in _FLOATS else 2
        return Stream(None, tuple(f"given {axis}" for axis in range(rank)))

    def _fixed(self, placed: Placed, index: int) -> Value | None:
        """A fixed input of a node, or None."""
        name = placed.input(index)
        try:
            value = self._values.fixed(placed.scope, name) if name else None
        except NotFixedError:
            return None
        return None if value is None or value.open else value

    def _put(self, placed: Placed, stream: Stream) -> None:
        self._streams[placed.scope, placed.node.output[0]] = stream

    def _gather(self, placed: Placed) -> None:
        """An embedding, or the last step of a sequence."""
        axis = placed.attributes().get("axis", 0)
        stream, table = self._stream(placed, 1), self._fixed(placed, 0)
        if stream is not None and stream.link is None and table is not None and axis == 0:
            if table.array.ndim == 2 and table.array.dtype.kind == "f" and table.array.size:
                link = Link("embedding", [placed], table.array.shape[1], weight=table, returns="sequence")
                self._put(placed, Stream(link, (*stream.axes, "feature")))
            return
        stream, index = self._stream(placed, 0), self._fixed(placed, 1)
        if stream is None or stream.link is None or index is None or not isinstance(axis, int):
            return
        forward = stream.link.kind == "recurrent" and stream.link.directions == 1 and not stream.link.reversed
        if not -len(stream.axes) <= axis < len(stream.axes) or index.array.shape != () or index.array != -1:
            return
        if forward and not stream.last and stream.axes[axis] == "time":
            left = tuple(name for name in stream.axes if name != "time")
            self._put(placed, Stream(stream.link, left, last=True))

    def _dense(self, placed: Placed) -> None:
        """The product with a fixed matrix; Gemm with a bias too."""
        stream, weight = self._stream(placed, 0), self._fixed(placed, 1)
        if stream is None or not stream.whole or weight is None or weight.array.ndim != 2:
            return
        if weight.array.dtype.kind != "f" or not weight.array.size:
            return
        attributes = placed.attributes()
        matrix, bias = weight.array.T, None
        if placed.node.op_type == "Gemm":
            if attributes.get("transA", 0) or len(stream.axes) != 2:
                return
            matrix = weight.array if attributes.get("transB", 0) else matrix
            matrix = matrix * np.float32(attributes.get("alpha", 1.0))
            if placed.input(2):
                bias = self._vector(placed, 2, len(matrix), attributes.get("beta", 1.0))
                if bias is None:
                    return
        words = weight.source if matrix is weight.array else f"{weight.source}, transposed"
        link = Link("dense", [placed], len(matrix), weight=Value(matrix, source=words), bias=bias)
        link.returns = "sequence"
        self._feeds(stream, link)
        self._put(placed, Stream(link, (*stream.axes[:-1], "feature"), last=False))

    def _vector(self, placed: Placed, index: int, width: int, factor: float = 1.0) -> Value | None:
        """A fixed input that is one number a feature."""
        value = self._fixed(placed, index)
        if value is None or value.array.dtype.kind != "f" or value.array.size != width:
            return None
        if value.array.shape[-1:] != (width,):
            return None
        return Value(value.array.reshape(-1) * np.float32(factor), source=value.source)

    def _add_bias(self, placed: Placed) -> None:
        for own, other in ((0, 1), (1, 0)):
            stream = self._stream(placed, own)
            if stream is None or stream.link is None or not self._is_open(placed, own, stream.link):
                continue
            bias = self._vector(placed, other, stream.link.width)
            if bias is not None and stream.link.bias is None:
                stream.link.bias = bias
                stream.link.nodes.append(placed)
                self._put(placed, stream)

    def _function(self, placed: Placed) -> None:
        stream = self._stream(placed, 0)
        if stream is None or stream.link is None or not self._is_open(placed, 0, stream.link):
            return
        if placed.node.op_type == "Softmax":
            rank = len(stream.axes)
            axis = placed.attributes().get("axis", -1 if self._opset >= _SOFTMAX_OF_LAST_AXIS else 1)
            if axis not in (-1, rank - 1) or not stream.whole:
                return
        stream.link.activation = _FUNCTIONS[placed.node.op_type]
        stream.link.nodes.append(placed)
        self._put(placed, stream)

    def _is_open(self, placed: Placed, index: int, link: Link) -> bool:
        """Whether a dense layer may still become more: nobody else reads what it has been so far."""
        alone = self._readers[placed.scope.find(placed.input(index))] == 1
        return link.kind == "dense" and link.activation == "identity" and alone

    def _layout(self, placed: Placed) -> None:
        stream = self._stream(placed, 0)
        if stream is None:
            return
        sizes = self._fixed(placed, 1) if placed.node.op_type in _WITH_SIZES else None
        try:
            axes = laid_out(
                placed.node.op_type,
                placed.attributes(),
                None if sizes is None else sizes.array,
                stream.axes,
                directions=1 if stream.link is None else stream.link.directions,
                width=0 if stream.link is None else stream.link.width,
            )
        except (TypeError, ValueError) as error:
            raise InterchangeError(
                f"{placed.told} has attributes or axes that are no whole numbers"
            ) from error
        if axes is not None:
            self._put(placed, replace(stream, axes=axes))
