"""One LSTM, GRU or RNN node of an ONNX model as a layer of ours.

What each attribute means is ONNX's operator specification; where it is silent (which functions take their parameters
from ``activation_alpha``, what ``clip`` and ``input_forget`` act on) it is what ONNX Runtime computes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from peephole.errors import InterchangeError
from peephole.interchange.found import FoundPart
from peephole.interchange.onnx.activations import functions_of, shortest
from peephole.interchange.onnx.graphs import shown
from peephole.interchange.onnx.recurrent import Recurrent
from peephole.interchange.onnx.states import initial_states
from peephole.interchange.onnx.values import NotFixedError, Values
from peephole.interchange.onnx.weights import NodeWeights
from peephole.nn.chain import RecurrentPart


@dataclass(frozen=True, eq=False)
class ReadNode:
    """A node as parts.

    Attributes:
        parts: one; two where the directions have functions of their own.
        split: whether the directions are parts of their own.
        notes: what a person should know.
        used: the names of the file's tensors that the parts hold.
    """

    parts: tuple[FoundPart, ...]
    split: bool
    notes: tuple[str, ...]
    used: tuple[str, ...]


def read_node(node: Recurrent, values: Values) -> ReadNode:
    """The layer that a node is, with its weights.

    Raises:
        InterchangeError: weights that are missing or do not fit together, functions that are not known.
        NotExpressibleError: what no layer of ours computes.
    """
    functions, notes = functions_of(node.told, node.cell, node.directions, node.attributes)
    tensors = NodeWeights(node, values)
    options = _options(node, tensors)
    states, about_states = initial_states(node, values, tensors.hidden)
    notes = [*notes, *about_states, *_about(node, values)]
    split = len(functions) == 2 and functions[0] != functions[1]
    parts = []
    if split:
        for lane, side in enumerate(("forward", "reverse")):
            part = RecurrentPart(
                name=f"{node.name} ({side})",
                cell=node.cell,
                options=options | functions[lane] | ({"reverse": True} if lane else {}) | states.options,
            )
            parts.append(tensors.part(part, (lane,), states))
        notes.append(
            f"{node.name}: its directions have functions of their own, so that each is a layer by itself; "
            "join their outputs, forward first"
        )
    else:
        more: dict[str, Any] = {}
        if node.direction == "bidirectional":
            more["bidirectional"] = True
        elif node.direction == "reverse":
            more["reverse"] = True
        part = RecurrentPart(
            name=node.name, cell=node.cell, options=options | functions[0] | more | states.options
        )
        parts.append(tensors.part(part, tuple(range(node.directions)), states))
    used = [node.names(role) for role in ("W", "R", "B", "P")]
    return ReadNode(tuple(parts), split, tuple(notes), tuple(name for name in used if name))


def _options(node: Recurrent, tensors: NodeWeights) -> dict[str, Any]:
    """Keywords of our layer, functions and directions left out."""
    options: dict[str, Any] = {"input_size": tensors.inputs, "hidden_size": tensors.hidden}
    if not tensors.bias:
        options["bias"] = False
    if tensors.peephole:
        options["peephole"] = "diagonal"
    if node.coupled:
        options["coupled"] = True
    if node.cell == "gru" and not node.attributes.get("linear_before_reset", 0):
        options["reset_after"] = False
    clip = node.attributes.get("clip")
    if clip is not None and not clip >= np.finfo(np.float32).max:
        if not clip > 0:
            raise InterchangeError(f"{node.told}: clip must be above 0, got {clip}")
        options["gate_clip"] = shortest(clip)
    return options


def _about(node: Recurrent, values: Values) -> list[str]:
    """What else a person should know of a node."""
    notes = []
    if node.batch_first:
        notes.append(
            f"{node.name} has layout=1, the batch before the time; ours is time first unless told otherwise"
        )
    if name := node.names("sequence_lens"):
        try:
            lengths = values.fixed(node.placed.scope, name).array.reshape(-1)
            told = f"fixes the lengths {', '.join(map(str, lengths[:8]))}{', …' if len(lengths) > 8 else ''}"
        except NotFixedError:
            told = "takes the sequences' lengths"
        notes.append(
            f"{node.name}: sequence_lens, {shown(name)!r}, {told}: pass them by lengths= in the call"
        )
    return notes
