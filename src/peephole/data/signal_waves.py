"""Reads a recording from the bytes of a ``.wav`` file: PCM of 8 to 32 bits, or floating point; channels are averaged.

Python's own ``wave`` knows no floating point and believes the header; here every size is compared with the file.
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from peephole.errors import DataError

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_KNOWN = "8, 16, 24 and 32 bit integers and 32 and 64 bit floats are read"

Samples = npt.NDArray[np.float32]


def is_wave(content: bytes) -> bool:
    """Whether the bytes begin as a recording does."""
    return content[:4] == b"RIFF" and content[8:12] == b"WAVE"


def read_wave(content: bytes, name: str) -> tuple[Samples, int]:
    """The samples (time,) of ``content``, the bytes of the file ``name``, from −1 to 1, and how many are a second.

    Raises:
        DataError: it is no recording, is truncated, or in a coding that is not read.
    """
    if not is_wave(content):
        raise DataError(f"{name} is no WAV file: it does not begin with RIFF and WAVE")
    chunks = _chunks(content, name)
    if b"fmt " not in chunks or b"data" not in chunks:
        missing = "format" if b"fmt " not in chunks else "samples"
        raise DataError(f"{name} is a WAV file without {missing}: it is truncated or damaged, save it again")
    coding, channels, rate, bits = _format(chunks[b"fmt "], name)
    data = chunks[b"data"]
    size = channels * bits // 8
    if len(data) % size:
        raise DataError(
            f"{name} ends within a sample: {len(data):,} bytes of samples of {size}; it is truncated, save it again"
        )
    if not data:
        raise DataError(f"{name} holds no sample: there is nothing to read")
    samples = _numbers(data, coding, bits)
    if channels > 1:
        samples = samples.reshape(-1, channels).mean(axis=1)
    return samples, rate


def _chunks(content: bytes, name: str) -> dict[bytes, memoryview]:
    """The first chunk of each kind."""
    view, at = memoryview(content), 12
    found: dict[bytes, memoryview] = {}
    while at + 8 <= len(content) and not {b"fmt ", b"data"} <= set(found):
        kind, size = struct.unpack_from("<4sI", content, at)
        at += 8
        if at + size > len(content):
            raise DataError(
                f"{name} is truncated: its part {kind.decode('latin-1')!r} should have {size:,} bytes and "
                f"{len(content) - at:,} are there; save it again"
            )
        found.setdefault(kind, view[at : at + size])
        at += size + size % 2
    return found


def _format(chunk: memoryview, name: str) -> tuple[int, int, int, int]:
    """Coding, channels, samples a second, bits a sample."""
    if len(chunk) < 16:
        raise DataError(
            f"{name} has a format of {len(chunk)} bytes instead of 16: it is damaged, save it again"
        )
    coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if coding == _EXTENSIBLE and len(chunk) >= 26:
        coding = struct.unpack_from("<H", chunk, 24)[0]
    fits = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64)}
    if coding not in fits:
        raise DataError(f"{name} is coded in format {coding}, which is not read; {_KNOWN}: convert it")
    if bits not in fits[coding]:
        kind = "floats" if coding == _FLOAT else "integers"
        raise DataError(f"{name} has {kind} of {bits} bits; {_KNOWN}: convert it")
    if not channels or not rate:
        raise DataError(
            f"{name} says {channels} channels and {rate} samples a second: it is damaged, save it again"
        )
    return coding, channels, rate, bits


def _numbers(data: memoryview, coding: int, bits: int) -> Samples:
    """Every sample of every channel, −1 to 1."""
    if coding == _FLOAT:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.frombuffer(data, dtype=f"<f{bits // 8}").astype(np.float32)
    if bits == 8:  # the one that is unsigned
        return (np.frombuffer(data, dtype=np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
    if bits == 24:
        parts = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
        wide = np.zeros((len(parts), 4), dtype=np.uint8)
        wide[:, 1:] = parts  # as the upper three bytes of four
        return wide.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)
    numbers = np.frombuffer(data, dtype=f"<i{bits // 8}")
    return numbers.astype(np.float32) / np.float32(2 ** (bits - 1))
