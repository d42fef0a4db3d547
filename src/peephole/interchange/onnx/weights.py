"""The weights of a recurrent node of ONNX as the tensors of our layer: checked, cut apart, their gates in our order."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from peephole.errors import InterchangeError
from peephole.interchange import gate_orders
from peephole.interchange.found import FoundPart
from peephole.interchange.onnx.graphs import shown
from peephole.interchange.onnx.recurrent import GATES, PEEPHOLES, NotExpressibleError, Recurrent
from peephole.interchange.onnx.states import States
from peephole.interchange.onnx.values import NotFixedError, Value, Values
from peephole.nn.chain import RecurrentPart

Array = np.ndarray

_SUFFIXES = ("_l0", "_l0_reverse")


class NodeWeights:
    """A node's weights, their shapes checked.

    Attributes:
        hidden: units.
        inputs: features of the input.
    """

    def __init__(self, node: Recurrent, values: Values) -> None:
        self.node = node
        self._gates = GATES[node.cell]
        self._values: dict[str, Value] = {}
        directions, gates = node.directions, len(self._gates)
        weight, recurrent_weight = self._read(values, "W"), self._read(values, "R")
        shapes = f"W {list(weight.shape)} and R {list(recurrent_weight.shape)}"
        if weight.ndim != 3 or recurrent_weight.ndim != 3:
            raise InterchangeError(f"{node.told}: W and R must have three dimensions, got {shapes}")
        self.hidden = recurrent_weight.shape[2]
        self.inputs = weight.shape[2]
        stated = node.attributes.get("hidden_size", self.hidden)
        rows = (directions, gates * self.hidden)
        if self.hidden < 1 or self.inputs < 1 or stated != self.hidden:
            raise InterchangeError(
                f"{node.told}: hidden_size={stated} and the tensors {self._told('W')} and {self._told('R')} do not "
                f"fit together: R's last size is that of the hidden state"
            )
        self._fits("W", (*rows, self.inputs))
        self._fits("R", (*rows, self.hidden))
        self.bias = bool(node.names("B"))
        self.peephole = bool(node.names("P"))
        if self.bias:
            self._read(values, "B")
            self._fits("B", (directions, 2 * gates * self.hidden))
        if self.peephole:
            self._read(values, "P")
            self._fits("P", (directions, 3 * self.hidden))

    def _read(self, values: Values, role: str) -> Array:
        name = self.node.names(role)
        if not name:
            raise InterchangeError(f"{self.node.told} has no {role}")
        try:
            value = values.fixed(self.node.placed.scope, name)
            if value.open:
                raise NotFixedError("has a shape that is known when the graph runs only")
        except NotFixedError as error:
            raise NotExpressibleError(
                f"{self.node.told}: its {role}, {shown(name)!r}, {error}; give its values by "
                f"tensors={{{shown(name)!r}: array}}, or by tensors= with the path of an .npz file or of a folder of "
                ".pb files"
            ) from error
        if value.array.dtype.kind != "f":
            raise NotExpressibleError(
                f"{self.node.told}: its {role}, {shown(name)!r}, holds {value.array.dtype}, not floating-point numbers"
            )
        self._values[role] = value
        return value.array

    def _told(self, role: str) -> str:
        return f"{role} {shown(self.node.names(role))!r} {list(self._values[role].array.shape)}"

    def _fits(self, role: str, shape: tuple[int, ...]) -> None:
        if self._values[role].array.shape != shape:
            raise InterchangeError(
                f"{self.node.told}: {self._told(role)} must have the shape {list(shape)} for direction "
                f"{self.node.direction}, hidden size {self.hidden} and {self.inputs} inputs"
            )

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the weights become: double precision stays, everything else is single."""
        return np.dtype(np.result_type(np.float32, *(value.array.dtype for value in self._values.values())))

    def part(self, part: RecurrentPart, lanes: tuple[int, ...], states: States) -> FoundPart:
        """The part with the tensors of these directions."""
        tensors: dict[str, Tensor] = {}
        sources: dict[str, str] = {}

        def put(name: str, array: Array, source: str) -> None:
            tensors[name] = torch.from_numpy(np.array(array, self.dtype))
            sources[name] = source

        for suffix, lane in zip(_SUFFIXES, lanes, strict=False):
            put(f"weight_ih{suffix}", self._rows(self._values["W"].array[lane]), self._source("W", lane))
            put(f"weight_hh{suffix}", self._rows(self._values["R"].array[lane]), self._source("R", lane))
            if self.bias:
                both = np.split(self._values["B"].array[lane], 2)
                for side, half, values in zip(("ih", "hh"), ("first", "second"), both, strict=True):
                    put(f"bias_{side}{suffix}", self._rows(values), self._source("B", lane, f", {half} half"))
            if self.peephole:
                put(f"weight_peephole{suffix}", self._peepholes(lane), self._source("P", lane, peephole=True))
            for state, (array, source) in states.values.items():
                put(f"initial_{state}{suffix}", array[lane], f"{source}[{lane}]")
        return FoundPart(part, tensors, sources)

    def _rows(self, array: Array) -> Array:
        ordered = gate_orders.rows(array, self._gates, self.node.cell)
        # Without a forget gate of its own its rows are not there: i, (f,) g, o.
        return np.delete(ordered, slice(self.hidden, 2 * self.hidden), 0) if self.node.coupled else ordered

    def _peepholes(self, lane: int) -> Array:
        ordered = gate_orders.reorder(self._values["P"].array[lane], PEEPHOLES, gate_orders.PEEPHOLES)
        return np.delete(ordered, slice(self.hidden, 2 * self.hidden), 0) if self.node.coupled else ordered

    def _source(self, role: str, lane: int, part: str = "", *, peephole: bool = False) -> str:
        source = self._values[role].source
        words = f"({source})[{lane}]{part}" if " and " in source else f"{source}[{lane}]{part}"
        have, want = (
            (PEEPHOLES, gate_orders.PEEPHOLES)
            if peephole
            else (self._gates, gate_orders.OURS[self.node.cell])
        )
        if len(have) > 1:
            words += f", gates {have} put in the order {want}"
        if self.node.coupled:
            words += ", f left out, which input_forget=1 does not read"
        return words
