"""What feeds what in an ONNX model: embedding, recurrent nodes, dense layers and functions one after another.

Each tensor that leaves a part is followed with the meaning of its axes through the operations that only lay it out
anew. A part that reads such a tensor as a whole, its axes where they belong, is fed by that part. Whatever else stands
between two parts breaks the chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from peephole.interchange.found import FoundPart
from peephole.interchange.onnx.follower import Follower
from peephole.interchange.onnx.graphs import Placed, Scope
from peephole.interchange.onnx.links import Link
from peephole.interchange.onnx.nodes import ReadNode
from peephole.interchange.onnx.recurrent import Recurrent
from peephole.interchange.onnx.values import NotFixedError, Values


@dataclass(frozen=True, eq=False)
class Chained:
    """The parts in the order in which one feeds the next.

    Attributes:
        parts: they.
        nodes: that they are made of.
        after: the nodes that work on what the last part puts out.
        notes: what else to know.
    """

    parts: tuple[FoundPart, ...]
    nodes: frozenset[Placed]
    after: frozenset[Placed]
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
    follower = Follower(nodes, values, outputs, opset)
    recurrent = []
    for placed in nodes:
        if placed in read:
            recurrent.append(follower.recurrent(placed, *read[placed]))
        else:
            follower.other(placed)
    follower.returned(outputs)
    path = _path(recurrent[0])
    if any(link not in path or link.returns == "both" for link in recurrent):
        return None
    end = path[-1]
    if end.kind == "recurrent" and not end.returns and not follower.is_read(end.nodes[0], 0):
        end.returns = "last"  # the graph's output rests on the final states alone
    taken = frozenset(node for link in path for node in link.nodes)
    return Chained(
        _with_own_names([link.part() for link in path]),
        taken,
        _after(end, [placed for placed in nodes if placed not in taken]),
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
    path, seen = [link], {link}
    while path[0].before is not None and path[0].before not in seen:
        path.insert(0, path[0].before)
        seen.add(path[0])
    while True:
        following = path[-1].after
        if len(following) > 1:
            following = [after for after in following if after.kind == "recurrent"]
        if len(following) != 1 or following[0] in seen:
            return path
        path.append(following[0])
        seen.add(path[-1])


def _after(end: Link, others: Sequence[Placed]) -> frozenset[Placed]:
    """Those of the other nodes, in the order of the file, that rest on what a part puts out."""
    made = {(placed.scope, name) for placed in end.nodes for name in placed.node.output if name}
    found = set()
    for placed in others:
        if any(placed.scope.find(name) in made for name in placed.node.input if name):
            found.add(placed)
            made |= {(placed.scope, name) for name in placed.node.output if name}
    return frozenset(found)


def _with_own_names(parts: Sequence[FoundPart]) -> tuple[FoundPart, ...]:
    """Parts of which no two have the same name; nodes of some files share one."""
    found: dict[str, FoundPart] = {}
    for part in parts:
        name, number = part.part.name, 2
        while name in found:
            name, number = f"{part.part.name} ({number})", number + 1
        found[name] = replace(part, part=replace(part.part, name=name))
    return tuple(found.values())
