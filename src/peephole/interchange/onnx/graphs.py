"""The graphs of an ONNX model: every node, those in the bodies of If, Loop, Scan and functions among them, and what
each name means where the node stands.

Knows nothing of recurrent layers, and computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from peephole.errors import InterchangeError

if TYPE_CHECKING:
    from onnx import (
        AttributeProto,
        FunctionProto,
        GraphProto,
        ModelProto,
        NodeProto,
        TensorProto,
        ValueInfoProto,
    )

_MOST_NODES = 50_000  # beyond those that stand in the main graph themselves
_DEEPEST = 32
# AttributeProto.type of the values that are read, and the field of each.
_FIELDS = {1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 6: "floats", 7: "ints", 8: "strings", 10: "graphs"}
_GRAPH, _GRAPHS, _STRING, _STRINGS = 5, 10, 3, 8


@dataclass(eq=False)
class Scope:
    """The names of one graph or of one call of a function.

    Attributes:
        path: where it stands, "" for the main graph.
        initializers: tensors with values.
        producers: the node that makes each name.
        sparse: names of the tensors with values that are stored sparsely.
        inputs: what is given from outside, in the order of the graph.
        outer: the graph around it, whose names hold here too; None for the main graph and for a function.
        bound: a function's inputs, as names where it is called.
        caller: where it is called.
        attributes: the attributes of the call.
    """

    path: str
    initializers: dict[str, TensorProto] = field(default_factory=dict)
    producers: dict[str, NodeProto] = field(default_factory=dict)
    sparse: frozenset[str] = frozenset()
    inputs: Mapping[str, ValueInfoProto] = field(default_factory=dict)
    outer: Scope | None = None
    bound: Mapping[str, str] = field(default_factory=dict)
    caller: Scope | None = None
    attributes: Mapping[str, AttributeProto] = field(default_factory=dict)

    def find(self, name: str) -> tuple[Scope, str]:
        """The scope in which a name is made, and its name there; this one where nothing makes it."""
        scope, seen = self, name
        while True:
            if seen in scope.initializers or seen in scope.producers:
                return scope, seen
            if seen in scope.bound and scope.caller is not None:
                seen, scope = scope.bound[seen], scope.caller
            elif seen in scope.inputs or scope.outer is None:
                return scope, seen
            else:
                scope = scope.outer


@dataclass(frozen=True, eq=False)
class Placed:
    """A node where it stands."""

    node: NodeProto
    scope: Scope

    @property
    def name(self) -> str:
        """Where it stands and what the file calls it."""
        return f"{self.scope.path}{self.own_name}"

    @property
    def own_name(self) -> str:
        """What the file calls it; by its first output where it has no name."""
        outputs = [name for name in self.node.output if name]
        return shown(self.node.name or (outputs[0] if outputs else self.node.op_type))

    @property
    def told(self) -> str:
        """Operation and name, for messages."""
        return f"{shown(self.node.op_type)} node {shown(self.name)!r}"

    @property
    def standard(self) -> bool:
        """Whether its operation is one of the standard."""
        return self.node.domain in ("", "ai.onnx")

    def input(self, index: int) -> str:
        """The name of an input; "" where it is left out."""
        return self.node.input[index] if index < len(self.node.input) else ""

    def attributes(self) -> dict[str, Any]:
        """Its attributes as numbers, strings, lists and messages; those of a function's call put in.

        Raises:
            InterchangeError: one of a type that is not read.
        """
        found = {}
        for given in self.node.attribute:
            attribute = given
            if given.ref_attr_name:
                if given.ref_attr_name not in self.scope.attributes:
                    continue  # the call leaves it to its default
                attribute = self.scope.attributes[given.ref_attr_name]
            if attribute.type not in _FIELDS:
                raise InterchangeError(
                    f"{self.told}: its attribute {given.name!r} is of a type that is not read"
                )
            found[given.name] = self._value(attribute)
        return found

    def _value(self, attribute: AttributeProto) -> Any:
        value = getattr(attribute, _FIELDS[attribute.type])
        if attribute.type == _STRING:
            return _text(value)
        if attribute.type == _STRINGS:
            return [_text(part) for part in value]
        return (
            list(value)
            if _FIELDS[attribute.type].endswith("s") and len(_FIELDS[attribute.type]) > 1
            else value
        )


def shown(name: str) -> str:
    """A name of the file as it can be printed in a line: what is no print is escaped, what is long is cut."""
    plain = name if name.isprintable() else name.encode("unicode_escape").decode("ascii")
    return plain if len(plain) <= 160 else f"{plain[:60]}…{plain[-99:]}"


def _text(value: bytes) -> str:
    """A string; what is no UTF-8 shows as such, and fits no name."""
    return value.decode("utf-8", "backslashreplace")


def graphs_of(model: ModelProto) -> tuple[Scope, list[Placed]]:
    """The names of the main graph, and every node of the model with its scope, in the order of the file.

    A node comes before what stands in its bodies; the body of a function stands wherever it is called.

    Raises:
        InterchangeError: functions that call themselves, or a model that unfolds to more nodes than can be looked at.
    """
    functions = {(f.domain, f.name): f for f in model.functions}
    main = _graph_scope(model.graph, "", None)
    most = _MOST_NODES + len(model.graph.node)
    found = []
    for placed in _walk(main, model.graph.node, functions, ()):
        found.append(placed)
        if len(found) > most:
            raise InterchangeError(f"the bodies of the model's nodes unfold to more than {most:,} nodes")
    return main, found


def _graph_scope(graph: GraphProto, path: str, outer: Scope | None) -> Scope:
    scope = Scope(
        path,
        initializers={tensor.name: tensor for tensor in graph.initializer},
        sparse=frozenset(tensor.values.name for tensor in graph.sparse_initializer),
        inputs={value.name: value for value in graph.input},
        outer=outer,
    )
    _add_producers(scope, graph.node)
    return scope


def _add_producers(scope: Scope, nodes: Any) -> None:
    for node in nodes:
        for name in node.output:
            if name:
                scope.producers[name] = node


def _walk(
    scope: Scope, nodes: Any, functions: Mapping[tuple[str, str], FunctionProto], calls: tuple[str, ...]
) -> Iterator[Placed]:
    if len(calls) > _DEEPEST:
        raise InterchangeError(
            f"the bodies of its nodes are nested more than {_DEEPEST} deep: {'/'.join(calls[:4])}/…"
        )
    for node in nodes:
        placed = Placed(node, scope)
        yield placed
        for attribute in node.attribute:
            if attribute.type == _GRAPH:
                graphs = [attribute.g]
            elif attribute.type == _GRAPHS:
                graphs = list(attribute.graphs)
            else:
                continue
            for graph in graphs:
                step = f"{placed.name}.{shown(attribute.name)}"
                inner = _graph_scope(graph, f"{step}/", scope)
                yield from _walk(inner, graph.node, functions, (*calls, step))
        function = functions.get((node.domain, node.op_type))
        if function is not None:
            if f"{node.domain}.{node.op_type}" in calls:
                raise InterchangeError(f"{placed.told} calls a function that calls itself")
            inner = _function_scope(function, placed)
            yield from _walk(inner, function.node, functions, (*calls, f"{node.domain}.{node.op_type}"))


def _function_scope(function: FunctionProto, call: Placed) -> Scope:
    """The names of one call of a function; it sees nothing of the graph around it."""
    defaults = {attribute.name: attribute for attribute in function.attribute_proto}
    # An attribute of the call may itself refer to the call around it.
    given = {}
    for attribute in call.node.attribute:
        if not attribute.ref_attr_name:
            given[attribute.name] = attribute
        elif attribute.ref_attr_name in call.scope.attributes:
            given[attribute.name] = call.scope.attributes[attribute.ref_attr_name]
    scope = Scope(
        f"{call.name}/",
        bound=dict(zip(function.input, call.node.input, strict=False)),
        caller=call.scope,
        attributes=defaults | given,
    )
    _add_producers(scope, function.node)
    return scope
