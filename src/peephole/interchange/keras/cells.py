"""Keras's recurrent cells: what their configuration says, as options of ours, and their arrays as our tensors.

    Keras's order      LSTM i, f, c, o; GRU z, r, h; kernels (inputs, gates · units), used as x K
    one bias           our input bias; the hidden one is 0. A GRU with ``reset_after`` has both, shape (2, 3 · units)
    CuDNNLSTM, CuDNNGRU  each gate's block transposed, as Keras's own conversion reads them, and two biases

Sources: ``keras/layers/rnn`` of Keras 3.15; ``_convert_rnn_weights`` of tf.keras 2 for the cuDNN layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from peephole.errors import InterchangeError
from peephole.interchange import gate_orders
from peephole.interchange.keras.activations import CannotExpress, activation, is_custom
from peephole.interchange.keras.files import plain
from peephole.interchange.keras.weights import Weight
from peephole.nn.models import CellName

CELLS: Mapping[str, CellName] = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}
ORDERS: Mapping[CellName, str] = {"lstm": "ifco", "gru": "zrh", "rnn": "h"}


@dataclass(frozen=True)
class Cell:
    """One cell as the file describes it.

    Attributes:
        name: "rnn", "lstm" or "gru".
        units: hidden size.
        bias: whether it has one.
        options: of our layer, those that are not the default.
        cudnn: whether its arrays are laid out for cuDNN.
    """

    name: CellName
    units: int
    bias: bool
    options: Mapping[str, Any]
    cudnn: bool

    @property
    def arrays(self) -> int:
        """How many arrays it has."""
        return 3 if self.bias else 2


def cell(kind: str, config: Mapping[str, Any], version: int) -> Cell:
    """A layer's or a cell's description.

    Args:
        kind: Keras's class: "LSTM", "LSTMCell", "CuDNNLSTM".
        config: what Keras writes of it.
        version: Keras's.

    Raises:
        CannotExpress: a class or an activation that this project has not.
        InterchangeError: the description is not whole.
    """
    cudnn = kind.startswith("CuDNN")
    base = kind.removeprefix("CuDNN").removesuffix("Cell")
    if base not in CELLS:
        raise CannotExpress(f"its cell {plain(kind)!r} is none of {', '.join(CELLS)}")
    name = CELLS[base]
    own = activation(_of(config, "activation", "tanh", cudnn), version)
    options: dict[str, Any] = {}
    if name == "rnn":
        options["nonlinearity"] = own
    else:
        options["gate_activation"] = activation(
            _of(config, "recurrent_activation", "sigmoid", cudnn), version
        )
        options["input_activation"] = own
    if name == "lstm":
        options["output_activation"] = own
    if name == "gru":
        options["reset_after"] = cudnn or flag(config, "reset_after", False)
    defaults = {"gate_activation": "sigmoid", "reset_after": True}
    options = {key: value for key, value in options.items() if value != defaults.get(key, "tanh")}
    return Cell(name, size(config, "units"), cudnn or flag(config, "use_bias", True), options, cudnn)


def cell_of(entry: Any, version: int) -> Cell:
    """A cell from an object with a class and a configuration."""
    if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
        raise InterchangeError(
            f"a cell is {plain(repr(entry))}, not an object with a class and a configuration"
        )
    if is_custom(entry):
        raise CannotExpress(f"its cell {plain(repr(entry.get('class_name')))} is its author's own class")
    return cell(str(entry.get("class_name")), entry["config"], version)


def _of(config: Mapping[str, Any], key: str, fixed: str, cudnn: bool) -> Any:
    """An activation that the description must tell; the cuDNN layers have no choice."""
    if cudnn:
        return fixed
    if key not in config:
        raise InterchangeError(f"its description does not tell {key!r}")
    return config[key]


def flag(config: Mapping[str, Any], key: str, default: bool) -> bool:
    """A yes or no of a description.

    Raises:
        InterchangeError: it is neither.
    """
    value = config.get(key, default)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise InterchangeError(f"its {key!r} is {plain(repr(value))}, not true or false")
    return value


def size(config: Mapping[str, Any], key: str) -> int:
    """A size of a description.

    Raises:
        InterchangeError: it is no whole number above 0.
    """
    value = config.get(key)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 31:
        raise InterchangeError(
            f"its {key!r} is {plain(repr(value))}, not a whole number above 0 that a layer can have"
        )
    return value


def tensors(
    cell: Cell, weights: Sequence[Weight], suffix: str = "_l0"
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """One direction's arrays as our tensors.

    Args:
        cell: whose they are.
        weights: kernel, recurrent kernel and, where there is one, bias.
        suffix: of our names.

    Returns:
        tensors by our names, and where each came from.

    Raises:
        InterchangeError: arrays missing, or of other shapes than the description says.
    """
    if len(weights) != cell.arrays:
        names = ", ".join(["kernel", "recurrent_kernel", "bias"][: cell.arrays])
        raise InterchangeError(
            f"it needs the arrays {names} and the "
            f"file has {len(weights)}: {', '.join(plain(name) for name, _ in weights[:6]) or 'none'}"
        )
    order = ORDERS[cell.name]
    rows = len(order) * cell.units
    (kernel_name, kernel), (recurrent_name, recurrent) = weights[:2]
    if kernel.ndim != 2 or kernel.shape[1] != rows or not kernel.shape[0]:
        raise InterchangeError(
            f"array {plain(kernel_name)!r} has the shape {kernel.shape}; {cell.units} units need (inputs, {rows})"
        )
    _check(recurrent_name, recurrent, (cell.units, rows), cell)
    if cell.cudnn:
        kernel, recurrent = _from_cudnn(kernel, len(order)), _from_cudnn(recurrent, len(order))
    turned = "from cuDNN's layout" if cell.cudnn else "transposed"
    found = [
        ("weight_ih", kernel.T, f"{plain(kernel_name)}, {turned}"),
        ("weight_hh", recurrent.T, f"{plain(recurrent_name)}, {turned}"),
    ]
    if cell.bias:
        parts = _biases(*weights[2], rows, cell)
        found += [(key, *part) for key, part in zip(("bias_ih", "bias_hh"), parts, strict=True)]
    moved = f", gates {order} put in the order {gate_orders.OURS[cell.name]}" if len(order) > 1 else ""
    values = {
        f"{key}{suffix}": tensor(words, gate_orders.rows(array, order, cell.name))
        for key, array, words in found
    }
    sources = {f"{key}{suffix}": words if words == ZEROS else f"{words}{moved}" for key, _, words in found}
    return values, sources


ZEROS = "zeros: Keras has one bias here"


def _biases(name: str, bias: np.ndarray, rows: int, cell: Cell) -> list[tuple[np.ndarray, str]]:
    """The input's bias and the hidden state's, each with where it stands."""
    if cell.cudnn:
        _check(name, bias, (2 * rows,), cell)
        return [(bias[:rows], f"{plain(name)}[:{rows}]"), (bias[rows:], f"{plain(name)}[{rows}:]")]
    if cell.name == "gru" and cell.options.get("reset_after", True):
        _check(name, bias, (2, rows), cell)
        return [(bias[0], f"{plain(name)}[0]"), (bias[1], f"{plain(name)}[1]")]
    _check(name, bias, (rows,), cell)
    return [(bias, plain(name)), (np.zeros_like(bias), ZEROS)]


def _check(name: str, array: np.ndarray, shape: tuple[int, ...], cell: Cell) -> None:
    if array.shape != shape:
        what = f"a {cell.name.upper()} of {cell.units} units" if cell.name != "rnn" else f"{cell.units} units"
        if cell.name == "gru":
            what += f" with reset_after={cell.options.get('reset_after', True)}"
        raise InterchangeError(f"array {plain(name)!r} has the shape {array.shape}; {what} needs {shape}")


def _from_cudnn(kernel: np.ndarray, gates: int) -> np.ndarray:
    """A kernel (inputs, gates · units) in Keras's layout from cuDNN's: each gate's values stand transposed."""
    blocks = np.split(kernel, gates, axis=1)
    return np.concatenate([block.T.reshape(block.shape, order="F") for block in blocks], axis=1)


def tensor(name: str, array: np.ndarray) -> Tensor:
    """An array as a tensor of its own: float64 stays, every other float becomes float32.

    Raises:
        InterchangeError: they are whole numbers, as in quantised layers.
    """
    if array.dtype.kind != "f":
        raise InterchangeError(f"array {plain(name)!r} holds {array.dtype}; quantised weights cannot be read")
    kept = np.float64 if array.dtype == np.float64 else np.float32
    return torch.from_numpy(np.array(array, kept, order="C"))
