"""ONNX Runtime and OpenVINO: the same LSTM as one node of an ONNX model, in float32, by a given number of threads.

The packages are imported here by name and only when asked for: they are no dependency of Peephole.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kernel_speed.layers import Entrant
from kernel_speed.shapes import Shape


def _in_onnx_order(weight: Tensor) -> Tensor:
    """Rows i, o, f, g from torch's i, f, g, o."""
    i, f, g, o = weight.detach().chunk(4)
    return torch.cat([i, o, f, g])


def lstm_model(layer: Any, shape: Shape) -> bytes:
    """An ONNX model of the layer, from x (time, batch, input) to y (time, 1, batch, hidden) and the final states."""
    onnx: Any = import_module("onnx")
    helper, array, real = onnx.helper, onnx.numpy_helper.from_array, onnx.TensorProto.FLOAT
    bias = torch.cat([_in_onnx_order(layer.bias_ih_l0), _in_onnx_order(layer.bias_hh_l0)])
    weights = {"w": _in_onnx_order(layer.weight_ih_l0), "r": _in_onnx_order(layer.weight_hh_l0), "b": bias}
    state = [1, shape.batch, shape.hidden]
    graph = helper.make_graph(
        [helper.make_node("LSTM", ["x", "w", "r", "b"], ["y", "h", "c"], hidden_size=shape.hidden)],
        "lstm",
        [helper.make_tensor_value_info("x", real, [shape.time, shape.batch, shape.input])],
        [
            helper.make_tensor_value_info("y", real, [shape.time, *state]),
            helper.make_tensor_value_info("h", real, state),
            helper.make_tensor_value_info("c", real, state),
        ],
        [array(weight.unsqueeze(0).numpy(), name) for name, weight in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    return bytes(model.SerializeToString())


def onnx_runtime(model: bytes, x: Tensor, threads: int) -> Entrant:
    """ONNX Runtime. Its idle threads sleep: those that spin would take the others' cores."""
    runtime: Any = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    given = {"x": x.numpy()}

    def gives() -> list[Tensor]:
        return [torch.from_numpy(session.run(None, given)[0].squeeze(1))]

    return Entrant("ONNX Runtime", lambda: session.run(None, given), gives)


def openvino(model: bytes, x: Tensor, threads: int) -> Entrant:
    """OpenVINO's fused sequence. Without the hint it calculates in bfloat16 where the machine can.

    Raises:
        RuntimeError: it takes another number of threads or another precision than it is told.
    """
    vino: Any = import_module("openvino")
    core = vino.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,  # a pinned thread waits where somebody else's has its core
    }
    compiled = core.compile_model(core.read_model(model, b""), "CPU", settings)
    precision = compiled.get_property("INFERENCE_PRECISION_HINT")
    taken = compiled.get_property("INFERENCE_NUM_THREADS")
    if precision != vino.Type.f32 or taken != threads:
        raise RuntimeError(f"OpenVINO runs {taken} threads in {precision}, not {threads} in float32")
    request = compiled.create_infer_request()
    values = np.ascontiguousarray(x.numpy())
    request.set_input_tensor(vino.Tensor(values, shared_memory=True))

    def gives() -> list[Tensor]:
        request.infer()
        return [torch.from_numpy(request.get_output_tensor(0).data.copy().squeeze(1))]

    return Entrant("OpenVINO", request.infer, gives)
