"""Whole ONNX models, small, of every kind: what damage is done to."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from interchange.onnx_models import HIDDEN, INPUT, convolved_readout, node_model, weights
from onnx import TensorProto, helper, numpy_helper

import peephole as ph
from peephole.interchange.onnx.writer import export_onnx


def _body() -> onnx.ModelProto:
    """A node in the body of an If inside a function, its weights moved about before they reach it."""
    tensors = weights("LSTM", parts="WRBP")
    nodes = [
        helper.make_node("Constant", [], ["axis"], value_ints=[0]),
        helper.make_node("Squeeze", ["W", "axis"], ["a"]),
        helper.make_node("Unsqueeze", ["a", "axis"], ["b"]),
        helper.make_node("Transpose", ["b"], ["c"], perm=[0, 1, 2]),
        helper.make_node("Slice", ["c", "axis", "end", "axis"], ["d"]),
        helper.make_node("Concat", ["d"], ["w"], axis=0),
        helper.make_node(
            "LSTM",
            ["X", "w", "R", "B", "", "", "", "P"],
            ["y"],
            name="deep",
            hidden_size=HIDDEN,
            activations=["HardSigmoid", "Tanh", "Elu"],
            activation_alpha=[0.3, 0.5],
            activation_beta=[0.4],
            clip=2.0,
        ),
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    body = helper.make_graph(nodes, "body", [], outputs)
    versions = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    names = ["c", "X", "W", "R", "B", "P", "end"]
    function = helper.make_function(
        "mine",
        "Call",
        names,
        ["Y"],
        [helper.make_node("If", ["c"], ["Y"], name="if", then_branch=body, else_branch=body)],
        versions[:1],
    )
    graph = helper.make_graph(
        [helper.make_node("Call", names, ["Y"], name="call", domain="mine")],
        "g",
        [
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            helper.make_tensor_value_info("X", TensorProto.FLOAT, ["t", "b", INPUT]),
        ],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()]
        + [numpy_helper.from_array(np.array([1]), "end")],
    )
    return helper.make_model(graph, opset_imports=versions, functions=[function])


def _written(module: Any, **options: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        export_onnx(module, Path(folder) / "m.onnx", **options)
        return (Path(folder) / "m.onnx").read_bytes()


def seeds() -> dict[str, bytes]:
    """File name to bytes."""
    single = node_model(
        "GRU",
        {"hidden_size": HIDDEN, "direction": "bidirectional", "linear_before_reset": 1},
        weights("GRU", directions=2) | {"initial_h": np.ones((2, 1, HIDDEN), np.float32)},
    )
    chain = ph.Network(
        ph.NetworkConfig(
            cell="lstm", input="symbols", input_size=7, output_size=3, embedding=4, hidden=5, layers=2
        )
    )
    stack = ph.RNN(INPUT, HIDDEN, 2, learned_state=True, reverse=True, nonlinearity="leaky_relu")
    return {
        "single.onnx": single.SerializeToString(),
        "body.onnx": _body().SerializeToString(),
        "chain.onnx": _written(chain, lengths=True),
        "stack.onnx": _written(stack),
        "readout.onnx": convolved_readout().SerializeToString(),
    }
