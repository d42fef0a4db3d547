"""Reading ONNX models: attributes, functions, where values come from, what feeds what."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from interchange.onnx_models import (
    BATCH,
    HIDDEN,
    INPUT,
    TIME,
    chain_of,
    close,
    layer_of,
    node_model,
    read_model,
    run,
    save,
    sequence,
    weights,
)
from onnx import TensorProto, helper, numpy_helper, parser
from torch import nn

from peephole.errors import InterchangeError
from peephole.interchange.found import Found
from peephole.interchange.onnx.reader import read

OPERATIONS = ("LSTM", "GRU", "RNN")


def assert_equals_the_node(model: onnx.ModelProto, folder: Path, **read_options: Any) -> Found:
    """The one part of a one-node model computes what ONNX Runtime makes of the node."""
    found = read_model(model, folder, **read_options)
    (part,) = found.parts
    x = sequence()
    theirs = run(model.SerializeToString(), {"X": x})
    output, final = layer_of(part)(torch.from_numpy(x))
    y = theirs["Y"].transpose(0, 2, 1, 3).reshape(TIME, BATCH, -1)
    close(output, y, "Y")
    parts = final if isinstance(final, tuple) else (final,)
    for name, value in zip(("Y_h", "Y_c"), parts, strict=False):
        close(value, theirs[name], name)
    return found


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("parts", ["WR", "WRB"])
def test_a_node_of_any_direction_is_a_layer(
    operation: str, direction: str, parts: str, tmp_path: Path
) -> None:
    tensors = weights(operation, directions=2 if direction == "bidirectional" else 1, parts=parts)
    model = node_model(operation, {"hidden_size": HIDDEN, "direction": direction}, tensors)
    assert_equals_the_node(model, tmp_path)


ATTRIBUTES: list[tuple[str, dict[str, Any]]] = [
    ("LSTM", {"clip": 0.4}),
    ("GRU", {"clip": 0.4}),
    ("RNN", {"clip": 0.4}),
    ("LSTM", {"input_forget": 1}),
    ("LSTM", {"input_forget": 1, "clip": 0.7}),
    ("GRU", {"linear_before_reset": 1}),
    ("GRU", {"linear_before_reset": 1, "clip": 0.4}),
    ("LSTM", {"activations": ["sigmoid", "TANH", "Relu"]}),
    ("LSTM", {"activations": ["HardSigmoid", "ScaledTanh", "Affine"], "activation_alpha": [0.3, 1.7, 0.8],
              "activation_beta": [0.4, 0.6, 0.1]}),
    ("LSTM", {"activations": ["HardSigmoid", "Softsign", "Softplus"]}),
    ("GRU", {"activations": ["Sigmoid", "LeakyRelu"], "activation_alpha": [0.3]}),
    ("GRU", {"activations": ["HardSigmoid", "Elu"], "activation_alpha": [0.3, 0.7]}),
    ("RNN", {"activations": ["ThresholdedRelu"], "activation_alpha": [0.4]}),
    ("RNN", {"activations": ["Elu"]}),
    ("RNN", {"activations": ["LeakyRelu"]}),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "attributes"), ATTRIBUTES, ids=str)
@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_an_attribute_means_what_onnxruntime_computes(
    operation: str, attributes: dict[str, Any], direction: str, tmp_path: Path
) -> None:
    directions = 2 if direction == "bidirectional" else 1
    given = {
        name: value * directions if isinstance(value, list) else value for name, value in attributes.items()
    }
    parts = "WRBP" if operation == "LSTM" else "WRB"
    tensors = weights(operation, directions=directions, parts=parts)
    if given.get("input_forget"):  # the forget gate's rows are not read: not a number may stand there
        for name, at in (("W", 2), ("R", 2), ("P", 2)):
            tensors[name][:, at * HIDDEN : (at + 1) * HIDDEN] = 1e3
    model = node_model(operation, {"hidden_size": HIDDEN, "direction": direction} | given, tensors)
    assert_equals_the_node(model, tmp_path)


def test_what_a_coupled_node_does_not_read_is_left_out_and_said_so(tmp_path: Path) -> None:
    model = node_model("LSTM", {"hidden_size": HIDDEN, "input_forget": 1}, weights("LSTM", parts="WRBP"))
    (part,) = read_model(model, tmp_path).parts
    assert part.tensors["weight_ih_l0"].shape == (3 * HIDDEN, INPUT)
    assert part.tensors["weight_peephole_l0"].shape == (2 * HIDDEN,)
    assert part.sources["weight_ih_l0"] == (
        "W[0], gates iofc put in the order ifgo, f left out, which input_forget=1 does not read"
    )


def test_functions_without_parameters_have_the_standards_defaults_where_the_runtime_has_zeros(
    tmp_path: Path,
) -> None:
    attributes = {"hidden_size": HIDDEN, "activations": ["ThresholdedRelu"]}
    found = read_model(node_model("RNN", attributes, weights("RNN")), tmp_path)
    assert found.parts[0].part.options["nonlinearity"] == "thresholded_relu"
    words = (
        "RNN node 'node': ThresholdedRelu has no parameter of its own here, so that the standard's 1.0 is taken; ONNX "
        "Runtime takes 0"
    )
    assert found.notes == (words,)


@pytest.mark.parametrize("operation", ["LSTM", "GRU"])
def test_directions_with_functions_of_their_own_become_a_layer_each(operation: str, tmp_path: Path) -> None:
    functions = ["Sigmoid", "Tanh", "Tanh"] if operation == "LSTM" else ["Sigmoid", "Tanh"]
    others = ["HardSigmoid", "Softsign", "Relu"] if operation == "LSTM" else ["Sigmoid", "Relu"]
    attributes = {"hidden_size": HIDDEN, "direction": "bidirectional", "activations": functions + others}
    model = node_model(operation, attributes, weights(operation, directions=2))
    found = read_model(model, tmp_path)
    assert [part.part.name for part in found.parts] == ["node (forward)", "node (reverse)"]
    assert found.chain is None
    x = sequence()
    outputs = [layer_of(part)(torch.from_numpy(x))[0] for part in found.parts]
    close(
        torch.cat(outputs, -1),
        run(model.SerializeToString(), {"X": x})["Y"].transpose(0, 2, 1, 3).reshape(TIME, BATCH, -1),
    )


def test_a_fixed_state_that_is_the_same_for_every_sequence_is_learned(tmp_path: Path) -> None:
    states = np.random.default_rng(1).normal(0, 1, (2, 1, 1, HIDDEN)).astype(np.float32)
    tensors = weights("LSTM") | {
        "initial_h": np.repeat(states[0], BATCH, 1),
        "initial_c": np.repeat(states[1], BATCH, 1),
    }
    found = assert_equals_the_node(node_model("LSTM", {"hidden_size": HIDDEN}, tensors), tmp_path)
    assert found.parts[0].part.options["learned_state"] is True
    assert found.notes == ()


def test_fixed_states_of_each_sequence_are_left_out_and_said_so(tmp_path: Path) -> None:
    tensors = weights("GRU") | {"initial_h": np.random.randn(1, BATCH, HIDDEN).astype(np.float32)}
    found = read_model(node_model("GRU", {"hidden_size": HIDDEN}, tensors), tmp_path)
    assert "learned_state" not in found.parts[0].part.options
    assert "fixes a state for each of 3 sequences apart" in found.notes[0]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_layout_1_is_the_same_layer_with_a_note(operation: str, tmp_path: Path) -> None:
    tensors = weights(operation) | {"initial_h": np.ones((BATCH, 1, HIDDEN), np.float32)}
    plain = weights(operation) | {"initial_h": np.ones((1, BATCH, HIDDEN), np.float32)}
    first = read_model(node_model(operation, {"hidden_size": HIDDEN, "layout": 1}, tensors), tmp_path)
    other = read_model(node_model(operation, {"hidden_size": HIDDEN}, plain), tmp_path)
    assert first.parts[0].part == other.parts[0].part
    for name, value in other.parts[0].tensors.items():
        assert torch.equal(first.parts[0].tensors[name], value)
    assert any("layout=1" in note for note in first.notes)


def test_lengths_are_told(tmp_path: Path) -> None:
    given = weights("GRU") | {"sequence_lens": np.array([7, 2, 3], np.int32)}
    found = read_model(node_model("GRU", {"hidden_size": HIDDEN}, given), tmp_path)
    assert "fixes the lengths 7, 2, 3: pass them by lengths=" in found.notes[0]
    inputs = {"X": ["t", "b", INPUT], "sequence_lens": ["b"]}
    found = read_model(node_model("GRU", {"hidden_size": HIDDEN}, weights("GRU"), inputs=inputs), tmp_path)
    assert "takes the sequences' lengths: pass them by lengths=" in found.notes[0]


# Where values come from.


def typed(array: np.ndarray, name: str, kind: int) -> onnx.TensorProto:
    """A tensor with its numbers in the typed field."""
    return helper.make_tensor(name, kind, array.shape, array.flatten().tolist())


def replaced(model: onnx.ModelProto, name: str, tensor: onnx.TensorProto) -> onnx.ModelProto:
    for initializer in model.graph.initializer:
        if initializer.name == name:
            initializer.CopyFrom(tensor)
    return model


@pytest.mark.parametrize("raw", [True, False], ids=["raw", "typed"])
@pytest.mark.parametrize("kind", ["FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16"])
def test_every_floating_type_is_read_from_bytes_and_from_typed_fields(
    kind: str, raw: bool, tmp_path: Path
) -> None:
    number = getattr(TensorProto, kind)
    array = np.round(weights("RNN")["W"] * 16) / 16  # which every type holds exactly
    tensor = helper.make_tensor(
        "W",
        number,
        array.shape,
        (
            array.astype(helper.tensor_dtype_to_np_dtype(number)).tobytes()
            if raw
            else array.flatten().tolist()
        ),
        raw=raw,
    )
    model = replaced(node_model("RNN", {"hidden_size": HIDDEN}, weights("RNN")), "W", tensor)
    (part,) = read_model(model, tmp_path).parts
    value = part.tensors["weight_ih_l0"]
    assert value.dtype == (torch.float64 if kind == "DOUBLE" else torch.float32)
    np.testing.assert_array_equal(value.numpy(), array[0])


def with_weight_from(nodes: list[onnx.NodeProto], name: str, more: dict[str, np.ndarray]) -> onnx.ModelProto:
    """An RNN whose W is made by nodes."""
    model = node_model("RNN", {"hidden_size": HIDDEN}, weights("RNN"))
    (node,) = model.graph.node
    node.input[1] = name
    del model.graph.node[:]
    model.graph.node.extend([*nodes, node])
    model.graph.initializer.extend(numpy_helper.from_array(value, key) for key, value in more.items())
    return model


def node(operation: str, inputs: list[str], output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operation, inputs, [output], **attributes)


W = weights("RNN")["W"]
INDICES = {f"i{number}": np.array([number]) for number in (0, 1, 2, 3)} | {"minus": np.array([-1])}
MADE: dict[str, tuple[list[onnx.NodeProto], dict[str, np.ndarray]]] = {
    "a Constant": ([node("Constant", [], "w", value=numpy_helper.from_array(W))], {}),
    "Constant's numbers": (
        [
            node("Constant", [], "flat", value_floats=W.flatten().tolist()),
            node("Constant", [], "shape", value_ints=list(W.shape)),
            node("Reshape", ["flat", "shape"], "w"),
        ],
        {},
    ),
    "Identity of Identity": ([node("Identity", ["W"], "a"), node("Identity", ["a"], "w")], {}),
    "Transpose": ([node("Transpose", ["t"], "w", perm=[1, 2, 0])], {"t": W.transpose(2, 0, 1).copy()}),
    "Unsqueeze": ([node("Unsqueeze", ["m", "i0"], "w")], {"m": W[0]}),
    "Squeeze": ([node("Squeeze", ["m", "minus"], "w")], {"m": W[..., None]}),
    "Concat of Slices": (
        [
            node("Slice", ["W", "i0", "i3", "i1"], "a"),
            node("Slice", ["W", "i3", "end", "i1"], "b"),
            node("Concat", ["a", "b"], "w", axis=1),
        ],
        {"end": np.array([2**62])},
    ),
    "a Slice backwards": (
        [node("Slice", ["m", "minus", "start", "i1", "minus"], "w")],
        {"m": W[:, ::-1].copy(), "start": np.array([-(2**62)])},
    ),
    "Reshape with 0 and −1": (
        [node("Reshape", ["m", "s"], "w")],
        {"m": W.reshape(1, -1), "s": np.array([0, HIDDEN, -1])},
    ),
    "Cast": ([node("Cast", ["d"], "w", to=TensorProto.FLOAT)], {"d": W.astype(np.float64)}),
}  # fmt: skip


@pytest.mark.parametrize("made", MADE)
def test_weights_are_found_through_what_exporters_put_in_between(made: str, tmp_path: Path) -> None:
    nodes, more = MADE[made]
    found = assert_equals_the_node(with_weight_from(nodes, "w", INDICES | more), tmp_path)
    np.testing.assert_array_equal(found.parts[0].tensors["weight_ih_l0"].numpy(), W[0])


def test_operators_before_13_have_their_axes_in_attributes(tmp_path: Path) -> None:
    nodes = [
        node("Slice", ["m"], "a", starts=[0], ends=[HIDDEN], axes=[0]),
        node("Unsqueeze", ["a"], "b", axes=[0]),
        node("Unsqueeze", ["b"], "c", axes=[0]),
        node("Squeeze", ["c"], "w", axes=[1]),
    ]
    model = with_weight_from(nodes, "w", {"m": np.concatenate([W[0], W[0]])})
    model.opset_import[0].version = 7
    np.testing.assert_array_equal(read_model(model, tmp_path).parts[0].tensors["weight_ih_l0"].numpy(), W[0])


@pytest.mark.parametrize("folder", ["", "weights"])
def test_external_data_in_the_models_folder_are_read(folder: str, tmp_path: Path) -> None:
    model = node_model("LSTM", {"hidden_size": HIDDEN}, weights("LSTM"))
    inline = read_model(model, tmp_path)
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / folder).mkdir(exist_ok=True)
    place = f"{folder}/data.bin" if folder else "data.bin"
    onnx.save(
        model,
        tmp_path / "beside" / "m.onnx",
        save_as_external_data=True,
        location=place,
        size_threshold=0,
    )
    model = onnx.load(tmp_path / "beside" / "m.onnx", load_external_data=False)
    assert all(tensor.data_location == TensorProto.EXTERNAL for tensor in model.graph.initializer)
    (part,) = read(tmp_path / "beside" / "m.onnx").parts
    for name, value in inline.parts[0].tensors.items():
        assert torch.equal(part.tensors[name], value)


def test_weights_of_an_outer_graph_serve_a_node_in_a_body(tmp_path: Path) -> None:
    inner = node_model("GRU", {"hidden_size": HIDDEN}, weights("GRU"))
    body = helper.make_graph(
        [helper.make_node("GRU", ["X", "W", "R", "B"], ["y"], name="deep", hidden_size=HIDDEN)],
        "body",
        [],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    branch = helper.make_node("If", ["c"], ["Y"], name="if", then_branch=body, else_branch=body)
    graph = helper.make_graph(
        [branch],
        "g",
        [
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            helper.make_tensor_value_info("X", TensorProto.FLOAT, ["t", "b", INPUT]),
        ],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)],
        list(inner.graph.initializer),
    )
    found = read_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), tmp_path)
    assert [part.part.name for part in found.parts] == ["if.then_branch/deep", "if.else_branch/deep"] or [
        part.part.name for part in found.parts
    ] == ["if.else_branch/deep", "if.then_branch/deep"]
    assert any("hold the same tensors" in note for note in found.notes)
    expected = read_model(inner, tmp_path).parts[0]
    for part in found.parts:
        for name, value in expected.tensors.items():
            assert torch.equal(part.tensors[name], value)


def test_a_function_is_read_where_it_is_called(tmp_path: Path) -> None:
    inner = node_model("RNN", {"hidden_size": HIDDEN}, weights("RNN"))
    body = helper.make_node("RNN", ["x", "w", "r", "b"], ["y"], name="inside", hidden_size=HIDDEN)
    attribute = body.attribute.add()
    attribute.name, attribute.type, attribute.ref_attr_name = "direction", onnx.AttributeProto.STRING, "way"
    versions = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    function = helper.make_function(
        "mine", "Reader", ["x", "w", "r", "b"], ["y"], [body], versions[:1], attributes=["way"]
    )
    calls = [
        helper.make_node("Reader", ["X", "W", "R", "B"], ["a"], name="one", domain="mine", way="reverse"),
        helper.make_node("Reader", ["X", "W", "R", "B"], ["Y"], name="two", domain="mine"),
    ]
    graph = helper.make_graph(
        calls, "g", list(inner.graph.input), list(inner.graph.output[:1]), list(inner.graph.initializer)
    )
    found = read_model(helper.make_model(graph, opset_imports=versions, functions=[function]), tmp_path)
    assert [part.part.name for part in found.parts] == ["one/inside", "two/inside"]
    assert [part.part.options.get("reverse") for part in found.parts] == [True, None]


@pytest.mark.parametrize("form", ["mapping", "npz", "folder"])
def test_weights_that_are_inputs_are_given_by_tensors(form: str, tmp_path: Path) -> None:
    given = weights("GRU")
    shapes = {"X": ["t", "b", INPUT]} | {name: list(value.shape) for name, value in given.items()}
    model = node_model("GRU", {"hidden_size": HIDDEN}, {}, inputs=shapes)
    path = save(model, tmp_path)
    with pytest.raises(
        InterchangeError, match=r"GRU node 'node': its W, 'W', is given .*tensors=\{'W': array\}"
    ):
        read(path)
    tensors: Any = given
    if form == "npz":
        tensors = tmp_path / "given.npz"
        np.savez(tensors, **given)
    elif form == "folder":
        tensors = tmp_path / "test_data_set_0"
        tensors.mkdir()
        for place, name in enumerate(shapes):
            array = given.get(name, sequence())
            (tensors / f"input_{place}.pb").write_bytes(numpy_helper.from_array(array).SerializeToString())
    expected = read_model(node_model("GRU", {"hidden_size": HIDDEN}, given), tmp_path, tensors=None).parts[0]
    save(model, tmp_path)
    (part,) = read(path, tensors=tensors).parts
    for name, value in expected.tensors.items():
        assert torch.equal(part.tensors[name], value)


# What feeds what.


class Sandwich(nn.Module):
    """An embedding, a recurrent network, and what reads it."""

    def __init__(self, kind: Any, *, end: str = "all", **options: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, INPUT)
        self.recurrent = kind(INPUT, HIDDEN, **options)
        self.readout = nn.Linear(HIDDEN * (2 if options.get("bidirectional") else 1), 6)
        self.end = end

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        output, state = self.recurrent(self.embedding(ids))
        if self.end == "step":
            output = output[-1]
        elif self.end == "state":
            output = (state[0] if isinstance(state, tuple) else state)[-1]
        return self.readout(output).softmax(-1)


def exported(module: nn.Module, path: Path, example: torch.Tensor) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            (example,),
            str(path),
            dynamo=False,
            opset_version=17,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": {0: "t", 1: "b"}},
        )


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_layers": 3},
        {"bidirectional": True, "num_layers": 2},
        {"batch_first": True, "num_layers": 2},
        {"bias": False, "bidirectional": True},
        {"end": "step"},
    ],
    ids=str,
)
def test_what_torch_exports_is_a_chain_that_computes_the_same(
    kind: Any, options: dict[str, Any], tmp_path: Path
) -> None:
    module = Sandwich(kind, **options)
    exported(module, tmp_path / "m.onnx", torch.zeros(4, 2, dtype=torch.long))
    found = read(tmp_path / "m.onnx")
    assert found.chain is not None, found.notes
    assert len(found.chain) == 3
    network = chain_of(found)
    assert network.config.layers == options.get("num_layers", 1)
    ids = torch.randint(11, (TIME, BATCH))
    given = ids.t() if options.get("batch_first") else ids
    with torch.no_grad():
        expected = module(given)
        output = network(ids)[0]
    close(
        output[0] if "end" in options else output,
        expected.transpose(0, 1) if options.get("batch_first") else expected,
    )
    left = {entry.name for entry in found.left_out}
    assert left <= {"operations of layout"}


class Skipping(nn.Module):
    """Two layers with a way around the upper one, which no chain says."""

    def __init__(self) -> None:
        super().__init__()
        self.lower, self.upper = nn.GRU(INPUT, HIDDEN), nn.GRU(HIDDEN, HIDDEN)
        self.last = nn.GRU(HIDDEN, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        lower = self.lower(x)[0]
        return self.last(lower + self.upper(lower)[0])[0]


def test_where_the_graph_forks_and_joins_the_parts_stand_alone(tmp_path: Path) -> None:
    exported(Skipping(), tmp_path / "m.onnx", torch.zeros(4, 2, INPUT))
    found = read(tmp_path / "m.onnx")
    assert found.chain is None
    assert [part.part.options["input_size"] for part in found.parts] == [INPUT, HIDDEN, HIDDEN]
    assert [entry.what for entry in found.left_out if entry.what.startswith("Add")] == ["Add ×1"]


class Decoding(nn.Module):
    """A decoder that reads what its encoder puts out and begins where that ended."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.LSTM(INPUT, HIDDEN), nn.LSTM(HIDDEN, HIDDEN)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        output, (h, c) = self.encoder(x)
        return self.decoder(output, (h, torch.tanh(c)))[0]


def test_a_decoder_that_begins_where_its_encoder_ended_makes_no_chain(tmp_path: Path) -> None:
    exported(Decoding(), tmp_path / "m.onnx", torch.zeros(4, 2, INPUT))
    found = read(tmp_path / "m.onnx")
    assert found.chain is None
    assert len(found.parts) == 2
    assert any("initial_c" in note and "is computed by Tanh node" in note for note in found.notes)


class Convolved(nn.Module):
    """A convolution in front."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Conv1d(2, INPUT, 3, padding=1)
        self.recurrent = nn.LSTM(INPUT, HIDDEN)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.recurrent(torch.relu(self.front(x)).permute(2, 0, 1))[0]


def test_other_operations_are_listed_by_kind(tmp_path: Path) -> None:
    exported(Convolved(), tmp_path / "m.onnx", torch.zeros(2, 2, 9))
    found = read(tmp_path / "m.onnx")
    whats = [entry.what for entry in found.left_out]
    assert "Conv ×1" in whats
    assert "Relu ×1" in whats
    assert [entry.name for entry in found.left_out if "numbers" in entry.what] == ["front.weight, front.bias"]


def test_what_microsofts_operators_do_is_refused_by_name(tmp_path: Path) -> None:
    quantised = node_model(
        "DynamicQuantizeLSTM", {"hidden_size": HIDDEN}, weights("LSTM"), domain="com.microsoft"
    )
    with pytest.raises(
        InterchangeError, match=r"DynamicQuantizeLSTM node 'node' is of the domain 'com.microsoft'"
    ):
        read_model(quantised, tmp_path)
    both = node_model("LSTM", {"hidden_size": HIDDEN}, weights("LSTM"))
    both.graph.node.extend(quantised.graph.node)
    both.graph.node[1].name = "quantised"
    found = read_model(both, tmp_path)
    assert [part.part.name for part in found.parts] == ["node"]
    assert [(entry.name, entry.what) for entry in found.left_out[:1]] == [
        ("quantised", "DynamicQuantizeLSTM")
    ]


def test_quantised_weights_are_refused_by_name(tmp_path: Path) -> None:
    nodes = [node("DequantizeLinear", ["q", "scale", "zero"], "w")]
    more = {"q": np.zeros(W.shape, np.int8), "scale": np.float32(0.1), "zero": np.int8(0)}
    with pytest.raises(InterchangeError, match="its W, 'w', is computed by DequantizeLinear node 'w'"):
        read_model(with_weight_from(nodes, "w", {k: np.asarray(v) for k, v in more.items()}), tmp_path)


def test_a_model_without_recurrent_nodes_says_what_it_has(tmp_path: Path) -> None:
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[N] x) => (float[N] y) { a = Relu(x) y = Relu(a) }'
    )
    with pytest.raises(InterchangeError, match=r"no LSTM, GRU or RNN node among its 2 nodes \(Relu ×2\)"):
        read_model(model, tmp_path)
