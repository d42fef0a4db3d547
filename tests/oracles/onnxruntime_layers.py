"""ONNX Runtime executing one LSTM, GRU or RNN node, given and giving arrays in torch's layout.

    gates      LSTM i, o, f, g (torch: i, f, g, o)     GRU z, r, n (torch: r, z, n)     peepholes i, o, f
    biases     Wb then Rb
    Y          (time, direction, batch, hidden)

With ``input_forget`` the forget gate is 1 − i, and its rows of every array are ignored: here they hold garbage.
Everything is float32, the only type in which the runtime has these operators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

Array = np.ndarray

#: torch's blocks of rows in the order of ONNX
ORDER = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}
SUFFIXES = ("l0", "l0_reverse")
GARBAGE = 1e3

#: our activations by ONNX's names, and which of alpha and beta each has
ACTIVATIONS = {
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "relu": "Relu",
    "softsign": "Softsign",
    "softplus": "Softplus",
    "hard_sigmoid": "HardSigmoid",
    "leaky_relu": "LeakyRelu",
    "thresholded_relu": "ThresholdedRelu",
    "elu": "Elu",
    "scaled_tanh": "ScaledTanh",
    "affine": "Affine",
}


def run(
    cell: str,
    parameters: Mapping[str, Array],
    x: Array,
    *,
    hidden: int,
    initial: Mapping[str, Array],
    lengths: Sequence[int] | None = None,
    activations: Sequence[str | tuple[object, ...]] = (),
    coupled: bool = False,
    clip: float | None = None,
    linear_before_reset: bool = True,
    direction: str = "forward",
) -> dict[str, Array]:
    """One node.

    Args:
        parameters: by torch's names (weight_ih_l0 …, weight_peephole_l0 in the order i, f, o); one direction, or two.
        x: (time, batch, input).
        initial: "hidden", and of an LSTM "cell", (directions, batch, hidden).
        activations: of each direction, in our names: of an LSTM's gates, candidate and cell; of a GRU's gates and
            candidate; of an RNN.
        direction: "forward", "reverse" or "bidirectional".

    Returns:
        "output" (time, batch, directions · hidden), "final hidden", and of an LSTM "final cell".
    """
    suffixes = SUFFIXES if direction == "bidirectional" else SUFFIXES[:1]
    blocks = ORDER[cell]

    def stacked(name: str) -> Array:
        return np.stack(
            [_rows(parameters[f"{name}_{suffix}"], blocks, hidden, coupled) for suffix in suffixes]
        )

    arrays: dict[str, Array] = {"X": x, "W": stacked("weight_ih"), "R": stacked("weight_hh")}
    if f"bias_ih_{suffixes[0]}" in parameters:
        arrays["B"] = np.concatenate([stacked("bias_ih"), stacked("bias_hh")], axis=-1)
    if lengths is not None:
        arrays["sequence_lens"] = np.array(lengths, dtype=np.int32)
    arrays["initial_h"] = initial["hidden"]
    if cell == "lstm":
        arrays["initial_c"] = initial["cell"]
        if f"weight_peephole_{suffixes[0]}" in parameters:
            arrays["P"] = np.stack(
                [_peepholes(parameters[f"weight_peephole_{s}"], hidden, coupled) for s in suffixes]
            )

    attributes: dict[str, Any] = {"hidden_size": hidden, "direction": direction}
    if activations:
        attributes |= _activations(list(activations) * len(suffixes))
    if clip is not None:
        attributes["clip"] = clip
    if cell == "lstm":
        attributes["input_forget"] = int(coupled)
    if cell == "gru":
        attributes["linear_before_reset"] = int(linear_before_reset)
    y, *final = _execute(cell, arrays, attributes)
    output = y.transpose(0, 2, 1, 3).reshape(*y.shape[:1], y.shape[2], -1)
    return {"output": output} | {f"final {k}": v for k, v in zip(("hidden", "cell"), final, strict=False)}


def _rows(value: Array, blocks: tuple[int, ...], hidden: int, coupled: bool) -> Array:
    """Rows in the order of ONNX; where there is no forget gate, garbage in its place."""
    parts = np.split(value, len(value) // hidden)
    if coupled:
        parts.insert(1, np.full_like(parts[0], GARBAGE))
    return np.concatenate([parts[block] for block in blocks])


def _peepholes(value: Array, hidden: int, coupled: bool) -> Array:
    """i, f, o (i, o where coupled) as i, o, f."""
    parts = np.split(value, len(value) // hidden)
    if coupled:
        parts.insert(1, np.full_like(parts[0], GARBAGE))
    i, f, o = parts
    return np.concatenate([i, o, f])


def _activations(names: Sequence[str | tuple[object, ...]]) -> dict[str, list[Any]]:
    """The attributes; alphas and betas stand one behind the other, for those functions alone that have them."""
    found: dict[str, list[Any]] = {"activations": [], "activation_alpha": [], "activation_beta": []}
    for name in names:
        first, *parameters = (name,) if isinstance(name, str) else name
        found["activations"].append(ACTIVATIONS[str(first)])
        for attribute, parameter in zip(("activation_alpha", "activation_beta"), parameters, strict=False):
            found[attribute].append(parameter)
    return {name: values for name, values in found.items() if values}


def _execute(cell: str, arrays: Mapping[str, Array], attributes: Mapping[str, Any]) -> list[Array]:
    order = ["X", "W", "R", "B", "sequence_lens", "initial_h"]
    order += ["initial_c", "P"] if cell == "lstm" else []
    outputs = ["Y", "Y_h", "Y_c"] if cell == "lstm" else ["Y", "Y_h"]
    node = helper.make_node(
        cell.upper(), [name if name in arrays else "" for name in order], outputs, **attributes
    )
    inputs = [
        helper.make_tensor_value_info(
            name, TensorProto.INT32 if name == "sequence_lens" else TensorProto.FLOAT, value.shape
        )
        for name, value in arrays.items()
    ]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    model = helper.make_model(
        helper.make_graph([node], cell, inputs, results),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    given = {n: v if n == "sequence_lens" else v.astype(np.float32) for n, v in arrays.items()}
    return session.run(outputs, given)
