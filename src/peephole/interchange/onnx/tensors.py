"""The values of an ONNX tensor, wherever the file keeps them: raw bytes, typed fields, or another file beside it.

Every length is checked against the shape before anything is made of it. External data are read from the model's own
folder and from nowhere else, and only the bytes that the tensor names. Knows nothing of graphs.
"""

from __future__ import annotations

from math import prod
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

import numpy as np

from peephole.errors import InterchangeError
from peephole.interchange.onnx.graphs import shown

if TYPE_CHECKING:
    from onnx import TensorProto

Array = np.ndarray

# ONNX's number of each element type that is read here: its name, the type of its bytes, the typed field and that
# field's type. Half precision stands in int32_data as bit patterns.
_TYPES: dict[int, tuple[str, str, str]] = {
    1: ("float32", "<f4", "float_data"),
    2: ("uint8", "<u1", "int32_data"),
    3: ("int8", "<i1", "int32_data"),
    4: ("uint16", "<u2", "int32_data"),
    5: ("int16", "<i2", "int32_data"),
    6: ("int32", "<i4", "int32_data"),
    7: ("int64", "<i8", "int64_data"),
    9: ("bool", "|b1", "int32_data"),
    10: ("float16", "<f2", "int32_data"),
    11: ("float64", "<f8", "double_data"),
    12: ("uint32", "<u4", "uint64_data"),
    13: ("uint64", "<u8", "uint64_data"),
    16: ("bfloat16", "<u2", "int32_data"),
}
FLOAT32, INT64, FLOAT64 = 1, 7, 11
_BITS = {10, 16}
_LARGEST_DIMENSIONS = 64


def shape_of(tensor: TensorProto) -> tuple[int, ...]:
    """A tensor's shape.

    Raises:
        InterchangeError: a negative size, or more numbers than any file could hold.
    """
    shape = tuple(tensor.dims)
    if len(shape) > _LARGEST_DIMENSIONS or any(size < 0 for size in shape) or prod(shape) >= 2**40:
        told = f"{len(shape)} dimensions" if len(shape) > _LARGEST_DIMENSIONS else f"{list(shape)}"
        raise InterchangeError(f"tensor {shown(tensor.name)!r} cannot have the shape that it states, {told}")
    return shape


def type_name(number: int) -> str:
    """What an element type is called."""
    return _TYPES[number][0] if number in _TYPES else f"of ONNX's type {number}"


def from_bits(bits: Array, number: int) -> Array:
    """Numbers of an element type from the type of their bytes; bfloat16 becomes float32, which holds it exactly."""
    return (bits.astype("<u4") << 16).view("<f4") if type_name(number) == "bfloat16" else bits


def values_of(tensor: TensorProto, folder: Path) -> Array:
    """The numbers of a tensor.

    Args:
        tensor: the message.
        folder: where the model is; external data may stand in it and below it.

    Returns:
        an array of the tensor's shape and element type, bfloat16 as float32; it may be read-only.

    Raises:
        InterchangeError: an element type that is not read, values that do not fill the shape, external data that are
            not in the folder.
    """
    shape = shape_of(tensor)
    if tensor.data_type not in _TYPES:
        raise InterchangeError(
            f"tensor {shown(tensor.name)!r} holds elements {type_name(tensor.data_type)}; read are "
            + ", ".join(name for name, *_ in _TYPES.values())
        )
    name, stored, typed = _TYPES[tensor.data_type]
    size = np.dtype(stored).itemsize
    if tensor.HasField("segment"):
        raise InterchangeError(f"tensor {shown(tensor.name)!r} is stored in segments, which is not read")
    if tensor.data_location == tensor.EXTERNAL:
        data = _external(tensor, folder, prod(shape) * size)
    elif tensor.HasField("raw_data"):
        data = tensor.raw_data
    else:
        return from_bits(_typed(tensor, typed, stored, shape), tensor.data_type)
    if len(data) != prod(shape) * size:
        raise InterchangeError(
            f"tensor {shown(tensor.name)!r} of shape {list(shape)} and {name} needs {prod(shape) * size:,} bytes, "
            f"got {len(data):,}"
        )
    return from_bits(np.frombuffer(data, stored).reshape(shape), tensor.data_type)


def _typed(tensor: TensorProto, field: str, stored: str, shape: tuple[int, ...]) -> Array:
    """Numbers from a typed field."""
    given = getattr(tensor, field)
    if len(given) != prod(shape):
        raise InterchangeError(
            f"tensor {shown(tensor.name)!r} of shape {list(shape)} needs {prod(shape):,} numbers in {field}, "
            f"got {len(given):,}"
        )
    numbers = np.array(given, np.float64 if field == "double_data" else None).reshape(shape)
    if tensor.data_type in _BITS:
        bits = numbers.astype("<i8").astype("<u2")
        return bits.view("<f2") if tensor.data_type == 10 else bits
    return numbers.astype(stored)


def _external(tensor: TensorProto, folder: Path, wanted: int) -> bytes:
    """A tensor's bytes from the file beside the model that it names."""
    where = {entry.key: entry.value for entry in tensor.external_data}
    location = where.get("location", "")
    file = _inside(folder, location, tensor.name)
    try:
        offset = int(where.get("offset", "0"))
        length = int(where.get("length", str(wanted)))
    except ValueError as error:
        raise InterchangeError(
            f"tensor {shown(tensor.name)!r}: offset and length of its external data must be numbers, got "
            f"{where.get('offset', '')!r:.40} and {where.get('length', '')!r:.40}"
        ) from error
    try:
        there = file.stat().st_size
        if length != wanted or offset < 0 or offset + length > there:
            raise InterchangeError(
                f"tensor {shown(tensor.name)!r} needs {wanted:,} bytes; its external data are {length:,} from "
                f"{offset:,} on, and {shown(location)!r} has {there:,}"
            )
        with file.open("rb") as stream:
            stream.seek(offset)
            return stream.read(length)
    except OSError as error:
        raise InterchangeError(
            f"tensor {shown(tensor.name)!r}: its external data, {shown(location)!r}, cannot be read: "
            f"{error.strerror or error}"
        ) from error


def _inside(folder: Path, location: str, name: str) -> Path:
    """The file that a location names, which must be a plain one within the folder, links followed."""
    posix, windows = PurePosixPath(location), PureWindowsPath(location)
    if (
        not location
        or "\0" in location
        or "\\" in location
        or posix.is_absolute()
        or windows.drive
        or ".." in posix.parts
    ):
        raise InterchangeError(
            f"tensor {shown(name)!r} keeps its values in {shown(location)!r}: only files in the "
            "model's own folder are read"
        )
    try:
        home = folder.resolve(strict=True)
        file = (home / location).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise InterchangeError(
            f"tensor {shown(name)!r} keeps its values in {shown(location)!r}, which is not beside the "
            "model: put it there"
        ) from error
    if not file.is_relative_to(home) or not file.is_file():
        raise InterchangeError(
            f"tensor {shown(name)!r} keeps its values in {shown(location)!r}, which leads out of the model's "
            "folder or is no plain file: only plain files in that folder are read"
        )
    return file
