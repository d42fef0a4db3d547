"""`ph.shapes`: what it says is what the layers and the frameworks have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException

import peephole as ph
from peephole import tf1 as tf
from peephole.errors import OptionError
from peephole.nn.layouts import Layout
from peephole.nn.shapes import Shapes, shapes

IN, HIDDEN = 5, 6
VARIANTS: list[dict[str, Any]] = [
    {},
    {"bias": False},
    {"peephole": "diagonal"},
    {"peephole": "full"},
    {"proj_size": 2},
    {"coupled": True},
    {"coupled": True, "peephole": "diagonal"},
    {"input_gate": False, "peephole": "full"},
    {"forget_gate": False},
    {"output_gate": False, "full_gate_recurrence": True},
    {"layer_norm": True},
    {"peephole": "diagonal", "full_gate_recurrence": True, "layer_norm": True, "proj_size": 2},
    {"cell": "gru"},
    {"cell": "gru", "reset_after": False},
    {"cell": "gru", "layer_norm": True, "bias": False},
    {"cell": "rnn"},
    {"cell": "rnn", "layer_norm": True},
]
LAYERS = {"lstm": ph.LSTM, "gru": ph.GRU, "rnn": ph.RNN}
variants = pytest.mark.parametrize("options", VARIANTS, ids=str)


def layout(result: Shapes, framework: str) -> Layout:
    (found,) = (one for one in result.layouts if one.framework.startswith(framework))
    return found


def arrays(layout: Layout) -> dict[str, tuple[int, ...]]:
    return {array.name: array.shape for array in layout.arrays}


def shapes_of(parameters: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in parameters.items()}


def test_the_learners_numbers() -> None:
    plain, full = shapes(50, 60), shapes(50, 60, peephole="full")
    assert {gate.letter: gate.matrix for gate in plain.gates} == dict.fromkeys("ifgo", (110, 60))
    assert {gate.letter: gate.matrix for gate in full.gates} == {"g": (110, 60)} | dict.fromkeys(
        "ifo", (170, 60)
    )
    assert plain.stacked == full.stacked == (110, 240)
    counts = {(count.variant, count.one_bias, count.two_biases) for count in plain.counts}
    assert counts == {
        ("no peepholes", 26_640, 26_880),
        ("diagonal peepholes", 26_640 + 180, 26_880 + 180),
        ("full peepholes", 37_440, 37_680),
    }
    assert [count.variant for count in full.counts if count.chosen] == ["full peepholes"]


@pytest.mark.parametrize(
    ("layer", "two_biases", "one_bias"),
    [
        (lambda: ph.LSTM(50, 60), 26_880, 26_640),
        (lambda: ph.LSTM(50, 60, peephole="diagonal"), 26_880 + 180, 26_640 + 180),
        (lambda: ph.LSTM(50, 60, peephole="full"), 37_440 + 240, 37_440),
        (lambda: ph.LSTM(50, 60, coupled=True), 3 * 6_720, 3 * 6_660),
        (lambda: ph.GRU(50, 60), 3 * 6_720, 3 * 6_660),
        (lambda: ph.GRU(50, 60, reset_after=False), 3 * 6_720, 3 * 6_660),
        (lambda: ph.RNN(50, 60), 6_720, 6_660),
    ],
    ids=["lstm", "diagonal", "full", "coupled", "gru", "reset before", "rnn"],
)
def test_the_layers_have_the_learners_numbers(layer: Any, two_biases: int, one_bias: int) -> None:
    sizes = {name: p.numel() for name, p in layer().named_parameters()}
    assert sum(sizes.values()) == two_biases
    assert sum(size for name, size in sizes.items() if not name.startswith("bias_hh")) == one_bias


@pytest.mark.parametrize("options", [{}, {"peephole": "full"}], ids=str)
def test_the_text_says_what_the_learner_asks(options: dict[str, Any]) -> None:
    text = str(shapes(50, 60, **options))
    for words in (
        "50 + 60 = 110",
        "[110, 60]",
        "[110, 240]",
        "Not [50, 60]",
        "Not [50, 110]",
        "26,640",
        "37,440",
    ):
        assert words in " ".join(text.split()), words
    assert ("[170, 60]" in text) == bool(options)
    assert ("50 + 60 + 60 = 170" in " ".join(text.split())) == bool(options)
    for framework in ("PyTorch", "cuDNN", "Keras 3", "TensorFlow 1", "ONNX", "Flax"):
        assert framework in text
    if not options:
        for order in ("i, f, g, o", "i, j, f, o (j is g)", "i, o, f, g"):
            assert order in text


@variants
def test_parameters_are_those_of_the_layer(options: dict[str, Any]) -> None:
    cell = options.get("cell", "lstm")
    layer = LAYERS[cell](IN, HIDDEN, **{name: value for name, value in options.items() if name != "cell"})
    result = shapes(IN, HIDDEN, **options)
    assert arrays(layout(result, "Peephole")) == shapes_of(dict(layer.named_parameters()))
    total = sum(parameter.numel() for parameter in layer.parameters())
    assert layout(result, "Peephole").parameters == total
    assert [count.two_biases for count in result.counts if count.chosen] == [total]


@variants
def test_the_gates_hold_every_weight_of_the_layer_once(options: dict[str, Any]) -> None:
    result = shapes(IN, HIDDEN, **options)
    gates = sum(rows * columns for rows, columns in (gate.matrix for gate in result.gates))
    gates += sum(gate.units * len(gate.elementwise) for gate in result.gates)
    matrices = {
        name: size for name, size in result.parameters.items() if not name.startswith(("bias", "weight_ln"))
    }
    matrices.pop("weight_hr", None)
    assert gates == sum(int(np.prod(shape)) for shape in matrices.values())


@pytest.mark.parametrize(
    "options", [v for v in VARIANTS if not set(v) - {"cell", "bias", "proj_size"}], ids=str
)
def test_pytorchs_arrays_are_pytorchs(options: dict[str, Any]) -> None:
    cell = options.get("cell", "lstm")
    given = {name: value for name, value in options.items() if name != "cell"}
    layer = getattr(torch.nn, cell.upper())(IN, HIDDEN, **given)
    result = shapes(IN, HIDDEN, **options)
    assert arrays(layout(result, "PyTorch")) == shapes_of(dict(layer.named_parameters()))
    assert layout(result, "cuDNN").parameters == layout(result, "PyTorch").parameters


KERAS = {
    "LSTM()": {},
    "LSTM(use_bias=False)": {"bias": False},
    "GRU()": {"cell": "gru"},
    "GRU(use_bias=False)": {"cell": "gru", "bias": False},
    "GRU(reset_after=False)": {"cell": "gru", "reset_after": False},
    "SimpleRNN()": {"cell": "rnn"},
}


@pytest.fixture(scope="module")
def of_keras() -> dict[str, dict[str, list[int]]]:
    """The weights of Keras's layers; in a process of its own, since importing Keras changes the one that does."""
    made = ", ".join(f'"{name}": layers.{name.replace("(", f"({HIDDEN}, ")}' for name in KERAS)
    code = (
        f"import json; from keras import layers; made = {{{made}}}\n"
        f"for layer in made.values(): layer.build((None, None, {IN}))\n"
        "print(json.dumps({k: {w.name: tuple(w.shape) for w in v.weights} for k, v in made.items()}))"
    )
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", KERAS)
def test_keras_arrays_are_keras(name: str, of_keras: dict[str, dict[str, list[int]]]) -> None:
    found = layout(shapes(IN, HIDDEN, **KERAS[name]), "Keras 3")
    assert found.framework == f"Keras 3 {name.partition('(')[0]}"
    assert arrays(found) == {weight: tuple(shape) for weight, shape in of_keras[name].items()}


@pytest.mark.parametrize(
    "options",
    [{}, {"peephole": "diagonal"}, {"proj_size": 2}, {"peephole": "diagonal", "proj_size": 2}, {"cell": "rnn"},
     {"cell": "gru", "reset_after": False}],
    ids=str,
)  # fmt: skip
def test_tensorflow_1s_arrays_are_those_of_its_cells(options: dict[str, Any]) -> None:
    found = layout(shapes(IN, HIDDEN, **options), "TensorFlow 1")
    make = getattr(tf.nn.rnn_cell, found.framework.removeprefix("TensorFlow 1 "))
    more = {"use_peepholes": "peephole" in options, "num_proj": options.get("proj_size")}
    cell = make(HIDDEN, **(more if make is tf.nn.rnn_cell.LSTMCell else {}))
    cell.build((IN,))
    assert arrays(found) == shapes_of(dict(cell.named_parameters()))


@pytest.mark.parametrize(
    "options",
    [{}, {"bias": False}, {"peephole": "diagonal"}, {"coupled": True}, {"peephole": "diagonal", "coupled": True},
     {"cell": "gru"}, {"cell": "gru", "reset_after": False}, {"cell": "rnn"}],
    ids=str,
)  # fmt: skip
def test_onnx_runtime_takes_arrays_of_these_shapes_and_no_others(options: dict[str, Any]) -> None:
    result = shapes(IN, HIDDEN, **options)
    found = arrays(layout(result, "ONNX"))
    assert _onnx_runs(result, options, found)
    for name, shape in found.items():
        assert not _onnx_runs(result, options, {**found, name: (*shape[:-1], shape[-1] + 1)}), name


def _onnx_runs(result: Shapes, options: dict[str, Any], found: dict[str, tuple[int, ...]]) -> bool:
    operator = result.equations.name.upper()
    order = ["X", "W", "R", "B", "", "", *(["", "P"] if operator == "LSTM" else [])]
    more = {"input_forget": 1} if options.get("coupled") else {}
    if operator == "GRU":
        more = {"linear_before_reset": int(options.get("reset_after", True))}
    node = helper.make_node(
        operator, [n if n == "X" or n in found else "" for n in order], ["Y"], hidden_size=HIDDEN, **more
    )
    graph = helper.make_graph(
        [node],
        "layer",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, None, None])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)],
        [
            helper.make_tensor(name, TensorProto.FLOAT, shape, np.zeros(shape, np.float32).ravel())
            for name, shape in found.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), quiet, ["CPUExecutionProvider"])
        (y,) = session.run(["Y"], {"X": np.zeros((2, 3, IN), np.float32)})
    except (Fail, InvalidArgument, RuntimeException):
        return False
    return y.shape == (2, 1, 3, HIDDEN)


def test_flaxs_cells_have_a_kernel_a_gate_and_biases_on_one_side() -> None:
    lstm, gru, rnn = (layout(shapes(50, 60, cell=cell), "Flax") for cell in ("lstm", "gru", "rnn"))
    assert lstm.parameters == 26_640
    assert arrays(lstm)["hi, hf, hg, ho (bias)"] == (60,)
    assert gru.parameters == 3 * 110 * 60 + 4 * 60
    assert arrays(gru)["hn (bias)"] == (60,)
    assert arrays(rnn) == {"i (kernel)": (50, 60), "h (kernel)": (60, 60), "i (bias)": (60,)}


@pytest.mark.parametrize(
    ("options", "lacking"),
    [
        ({"peephole": "full"}, {"PyTorch", "cuDNN", "Keras", "TensorFlow", "ONNX", "Flax"}),
        ({"peephole": "diagonal"}, {"PyTorch", "cuDNN", "Keras", "Flax"}),
        ({"proj_size": 2}, {"Keras", "ONNX", "Flax"}),
        ({"coupled": True}, {"PyTorch", "cuDNN", "Keras", "TensorFlow", "Flax"}),
        ({"bias": False}, {"TensorFlow", "Flax"}),
        ({"cell": "gru"}, {"TensorFlow"}),
        ({"cell": "gru", "reset_after": False}, {"PyTorch", "cuDNN", "Flax"}),
        ({"layer_norm": True}, {"PyTorch", "cuDNN", "Keras", "TensorFlow", "ONNX", "Flax"}),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),  # the same in every process
)
def test_a_framework_that_lacks_an_option_says_so(options: dict[str, Any], lacking: set[str]) -> None:
    layouts = shapes(IN, HIDDEN, **options).layouts
    assert {one.framework.split()[0] for one in layouts if one.lacks} == lacking
    assert all("has no " in one.told and not one.arrays for one in layouts if one.lacks)


def test_one_bias_is_what_the_papers_count() -> None:
    for cell, reset_after, expected in (
        ("rnn", True, 60 * 110 + 60),
        ("gru", False, 3 * (60 * 110 + 60)),
        ("gru", True, 3 * (60 * 110 + 60) + 60),
    ):
        more = {"reset_after": reset_after} if cell == "gru" else {}
        (count,) = shapes(50, 60, cell=cell, **more).counts
        assert count.one_bias == expected


def test_a_result_is_frozen() -> None:
    with pytest.raises(AttributeError):
        shapes(2, 3).equations = None  # type: ignore[misc, assignment]


@pytest.mark.parametrize(
    ("sizes", "options", "error", "words"),
    [
        ((5, 6), {"cell": "gru", "peephole": "full"}, OptionError,
         "peephole='full' is an option of the LSTM; cell is 'gru'"),
        ((5, 6), {"reset_after": False}, OptionError, "reset_after=False is an option of the GRU"),
        ((5, 6), {"cell": "transformer"}, OptionError, "cell must be one of lstm, gru, rnn"),
        ((5, 6), {"peephole": "round"}, OptionError, "peephole must be"),
        ((5, 6), {"coupled": True, "forget_gate": False}, OptionError, "exclude each other"),
        ((5, 6), {"proj_size": 6}, OptionError, "proj_size must be below hidden_size=6"),
        ((0, 6), {}, ValueError, "input_size must be greater than zero, got 0"),
        ((5, 6.5), {}, TypeError, "hidden_size should be of type int"),
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_option_is_an_error_that_names_it(
    sizes: Any, options: dict[str, Any], error: Any, words: str
) -> None:
    with pytest.raises(error, match=words):
        shapes(*sizes, **options)


def test_the_golden_variables_of_tensorflow_have_these_shapes() -> None:
    with np.load(Path(__file__).parent.parent / "tf1" / "tensorflow1.npz") as golden:
        prefix = "lstm, every option|variable|rnn/lstm_cell/"
        recorded = {
            name.removeprefix(prefix).removesuffix(":0"): golden[name].shape
            for name in golden
            if name.startswith(prefix)
        }
    assert arrays(layout(shapes(2, 4, peephole="diagonal", proj_size=3), "TensorFlow 1")) == recorded
