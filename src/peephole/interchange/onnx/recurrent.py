"""What an LSTM, GRU or RNN node of ONNX says of itself: its attributes and inputs, checked. Reads no weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from peephole.errors import InterchangeError
from peephole.interchange.onnx.graphs import Placed, shown

CellName = Literal["rnn", "lstm", "gru"]
CELLS: dict[str, CellName] = {"RNN": "rnn", "LSTM": "lstm", "GRU": "gru"}
"""Our name of each operation."""

GATES = {"rnn": "h", "lstm": "iofc", "gru": "zrh"}
"""ONNX's orders of the gates."""

PEEPHOLES = "iof"
"""ONNX's order of the peepholes."""

DIRECTIONS = {"forward": 1, "reverse": 1, "bidirectional": 2}

_INPUTS = {
    "rnn": ("X", "W", "R", "B", "sequence_lens", "initial_h"),
    "lstm": ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"),
    "gru": ("X", "W", "R", "B", "sequence_lens", "initial_h"),
}
# Attributes and their types. output_sequence is of operator set 1, and changes no number.
_ATTRIBUTES: dict[str, type] = {
    "activations": list,
    "activation_alpha": list,
    "activation_beta": list,
    "clip": float,
    "direction": str,
    "hidden_size": int,
    "layout": int,
    "output_sequence": int,
}
_TYPES = {list: "list", float: "float", str: "string", int: "int"}
_OF_CELL: dict[str, dict[str, type]] = {
    "rnn": {},
    "lstm": {"input_forget": int},
    "gru": {"linear_before_reset": int},
}
_SWITCHES = ("layout", "input_forget", "linear_before_reset")


class NotExpressibleError(InterchangeError):
    """A sound node that computes what no layer of ours does."""


@dataclass(frozen=True, eq=False)
class Recurrent:
    """A recurrent node with what it says of itself, checked.

    Attributes:
        placed: the node where it stands.
        name: of the part that it becomes.
        cell: "rnn", "lstm" or "gru".
        direction: "forward", "reverse" or "bidirectional".
        batch_first: whether its tensors have the batch before the time (layout 1).
        coupled: an LSTM's input_forget.
        attributes: the rest.
    """

    placed: Placed
    name: str
    cell: CellName
    direction: str
    batch_first: bool
    coupled: bool
    attributes: Mapping[str, Any]

    @property
    def directions(self) -> int:
        """1 or 2."""
        return DIRECTIONS[self.direction]

    @property
    def told(self) -> str:
        """For messages."""
        return self.placed.told

    def names(self, role: str) -> str:
        """The name of the tensor in a role: "W", "initial_h", …; "" where it has none."""
        roles = _INPUTS[self.cell]
        return self.placed.input(roles.index(role)) if role in roles else ""


def recurrent(placed: Placed, name: str) -> Recurrent:
    """A node of the standard's LSTM, GRU or RNN, read.

    Raises:
        InterchangeError: attributes or inputs that the operation does not have.
    """
    cell = CELLS[placed.node.op_type]
    attributes = placed.attributes()
    types = _ATTRIBUTES | _OF_CELL[cell]
    for key, value in attributes.items():
        if key not in types:
            raise InterchangeError(
                f"{placed.told} has an attribute {shown(key)!r}, which its operation does not have"
            )
        if not isinstance(value, types[key]):
            raise InterchangeError(f"{placed.told}: {key} must be of type {_TYPES[types[key]]}")
        if key in _SWITCHES and value not in (0, 1):
            raise InterchangeError(f"{placed.told}: {key} must be 0 or 1, got {value}")
    direction = attributes.get("direction", "forward").lower()
    if direction not in DIRECTIONS:
        raise InterchangeError(
            f"{placed.told}: direction must be one of {', '.join(DIRECTIONS)}, got {shown(direction)!r}"
        )
    if len(placed.node.input) > len(_INPUTS[cell]):
        raise InterchangeError(
            f"{placed.told} takes {len(_INPUTS[cell])} inputs, {', '.join(_INPUTS[cell])}; "
            f"got {len(placed.node.input)}"
        )
    return Recurrent(
        placed,
        name,
        cell,
        direction,
        bool(attributes.get("layout", 0)),
        bool(attributes.get("input_forget", 0)),
        attributes,
    )
