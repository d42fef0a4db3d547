"""Values of a model's inputs that the caller gives, for files that keep their weights outside."""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from peephole.errors import InterchangeError, OptionError
from peephole.interchange.onnx.file import load_tensor
from peephole.interchange.onnx.graphs import shown
from peephole.interchange.onnx.tensors import values_of
from peephole.interchange.zips import bounded_archive

Given = Mapping[str, Any] | str | Path

# How many times its size in the file an array may be: numbers do not shrink as text does.
_MOST = 64
_ENTRIES = 10_000

_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_NUMBERS = "biufc"  # kinds of NumPy's types

# What a damaged archive, entry or header makes zipfile and numpy raise.
_DAMAGE = (
    OSError, EOFError, ValueError, TypeError, SyntaxError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error,
    tokenize.TokenError,
)  # fmt: skip


def given_values(tensors: Given | None, inputs: Sequence[str]) -> dict[str, np.ndarray]:
    """Arrays by name.

    Args:
        tensors: a mapping, the path of an .npz file, or of a folder of .pb files; None for none.
        inputs: names of the graph's inputs, in whose order ``input_0.pb``, … stand that have no name of their own.

    Raises:
        InterchangeError: nothing that can be read so; names the entry.
        OptionError: ``tensors`` is of another type.
    """
    if tensors is None:
        return {}
    if isinstance(tensors, Mapping):
        return {str(name): _array(str(name), value) for name, value in tensors.items()}
    if not isinstance(tensors, str | Path):
        raise OptionError(
            "tensors= must be a mapping from name to array, or the path of an .npz file or of a folder of .pb files, "
            f"got {type(tensors).__name__}"
        )
    path = Path(tensors)
    if path.is_dir():
        return _folder(path, inputs)
    if path.suffix == ".npz":
        return _archive(path)
    raise InterchangeError(
        f"tensors= must be a mapping from name to array, an .npz file or a folder of .pb files, got {str(path)!r}"
    )


def _array(name: str, value: object) -> np.ndarray:
    try:
        return np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InterchangeError(
            f"tensors= has for {shown(name)!r} a value of the type {type(value).__name__} that is no array; hand over "
            "a NumPy array"
        ) from error


def _folder(folder: Path, inputs: Sequence[str]) -> dict[str, np.ndarray]:
    """ONNX's test data: one tensor a file."""
    found = {}
    for place, name in enumerate(inputs):
        path = folder / f"input_{place}.pb"
        if path.is_file():
            tensor = load_tensor(path)
            found[tensor.name if tensor.name in inputs else name] = values_of(tensor, folder)
    if not found:
        raise InterchangeError(
            f"{folder} has no input_0.pb, input_1.pb, … for the inputs {', '.join(inputs)}"
        )
    return found


def _archive(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, each only if it is as large as its header says."""
    if path.exists() and not path.is_file():
        raise InterchangeError(f"{path} is no plain file: name an .npz file")
    try:
        with path.open("rb") as file, bounded_archive(file) as archive:
            entries = archive.infolist()
            _check_sizes(path, entries)
            return {entry.filename.removesuffix(".npy"): _entry(archive, entry, path) for entry in entries}
    except InterchangeError:
        raise
    except _DAMAGE as error:
        raise InterchangeError(f"{path} is not an .npz file of plain arrays, or is damaged") from error


def _check_sizes(path: Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    if len(entries) > _ENTRIES:
        raise InterchangeError(f"{path} has {len(entries):,} entries, at most {_ENTRIES:,} are read")
    if sum(entry.file_size for entry in entries) > _MOST * path.stat().st_size:
        largest = max(entries, key=lambda entry: entry.file_size)
        raise InterchangeError(
            f"{path} unpacks to more than {_MOST} times its size, {shown(largest.filename)!r} alone to "
            f"{largest.file_size:,} bytes: it is not read"
        )


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> np.ndarray:
    """One array."""
    told = f"{path}: its entry {shown(entry.filename)!r}"
    if entry.flag_bits & 1:
        raise InterchangeError(f"{told} is encrypted: save the arrays without a password")
    if entry.compress_type not in _PACKED:
        raise InterchangeError(
            f"{told} is packed in another way than numpy.savez packs: save the arrays anew"
        )
    try:
        with archive.open(entry) as file:
            return _values(file, entry.file_size, told)
    except InterchangeError:
        raise
    except _DAMAGE as error:
        raise InterchangeError(
            f"{told} is not an array of numbers as numpy.save writes it, or is damaged"
        ) from error


def _values(file: IO[bytes], size: int, told: str) -> np.ndarray:
    """An array of an entry with so many bytes. Raises ``_DAMAGE`` besides InterchangeError."""
    shape, by_columns, dtype = _HEADERS.get(np.lib.format.read_magic(file), _no_header)(file)
    if dtype.kind not in _NUMBERS:
        raise InterchangeError(f"{told} is no array of numbers, it is of the type {shown(str(dtype))}")
    length, there = math.prod(shape) * dtype.itemsize, size - file.tell()
    if min(shape, default=0) < 0 or length != there:
        raise InterchangeError(
            f"{told} says that its shape is {shown(str(list(shape)))} of {dtype}, for which its {there:,} bytes are "
            "too few or too many"
        )
    # One byte more is asked for, so that its end is reached and its check sum looked at.
    flat = np.frombuffer(file.read(length + 1), dtype)
    return flat.reshape(shape, order="F" if by_columns else "C")


def _no_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    raise ValueError("a version of the format without numbers")
