"""How each framework lays out the weights of one layer in one direction: arrays, orders of the gates, what it lacks.

Sizes come from the equations; what stands here are names, orders and which side of a product a matrix is on. An
activation or a clip is an attribute of a framework's layer and changes no array, so it is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from peephole.nn.equations import Equations
from peephole.nn.gru import GRUEquations
from peephole.nn.lstm import LSTMEquations

#: The letter of each gate and candidate in the equations.
LETTERS = {
    "lstm": {"input_gate": "i", "forget_gate": "f", "candidate": "g", "output_gate": "o"},
    "gru": {"reset_gate": "r", "update_gate": "z", "candidate": "n"},
    "rnn": {"hidden": "h"},
}
_AFTER, _BEFORE = "reset gate after the product", "reset gate before the product"


@dataclass(frozen=True)
class Array:
    """One array, or several of the same shape.

    Attributes:
        name: in that framework; several names with commas between them.
        shape: of each.
        number: how many there are.
    """

    name: str
    shape: tuple[int, ...]
    number: int = 1

    @property
    def told(self) -> str:
        """The shape, and whether of several."""
        shape = f"[{', '.join(map(str, self.shape))}]"
        return shape if self.number == 1 else f"{shape} each"


@dataclass(frozen=True)
class Layout:
    """One cell in one framework.

    Attributes:
        framework: its name and that of the class.
        order: the gates as they are stacked; "" for a cell without gates.
        arrays: empty where it does not have this cell.
        lacks: what of this cell it does not have; empty where it has all.
    """

    framework: str
    order: str
    arrays: tuple[Array, ...]
    lacks: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """How many numbers its arrays hold."""
        return sum(array.number * prod(array.shape) for array in self.arrays)

    @property
    def told(self) -> str:
        """Order and number of parameters, or what it lacks."""
        if self.lacks:
            return f"has no {', no '.join(self.lacks)}"
        return ", ".join(part for part in (self.order, f"{self.parameters:,} parameters") if part)


def layouts(e: Equations) -> tuple[Layout, ...]:
    """One cell in this project, PyTorch, cuDNN, Keras 3, TensorFlow 1, ONNX and Flax, in this order."""
    return _ours(e), _pytorch(e), _cudnn(e), _keras(e), _tf1(e), _onnx(e), _flax(e)


def _layout(framework: str, e: Equations, order: str, has: set[str], arrays: Iterable[Array]) -> Layout:
    """The layout, without arrays where the framework lacks something of the cell."""
    lacks = tuple(feature for feature in _features(e) if feature not in has)
    return Layout(framework, order, () if lacks else tuple(arrays), lacks)


def _features(e: Equations) -> list[str]:
    """What a framework must have for a cell, beyond the plain one; only what its arrays depend on."""
    features = [] if e.bias else ["cell without biases"]
    if e.layer_norm:
        features.append("layer normalisation")
    if isinstance(e, GRUEquations):
        features.append(_AFTER if e.reset_after else _BEFORE)
    if isinstance(e, LSTMEquations):
        there = {
            f"{e.peephole} peepholes": e.peephole,
            "projection": e.proj_size,
            "coupled gates": e.coupled,
            "full gate recurrence": e.full_gate_recurrence,
            "LSTM without an input gate": not e.input_gate,
            "LSTM without a forget gate": not e.forget_gate,
            "LSTM without an output gate": not e.output_gate,
        }
        features += [feature for feature, is_there in there.items() if is_there]
    return features


def _letters(e: Equations) -> list[str]:
    """The letters of the blocks of rows, in torch's order."""
    return [LETTERS[e.name][row] for row in e.rows]


def _order(e: Equations) -> str:
    """The order of this project and of PyTorch."""
    return ", ".join(_letters(e)) if len(e.rows) > 1 else ""


def _ours(e: Equations) -> Layout:
    arrays = [Array(f"{name}_l0", shape) for name, shape in e.parameter_shapes().items()]
    return _layout(f"Peephole ph.{e.name.upper()}", e, _order(e), set(_features(e)), arrays)


def _pytorch(e: Equations) -> Layout:
    has = {"cell without biases", "projection", _AFTER}
    return _layout(f"PyTorch nn.{e.name.upper()}", e, _order(e), has, _ours(e).arrays)


def _cudnn(e: Equations) -> Layout:
    """One buffer with the matrices one after another."""
    h, gates = e.hidden_size, len(e.rows)

    def each(name: str, *shape: int) -> Array:
        return Array(", ".join(f"{name}{letter}" for letter in _letters(e)), shape, gates)

    arrays = [each("W_", h, e.input_size), each("R_", h, e.output_size)]
    arrays += [each("b_W", h), each("b_R", h)] if e.bias else []
    arrays += [Array("P", (e.output_size, h))] if e.output_size != h else []
    return _layout("cuDNN", e, _order(e), {"cell without biases", "projection", _AFTER}, arrays)


def _keras(e: Equations) -> Layout:
    name = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}[e.name]
    order = {"lstm": "i, f, g, o", "gru": "z, r, n", "rnn": ""}[e.name]
    rows = len(e.rows) * e.hidden_size
    arrays = [Array("kernel", (e.input_size, rows)), Array("recurrent_kernel", (e.output_size, rows))]
    if e.bias:
        two = isinstance(e, GRUEquations) and e.reset_after
        arrays.append(Array("bias", (2, rows) if two else (rows,)))
    return _layout(f"Keras 3 {name}", e, order, {"cell without biases", _AFTER, _BEFORE}, arrays)


def _tf1(e: Equations) -> Layout:
    h, read = e.hidden_size, e.input_size + e.output_size
    if isinstance(e, GRUEquations):
        arrays = [
            Array(f"{part}/{name}", shape)
            for part, columns in (("gates", 2 * h), ("candidate", h))
            for name, shape in (("kernel", (read, columns)), ("bias", (columns,)))
        ]
        return _layout("TensorFlow 1 GRUCell", e, "gates r, z, then n", {_BEFORE}, arrays)
    rows = len(e.rows) * h
    arrays = [Array("kernel", (read, rows)), Array("bias", (rows,))]
    if not isinstance(e, LSTMEquations):
        return _layout("TensorFlow 1 BasicRNNCell", e, "", set(), arrays)
    if e.peephole == "diagonal":
        arrays += [Array(f"w_{gate}_diag", (h,)) for gate in "ifo"]
    if e.proj_size:
        arrays.append(Array("projection/kernel", (h, e.proj_size)))
    name = "LSTMCell" if e.peephole or e.proj_size else "BasicLSTMCell"
    has = {"diagonal peepholes", "projection"}
    return _layout(f"TensorFlow 1 {name}", e, "i, j, f, o (j is g)", has, arrays)


def _onnx(e: Equations) -> Layout:
    """With ``input_forget`` the forget gate's rows are there, and are not read."""
    order = {"lstm": "i, o, f, g", "gru": "z, r, n", "rnn": ""}[e.name]
    h = e.hidden_size
    if isinstance(e, LSTMEquations):
        if e.coupled:
            order += " with input_forget=1 (f is not read)"
        if e.peephole:
            order += ", peepholes i, o, f"
    if isinstance(e, GRUEquations):
        order += f", linear_before_reset={int(e.reset_after)}"
    rows = (4 if e.name == "lstm" else len(e.rows)) * h
    arrays = [Array("W", (1, rows, e.input_size)), Array("R", (1, rows, h))]
    arrays += [Array("B", (1, 2 * rows))] if e.bias else []
    arrays += [Array("P", (1, 3 * h))] if getattr(e, "peephole", None) else []
    has = {"cell without biases", "diagonal peepholes", "coupled gates", _AFTER, _BEFORE}
    return _layout(f"ONNX {e.name.upper()}", e, order, has, arrays)


def _flax(e: Equations) -> Layout:
    """One kernel for each gate and side."""
    name = {"lstm": "LSTMCell", "gru": "GRUCell", "rnn": "SimpleCell"}[e.name]
    letters = [""] if e.name == "rnn" else _letters(e)
    h = e.hidden_size

    def each(side: str, what: str, only: list[str], *shape: int) -> Array:
        return Array(f"{', '.join(side + letter for letter in only)} ({what})", shape, len(only))

    arrays = [each("i", "kernel", letters, e.input_size, h), each("h", "kernel", letters, h, h)]
    biased = {"lstm": [("h", letters)], "gru": [("i", letters), ("h", ["n"])], "rnn": [("i", letters)]}[
        e.name
    ]
    arrays += [each(side, "bias", only, h) for side, only in biased]
    return _layout(f"Flax {name}", e, "a kernel each" if e.name != "rnn" else "", {_AFTER}, arrays)
