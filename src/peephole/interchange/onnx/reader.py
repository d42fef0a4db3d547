"""Reads an ONNX model: every LSTM, GRU and RNN node of it, in the main graph, in bodies and in functions.

What feeds what is told where the graph shows it plainly; every other operation is listed as left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from peephole.errors import InterchangeError
from peephole.interchange.found import Found, LeftOut
from peephole.interchange.onnx.chain import chain_of
from peephole.interchange.onnx.file import load_model
from peephole.interchange.onnx.given import Given, given_values
from peephole.interchange.onnx.graphs import Placed, Scope, graphs_of, shown
from peephole.interchange.onnx.nodes import ReadNode, read_node
from peephole.interchange.onnx.recurrent import CELLS, NotExpressibleError, Recurrent, recurrent
from peephole.interchange.onnx.stacks import shared, stacked
from peephole.interchange.onnx.values import MOVING, Values

if TYPE_CHECKING:
    from onnx import ModelProto

# Operations that make no numbers of numbers: they carry shapes and constants about.
_CARRYING = {
    *(
        "Cast",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "Dropout",
        "Equal",
        "Expand",
        "Flatten",
        "Gather",
        "Identity",
    ),
    *("If", "Not", "Pad", "Reshape", "Shape", "Size", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"),
}
_STANDARD = ("", "ai.onnx")


def read(path: Path, *, tensors: Given | None = None) -> Found:
    """The recurrent parts of an ONNX model.

    Args:
        path: the model. External data are read from its folder alone.
        tensors: values of the graph's inputs, for models that keep their weights outside: a mapping from name to array,
            or the path of an .npz file or of a folder of .pb files in the order of the inputs (input_0.pb, …).

    Returns:
        what was found. A stack of nodes that differ in nothing but their inputs is one part of several layers.

    Raises:
        InterchangeError: no model, a damaged one, or one without a recurrent node that can be read; names the node and
            the tensor.
        NotInstalledError: onnx is not installed.
    """
    path = Path(path)
    model = load_model(path)
    main, nodes = graphs_of(model)
    given = given_values(tensors, list(main.inputs))
    values = Values(path.parent, given, path.stat().st_size)
    read_nodes, left_out = _read_nodes(nodes, values)
    opset = max((entry.version for entry in model.opset_import if entry.domain in _STANDARD), default=1)
    outputs = [(main, value.name) for value in model.graph.output]
    chained = chain_of(nodes, read_nodes, values, outputs, opset)
    parts = (
        chained.parts if chained else tuple(part for _, node in read_nodes.values() for part in node.parts)
    )
    notes = [note for _, node in read_nodes.values() for note in node.notes]
    notes += shared(parts)
    chain = None
    if chained is not None:
        parts, words = stacked(parts)
        notes += [*chained.notes, *words]
        chain = tuple(part.part.name for part in parts)
    taken = chained.nodes if chained else frozenset(read_nodes)
    after = chained.after if chained else frozenset()
    skipped = {name for entry in left_out for name in entry.name.split(", ")}
    others = [node for node in nodes if node not in taken and node.name not in skipped]
    left_out += _others(node for node in others if node not in after or node.node.op_type in _CARRYING)
    left_out += [
        LeftOut(
            node.name, shown(node.node.op_type), "it works on what the chain puts out, which ends before it"
        )
        for node in others
        if node in after and node.node.op_type not in _CARRYING
    ]
    left_out += _unused(main, nodes, taken)
    return Found(_kind(model, opset), parts, chain, tuple(left_out), tuple(dict.fromkeys(notes)))


def _kind(model: ModelProto, opset: int) -> str:
    maker = shown(f"{model.producer_name} {model.producer_version}".strip())
    return f"ONNX, opset {opset}" + (f", made by {maker}" if maker else "")


def _is_recurrent(placed: Placed) -> bool:
    return placed.standard and placed.node.op_type in CELLS


def _read_nodes(
    nodes: Sequence[Placed], values: Values
) -> tuple[dict[Placed, tuple[Recurrent, ReadNode]], list[LeftOut]]:
    """Every recurrent node that can be a layer of ours, and those that cannot, with the reason.

    Raises:
        InterchangeError: a damaged node, or none that can be read.
    """
    own = Counter(node.own_name for node in nodes)
    read: dict[Placed, tuple[Recurrent, ReadNode]] = {}
    left_out = []
    first: InterchangeError | None = None
    for placed in nodes:
        name = placed.own_name if own[placed.own_name] == 1 else shown(placed.name)
        if name in (part.part.name for _, node in read.values() for part in node.parts):
            name = f"{name} ({len(read)})"
        if _is_recurrent(placed):
            node = recurrent(placed, name)
            try:
                read[placed] = node, read_node(node, values)
                continue
            except NotExpressibleError as error:
                reason = error
        elif any(word in placed.node.op_type.upper() for word in ("LSTM", "GRU")) or (
            "RNN" in placed.node.op_type.upper()
        ):
            reason = NotExpressibleError(
                f"{placed.told} is of the domain {shown(placed.node.domain)!r}; only the standard's LSTM, GRU and RNN "
                "are read" + (", and no quantised ones" if "Quant" in placed.node.op_type else "")
            )
        else:
            continue
        first = first or reason
        left_out.append(LeftOut(placed.name, shown(placed.node.op_type), str(reason)))
    if not read:
        if first is not None:
            raise first
        there = Counter(shown(node.node.op_type) for node in nodes)
        told = ", ".join(f"{name} ×{number}" for name, number in there.most_common(6))
        raise InterchangeError(
            f"the model has no LSTM, GRU or RNN node among its {len(nodes)} nodes ({told or 'none'}); "
            "a layer that was taken apart into products and functions is not recognised"
        )
    return read, left_out


def _others(nodes: Iterable[Placed]) -> list[LeftOut]:
    """Operations that have nothing to do with the parts, a line a type; those that only carry numbers about in one."""
    names: dict[str, list[str]] = {}
    for placed in nodes:
        names.setdefault(shown(placed.node.op_type), []).append(placed.name)
    carrying = {kind: names.pop(kind) for kind in sorted(names) if kind in _CARRYING}
    found = [
        LeftOut(
            ", ".join(own[:3]) + (", …" if len(own) > 3 else ""),
            f"{kind} ×{len(own)}",
            "no recurrent node, and no embedding or dense layer right beside one",
        )
        for kind, own in sorted(names.items())
    ]
    if carrying:
        what = ", ".join(f"{kind} ×{len(own)}" for kind, own in carrying.items())
        found.append(
            LeftOut("operations of layout", what, "they carry shapes and numbers about and learn nothing")
        )
    return found


def _unused(main: Scope, nodes: Sequence[Placed], taken: Iterable[Placed]) -> list[LeftOut]:
    """The tensors with values that only other nodes read."""
    read = {placed.scope.find(name) for placed in taken for name in placed.node.input}
    waiting = list(read)
    while waiting:  # what they are made of counts as read too
        scope, name = waiting.pop()
        if name in scope.producers and scope.producers[name].op_type in MOVING:
            more = {scope.find(given) for given in scope.producers[name].input} - read
            read |= more
            waiting += more
    tensors = [tensor for name, tensor in main.initializers.items() if (main, name) not in read]
    if not tensors:
        return []
    names = ", ".join(shown(tensor.name) for tensor in tensors[:3]) + (", …" if len(tensors) > 3 else "")
    numbers = sum(int(np.prod([max(size, 0) for size in tensor.dims], dtype=float)) for tensor in tensors)
    many = f"{len(tensors)} tensor{'s' if len(tensors) > 1 else ''}, {numbers:,} numbers"
    return [LeftOut(names, many, "they belong to the operations that were left out")]
