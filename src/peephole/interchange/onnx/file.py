"""An ONNX file as its messages: parsed by the ``onnx`` package's protobuf, and by nothing else of that package.

Nothing outside the file is looked at here: tensors whose values stand in other files are ``tensors.py``'s.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from peephole.errors import InterchangeError, NotInstalledError

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto

LARGEST = 2**31 - 1
"""What a protobuf message can hold, in bytes; larger models keep their tensors in other files."""

# What a message, and any other field with a length, takes in memory beside its content; and how much all of them may.
_OF_MESSAGE, _OF_FIELD = 128, 24
_ROOM, _TIMES, _MOST = 2**25, 16, 2**28
_DEEPEST = 100  # as protobuf itself has it
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5


def onnx_package() -> ModuleType:
    """The ``onnx`` package.

    Raises:
        NotInstalledError: it is not there.
    """
    try:
        import onnx
    except ImportError as missing:
        raise NotInstalledError("ONNX files need the package onnx: pip install 'peephole[onnx]'") from missing
    return onnx


def load_model(path: Path) -> ModelProto:
    """The model in a file.

    Raises:
        InterchangeError: a file that cannot be read, is none of ONNX, or is damaged.
        NotInstalledError: onnx is not installed.
    """
    message = _parsed(onnx_package().ModelProto, path, "an ONNX model")
    if not message.HasField("graph"):
        raise InterchangeError(f"{path} is no ONNX model: it has no graph")
    return message  # type: ignore[no-any-return]


def load_tensor(path: Path) -> TensorProto:
    """The tensor in a ``.pb`` file, as ONNX's own test data have them.

    Raises:
        InterchangeError: as ``load_model``.
    """
    return _parsed(onnx_package().TensorProto, path, "an ONNX tensor")  # type: ignore[no-any-return]


def _parsed(kind: Any, path: Path, what: str) -> Any:
    """A message of this class from a file."""
    try:
        if not path.is_file():
            raise InterchangeError(f"{path} is not a file: name {what}")
        size = path.stat().st_size
        if not 0 < size <= LARGEST:
            raise InterchangeError(f"{path} cannot be {what}: it has {size:,} bytes, of 1 to {LARGEST:,}")
        data = path.read_bytes()
    except OSError as error:
        raise InterchangeError(f"{path} cannot be read: {error.strerror or error}") from error
    decode_error = import_module("google.protobuf.message").DecodeError  # a package without types
    try:
        _check_fields(data, kind.DESCRIPTOR)
        return kind.FromString(data)
    except (_DamagedError, decode_error) as error:
        # protobuf's own words say no more than this.
        why = str(error) if isinstance(error, _DamagedError) else "the bytes are no such message"
        raise InterchangeError(f"{path} is not {what}, or is damaged or cut off: {why}") from error


class _DamagedError(Exception):
    """The bytes cannot be a message."""


def _check_fields(data: bytes, descriptor: Any) -> None:
    """Adds up what the messages will take, before any is made: two bytes in a file can be a hundred in memory.

    Only the outer structure is read, and no further than honest files of this size reach.
    """
    most = min(_MOST, _ROOM + _TIMES * len(data))
    taken = 0
    around: list[tuple[int, int, Any]] = []  # where to go on in the messages around this one
    at, end, kind = 0, len(data), descriptor
    while True:
        if at >= end:
            if at > end:
                raise _DamagedError(f"{kind.name} ends in the middle of a field")
            if not around:
                return
            at, end, kind = around.pop()
            continue
        key, at = _varint(data, at, end)
        wire, number = key & 7, key >> 3
        if wire == _VARINT:
            at = _varint(data, at, end)[1]
        elif wire in (_EIGHT, _FOUR):
            at += 8 if wire == _EIGHT else 4
        elif wire == _BYTES:
            length, at = _varint(data, at, end)
            if length > end - at:
                raise _DamagedError(
                    f"field {number} of {kind.name} has {length:,} bytes, {end - at:,} are there"
                )
            field = kind.fields_by_number.get(number)
            taken += _OF_FIELD if field is None or field.message_type is None else _OF_MESSAGE
            if taken > most:
                raise _DamagedError(f"its {len(data):,} bytes would take more than {most:,} in memory")
            if field is None:
                at += length
            elif field.message_type is not None:
                around.append((at + length, end, kind))
                at, end, kind = at, at + length, field.message_type
                if len(around) > _DEEPEST:
                    raise _DamagedError(f"its messages are nested more than {_DEEPEST} deep")
            else:
                if field.type == field.TYPE_STRING and field.name != "doc_string":
                    _check_text(data[at : at + length], f"{kind.name}.{field.name}")
                at += length
        else:
            raise _DamagedError(f"{kind.name} has a field of the unknown form {wire}")


def _check_text(text: bytes, where: str) -> None:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _DamagedError(f"a {where} is no text") from error


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise _DamagedError("a number has no end")
