"""ONNX files that are damaged or made to harm: refused in one line that names node and tensor, with memory bounded."""

from __future__ import annotations

import os
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from interchange.hostile import campaign
from interchange.onnx_models import HIDDEN, INPUT, node_model, read_model, save, weights
from interchange.onnx_seeds import seeds
from onnx import TensorProto, helper, numpy_helper

from peephole.errors import InterchangeError, OptionError
from peephole.interchange.onnx.given import given_values
from peephole.interchange.onnx.reader import read


def lstm(**attributes: Any) -> onnx.ModelProto:
    return node_model("LSTM", {"hidden_size": HIDDEN} | attributes, weights("LSTM", parts="WRBP"))


def tensor_of(model: onnx.ModelProto, name: str) -> onnx.TensorProto:
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def refused(model: onnx.ModelProto, folder: Path, words: str) -> None:
    with pytest.raises(InterchangeError, match=words) as caught:
        read_model(model, folder)
    assert str(caught.value).isprintable()


def test_damage_to_onnx_models_does_no_more_than_refuse(tmp_path: Path) -> None:
    campaign(
        "peephole.interchange.onnx.reader:read",
        seeds(),
        tmp_path,
        mutations=400,
        more="interchange.onnx_mutations:FIELDS",
    )


# Files.


@pytest.mark.parametrize("kept", [0, 1, 10, 100, -1])
def test_a_file_that_is_cut_off_is_refused(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(lstm().SerializeToString()[:kept])
    with pytest.raises(
        InterchangeError, match=r"m\.onnx (is not an ONNX model, or is damaged|cannot be|is no ONNX)"
    ):
        read(path)


@pytest.mark.parametrize("magic", [b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"not a model at all", b"\0" * 64])
def test_files_of_another_kind_are_refused(magic: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(magic * 10)
    with pytest.raises(InterchangeError, match="is not an ONNX model, or is damaged or cut off"):
        read(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.onnx"):
        with pytest.raises(InterchangeError, match="is not a file"):
            read(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.onnx")
    with pytest.raises(InterchangeError, match="is not a file"):
        read(tmp_path / "m.onnx")


# Two bytes in the file are a message of many in memory: nodes, attributes, dimensions, names.
FLOODS = {
    "nodes": onnx.GraphProto.NODE_FIELD_NUMBER,
    "initializers": onnx.GraphProto.INITIALIZER_FIELD_NUMBER,
    "inputs": onnx.GraphProto.INPUT_FIELD_NUMBER,
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_empty_messages_is_refused_before_one_is_made(flood: str, tmp_path: Path) -> None:
    count = 1_000_000
    graph = bytes([FLOODS[flood] << 3 | 2, 0]) * count
    head = bytes([onnx.ModelProto.GRAPH_FIELD_NUMBER << 3 | 2])
    path = tmp_path / "m.onnx"
    length = len(graph)
    varint = bytes([length & 127 | 128, length >> 7 & 127 | 128, length >> 14 & 127 | 128, length >> 21])
    path.write_bytes(head + varint + graph)
    with pytest.raises(InterchangeError, match=r"bytes would take more than [\d,]+ in memory"):
        read(path)


# Tensors.


def dims(*sizes: int) -> Callable[[onnx.TensorProto], None]:
    def change(tensor: onnx.TensorProto) -> None:
        del tensor.dims[:]
        tensor.dims.extend(sizes)

    return change


def set_to(**values: Any) -> Callable[[onnx.TensorProto], None]:
    def change(tensor: onnx.TensorProto) -> None:
        for name, value in values.items():
            setattr(tensor, name, value)

    return change


BROKEN: dict[str, tuple[Callable[[onnx.TensorProto], None], str]] = {
    "too few bytes": (set_to(raw_data=b"\0" * 8), r"'W' of shape \[1, 20, 4\] and float32 needs 320 bytes, got 8"),
    "more numbers than bytes": (dims(1, 20, 4000), "tensor 'W' .* needs 320,000 bytes, got 320"),
    "a negative size": (dims(1, -20, 4), r"tensor 'W' cannot have the shape that it states, \[1, -20, 4\]"),
    "two negative sizes": (dims(1, -20, -4), r"tensor 'W' cannot have the shape"),
    "sizes that overflow": (dims(2**62, 2**62, 4), r"tensor 'W' cannot have the shape"),
    "sizes whose product overflows to what is there": (dims(2**32, 2**32 + 20, 4), "tensor 'W' cannot have the shape"),
    "a thousand dimensions": (dims(*[1] * 1000), "tensor 'W' cannot have the shape that it states, 1000 dimensions"),
    "strings": (set_to(data_type=TensorProto.STRING), "tensor 'W' holds elements of ONNX's type 8"),
    "an unknown type": (set_to(data_type=99), "tensor 'W' holds elements of ONNX's type 99"),
    "integers": (set_to(data_type=TensorProto.INT32), "its W, 'W', holds int32, not floating-point numbers"),
    "another width": (dims(1, 10, 8), r"W 'W' \[1, 10, 8\] must have the shape \[1, 20, 8\] for direction forward"),
    "two dimensions": (dims(20, 4), r"W and R must have three dimensions, got W \[20, 4\] and R \[1, 20, 5\]"),
    "nothing": (lambda tensor: tensor.Clear() or setattr(tensor, "name", "W"), "tensor 'W' holds elements"),  # type: ignore[func-returns-value]
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_tensor_that_cannot_be_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    change, words = BROKEN[kind]
    model = lstm()
    change(tensor_of(model, "W"))
    refused(model, tmp_path, words)


@pytest.mark.parametrize("field", ["float_data", "double_data", "int32_data"])
def test_typed_fields_must_fill_the_shape(field: str, tmp_path: Path) -> None:
    kinds = {
        "float_data": TensorProto.FLOAT,
        "double_data": TensorProto.DOUBLE,
        "int32_data": TensorProto.FLOAT16,
    }
    model = lstm()
    tensor = tensor_of(model, "R")
    tensor.ClearField("raw_data")
    tensor.data_type = kinds[field]
    getattr(tensor, field).extend([1] * 7)
    refused(model, tmp_path, rf"tensor 'R' of shape \[1, 20, 5\] needs 100 numbers in {field}, got 7")


@pytest.mark.parametrize(
    ("role", "shape", "words"),
    [
        (
            "R",
            (1, 20, 6),
            r"hidden_size=5 and the tensors W 'W' \[1, 20, 4\] and R 'R' \[1, 20, 6\] do not fit",
        ),
        ("B", (1, 20), r"B 'B' \[1, 20\] must have the shape \[1, 40\]"),
        ("P", (1, 20), r"P 'P' \[1, 20\] must have the shape \[1, 15\]"),
        ("W", (2, 20, 4), r"W 'W' \[2, 20, 4\] must have the shape \[1, 20, 4\]"),
    ],
)
def test_tensors_that_do_not_fit_together_are_refused(
    role: str, shape: tuple[int, ...], words: str, tmp_path: Path
) -> None:
    given = weights("LSTM", parts="WRBP") | {role: np.zeros(shape, np.float32)}
    refused(node_model("LSTM", {"hidden_size": HIDDEN}, given), tmp_path, f"LSTM node 'node': .*{words}")


def test_an_initial_state_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    given = weights("GRU") | {"initial_h": np.ones((1, 2, HIDDEN + 1), np.float32)}
    refused(
        node_model("GRU", {"hidden_size": HIDDEN}, given),
        tmp_path,
        r"GRU node 'node': initial_h 'initial_h' \[1, 2, 6\]",
    )


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"hidden_size": 6}, "hidden_size=6 and the tensors .* do not fit together"),
        (
            {"activations": ["Sigmoid", "Tanh", "Mish"]},
            "the activation 'Mish' is not known; known are Sigmoid, ",
        ),
        ({"activations": ["Sigmoid", "Tanh"]}, "needs 3 activations, 3 a direction, got 2"),
        (
            {"activations": ["Elu"] * 3, "activation_alpha": [float("nan")] * 3},
            "Elu has parameters that are no finite",
        ),
        ({"clip": -1.0}, "clip must be above 0, got -1.0"),
        ({"clip": float("nan")}, "clip must be above 0, got nan"),
        (
            {"direction": "sideways"},
            "direction must be one of forward, reverse, bidirectional, got 'sideways'",
        ),
        ({"direction": "up\n\x1b[31m"}, r"direction must be .*, got 'up\\\\n\\\\x1b\[31m'"),
        ({"layout": 7}, "layout must be 0 or 1, got 7"),
        ({"input_forget": 2}, "input_forget must be 0 or 1, got 2"),
        ({"hidden_size": "5"}, "hidden_size must be of type int"),
        (
            {"linear_before_reset": 1},
            "has an attribute 'linear_before_reset', which its operation does not have",
        ),
    ],
)
def test_attributes_that_mean_nothing_are_refused(
    attributes: dict[str, Any], words: str, tmp_path: Path
) -> None:
    refused(lstm(**attributes), tmp_path, f"LSTM node 'node'.*{words}")


def test_a_state_of_not_a_numbers_or_weights_of_them_are_taken_as_they_are(tmp_path: Path) -> None:
    given = weights("RNN")
    given["W"][0, 0, 0] = np.nan
    (part,) = read_model(node_model("RNN", {"hidden_size": HIDDEN}, given), tmp_path).parts
    assert np.isnan(part.tensors["weight_ih_l0"][0, 0].item())


# Graphs.


def with_nodes(*nodes: onnx.NodeProto, weight: str = "w") -> onnx.ModelProto:
    """An LSTM whose W is what other nodes make."""
    model = lstm()
    (own,) = model.graph.node
    own.input[1] = weight
    del model.graph.node[:]
    model.graph.node.extend([*nodes, own])
    return model


def test_graphs_that_go_in_a_circle_are_refused(tmp_path: Path) -> None:
    for nodes in (
        [helper.make_node("Identity", ["w"], ["w"])],
        [helper.make_node("Identity", ["a"], ["w"]), helper.make_node("Identity", ["w"], ["a"])],
        [helper.make_node("Concat", ["w", "W"], ["w"], axis=0)],
    ):
        refused(with_nodes(*nodes), tmp_path, "is the result of more than 64 operations, or of itself")


def test_long_rows_of_operations_are_refused(tmp_path: Path) -> None:
    names = ["W", *(f"w{number}" for number in range(20_000)), "w"]
    nodes = [helper.make_node("Identity", [a], [b]) for a, b in pairwise(names)]
    refused(with_nodes(*nodes), tmp_path, "is the result of more than 64 operations, or of itself")


def test_constants_that_double_and_double_are_refused(tmp_path: Path) -> None:
    names = ["W", *(f"w{number}" for number in range(40)), "w"]
    nodes = [helper.make_node("Concat", [a, a], [b], axis=1) for a, b in pairwise(names)]
    tracemalloc.start()
    try:
        refused(with_nodes(*nodes), tmp_path, "Concat node 'w.*unfold to many times its size")
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("operation", ["Expand", "ConstantOfShape"])
def test_constants_that_are_made_huge_are_refused(operation: str, tmp_path: Path) -> None:
    shape = helper.make_node("Constant", [], ["s"], value_ints=[1, 2**31, 2**31])
    inputs = ["s"] if operation == "ConstantOfShape" else ["W", "s"]
    refused(
        with_nodes(shape, helper.make_node(operation, inputs, ["w"])),
        tmp_path,
        f"{operation} node 'w' cannot be",
    )


def within_bodies(depth: int) -> onnx.ModelProto:
    """An LSTM in the body of an If, in the body of an If, …."""
    graph = lstm().graph
    for number in range(depth):
        node = helper.make_node("If", ["c"], ["y"], name=f"if{number}", then_branch=graph)
        graph = helper.make_graph(
            [node], "g", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
        )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def test_bodies_within_bodies_are_read_to_some_depth_and_refused_beyond(tmp_path: Path) -> None:
    assert [part.part.name for part in read_model(within_bodies(20), tmp_path).parts] == ["node"]
    (tmp_path / "m.onnx").write_bytes(_serialised(within_bodies(20), 30))
    with pytest.raises(InterchangeError, match=r"nested more than 100 deep|the bytes are no such message"):
        read(tmp_path / "m.onnx")


def _serialised(model: onnx.ModelProto, times: int) -> bytes:
    """A model whose graph stands so many times deeper; protobuf itself refuses to build that."""
    graph = model.graph.SerializeToString()
    for _ in range(times):
        graph = _field(
            1, _field(5, _field(6, graph) + b"\xa0\x01\x05")
        )  # node { attribute { g type: GRAPH } }
    return _field(7, graph)


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes in protobuf's form."""
    length, rest = bytearray(), len(content)
    while rest > 127:
        length.append(rest & 127 | 128)
        rest >>= 7
    return bytes([number << 3 | 2]) + bytes(length) + bytes([rest]) + content


def functions(calls: list[tuple[str, list[str]]]) -> onnx.ModelProto:
    """A model with functions, each of which calls others."""
    versions = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    made = [
        helper.make_function(
            "mine",
            name,
            ["x"],
            [f"y{len(called) - 1}"],
            [helper.make_node(other, ["x"], [f"y{n}"], domain="mine") for n, other in enumerate(called)],
            versions,
        )
        for name, called in calls
    ]
    graph = helper.make_graph(
        [helper.make_node(calls[0][0], ["X"], ["Y"], domain="mine")],
        "g",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [1])],
    )
    return helper.make_model(graph, opset_imports=versions, functions=made)


def test_functions_that_call_themselves_are_refused(tmp_path: Path) -> None:
    refused(functions([("A", ["B"]), ("B", ["A"])]), tmp_path, "A node .* calls a function that calls itself")


def test_functions_that_unfold_without_end_are_refused(tmp_path: Path) -> None:
    rows = [(f"F{n}", [f"F{n + 1}"] * 8) for n in range(20)]
    refused(functions(rows), tmp_path, "unfold to more than 50,001 nodes")


def test_sparse_weights_are_refused_by_name(tmp_path: Path) -> None:
    model = lstm()
    dense = tensor_of(model, "W")
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(numpy_helper.from_array(np.ones(1, np.float32), "W"))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.zeros(1, np.int64), "i"))
    sparse.dims.extend([1, 20, 4])
    model.graph.initializer.remove(dense)
    refused(model, tmp_path, "tensor 'W' is stored sparsely")


# Values in other files.


def external(model: onnx.ModelProto, location: str, **more: Any) -> onnx.ModelProto:
    tensor = tensor_of(model, "W")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **more}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    return model


OUTSIDE = [
    "../secret.bin",
    "weights/../../secret.bin",
    "/etc/passwd",
    "C:/secret.bin",
    "..\\secret.bin",
    "",
    "a\0b",
]


@pytest.mark.parametrize("location", OUTSIDE)
def test_values_outside_the_models_folder_are_not_read(location: str, tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(b"s" * 320)
    (tmp_path / "model" / "weights").mkdir(parents=True)
    refused(
        external(lstm(), location), tmp_path / "model", "tensor 'W' keeps its values in .*model's own folder"
    )


def test_links_out_of_the_models_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(b"s" * 320)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "link.bin").symlink_to(tmp_path / "secret.bin")
    (tmp_path / "model" / "up").symlink_to(tmp_path)
    (tmp_path / "model" / "round").symlink_to(tmp_path / "model" / "round")
    for location in ("link.bin", "up/secret.bin"):
        refused(external(lstm(), location), tmp_path / "model", "which leads out of the model's folder")
    refused(external(lstm(), "round"), tmp_path / "model", "which is not beside the model")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"length": 319}, "needs 320 bytes; its external data are 319 from 0 on"),
        ({"offset": 1}, r"are 320 from 1 on, and 'data.bin' has 320"),
        ({"offset": -1}, "are 320 from -1 on"),
        ({"offset": 2**80}, f"from {2**80:,} on"),
        ({"offset": "here"}, "offset and length of its external data must be numbers, got 'here'"),
        ({"length": 10**12}, "its external data are 1,000,000,000,000 from"),
    ],
)
def test_values_must_lie_within_their_file(more: dict[str, Any], words: str, tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"\0" * 320)
    refused(external(lstm(), "data.bin", **more), tmp_path, f"tensor 'W'.*{words}")


def test_a_pipe_beside_the_model_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "data.bin")
    refused(external(lstm(), "data.bin"), tmp_path, "is no plain file")


# What the caller gives.


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"no archive"])
def test_a_broken_archive_of_tensors_is_refused(content: bytes, tmp_path: Path) -> None:
    path = save(
        node_model(
            "RNN", {"hidden_size": HIDDEN}, {}, inputs={"X": [1, 1, INPUT], "W": [1, 5, 4], "R": [1, 5, 5]}
        ),
        tmp_path,
    )
    (tmp_path / "t.npz").write_bytes(content)
    with pytest.raises(InterchangeError, match=r"t\.npz is not an \.npz file of plain arrays, or is damaged"):
        read(path, tensors=tmp_path / "t.npz")


def test_pickles_in_an_archive_of_tensors_are_not_opened(tmp_path: Path) -> None:
    path = save(lstm(), tmp_path)
    np.savez(tmp_path / "t.npz", W=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InterchangeError, match=r"its entry 'W\.npy' is no array of numbers, .* object"):
        read(path, tensors=tmp_path / "t.npz")


def test_an_archive_of_tensors_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = save(lstm(), tmp_path)
    np.savez_compressed(tmp_path / "t.npz", W=np.zeros(50_000_000, np.int8))
    with pytest.raises(
        InterchangeError, match=r"unpacks to more than 64 times its size, 'W\.npy' alone to 50,000,"
    ):
        read(path, tensors=tmp_path / "t.npz")


def header(shape: str, descr: str = "'<f4'") -> bytes:
    told = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(told)) + told


def packed(path: Path, data: bytes, kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("W.npy", data)
    return path


ENTRIES = {
    "huge": (
        header("(1000000, 1000000, 1000)"),
        r"says that its shape is \[1000000, 1000000, 1000\] of float32",
    ),
    "too short": (header("(2,)") + bytes(4), "for which its 4 bytes are too few"),
    "too long": (header("(2,)") + bytes(12), "for which its 12 bytes are too few or too many"),
    "below zero": (header("(-1, -1)") + bytes(4), "says that its shape is"),
    "empty and huge": (header(f"(0, {2**70})"), "is not an array of numbers"),
    "texts": (header("(1,)", "'<U1'") + bytes(4), "is of the type <U1"),
    "objects": (header("(1,)", "'|O'") + bytes(4), "is of the type object"),
    "unclosed": (header("((((("), "is not an array of numbers"),
    "nested": (header("(" * 9000), "is not an array of numbers"),
    "no type": (header("(1,)", "'no type'") + bytes(4), "is not an array of numbers"),
    "no header": (b"1 2 3", "is not an array of numbers"),
    "another version": (b"\x93NUMPY\x09\x00" + bytes(10), "is not an array of numbers"),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_array_that_its_header_belies_is_refused_before_it_is_made(name: str, tmp_path: Path) -> None:
    data, words = ENTRIES[name]
    with pytest.raises(InterchangeError, match=f"its entry 'W.npy' .*{words}") as caught:
        given_values(packed(tmp_path / "t.npz", data), ["W"])
    assert "\n" not in str(caught.value)


def test_entries_that_cannot_be_unpacked_are_refused_by_their_names(tmp_path: Path) -> None:
    whole = header("(1000,)") + np.random.default_rng(0).bytes(4000)
    data = bytearray(packed(tmp_path / "t.npz", whole).read_bytes())
    at = data.index(b"W.npy") + 5
    for change, words in (
        ({at + 3: 0xFF, at + 4: 0xFF, at: 0x07}, "or is damaged"),
        ({at + 2000: data[at + 2000] ^ 1}, "or is damaged"),
        ({6: data[6] | 1, data.index(b"PK\1\2") + 8: 1}, "is encrypted"),
        ({8: 99, data.index(b"PK\1\2") + 10: 99}, "is packed in another way"),
    ):
        other = bytearray(data)
        for place, value in change.items():
            other[place] = value
        (tmp_path / "other.npz").write_bytes(other)
        with pytest.raises(InterchangeError, match=f"its entry 'W.npy' .*{words}"):
            given_values(tmp_path / "other.npz", ["W"])


def test_an_archive_of_tensors_with_very_many_entries_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        for number in range(10_001):
            archive.writestr(f"{number}.npy", b"")
    with pytest.raises(InterchangeError, match="has 10,001 entries, at most 10,000 are read"):
        given_values(tmp_path / "t.npz", ["W"])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save_all", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32, ">f4"])
def test_arrays_are_given_as_numpy_saved_them(order: Any, save_all: Any, dtype: Any, tmp_path: Path) -> None:
    arrays = {
        "W": np.asarray(np.arange(24).reshape(2, 3, 4), dtype, order=order),
        "scalar": np.asarray(3, dtype),
        "none": np.zeros((0, 5), dtype),
    }
    save_all(tmp_path / "t.npz", **arrays)
    values = given_values(tmp_path / "t.npz", ["W"])
    assert list(values) == list(arrays)
    for name, array in arrays.items():
        assert values[name].dtype == array.dtype
        assert np.array_equal(values[name], array)


@pytest.mark.parametrize("given", [5, 1.5, [np.zeros(3)]], ids=["int", "float", "list"])
def test_tensors_of_another_type_are_refused(given: Any) -> None:
    with pytest.raises(OptionError, match=f"tensors= must be a mapping.*got {type(given).__name__}$"):
        given_values(given, ["W"])


def test_a_value_that_is_no_array_is_refused_by_its_name() -> None:
    with pytest.raises(InterchangeError, match="tensors= has for 'W' a value of the type list"):
        given_values({"W": [[1.0], [1.0, 2.0]]}, ["W"])


def test_a_pipe_of_tensors_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.npz")
    with pytest.raises(InterchangeError, match="is no plain file"):
        given_values(tmp_path / "t.npz", ["W"])
