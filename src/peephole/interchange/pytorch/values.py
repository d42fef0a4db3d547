"""What PyTorch's files hold, as plain data: names, mappings, objects whose class is only a name, tensors not yet read.

A tensor is kept as its description, and read only when it is wanted. Whatever a file says of sizes, strides and
lengths is checked here before anything is made of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from peephole.errors import InterchangeError

SHOWN = 80  # characters of a name that a message repeats

#: What PyTorch calls a storage of each type.
STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
}
_NUMPY = {
    ("f", 8): torch.float64, ("f", 4): torch.float32, ("f", 2): torch.float16,
    ("i", 8): torch.int64, ("i", 4): torch.int32, ("i", 2): torch.int16, ("i", 1): torch.int8,
    ("u", 1): torch.uint8, ("b", 1): torch.bool,
}  # fmt: skip


def short(name: object) -> str:
    """A name out of a file for one line of a message: quoted, without control characters, not too long."""
    text = name if isinstance(name, str) else f"<{type(name).__name__}>"
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")


class Held(Protocol):
    """A tensor or array in a file.

    Attributes:
        shape: of it.
        dtype: of it; None where it has none of torch's plain ones.
        trouble: why it cannot be read; "" where nothing speaks against it.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """As above."""
        ...

    @property
    def dtype(self) -> torch.dtype | None:
        """As above."""
        ...

    @property
    def trouble(self) -> str:
        """As above."""
        ...

    def values(self) -> Tensor:
        """A new tensor of this shape and dtype.

        Raises:
            InterchangeError: it cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Global:
    """A function or class that a pickle names. It is never looked up."""

    module: str
    name: str

    @property
    def path(self) -> str:
        """Module and name."""
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Items:
    """A mapping of any class, as pairs in the order of the file: keys of a hostile file are not hashed."""

    pairs: list[tuple[object, object]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Opaque:
    """An object of a class that is only a name.

    Attributes:
        made_by: the class or function that the pickle names.
        state: what the pickle would set in it: attributes by name, most often.
        pairs, elements: what it would put in, as into a mapping or a list.
    """

    made_by: str
    state: object = None
    pairs: list[tuple[object, object]] = field(default_factory=list)
    elements: list[object] = field(default_factory=list)


@dataclass
class Budget:
    """How many bytes of values may still be read: files whose tensors all share one storage are small."""

    left: int

    def take(self, size: int) -> None:
        """Reads that many bytes.

        Raises:
            InterchangeError: so many are not left.
        """
        self.left -= size
        if self.left < 0:
            raise InterchangeError(
                "its tensors overlap: together they would take several times the file's size"
            )


class Store:
    """The storages of a file by their keys, read when they are asked for and kept once read.

    Args:
        fetch: the bytes of a storage; raises InterchangeError for a key that the file does not have.
        budget: of bytes to be read.
        big_endian: whether numbers in it begin with their highest byte.
    """

    def __init__(self, fetch: Callable[[str], bytes], budget: Budget, *, big_endian: bool = False) -> None:
        self._fetch = fetch
        self._read: dict[str, Tensor] = {}
        self.budget = budget
        self.big_endian = big_endian

    def typed(self, key: str, dtype: torch.dtype, count: int) -> Tensor:
        """The first ``count`` numbers of a storage, shape (count,); not to be written to.

        Raises:
            InterchangeError: there is no such storage, or it is shorter.
        """
        if key not in self._read:
            data = bytearray(self._fetch(key))
            self.budget.take(len(data))
            self._read[key] = (
                torch.frombuffer(data, dtype=torch.uint8) if data else torch.empty(0, dtype=torch.uint8)
            )
        raw = self._read[key]
        size = count * dtype.itemsize
        if raw.numel() < size:
            raise InterchangeError(
                f"the storage {short(key)} has {raw.numel()} bytes where {count} numbers of {told(dtype)} need {size}"
            )
        raw = raw[:size]
        if self.big_endian and dtype.itemsize > 1:
            part = dtype.itemsize // (2 if dtype.is_complex else 1)
            raw = raw.view(-1, part).flip(1).reshape(-1)
        return raw.view(dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """A storage that a pickle names.

    Attributes:
        store: where it is read from.
        key: its name there.
        dtype: of its numbers; None for bytes without a type.
        count: how many numbers it has.
        start: the first of them that belongs to it (a view, in files before PyTorch 1.6).
    """

    store: Store
    key: str
    dtype: torch.dtype | None
    count: int
    start: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A tensor over a storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype | None
    trouble: str = ""

    def values(self) -> Tensor:
        """As ``Held.values``."""
        if self.trouble or self.dtype is None:
            raise InterchangeError(self.trouble or "it has no plain type of numbers")
        storage = self.storage
        count = storage.count if storage.dtype is not None else storage.count // self.dtype.itemsize
        numel = math.prod(self.shape)
        end = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.stride, strict=True)) + 1
        if numel and end > count:
            raise InterchangeError(
                f"shape {self.shape} with strides {self.stride} reaches to number {end} of a storage of {count}"
            )
        if numel > count:
            raise InterchangeError(
                f"shape {self.shape} has more numbers than its storage, which has {count}: it was expanded"
            )
        storage.store.budget.take(numel * self.dtype.itemsize)
        numbers = storage.store.typed(storage.key, self.dtype, storage.start + count)[storage.start :]
        return numbers.as_strided(self.shape, self.stride, self.offset).clone(
            memory_format=torch.contiguous_format
        )


@dataclass(slots=True, eq=False)
class NumpyType:
    """``numpy.dtype`` as a pickle makes it: first the code, then the order of bytes."""

    code: str
    order: str = "="

    @property
    def dtype(self) -> np.dtype[np.generic] | None:
        """The type of numbers; None for any that is not plain."""
        code = self.code.lstrip("<>=|")
        if len(code) != 2 or code[0] not in "fiub" or code[1] not in "1248":
            return None
        order = ">" if ">" in (self.order, self.code[:1]) else "<"
        try:
            return np.dtype(order + code)
        except TypeError:
            return None


@dataclass(slots=True, eq=False)
class Array:
    """A NumPy array in a pickle; what ``_reconstruct`` makes is empty until its state comes."""

    budget: Budget
    type: NumpyType = field(default_factory=lambda: NumpyType(""))
    shape: tuple[int, ...] = ()
    columns_first: bool = False
    data: bytes = b""

    @property
    def dtype(self) -> torch.dtype | None:
        """torch's type of its numbers."""
        kind = self.type.dtype
        return None if kind is None else _NUMPY.get((kind.kind, kind.itemsize))

    @property
    def trouble(self) -> str:
        """As ``Held.trouble``."""
        return "" if self.dtype is not None else f"its numbers are of numpy's type {short(self.type.code)}"

    def values(self) -> Tensor:
        """As ``Held.values``."""
        kind = self.type.dtype
        if kind is None or self.dtype is None:
            raise InterchangeError(self.trouble)
        if len(self.data) != (size := math.prod(self.shape) * kind.itemsize):
            raise InterchangeError(f"shape {self.shape} needs {size} bytes and has {len(self.data)}")
        self.budget.take(size)
        array = np.frombuffer(self.data, kind).reshape(self.shape, order="F" if self.columns_first else "C")
        return torch.from_numpy(np.array(array, dtype=kind.newbyteorder("="), order="C"))


def told(dtype: torch.dtype | None) -> str:
    """A type of numbers in words."""
    return "no plain type" if dtype is None else str(dtype).removeprefix("torch.")


def sizes(value: object) -> tuple[int, ...] | None:
    """A shape or strides out of a file; None for anything else."""
    if not isinstance(value, list | tuple) or len(value) > 8:
        return None
    if not all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 2**48 for n in value):
        return None
    return tuple(value)
