"""A stack of recurrent layers as nodes of ONNX: one LSTM, GRU or RNN node a layer, and what stands around it.

What the standard's nodes cannot compute is refused, with the reason. Dropouts act in training only and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from peephole.errors import InterchangeError
from peephole.interchange import gate_orders
from peephole.interchange.onnx.activations import OPTIONS, attributes_of
from peephole.interchange.onnx.builder import Builder
from peephole.interchange.onnx.recurrent import GATES, PEEPHOLES
from peephole.nn.equations import Equations
from peephole.nn.stack import Lane, Stack

Array = np.ndarray

#: Options of the equations that no node of the standard has, and why.
_REFUSED = {
    "proj_size": "the recurrence runs through the projection, and the node has none",
    "proj_clip": "the node has no projection",
    "cell_clip": "the node's clip acts on the gates' sums, not on the cell",
    "full_gate_recurrence": "the node's gates do not see the previous gates",
    "layer_norm": "the node does not normalise its sums",
    "zoneout": "in evaluation a unit keeps the expected part of its state, which the node does not",
}
_GATES = ("input_gate", "forget_gate", "output_gate")


@dataclass(frozen=True)
class Outputs:
    """What a stack's nodes put out, by the names of values in the graph.

    Attributes:
        sequence: (time, batch, width).
        ends: the last layer's hidden state at each sequence's end, its directions joined, (batch, width).
        final: for each layer its final states, (directions, batch, hidden) each.
    """

    sequence: str
    ends: str
    final: list[list[str]]


def check(stack: Stack) -> None:
    """Whether the nodes of the standard can compute a stack.

    Raises:
        InterchangeError: they cannot; says which option and why.
    """
    for equations in stack.equations:
        kind = equations.name.upper()
        for option, reason in _REFUSED.items():
            value = getattr(equations, option, None)
            if value and value != (0.0, 0.0):
                raise InterchangeError(f"{kind} with {option}={value!r} cannot be written for ONNX: {reason}")
        if getattr(equations, "peephole", None) == "full":
            raise InterchangeError(
                f"{kind} with peephole='full' cannot be written for ONNX: the node's peepholes are one number a unit"
            )
        for gate in _GATES:
            if not getattr(equations, gate, True):
                raise InterchangeError(
                    f"{kind} with {gate}=False cannot be written for ONNX: the node's gates all "
                    "have one function, and none is 1 whatever its input"
                )
        attributes_of(equations.name, _functions(equations), 1)


def write(
    builder: Builder,
    stack: Stack,
    x: str,
    *,
    name: str,
    lengths: str,
    initial: Sequence[Sequence[str]] | None,
) -> Outputs:
    """Adds a stack's nodes.

    Args:
        builder: the graph.
        stack: the layers.
        x: the input, (time, batch, features).
        name: of the layer, in front of the nodes' names.
        lengths: of the sequences, (batch,) int32; "" for none.
        initial: for each layer its initial states, (directions, batch, hidden) each; None for learned ones or zeros.
    """
    check(stack)
    finals = []
    ends = ""
    for depth, lanes in enumerate(stack.layers):
        own = f"{name}_l{depth}"
        states = list(initial[depth]) if initial is not None else _learned(builder, lanes, x, own)
        y, *final = _node(builder, stack, lanes, x, own, lengths, states)
        finals.append(final)
        z = _joined(builder, stack, lanes, y, own)
        if stack.connection is not None and depth > 0:
            z = _connected(builder, stack, x, z, depth, own)
        ends = _ends(builder, stack, lanes, final[0], own)
        x = z
    return Outputs(x, ends, finals)


def _functions(equations: Equations) -> dict[str, Any]:
    return {option: getattr(equations, option) for option in OPTIONS[equations.name]}


def _node(
    builder: Builder,
    stack: Stack,
    lanes: tuple[Lane, ...],
    x: str,
    name: str,
    lengths: str,
    states: list[str],
) -> list[str]:
    """The recurrent node; Y and the final states."""
    equations = lanes[0].equations
    cell, hidden = equations.name, equations.hidden_size
    coupled = getattr(equations, "coupled", False)

    def stacked(weight: str) -> Array:
        return np.stack([_rows(lane, weight, cell, hidden, coupled) for lane in lanes])

    inputs = [
        x,
        builder.weight(f"{name}.W", stacked("weight_ih")),
        builder.weight(f"{name}.R", stacked("weight_hh")),
        "",
        lengths,
        *(states or [""]),
    ]
    if equations.bias:
        both = np.concatenate([stacked("bias_ih"), stacked("bias_hh")], axis=1)
        inputs[3] = builder.weight(f"{name}.B", both)
    if getattr(equations, "peephole", None):
        inputs += [""] * (7 - len(inputs))
        values = np.stack([_peepholes(lane, hidden, coupled) for lane in lanes])
        inputs.append(builder.weight(f"{name}.P", values))
    while not inputs[-1]:
        inputs.pop()
    direction = "bidirectional" if len(lanes) > 1 else "reverse" if stack.reverse else "forward"
    attributes: dict[str, Any] = {"hidden_size": hidden, "direction": direction}
    attributes |= attributes_of(cell, _functions(equations), len(lanes))
    if equations.gate_clip is not None:
        attributes["clip"] = float(equations.gate_clip)
    if coupled:
        attributes["input_forget"] = 1
    if cell == "gru":
        attributes["linear_before_reset"] = int(getattr(equations, "reset_after", True))
    outputs = [
        builder.fresh(f"{name}.{part}") for part in (("Y", "Y_h", "Y_c") if cell == "lstm" else ("Y", "Y_h"))
    ]
    builder.nodes_of(cell.upper(), inputs, outputs, **attributes)
    return outputs


def _values(lane: Lane, name: str) -> Array:
    return np.asarray(lane.weights[name].detach().float().cpu().numpy())


def _rows(lane: Lane, name: str, cell: str, hidden: int, coupled: bool) -> Array:
    """A weight's rows in ONNX's order; zeros where a coupled LSTM has no forget gate, which the node does not read."""
    values = _values(lane, name)
    if coupled:
        values = np.insert(values, [hidden] * hidden, 0, axis=0)
    order = gate_orders.spelled(GATES[cell], lane.equations.name)  # type: ignore[arg-type]
    return gate_orders.reorder(values, gate_orders.OURS[cell], order)


def _peepholes(lane: Lane, hidden: int, coupled: bool) -> Array:
    values = _values(lane, "weight_peephole")
    if coupled:
        values = np.insert(values, [hidden] * hidden, 0, axis=0)
    return gate_orders.reorder(values, gate_orders.PEEPHOLES, PEEPHOLES)


def _learned(builder: Builder, lanes: tuple[Lane, ...], x: str, name: str) -> list[str]:
    """The learned initial states, repeated for every sequence of the input; none where they are zero."""
    if not lanes[0].initial:
        return []
    batch = builder.make("Gather", builder.make("Shape", x), builder.constant("one", [1]))
    found = []
    for state in lanes[0].equations.state_sizes:
        values = np.stack([lane.initial[state].detach().float().cpu().numpy() for lane in lanes])[:, None]
        value = builder.weight(f"{name}.initial_{state}", values)
        sizes = [builder.constant("size", [size]) for size in (len(lanes), values.shape[2])]
        shape = builder.make("Concat", sizes[0], batch, sizes[1], axis=0)
        found.append(builder.make("Expand", value, shape))
    return found


def _joined(builder: Builder, stack: Stack, lanes: tuple[Lane, ...], y: str, name: str) -> str:
    """Y (time, directions, batch, hidden) as (time, batch, width)."""
    if len(lanes) == 1:
        return builder.make("Squeeze", y, builder.constant("axis", [1]), name=f"{name}.output")
    if stack.merge == "concat":
        apart = builder.make("Transpose", y, perm=[0, 2, 1, 3])
        width = 2 * lanes[0].equations.hidden_size
        return builder.make("Reshape", apart, builder.constant("shape", [0, 0, width]), name=f"{name}.output")
    return _merged(builder, stack.merge, y, 1, f"{name}.output")


def _ends(builder: Builder, stack: Stack, lanes: tuple[Lane, ...], h: str, name: str) -> str:
    """Y_h (directions, batch, hidden) as (batch, width)."""
    if len(lanes) == 1:
        return builder.make("Squeeze", h, builder.constant("axis", [0]), name=f"{name}.end")
    if stack.merge == "concat":
        apart = builder.make("Transpose", h, perm=[1, 0, 2])
        width = 2 * lanes[0].equations.hidden_size
        return builder.make("Reshape", apart, builder.constant("shape", [0, width]), name=f"{name}.end")
    return _merged(builder, stack.merge, h, 0, f"{name}.end")


def _merged(builder: Builder, how: str, value: str, axis: int, name: str) -> str:
    """The sum, mean or product of two directions, which stand along an axis."""
    forward, backward = (
        builder.make("Gather", value, builder.constant("direction", lane), axis=axis) for lane in (0, 1)
    )
    if how == "product":
        return builder.make("Mul", forward, backward, name=name)
    total = builder.make("Add", forward, backward, name=name)
    return total if how == "sum" else builder.make("Mul", total, builder.weight("half", 0.5), name=name)


def _connected(builder: Builder, stack: Stack, x: str, z: str, depth: int, name: str) -> str:
    """What the layer above reads: x + z, or t∘z + (1 − t)∘x."""
    if stack.connection == "residual":
        return builder.make("Add", x, z, name=f"{name}.joined")
    highway = stack.highways[depth - 1]
    matrix = highway["weight_highway"].detach().float().cpu().numpy().T
    sums = builder.make("MatMul", x, builder.weight(f"{name}.highway", matrix))
    if "bias_highway" in highway:
        bias = highway["bias_highway"].detach().float().cpu().numpy()
        sums = builder.make("Add", sums, builder.weight(f"{name}.highway_bias", bias))
    t = builder.make("Sigmoid", sums)
    kept = builder.make("Mul", builder.make("Sub", builder.weight("one", 1.0), t), x)
    return builder.make("Add", builder.make("Mul", t, z), kept, name=f"{name}.joined")
