"""What kind of file it is, by its first bytes and, in an archive, by its entries; never by its name alone."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from peephole.errors import DataNotFoundError, InterchangeError
from peephole.interchange.zips import bounded_archive

Kind = Literal["torch", "torchscript", "safetensors", "keras", "onnx"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_HEAD = 4096
_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
# A pickle of protocol 0 or 1, which has no first byte of its own: a dict or list and its place in the memo, or a name
# of a package that weights are made with.
_EARLY_PICKLE = re.compile(
    rb"\([dl]p\d+\n|[}\]]q.[(X.]|\([dl]q.|c(collections|copy_reg|_codecs|numpy[\w.]*|torch[\w.]*)\n\w+\n[pq()]",
    re.DOTALL,
)
_ARRAYS = (
    "an archive of plain NumPy arrays, which does not say what they are: read it with numpy.load and hand them to "
    "ph.from_arrays"
)


def detect(path: Path) -> Kind:
    """The kind of a file.

    Raises:
        DataNotFoundError: there is no such file.
        InterchangeError: a kind that is not read here; says which, where it is known.
    """
    if path.is_dir():
        raise InterchangeError(f"{path} is a folder: {_folder(path)}")
    if "\0" in str(path):
        raise DataNotFoundError(f"{str(path)!r} is the name of no file: name a file to import")
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for its other end
            raise InterchangeError(f"{path} is no plain file: save what it gives to one")
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError as error:
        raise DataNotFoundError(f"{path} is not there: name a file to import") from error
    except OSError as error:
        raise InterchangeError(f"{path} cannot be read: {error.strerror or error}") from error
    size = path.stat().st_size
    if not head:
        raise InterchangeError(f"{path} is empty")
    if head[:4] == _ZIP:
        return _in_archive(path)
    if head[:8] == _HDF5 or any(_signature_at(path, place) for place in (512, 1024, 2048)):
        return "keras"
    for what, holds in _KNOWN:
        if holds(head, path):
            raise InterchangeError(f"{path} is {what}")
    if _is_safetensors(head, size):
        return "safetensors"
    if (head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05") or _EARLY_PICKLE.match(head):
        return "torch"
    if _is_onnx(head):
        return "onnx"
    raise InterchangeError(
        f"{path} is no file of a kind that is read here, by its first bytes {head[:8].hex(' ')}: PyTorch (.pt, .pth, "
        ".safetensors, TorchScript), Keras (.h5, .keras) and ONNX are; hand other weights to ph.from_arrays"
    )


def _in_archive(path: Path) -> Kind:
    """The kind of a zip archive."""
    try:
        with path.open("rb") as file, bounded_archive(file) as archive:
            names = archive.namelist()
    except (
        zipfile.BadZipFile,
        OSError,
        ValueError,
        NotImplementedError,
        struct.error,
        RecursionError,
    ) as error:
        raise InterchangeError(f"{path} is a zip archive that is truncated or damaged: {error}") from error
    inside = {name.partition("/")[2] for name in names}
    if "data.pkl" in inside or "data.pkl" in names:
        return "torchscript" if any(name.startswith("code/") for name in inside) else "torch"
    if "config.json" in names and any(name.endswith(".weights.h5") for name in names):
        return "keras"
    if names and all(name.endswith(".npy") for name in names):
        raise InterchangeError(f"{path} is {_ARRAYS}")
    if "archive_format" in inside:
        raise InterchangeError(
            f"{path} is a program of torch.export, which is not read: save the module's state_dict, or export it to "
            "ONNX"
        )
    shown = ", ".join(names[:4]) or "nothing"
    raise InterchangeError(
        f"{path} is a zip archive, but neither PyTorch's nor Keras's; it holds {shown}: unpack it and import "
        "a file in it"
    )


def _folder(path: Path) -> str:
    """What to do with a folder."""
    if (path / "saved_model.pb").is_file():
        return "TensorFlow's SavedModel, which is not read: save the Keras model as .keras, or convert it to ONNX"
    return "name a file in it"


def _signature_at(path: Path, place: int) -> bool:
    """HDF5's signature may stand behind a block of the user's."""
    with path.open("rb") as file:
        file.seek(place)
        return file.read(8) == _HDF5


def _is_safetensors(head: bytes, size: int) -> bool:
    if len(head) < 10:
        return False
    (length,) = struct.unpack("<Q", head[:8])
    return head[8:9] == b"{" and length <= size


def _fields(head: bytes) -> list[tuple[int, int, int]]:
    """Field, wire type, and number or length of the first fields of a protobuf message."""
    found: list[tuple[int, int, int]] = []
    place = 0
    while place < len(head) and len(found) < 4:
        key, place = _varint(head, place)
        field, wire = key >> 3, key & 7
        if wire not in (0, 2) or field == 0:
            break
        value, place = _varint(head, place)
        found.append((field, wire, value))
        place += value if wire == 2 else 0
    return found


def _varint(head: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(head):
        byte = head[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128 or shift > 63:
            break
    return value, place


_ONNX_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}


def _is_onnx(head: bytes) -> bool:
    """A ModelProto: its first fields are such as it has, beginning mostly with the version of the format."""
    fields = _fields(head)
    known = all(_ONNX_FIELDS.get(field) == wire for field, wire, _ in fields)
    versions = [value for field, _, value in fields if field == 1]
    return bool(fields) and known and all(0 < version < 100 for version in versions) and head[0] != 0x0A


def _is_saved_model(head: bytes, path: Path) -> bool:
    """A SavedModel: version 1, then a whole graph, which begins with what it says of itself."""
    fields = _fields(head)
    return (
        fields[:1] == [(1, 0, 1)]
        and len(fields) > 1
        and fields[1][:2] == (2, 2)
        and (path.name == "saved_model.pb" or fields[1][2] > _HEAD)
    )


def _is_core_ml(head: bytes, path: Path) -> bool:
    """Its first fields look like ONNX's, so the name has to tell."""
    return path.suffix == ".mlmodel" and head[:1] == b"\x08"


def _starts(*magics: bytes) -> Callable[[bytes, Path], bool]:
    return lambda head, _: head.startswith(magics)


_KNOWN: tuple[tuple[str, Callable[[bytes, Path], bool]], ...] = (
    ("a NumPy array: hand the arrays of a layer to ph.from_arrays", _starts(b"\x93NUMPY")),
    (
        "a TensorFlow Lite model, which is not read: convert the original to ONNX or save it as .keras",
        lambda head, _: head[4:8] == b"TFL3",
    ),
    ("a GGUF file, a format of transformers' weights, which is not read", _starts(b"GGUF")),
    (
        "TensorFlow's SavedModel, which is not read: save the Keras model as .keras, or convert it to ONNX",
        _is_saved_model,
    ),
    ("a Core ML model, which is not read: convert the original to ONNX", _is_core_ml),
    (
        "an XML file; of OpenVINO's models the original is read (ONNX, PyTorch, Keras), not the XML",
        _starts(b"<?xml", b"<net", b"\xef\xbb\xbf<?xml"),
    ),
    (
        "a pickle of scikit-learn or joblib, which is not read: it has no recurrent layers that are known here",
        lambda head, _: head[:1] == b"\x80" and (b"joblib" in head or b"sklearn" in head),
    ),
    (
        "a pickle of PaddlePaddle, which is not read: convert the model to ONNX",
        lambda head, _: head[:1] == b"\x80" and (b"StructuredToParameterName@@" in head or b"paddle" in head),
    ),
    (
        "JSON without weights: name the file of the weights; what describes a Keras model goes with it by config=",
        lambda head, _: head.lstrip()[:1] == b"{",
    ),
    (
        "compressed: unpack it first",
        _starts(b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c"),
    ),
    (
        "a pointer of Git LFS, not the file itself: fetch it with git lfs pull",
        _starts(b"version https://git-lfs"),
    ),
    ("a web page: download the file itself", _starts(b"<!DOCTYPE", b"<!doctype", b"<html")),
)
