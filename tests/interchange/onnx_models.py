"""ONNX models for the tests: run by ONNX Runtime, read back as modules of ours, built node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from peephole.interchange.found import Found, FoundPart
from peephole.interchange.imported import imported
from peephole.interchange.onnx.reader import read
from peephole.nn.chain_network import Chain

Array = np.ndarray

#: Times and batches are never those that anything was made with.
TIME, BATCH = 7, 3
INPUT, HIDDEN = 4, 5


def session(model: Path | bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def run(model: Path | bytes, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """What ONNX Runtime makes of a model; inputs that it does not have are not given."""
    opened = session(model)
    wanted = [value.name for value in opened.get_inputs()]
    given = {name: np.asarray(inputs[name]) for name in wanted}
    names = [value.name for value in opened.get_outputs()]
    return dict(zip(names, opened.run(names, given), strict=True))


def layer_of(part: FoundPart) -> torch.nn.Module:
    """The layer that a recurrent part is."""
    layer = part.part.layer()
    layer.load_state_dict(dict(part.tensors))
    return layer.eval()


def chain_of(found: Found) -> Chain:
    """The network that a file is."""
    chain = imported(found, file="model.onnx").chain
    assert chain is not None
    return chain


def node_model(
    operation: str,
    attributes: Mapping[str, Any],
    tensors: Mapping[str, Array],
    *,
    roles: Sequence[str] | None = None,
    inputs: Mapping[str, Sequence[int | str]] | None = None,
    domain: str = "",
    opset: int = 17,
) -> onnx.ModelProto:
    """A model of one recurrent node whose tensors are initializers.

    Args:
        tensors: by role ("W", "R", "B", …), which is their name too.
        inputs: the graph's inputs with their shapes; X alone if left out.
    """
    roles = roles or ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]
    inputs = inputs or {"X": ["time", "batch", "features"]}
    given = [role if role in tensors or role in inputs else "" for role in roles]
    while not given[-1]:
        given.pop()
    outputs = ["Y", "Y_h", *(["Y_c"] if operation == "LSTM" else [])]
    node = helper.make_node(operation, given, outputs, name="node", domain=domain, **attributes)
    kinds = {"sequence_lens": TensorProto.INT32}
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info(n, kinds.get(n, TensorProto.FLOAT), s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in tensors.items()],
    )
    versions = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    return helper.make_model(graph, opset_imports=versions, ir_version=9)


def followed(
    model: onnx.ModelProto,
    nodes: Sequence[onnx.NodeProto],
    tensors: Mapping[str, Array],
    outputs: Sequence[str],
    *,
    opset: int = 17,
) -> onnx.ModelProto:
    """A model of one recurrent node with nodes behind it, which returns ``outputs`` alone."""
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in tensors.items())
    del model.graph.output[:]
    model.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs
    )
    model.opset_import[0].version = opset
    return model


def convolved_readout() -> onnx.ModelProto:
    """An LSTM, a function, a convolution whose kernel is 1, a function: as voice detectors end."""
    chance = np.random.default_rng(5)
    tensors = {
        "one": np.array([1]),
        "kernel": chance.normal(0, 0.5, (2, HIDDEN, 1)).astype(np.float32),
        "offset": chance.normal(0, 0.5, 2).astype(np.float32),
    }
    nodes = [
        helper.make_node("Squeeze", ["Y", "one"], ["squeezed"]),
        helper.make_node("Relu", ["squeezed"], ["positive"], name="relu"),
        helper.make_node("Transpose", ["positive"], ["turned"], perm=[1, 2, 0]),
        helper.make_node("Conv", ["turned", "kernel", "offset"], ["sums"], name="conv", kernel_shape=[1]),
        helper.make_node("Sigmoid", ["sums"], ["said"]),
    ]
    return followed(node_model("LSTM", {"hidden_size": HIDDEN}, weights("LSTM")), nodes, tensors, ["said"])


GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def weights(operation: str, *, directions: int = 1, seed: int = 0, parts: str = "WRB") -> dict[str, Array]:
    """Random tensors of a node: W, R, B, P."""
    chance = np.random.default_rng(seed)
    rows = GATES[operation] * HIDDEN
    shapes = {"W": (rows, INPUT), "R": (rows, HIDDEN), "B": (2 * rows,), "P": (3 * HIDDEN,)}
    return {part: chance.normal(0, 0.5, (directions, *shapes[part])).astype(np.float32) for part in parts}


def save(model: onnx.ModelProto, folder: Path, name: str = "model.onnx") -> Path:
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return path


def read_model(model: onnx.ModelProto, folder: Path, **options: Any) -> Found:
    return read(save(model, folder), **options)


def sequence(time: int = TIME, batch: int = BATCH, features: int = INPUT, *, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(0, 1, (time, batch, features)).astype(np.float32)


def close(actual: Any, expected: Any, what: str = "", tolerance: float = 1e-5) -> None:
    values = actual.detach().numpy() if isinstance(actual, torch.Tensor) else actual
    np.testing.assert_allclose(values, expected, rtol=tolerance, atol=tolerance, err_msg=what)
