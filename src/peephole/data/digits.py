"""Images of handwritten digits: the shipped ones, or a folder of IDX files.

Knows nothing of training. The IDX format is that of the MNIST files: two zero bytes, the type of the entries
(8: unsigned bytes), the number of dimensions, each dimension as a big-endian 32-bit number, then the entries.
Files may come from anywhere, so nothing is allocated that the file cannot fill.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from peephole.errors import DataError, DataNotFoundError

_HELD_OUT = 1000
"""So many shipped digits, the last ones, are the test set."""
_LARGEST_RATIO = 1032
"""No deflate stream unpacks to more than so many times its size (zlib's documentation)."""
_BLOCK = 1 << 20

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Digits:
    """Images (image, row, column) and labels (image,) 0 to 9, all uint8, to learn from and to test on."""

    images: Bytes
    labels: Bytes
    held_out_images: Bytes
    held_out_labels: Bytes


def load_digits(folder: Path | None = None) -> Digits:
    """The shipped digits (None), or those of a folder with the four MNIST files, plain or ``.gz``.

    The files are ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
    ``t10k-labels-idx1-ubyte``. Raises DataNotFoundError for one that is missing, DataError for one that is
    not what it should be.
    """
    if folder is None:
        with files("peephole.data").joinpath("digits.npz").open("rb") as file, np.load(file) as arrays:
            images, labels = arrays["images"], arrays["labels"]
        return Digits(images[:-_HELD_OUT], labels[:-_HELD_OUT], images[-_HELD_OUT:], labels[-_HELD_OUT:])
    training, held_out = _pair(folder, "train"), _pair(folder, "t10k")
    if training[0].shape[1:] != held_out[0].shape[1:]:
        raise DataError(
            f"{folder}: the images to learn from and to test on differ in size: use one data set's files"
        )
    return Digits(*training, *held_out)


def read_idx(path: Path, dimensions: int) -> Bytes:
    """The array of unsigned bytes in an IDX file, plain or, if its name ends in ``.gz``, packed.

    Raises DataError for another format, another number of dimensions, or a file that holds fewer or more
    bytes than its header says.
    """
    try:
        size = path.stat().st_size
        if path.suffix != ".gz":
            with path.open("rb") as file:
                return _array(file, path, dimensions, room=size)
        with gzip.open(path) as file:
            return _array(file, path, dimensions, room=size * _LARGEST_RATIO)
    except DataError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read, it is damaged or cut short: {error}") from error


def _pair(folder: Path, part: str) -> tuple[Bytes, Bytes]:
    images = read_idx(_find(folder, f"{part}-images", "idx3-ubyte"), 3)
    path = _find(folder, f"{part}-labels", "idx1-ubyte")
    labels = read_idx(path, 1)
    if len(images) != len(labels):
        raise DataError(f"{path} has {len(labels)} labels for {len(images)} images: use one data set's files")
    if not images.size:
        raise DataError(f"{folder} has no images in its {part} files: they cannot be learned from")
    if labels.max() > 9:
        raise DataError(f"{path} has the label {labels.max()}: digits are labelled 0 to 9")
    return images, labels


def _find(folder: Path, stem: str, kind: str) -> Path:
    # Unpackers and mirrors write the hyphen before "idx" as a dot.
    for name in (f"{stem}-{kind}", f"{stem}.{kind}", f"{stem}-{kind}.gz", f"{stem}.{kind}.gz"):
        try:
            if (folder / name).is_file():
                return folder / name
        except OSError as error:
            raise DataError(f"{folder} cannot be read: {error.strerror or error}") from error
    raise DataNotFoundError(
        f"{folder} has no {stem}-{kind} or {stem}-{kind}.gz: name a folder with the MNIST files"
    )


def _array(file: BinaryIO | gzip.GzipFile, path: Path, dimensions: int, *, room: int) -> Bytes:
    """The array in an opened IDX file that cannot hold more than ``room`` bytes."""
    magic = file.read(4)
    if magic != bytes((0, 0, 8, dimensions)):
        raise DataError(
            f"{path} is not an IDX file of unsigned bytes with {dimensions} dimensions: it begins with "
            f"{magic.hex(' ') or 'nothing'}"
        )
    header = file.read(4 * dimensions)
    if len(header) != 4 * dimensions:
        raise DataError(f"{path} is cut short: its header is not complete")
    shape = struct.unpack(f">{dimensions}I", header)
    entries = math.prod(shape)
    if entries > room:
        raise DataError(
            f"{path} cannot hold the {' × '.join(map(str, shape))} entries that its header announces"
        )
    # In blocks: a packed file may end long before the memory for what it announces would be used.
    data = bytearray()
    while len(data) < entries and (block := file.read(min(_BLOCK, entries - len(data)))):
        data += block
    if len(data) < entries:
        raise DataError(f"{path} is cut short: {len(data):,} of {entries:,} entries are there")
    if file.read(1):
        raise DataError(f"{path} goes on after the {entries:,} entries that its header announces")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)
