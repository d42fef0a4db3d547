"""Each kind of file that holds PyTorch's weights, as one value of ``values.py`` that stands for all it holds.

A ``torch.save`` archive, a ``torch.save`` file from before PyTorch 1.6, a TorchScript archive, a plain pickle of
arrays, a safetensors file.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import safetensors
import torch
from torch import Tensor

from peephole.errors import InterchangeError
from peephole.interchange.pytorch.archive import Archive, opened_archive
from peephole.interchange.pytorch.calls import Calls
from peephole.interchange.pytorch.pickle import unpickle
from peephole.interchange.pytorch.values import Budget, Items, Store, short

_MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of a torch.save file before 1.6
_PROTOCOL = 1001
_HEADER = 8 << 20  # bytes of a safetensors file's header
_SLACK = 1 << 20


@dataclass(frozen=True, eq=False)
class Content:
    """What a file holds.

    Attributes:
        kind: what it is, in words.
        root: the value.
        code: TorchScript's code by the names of its files, never run; empty elsewhere.
    """

    kind: str
    root: object
    code: dict[str, str]


@contextmanager
def opened(path: Path) -> Iterator[Content]:
    """The content of a file, whose tensors can be read while it is open.

    Raises:
        InterchangeError: a file of another kind, or a damaged one.
    """
    with path.open("rb") as file:
        head = file.read(512)
    size = path.stat().st_size
    if head[:4] == b"PK\x03\x04":
        with opened_archive(path) as archive:
            yield _archive(archive)
    elif len(head) > 8 and head[8:9] == b"{" and struct.unpack_from("<Q", head)[0] < size:
        with _safetensors(path, head) as content:
            yield content
    elif path.suffix == ".safetensors":
        raise InterchangeError(
            "this is no safetensors file, or it is cut off: it has no header that fits its size"
        )
    elif head[257:262] == b"ustar":
        raise InterchangeError(
            "this is a tar archive, which torch.save wrote before PyTorch 0.2; save it anew"
        )
    elif head[:1] == b"\x80" or head[:1] in (b"(", b"}", b"]", b"c"):
        yield _pickles(path.read_bytes())
    elif not head:
        raise InterchangeError("the file is empty")
    else:
        raise InterchangeError(f"this is no file of PyTorch's: it begins with the bytes {head[:8].hex(' ')}")


def _archive(archive: Archive) -> Content:
    """A torch.save archive or a TorchScript archive."""
    names = archive.names
    script = "constants.pkl" in names or any(name.startswith("code/") for name in names)
    order = archive.read("byteorder") if "byteorder" in names else b"little"
    if order not in (b"little", b"big"):
        raise InterchangeError(
            f"the archive's order of bytes is 'little' or 'big', got {short(str(order[:16]))}"
        )
    budget = Budget(4 * archive.total + _SLACK)
    folder = "tensors" if script and any(name.startswith("tensors/") for name in names) else "data"
    store = Store(lambda key: archive.read(f"{folder}/{key}"), budget, big_endian=order == b"big")
    root = unpickle(io.BytesIO(archive.read("data.pkl")), Calls(store, budget))
    code: dict[str, str] = {}
    if script:
        rnn = [name for name in names if name.startswith("code/__torch__/torch/nn/modules/rnn")]
        files = [name for name in rnn if name.endswith(".py")][:100]
        code = {name: archive.read(name).decode("utf-8", "replace") for name in files}
    return Content("TorchScript archive" if script else "PyTorch file (torch.save)", root, code)


def _pickles(data: bytes) -> Content:
    """A torch.save file before 1.6, which begins with three small pickles, or one pickle of arrays."""
    stream, budget = io.BytesIO(data), Budget(4 * len(data) + _SLACK)
    storages: dict[str, tuple[int, int]] = {}

    def fetch(key: str) -> bytes:
        if key not in storages:
            raise InterchangeError(f"the file has no storage {short(key)}")
        start, length = storages[key]
        return data[start : start + length]

    store = Store(fetch, budget)
    plain = Calls(None, budget)
    first = unpickle(stream, plain)
    if first != _MAGIC:
        return Content("pickle of arrays", first, {})
    if unpickle(stream, plain) != _PROTOCOL:
        raise InterchangeError(
            f"torch.save wrote this file by a protocol other than {_PROTOCOL}, which nobody knows"
        )
    system = unpickle(stream, plain)
    if isinstance(system, Items):
        store.big_endian = ("little_endian", False) in [
            pair for pair in system.pairs if pair[0] == "little_endian"
        ]
    sizes_of: dict[str, int] = {}
    root = unpickle(stream, _Sized(store, budget, sizes_of))
    keys = unpickle(stream, plain)
    if not isinstance(keys, list):
        raise InterchangeError("the list of the file's storages is damaged")
    at = stream.tell()
    for key in keys:
        if not isinstance(key, str) or key not in sizes_of:
            raise InterchangeError(f"the file lists the storage {short(key)}, which nothing in it names")
        if at + 8 > len(data):
            raise InterchangeError(f"the file is cut off before its storage {short(key)}")
        (count,) = struct.unpack_from(">q" if store.big_endian else "<q", data, at)
        length = count * sizes_of[key]
        if not 0 <= length <= len(data) - at - 8:
            raise InterchangeError(
                f"the file is cut off within its storage {short(key)}, or its length is wrong"
            )
        storages[key] = (at + 8, length)
        at += 8 + length
    return Content("PyTorch file (torch.save before 1.6)", root, {})


class _Sized(Calls):
    """Notes the bytes that a number takes in each storage: a file before 1.6 tells only how many numbers it has."""

    def __init__(self, store: Store, budget: Budget, sizes_of: dict[str, int]) -> None:
        super().__init__(store, budget)
        self.sizes_of = sizes_of

    def persistent(self, name: object) -> object:
        """As ``Calls.persistent``."""
        storage = super().persistent(name)
        if isinstance(name, tuple) and len(name) > 2 and isinstance(name[2], str):
            dtype = getattr(storage, "dtype", None)
            self.sizes_of[name[2]] = dtype.itemsize if isinstance(dtype, torch.dtype) else 1
        return storage


@dataclass(frozen=True, eq=False)
class _Sliced:
    """A tensor of a safetensors file."""

    file: safetensors.safe_open
    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype | None
    budget: Budget
    trouble: str = ""

    def values(self) -> Tensor:
        """As ``Held.values``."""
        if self.trouble:
            raise InterchangeError(self.trouble)
        tensor: Tensor = self.file.get_tensor(self.name)  # type: ignore[no-untyped-call]
        self.budget.take(tensor.nbytes)
        return tensor.clone()


_SAFE = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip


@contextmanager
def _safetensors(path: Path, head: bytes) -> Iterator[Content]:
    """The safetensors library checks that the tensors fill the file without gaps; the header's size is bounded here."""
    (length,) = struct.unpack_from("<Q", head)
    if length > _HEADER:
        raise InterchangeError(f"its header claims {length:,} bytes; at most {_HEADER:,} are read")
    budget = Budget(2 * path.stat().st_size + _SLACK)
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            items = Items()
            for name in file.keys():  # noqa: SIM118 - not a mapping
                piece = file.get_slice(name)
                dtype = _SAFE.get(kind := piece.get_dtype())
                trouble = "" if dtype is not None else f"its numbers are of the type {short(kind)}"
                items.pairs.append(
                    (name, _Sliced(file, name, tuple(piece.get_shape()), dtype, budget, trouble))
                )
            yield Content("safetensors file", items, {})
    except safetensors.SafetensorError as error:
        raise InterchangeError(f"this safetensors file is damaged or cut off: {short(str(error))}") from error
