"""``ph.load``: what a file is is told by its content, and what is not read here is refused by its name."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import struct
import tracemalloc
import zipfile
from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

import peephole as ph
from peephole.errors import DataNotFoundError, InterchangeError, OptionError
from peephole.interchange.detecting import detect

LSTM = torch.nn.LSTM(3, 4, num_layers=2)


def archive(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, b"{}")
    return path


def torch_file(path: Path) -> Path:
    torch.save(LSTM.state_dict(), path)
    return path


def old_torch_file(path: Path) -> Path:
    torch.save(LSTM.state_dict(), path, _use_new_zipfile_serialization=False)
    return path


def safetensors_file(path: Path) -> Path:
    from safetensors.torch import save_file

    save_file(dict(LSTM.state_dict()), path)
    return path


@pytest.mark.filterwarnings("ignore:`torch.jit")
def torchscript_file(path: Path) -> Path:
    torch.jit.save(torch.jit.trace(torch.nn.Sequential(torch.nn.Linear(2, 2)), torch.zeros(1, 2)), str(path))
    return path


def hdf5_file(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file["x"] = 3
    return path


def hdf5_file_behind_a_block(path: Path) -> Path:
    with h5py.File(path, "w", userblock_size=1024) as file:
        file["x"] = 3
    return path


def keras_file(path: Path) -> Path:
    return archive(path, "metadata.json", "config.json", "model.weights.h5")


def onnx_file(path: Path) -> Path:
    ph.export_onnx(ph.LSTM(3, 4).eval(), path)
    return path


def pickled(protocol: int, path: Path) -> Path:
    values = {name: value.numpy() for name, value in LSTM.state_dict().items()}
    path.write_bytes(pickle.dumps(values, protocol=protocol))
    return path


def ordered_pickle(path: Path) -> Path:
    values = OrderedDict((name, value.numpy()) for name, value in LSTM.state_dict().items())
    path.write_bytes(pickle.dumps(values, protocol=0))
    return path


KNOWN = {
    "torch, pickle of protocol 0": partial(pickled, 0),
    "torch, pickle of protocol 1": partial(pickled, 1),
    "torch, pickle of protocol 2": partial(pickled, 2),
    "torch, ordered pickle of protocol 0": ordered_pickle,
    "torch": torch_file,
    "old torch": old_torch_file,
    "safetensors": safetensors_file,
    "torchscript": torchscript_file,
    "keras": hdf5_file,
    "keras behind a block": hdf5_file_behind_a_block,
    "keras archive": keras_file,
    "onnx": onnx_file,
}


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize("suffix", [".pt", ".onnx", ".h5", ""])
@pytest.mark.parametrize("name", KNOWN)
def test_a_files_kind_is_told_by_its_content_whatever_it_is_called(
    name: str, suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"file{suffix}"
    made = KNOWN[name](tmp_path / "made.bin")
    shutil.move(made, path)
    assert detect(path) == name.partition(",")[0].split()[-1 if name == "old torch" else 0]


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def npz(path: Path) -> Path:
    np.savez(path, weight=np.zeros(3))
    return path


def saved_model() -> bytes:
    return b"\x08\x01\x12\xa0\x9c\x01\x0a" + b"\x01" * 20000


UNREAD: dict[str, tuple[Any, str]] = {
    "empty": (b"", "is empty"),
    "text in brackets": (b"(dplyr is a package)\n", "no file of a kind that is read here"),
    "text in columns": (b"count\nname\n(none)\n", "no file of a kind that is read here"),
    "braces": (b"}qed\n", "no file of a kind that is read here"),
    "text": (b"The quick brown fox", "no file of a kind that is read here"),
    "noise": (bytes(range(200, 256)) * 20, "no file of a kind that is read here"),
    "zeros": (bytes(5000), "no file of a kind that is read here"),
    "NumPy array": (b"\x93NUMPY\x01\x00", "ph.from_arrays"),
    "TensorFlow Lite": (b"\x1c\x00\x00\x00TFL3\x00\x00", "TensorFlow Lite"),
    "GGUF": (b"GGUF\x03\x00\x00\x00", "GGUF"),
    "SavedModel": (saved_model(), "SavedModel"),
    "XML": (b"<?xml version='1.0'?><net name='m'>", "OpenVINO"),
    "joblib": (pickle.dumps("joblib.numpy_pickle"), "scikit-learn or joblib"),
    "Paddle": (b"\x80\x02}q\x00X\x1b\x00\x00\x00StructuredToParameterName@@", "PaddlePaddle"),
    "JSON": (b' {"class_name": "Sequential"}', "JSON without weights"),
    "gzip": (b"\x1f\x8b\x08\x00", "unpack it first"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "page": (b"<!DOCTYPE html><html>", "a web page"),
    "cut archive": (b"PK\x03\x04" + bytes(100), "truncated or damaged"),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_read_is_refused_by_what_it_is(name: str, tmp_path: Path) -> None:
    data, told = UNREAD[name]
    with pytest.raises(InterchangeError, match=told) as caught:
        ph.load(written(tmp_path / "file.pt", data))
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "file.pt") in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file.pt"]


def test_core_ml_is_known_by_its_name_too_since_its_bytes_look_like_onnxs(tmp_path: Path) -> None:
    with pytest.raises(InterchangeError, match="Core ML"):
        ph.load(written(tmp_path / "file.mlmodel", b"\x08\x04\x12\x10" + bytes(40)))


def test_plain_arrays_are_pointed_to_from_arrays(tmp_path: Path) -> None:
    with pytest.raises(InterchangeError, match=r"ph\.from_arrays"):
        ph.load(npz(tmp_path / "weights.npz"))


def test_another_archive_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(InterchangeError, match=r"it holds model\.pt, readme\.md"):
        ph.load(archive(tmp_path / "all.zip", "model.pt", "readme.md"))


def test_a_folder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InterchangeError, match="name a file in it"):
        ph.load(tmp_path)
    written(tmp_path / "saved_model.pb", saved_model())
    with pytest.raises(InterchangeError, match="SavedModel"):
        ph.load(tmp_path)


@pytest.mark.parametrize("kind", [None, "torch", "onnx", "keras"])
def test_a_file_that_is_not_there_is_not_found(kind: Any, tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="is not there"):
        ph.load(tmp_path / "nothing.pt", kind=kind)


def test_a_name_that_no_file_can_have_is_not_found() -> None:
    with pytest.raises(DataNotFoundError, match="the name of no file"):
        ph.load("a\0b")


@pytest.mark.parametrize("kind", [None, "torch"])
def test_a_pipe_is_refused_and_not_waited_for(kind: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InterchangeError, match="no plain file"):
        ph.load(tmp_path / "pipe", kind=kind)


def test_a_program_of_torch_export_is_refused_with_what_to_do(tmp_path: Path) -> None:
    program = torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),))
    torch.export.save(program, tmp_path / "model.pt2")
    with pytest.raises(InterchangeError, match=r"torch\.export.*state_dict"):
        ph.load(tmp_path / "model.pt2")


def directory_of(entries: int, *, bits: int) -> bytes:
    """An archive that is little more than its directory, told in 32 or 64 bits."""
    begin = b"PK\x03\x04" + bytes(27)
    entry = b"PK\x01\x02" + bytes([20, 0, 20, 0]) + bytes(20) + struct.pack("<H", 1) + bytes(16) + b"a"
    directory = entry * entries
    wide = struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, len(directory), len(begin)
    )
    wide += struct.pack("<4sLQL", b"PK\6\7", 0, len(begin) + len(directory), 1)
    length = len(directory) if bits == 32 else 0xFFFFFFFF
    count = min(entries, 0xFFFF)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, length, len(begin), 0)
    return begin + directory + (wide if bits == 64 else b"") + end


@pytest.mark.parametrize("bits", [32, 64])
def test_a_directory_of_very_many_entries_is_refused_before_it_is_read(bits: int, tmp_path: Path) -> None:
    few = written(tmp_path / "few", directory_of(3, bits=bits))
    with pytest.raises(InterchangeError, match="it holds a, a, a"):  # it is an archive
        detect(few)
    many = written(tmp_path / "many", directory_of(100_000, bits=bits))
    tracemalloc.start()
    try:
        with pytest.raises(InterchangeError, match="its directory claims 4,700,000 bytes"):
            detect(many)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_a_record_that_is_not_used_does_not_hide_a_long_directory(tmp_path: Path) -> None:
    data = directory_of(100_000, bits=32)
    at = len(data) - 22
    false = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 47, 31)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    hidden = data[:at] + false + bytes(4) + locator + data[at:]
    with pytest.raises(InterchangeError, match="its directory claims 4,700,000 bytes"):
        detect(written(tmp_path / "many", hidden))


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = torch_file(tmp_path / "file.pt")

    def denied(*_: Any, **__: Any) -> io.BytesIO:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(InterchangeError, match="cannot be read: Permission denied"):
        ph.load(path)


@pytest.mark.parametrize("length", [1, 2, 8, 9, 100])
@pytest.mark.parametrize("name", ["torch", "old torch", "safetensors", "keras", "onnx"])
def test_a_file_that_is_cut_off_is_refused(name: str, length: int, tmp_path: Path) -> None:
    whole = KNOWN[name](tmp_path / "whole").read_bytes()
    with pytest.raises(InterchangeError) as caught:
        ph.load(written(tmp_path / "cut", whole[:length]))
    assert "\n" not in str(caught.value)


def test_a_header_longer_than_the_file_is_no_safetensors_file(tmp_path: Path) -> None:
    with pytest.raises(InterchangeError):
        ph.load(written(tmp_path / "file", struct.pack("<Q", 2**60) + b"{" + bytes(100)))


# Loading


@pytest.mark.parametrize(
    "name", [name for name in KNOWN if "torch," in name] + ["torch", "old torch", "safetensors"]
)
def test_a_file_of_pytorchs_computes_what_the_layer_did(name: str, tmp_path: Path) -> None:
    network = ph.load(KNOWN[name](tmp_path / "file"))
    x = torch.randn(5, 2, 3)
    torch.testing.assert_close(network(x)[0], LSTM(x)[0], rtol=0, atol=1e-6)


def test_a_live_module_is_taken_too() -> None:
    model = torch.nn.ModuleDict({"encoder": LSTM, "out": torch.nn.Linear(4, 2)})
    network = ph.load(model, readout="out")
    x = torch.randn(5, 2, 3)
    torch.testing.assert_close(network(x)[0], model["out"](LSTM(x)[0]), rtol=0, atol=1e-6)
    assert network.understood.file == "ModuleDict"


def test_what_was_exported_comes_back(tmp_path: Path) -> None:
    layer = ph.LSTM(3, 4, bidirectional=True, peephole="diagonal").eval()
    ph.export_onnx(layer, tmp_path / "model.onnx")
    x = torch.randn(7, 3, 3)
    torch.testing.assert_close(ph.load(tmp_path / "model.onnx")(x)[0], layer(x)[0], rtol=0, atol=1e-6)


def test_options_of_the_reader_are_passed_on_and_others_refused(tmp_path: Path) -> None:
    rnn = torch.nn.RNN(3, 4, nonlinearity="relu")
    torch.save(rnn.state_dict(), tmp_path / "rnn.pt")
    x = torch.randn(5, 2, 3)
    network = ph.load(tmp_path / "rnn.pt", nonlinearity="relu")
    torch.testing.assert_close(network(x)[0], rnn(x)[0], rtol=0, atol=1e-6)
    with pytest.raises(OptionError, match="sideways"):
        ph.load(tmp_path / "rnn.pt", sideways=True)
    with pytest.raises(OptionError, match="reader of onnx files has no option sideways; it has tensors"):
        ph.load(onnx_file(tmp_path / "m.onnx"), sideways=True)
    with pytest.raises(OptionError, match="a live module has no option sideways"):
        ph.load(rnn, sideways=True)


@pytest.mark.parametrize(
    ("source", "options", "told"),
    [
        (3, {}, "got int"),
        (LSTM, {"kind": "torch"}, "a live module needs none"),
        ("file.pt", {"kind": "caffe"}, "kind must be one of"),
    ],
    ids=["number", "module", "kind"],
)
def test_what_makes_no_sense_is_refused(source: Any, options: Any, told: str) -> None:
    with pytest.raises(OptionError, match=told):
        ph.load(source, **options)
