"""Reads an array of numbers from the bytes of a ``.npy`` file, without trusting its header.

A header that promises more than the file holds is refused before anything is made of it, and nothing is ever unpickled.
"""

from __future__ import annotations

import io
import math
import tokenize

import numpy as np
import numpy.typing as npt

from peephole.errors import DataError

MAGIC = b"\x93NUMPY"
_KINDS = {"f": "float", "i": "integer", "u": "unsigned", "b": "boolean"}
_LONGEST_HEADER = 4096


def read_array(content: bytes, name: str) -> npt.NDArray[np.generic]:
    """The numbers (time, feature) in ``content``, the bytes of the file ``name``; it holds (time,) or (time, feature).

    Raises:
        DataError: it is no such array: other dimensions or types, an object array, a size that is not the file's.
    """
    file = io.BytesIO(content)
    shape, fortran, dtype = _header(file, name)
    if dtype.hasobject:
        raise DataError(
            f"{name} holds Python objects, which are not read: save plain numbers with numpy.save"
        )
    if dtype.kind not in _KINDS or dtype.names is not None:
        raise DataError(f"{name} holds {dtype}, not real numbers: save them as float32")
    if len(shape) not in (1, 2):
        batch = ": save one sequence of the batch" if len(shape) == 3 else ": save it as (time, feature)"
        raise DataError(
            f"{name} has shape {shape} and one sequence is read, (time,) or (time, feature){batch}"
        )
    count, there = math.prod(shape), len(content) - file.tell()
    if count * dtype.itemsize != there:
        raise DataError(
            f"{name} says that it holds {shape} numbers of {dtype.itemsize} bytes and has {there:,} bytes of them: "
            "it is truncated or damaged, save it again"
        )
    if not count:
        raise DataError(f"{name} has shape {shape}: there is nothing to read")
    values = np.frombuffer(content, dtype=dtype, offset=file.tell())
    values = values.reshape(shape, order="F" if fortran else "C")
    values = values[:, None] if values.ndim == 1 else values
    return values.astype(np.uint8) if dtype.kind == "b" else values


def _header(file: io.BytesIO, name: str) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """What the header says: shape, whether columns come first, type."""
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        version = np.lib.format.read_magic(file)
        if version not in readers:
            raise DataError(
                f"{name} is in version {version} of the .npy format: save it again with numpy.save"
            )
        shape, fortran, dtype = readers[version](file, max_header_size=_LONGEST_HEADER)
    # A header is a Python literal: what is not one fails in as many ways as Python's parser does.
    except (
        ValueError,
        TypeError,
        SyntaxError,
        tokenize.TokenError,
        RecursionError,
        MemoryError,
        EOFError,
    ) as error:
        if isinstance(error, DataError):
            raise
        reason = " ".join(str(error).split())[:120]
        raise DataError(
            f"{name} is no .npy file that can be read ({reason}): save it with numpy.save"
        ) from error
    if any(size < 0 for size in shape):
        raise DataError(f"{name} has shape {shape}: it is damaged, save it again with numpy.save")
    return tuple(int(size) for size in shape), bool(fortran), dtype
