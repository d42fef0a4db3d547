"""Follows tensors through the nodes of an ONNX model: which part each one left, and what its axes mean by then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from peephole.errors import InterchangeError
from peephole.interchange.onnx.activations import function_of
from peephole.interchange.onnx.graphs import Placed, Scope
from peephole.interchange.onnx.layouts import laid_out
from peephole.interchange.onnx.links import Link, Stream
from peephole.interchange.onnx.nodes import ReadNode
from peephole.interchange.onnx.recurrent import Recurrent
from peephole.interchange.onnx.values import NotFixedError, Value, Values

_LAYOUTS = ("Cast", "Dropout", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
_WITH_SIZES = ("Reshape", "Squeeze", "Unsqueeze")
_SOFTMAX_OF_LAST_AXIS = 13  # since this version its axis is the last one by default, and one alone
_FLOATS = (1, 10, 11, 16)


class Follower:
    """Follows tensors through the nodes, in the order of the file.

    Args:
        nodes: all nodes.
        values: fixed values.
        outputs: what the main graph returns.
        opset: version of the standard's operators.
    """

    def __init__(
        self, nodes: Sequence[Placed], values: Values, outputs: Sequence[tuple[Scope, str]], opset: int
    ) -> None:
        self._values = values
        self._opset = opset
        self._streams: dict[tuple[Scope, str], Stream] = {}
        # Functions that nothing of the chain reads as yet, and what they read: many a graph has a function that
        # leads out of the chain.
        self._idle: dict[Link, Stream] = {}
        names = [(placed.scope, name) for placed in nodes for name in placed.node.input if name]
        self._readers = Counter(scope.find(name) for scope, name in (*names, *outputs))

    def is_read(self, placed: Placed, index: int) -> bool:
        """Whether anything reads an output of a node."""
        names = placed.node.output[index : index + 1]
        return any(self._readers[placed.scope, name] > 0 for name in names if name)

    def returned(self, outputs: Sequence[tuple[Scope, str]]) -> None:
        """Takes in the functions that what the graph returns has passed last."""
        for scope, name in outputs:
            stream = self._streams.get(scope.find(name))
            if stream is not None and stream.link is not None:
                self._used(stream.link)

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
        elif operation == "Conv":
            self._convolution(placed)
        elif operation == "Add":
            self._add_bias(placed)
        elif operation in _LAYOUTS:
            self._layout(placed)
        else:
            self._function(placed)

    def _used(self, link: Link) -> None:
        """Puts a function, and any before it, into the chain."""
        used: Link | None = link
        while used is not None and (stream := self._idle.pop(used, None)) is not None:
            self._joins(stream, used)
            used = stream.link

    def _feeds(self, stream: Stream, link: Link) -> None:
        if stream.link is not None:
            self._used(stream.link)
        self._joins(stream, link)

    def _joins(self, stream: Stream, link: Link) -> None:
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
        self._put_dense(placed, stream, Value(matrix, source=words), bias, len(stream.axes) - 1)

    def _convolution(self, placed: Placed) -> None:
        """A convolution whose kernel is 1 is a dense layer of its second axis."""
        stream, weight = self._stream(placed, 0), self._fixed(placed, 1)
        if stream is None or stream.link is None or weight is None or weight.array.dtype.kind != "f":
            return
        rank = len(stream.axes)
        alone = rank >= 3 and weight.array.ndim == rank and weight.array.shape[2:] == (1,) * (rank - 2)
        if not alone or not stream.holds(1) or not _steps_singly(placed):
            return
        rows = len(weight.array)
        bias = self._vector(placed, 2, rows) if placed.input(2) else None
        if not weight.array.size or (placed.input(2) and bias is None):
            return
        matrix = Value(weight.array.reshape(rows, -1), source=f"{weight.source}, its kernel of 1 dropped")
        self._put_dense(placed, stream, matrix, bias, 1)

    def _put_dense(
        self, placed: Placed, stream: Stream, matrix: Value, bias: Value | None, place: int
    ) -> None:
        """A dense layer that reads a stream's axis of features."""
        link = Link("dense", [placed], len(matrix.array), weight=matrix, bias=bias, returns="sequence")
        self._feeds(stream, link)
        axes = (*stream.axes[:place], "feature", *stream.axes[place + 1 :])
        self._put(placed, Stream(link, axes, last=False))

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
            if stream is None or stream.link is None or not stream.whole:
                continue
            if not self._is_open(stream.link) or not self._is_alone(placed, own):
                continue
            bias = self._vector(placed, other, stream.link.width)
            if bias is not None and stream.link.bias is None:
                stream.link.bias = bias
                stream.link.nodes.append(placed)
                self._put(placed, stream)

    def _function(self, placed: Placed) -> None:
        """A function of each number, or softmax: the dense layer's that it follows, or a part by itself."""
        stream = self._stream(placed, 0)
        if stream is None or stream.link is None or not self._is_alone(placed, 0):
            return
        activation = function_of(placed)
        if activation is None or (activation == "softmax" and not self._is_over_features(placed, stream)):
            return
        link = stream.link
        if self._is_open(link):
            link.activation = activation
            link.nodes.append(placed)
        else:
            link = Link("activation", [placed], link.width, link.directions, activation=activation)
            self._idle[link] = stream
        self._put(placed, replace(stream, link=link))

    def _is_over_features(self, placed: Placed, stream: Stream) -> bool:
        """Whether a softmax goes over all features and nothing else."""
        rank = len(stream.axes)
        axis = placed.attributes().get("axis", -1 if self._opset >= _SOFTMAX_OF_LAST_AXIS else 1)
        if not isinstance(axis, int) or not -rank <= axis < rank:
            return False
        place = axis % rank
        return stream.holds(place) and (place == rank - 1 or self._opset >= _SOFTMAX_OF_LAST_AXIS)

    def _is_open(self, link: Link) -> bool:
        """Whether it is a dense layer that may still become more."""
        return link.kind == "dense" and link.activation == "identity"

    def _is_alone(self, placed: Placed, index: int) -> bool:
        """Whether nobody else reads an input of a node."""
        return self._readers[placed.scope.find(placed.input(index))] == 1

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


def _steps_singly(placed: Placed) -> bool:
    """Whether a convolution passes over nothing, puts nothing around its input and reads all features at once."""
    attributes = placed.attributes()
    for name, number in (("strides", 1), ("pads", 0)):
        given = attributes.get(name, [])
        if not isinstance(given, list) or any(value != number for value in given):
            return False
    return bool(attributes.get("group", 1) == 1)
