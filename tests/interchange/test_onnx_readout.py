"""What comes after an ONNX model's recurrent node: functions, convolutions of width 1, and what ends a chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from interchange.onnx_models import (
    HIDDEN,
    TIME,
    chain_of,
    close,
    convolved_readout,
    followed,
    node_model,
    read_model,
    run,
    sequence,
    weights,
)
from onnx import helper

from peephole.errors import InterchangeError
from peephole.interchange.found import Found
from peephole.nn.activations import Activation
from peephole.nn.chain import ActivationPart, DensePart

Array = np.ndarray
CHANCE = np.random.default_rng(6)
KERNEL = CHANCE.normal(0, 0.5, (3, HIDDEN, 1)).astype(np.float32)
MATRIX = CHANCE.normal(0, 0.5, (HIDDEN, 3)).astype(np.float32)
ONE = {"zero": np.array([0]), "one": np.array([1])}


def node(operation: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operation, inputs.split(), [output], name=output, **attributes)


SQUEEZED = node("Squeeze", "Y one", "h")
TURNED = node("Transpose", "h", "turned", perm=[1, 2, 0])


def after_lstm(
    *nodes: onnx.NodeProto,
    tensors: Mapping[str, Array] | None = None,
    outputs: Sequence[str] = ("out",),
    opset: int = 17,
    directions: int = 1,
) -> onnx.ModelProto:
    """An LSTM and nodes behind it."""
    direction = "bidirectional" if directions == 2 else "forward"
    model = node_model(
        "LSTM", {"hidden_size": HIDDEN, "direction": direction}, weights("LSTM", directions=directions)
    )
    return followed(model, nodes, ONE | dict(tensors or {}), outputs, opset=opset)


def kinds(found: Found) -> list[str]:
    assert found.chain == tuple(part.part.name for part in found.parts)
    return [part.part.kind for part in found.parts]


def assert_says_the_same(model: onnx.ModelProto, folder: Path, order: Sequence[int] = (0, 1, 2)) -> Found:
    """The chain puts out what the model's first output is, whose axes are put in the order time, batch, feature."""
    found = read_model(model, folder)
    x = sequence()
    theirs = next(iter(run(model.SerializeToString(), {"X": x}).values()))
    with torch.no_grad():
        outputs, _ = chain_of(found)(torch.from_numpy(x))
    close(outputs, theirs.transpose(order), tolerance=1e-6)
    return found


def test_a_function_a_convolution_of_width_1_and_a_function_are_a_readout(tmp_path: Path) -> None:
    found = assert_says_the_same(convolved_readout(), tmp_path, (2, 0, 1))
    lstm, relu, dense = (part.part for part in found.parts)
    assert relu == ActivationPart(name="relu", size=HIDDEN, activation="relu")
    assert dense == DensePart(name="conv", inputs=HIDDEN, outputs=2, activation="sigmoid")
    assert found.chain == (lstm.name, "relu", "conv")
    assert found.parts[2].sources == {"weight": "kernel, its kernel of 1 dropped", "bias": "offset"}
    assert [entry.name for entry in found.left_out] == ["operations of layout"]


def test_a_convolution_over_two_more_axes_is_a_dense_layer_too(tmp_path: Path) -> None:
    nodes = [
        SQUEEZED,
        TURNED,
        node("Unsqueeze", "turned end", "flat"),
        node("Conv", "flat kernel", "sums", pads=[0, 0, 0, 0], strides=[1, 1]),
        node("Squeeze", "sums end", "out"),
    ]
    tensors = {"kernel": KERNEL[..., None], "end": np.array([3])}
    found = assert_says_the_same(after_lstm(*nodes, tensors=tensors), tmp_path, (2, 0, 1))
    assert found.parts[1].part == DensePart(name="sums", inputs=HIDDEN, outputs=3, bias=False)


@pytest.mark.parametrize(
    ("kernel", "attributes"),
    [
        (np.repeat(KERNEL, 3, 2), {"pads": [1, 1]}),
        (KERNEL, {"strides": [2]}),
        (KERNEL, {"pads": [1, 0]}),
        (KERNEL[:, :1], {"group": HIDDEN}),
    ],
    ids=["width 3", "stride", "padding", "groups"],
)
def test_any_other_convolution_ends_the_chain_before_it(
    kernel: Array, attributes: dict[str, Any], tmp_path: Path
) -> None:
    # With a group for each feature there must be a multiple of them.
    tensors = {"kernel": np.repeat(kernel, HIDDEN, 0) if "group" in attributes else kernel}
    nodes = [SQUEEZED, node("Relu", "h", "positive"), node("Transpose", "positive", "turned", perm=[1, 2, 0])]
    model = after_lstm(*nodes, node("Conv", "turned kernel", "out", **attributes), tensors=tensors)
    assert run(model.SerializeToString(), {"X": sequence()})["out"].size
    found = read_model(model, tmp_path)
    assert kinds(found) == ["recurrent"]
    reasons = {entry.name: entry.reason for entry in found.left_out}
    assert "what the chain puts out" in reasons["out"]
    assert "what the chain puts out" in reasons["positive"]  # it leads to nothing of the chain


def test_a_convolution_over_time_is_not_taken_for_one_over_features(tmp_path: Path) -> None:
    kernel = CHANCE.normal(0, 0.5, (3, TIME, 1)).astype(np.float32)
    nodes = [
        SQUEEZED,
        node("Transpose", "h", "turned", perm=[1, 0, 2]),
        node("Conv", "turned kernel", "out"),
    ]
    model = after_lstm(*nodes, tensors={"kernel": kernel})
    assert run(model.SerializeToString(), {"X": sequence()})["out"].size
    assert kinds(read_model(model, tmp_path)) == ["recurrent"]


FUNCTIONS: list[tuple[str, dict[str, Any], Activation]] = [
    ("Relu", {}, "relu"),
    ("Tanh", {}, "tanh"),
    ("Sigmoid", {}, "sigmoid"),
    ("Softplus", {}, "softplus"),
    ("Softsign", {}, "softsign"),
    ("LeakyRelu", {}, "leaky_relu"),
    ("LeakyRelu", {"alpha": 0.3}, ("leaky_relu", 0.3)),
    ("Elu", {"alpha": 0.7}, ("elu", 0.7)),
    ("ThresholdedRelu", {"alpha": 0.2}, ("thresholded_relu", 0.2)),
    ("HardSigmoid", {}, "hard_sigmoid"),
    ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}, "hard_sigmoid_6"),
    ("Selu", {}, "selu"),
    ("Softmax", {"axis": 2}, "softmax"),
]


@pytest.mark.parametrize(("operation", "attributes", "ours"), FUNCTIONS, ids=str)
def test_a_function_stands_by_itself_before_a_dense_layer(
    operation: str, attributes: dict[str, Any], ours: Activation, tmp_path: Path
) -> None:
    nodes = [SQUEEZED, node(operation, "h", "f", **attributes), node("MatMul", "f matrix", "out")]
    found = assert_says_the_same(after_lstm(*nodes, tensors={"matrix": MATRIX}), tmp_path)
    assert found.parts[1].part == ActivationPart(name="f", size=HIDDEN, activation=ours)


def test_a_function_of_two_directions_may_come_before_they_are_joined(tmp_path: Path) -> None:
    nodes = [
        node("Tanh", "Y", "f"),
        node("Transpose", "f", "turned", perm=[0, 2, 1, 3]),
        node("Reshape", "turned shape", "joined"),
        node("MatMul", "joined matrix", "out"),
    ]
    tensors = {"matrix": np.concatenate([MATRIX, -MATRIX]), "shape": np.array([0, 0, -1])}
    found = assert_says_the_same(after_lstm(*nodes, tensors=tensors, directions=2), tmp_path)
    assert found.parts[1].part == ActivationPart(name="f", size=2 * HIDDEN, activation="tanh")


def test_a_function_of_the_final_state_is_of_the_end_alone(tmp_path: Path) -> None:
    nodes = [
        node("Squeeze", "Y_h zero", "end"),
        node("Relu", "end", "f"),
        node("MatMul", "f matrix", "m"),
        node("Unsqueeze", "m zero", "out"),
    ]
    found = assert_says_the_same(after_lstm(*nodes, tensors={"matrix": MATRIX}), tmp_path)
    assert kinds(found) == ["recurrent", "activation", "dense"]


def test_functions_that_the_graph_returns_are_parts_and_others_are_not(tmp_path: Path) -> None:
    functions = [SQUEEZED, node("Sigmoid", "h", "f"), node("Tanh", "f", "out")]
    found = assert_says_the_same(after_lstm(*functions), tmp_path)
    assert [part.part.name for part in found.parts[1:]] == ["f", "out"]
    model = after_lstm(*functions[:2], node("ReduceMean", "f", "out", axes=[0], keepdims=0))
    found = read_model(model, tmp_path)
    assert kinds(found) == ["recurrent"]
    assert {(entry.name, entry.what) for entry in found.left_out} >= {("f", "Sigmoid"), ("out", "ReduceMean")}


def test_a_second_function_after_a_dense_layer_stands_by_itself(tmp_path: Path) -> None:
    nodes = [SQUEEZED, node("MatMul", "h matrix", "m"), node("Relu", "m", "r"), node("Sigmoid", "r", "out")]
    found = assert_says_the_same(after_lstm(*nodes, tensors={"matrix": MATRIX}), tmp_path)
    assert [part.part.kind for part in found.parts] == ["recurrent", "dense", "activation"]
    assert isinstance(found.parts[1].part, DensePart)
    assert found.parts[1].part.activation == "relu"


def test_a_mean_over_time_ends_the_chain_before_it_and_says_so(tmp_path: Path) -> None:
    nodes = [
        SQUEEZED,
        node("Relu", "h", "f"),
        node("MatMul", "f matrix", "m"),
        node("Sigmoid", "m", "said"),
        node("ReduceMean", "said", "out", axes=[0]),
    ]
    found = read_model(after_lstm(*nodes, tensors={"matrix": MATRIX}, outputs=["out"]), tmp_path)
    assert kinds(found) == ["recurrent", "activation", "dense"]
    (entry,) = [entry for entry in found.left_out if entry.name == "out"]
    assert (entry.what, entry.reason) == (
        "ReduceMean",
        "it works on what the chain puts out, which ends before it",
    )


def test_what_is_read_beside_its_function_is_not_passed_through_it(tmp_path: Path) -> None:
    """x·sigmoid(x) is no sigmoid."""
    nodes = [SQUEEZED, node("Sigmoid", "h", "f"), node("Mul", "h f", "g"), node("MatMul", "g matrix", "out")]
    assert kinds(read_model(after_lstm(*nodes, tensors={"matrix": MATRIX}), tmp_path)) == ["recurrent"]


@pytest.mark.parametrize(("axis", "opset"), [(0, 17), (1, 17), (1, 11)])
def test_a_softmax_over_anything_but_the_features_ends_the_chain(
    axis: int, opset: int, tmp_path: Path
) -> None:
    squeezed = SQUEEZED if opset >= 13 else node("Squeeze", "Y", "h", axes=[1])
    nodes = [squeezed, node("Softmax", "h", "f", axis=axis), node("MatMul", "f matrix", "out")]
    model = after_lstm(*nodes, tensors={"matrix": MATRIX}, opset=opset)
    assert kinds(read_model(model, tmp_path)) == ["recurrent"]


def test_a_softmax_is_over_the_axis_on_which_a_convolution_has_the_features(tmp_path: Path) -> None:
    nodes = [SQUEEZED, TURNED, node("Conv", "turned kernel", "sums"), node("Softmax", "sums", "out", axis=1)]
    found = assert_says_the_same(after_lstm(*nodes, tensors={"kernel": KERNEL}), tmp_path, (2, 0, 1))
    assert found.parts[1].part == DensePart(
        name="sums", inputs=HIDDEN, outputs=3, bias=False, activation="softmax"
    )


def test_what_is_added_along_another_axis_is_no_bias(tmp_path: Path) -> None:
    tensors = {"kernel": np.repeat(KERNEL[:1], TIME, 0), "each": np.arange(TIME, dtype=np.float32)}
    nodes = [SQUEEZED, TURNED, node("Conv", "turned kernel", "sums"), node("Add", "sums each", "out")]
    model = after_lstm(*nodes, tensors=tensors)
    assert run(model.SerializeToString(), {"X": sequence()})["out"].shape[1:] == (TIME, TIME)
    found = read_model(model, tmp_path)
    assert found.parts[1].part == DensePart(name="sums", inputs=HIDDEN, outputs=TIME, bias=False)
    assert "out" in [entry.name for entry in found.left_out]


def test_a_function_without_a_finite_parameter_is_refused_by_name(tmp_path: Path) -> None:
    model = after_lstm(SQUEEZED, node("LeakyRelu", "h", "out", alpha=float("inf")))
    with pytest.raises(InterchangeError, match=r"LeakyRelu node 'out' has parameters .* \[inf\]"):
        read_model(model, tmp_path)


def test_a_long_row_of_functions_is_read(tmp_path: Path) -> None:
    many = 3000
    names = ["h", *(f"f{number}" for number in range(many - 1)), "out"]
    nodes = [node("Relu", before, after) for before, after in pairwise(names)]
    found = read_model(after_lstm(SQUEEZED, *nodes), tmp_path)
    assert len(found.parts) == 1 + many
