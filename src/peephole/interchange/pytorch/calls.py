"""What the few functions give that a pickle of weights is made with, as data. No other function means anything here.

A call of any other is an ``Opaque`` with its name; one that only a program needs is refused at once. Nothing is ever
looked up, imported or run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch

from peephole.errors import InterchangeError
from peephole.interchange.pytorch.values import (
    STORAGES,
    Array,
    Budget,
    Global,
    Items,
    NumpyType,
    Opaque,
    Storage,
    Store,
    Stored,
    short,
    sizes,
)

_PROGRAMS = {
    "os", "posix", "nt", "subprocess", "sys", "shutil", "socket", "pty", "commands", "popen2", "runpy", "importlib",
    "ctypes", "code", "webbrowser", "pip", "signal", "threading", "pickle", "marshal",
}  # fmt: skip
POINTER = 8  # bytes of each element when a list is copied
_BUILTINS = {
    "eval",
    "exec",
    "execfile",
    "compile",
    "open",
    "__import__",
    "input",
    "breakpoint",
    "exit",
    "apply",
}


def checked_global(module: str, name: str) -> Global:
    """A name in a pickle.

    Raises:
        InterchangeError: it belongs to a program, such as ``os.system``.
    """
    if not (module.isprintable() and name.isprintable()):
        raise InterchangeError(
            f"its pickle names {short(f'{module}.{name}')}, which is no name of a function"
        )
    top = module.partition(".")[0]
    builtin = top in ("builtins", "__builtin__") and name.partition(".")[0] in _BUILTINS
    if top in _PROGRAMS or builtin:
        raise InterchangeError(
            f"its pickle names {short(f'{module}.{name}')}, which no weights need: it is a program and not data; "
            "nothing of it was run"
        )
    return Global(module, name)


class Calls:
    """Calls as data.

    Args:
        store: where the storages that a pickle names are read from; None where it may name none.
        budget: of bytes that values may take.
    """

    def __init__(self, store: Store | None, budget: Budget) -> None:
        self.store = store
        self.budget = budget

    def call(self, function: object, arguments: object) -> object:
        """What a call gives: data for the functions that are known, else an ``Opaque`` by the function's name.

        Raises:
            InterchangeError: no call that a pickle of any program makes, or arguments that a known function can't have.
        """
        if not isinstance(arguments, tuple):
            raise InterchangeError("its pickle is malformed: a call without a tuple of arguments")
        if not isinstance(function, Global):
            return Opaque("what a call gave")
        known = _KNOWN.get((function.module, function.name))
        if known is None:
            return Opaque(function.path)
        try:
            return known(self, *arguments)
        except TypeError as error:
            raise InterchangeError(
                f"its pickle calls {function.path} with {len(arguments)} arguments that do not fit it"
            ) from error

    def new(self, made_of: object) -> Opaque:
        """An object of a class."""
        return Opaque(made_of.path if isinstance(made_of, Global) else "an unknown class")

    def build(self, value: object, state: object) -> None:
        """Gives an object its state; attributes of mappings and tensors are of no use here.

        Raises:
            InterchangeError: an array's state that isn't one.
        """
        if isinstance(value, Opaque):
            value.state = state
        elif isinstance(value, Array):
            _fill_array(value, state)
        elif isinstance(value, NumpyType):
            if not isinstance(state, tuple) or len(state) < 2 or not isinstance(state[1], str):
                raise InterchangeError("its pickle gives numpy.dtype a state that it cannot have")
            value.order = state[1]

    def persistent(self, name: object) -> object:
        """The storage that a persistent name stands for."""
        if not isinstance(name, tuple) or len(name) < 5 or name[0] != "storage":
            return Opaque("a persistent object")
        kind, key, count = name[1], name[2], name[4]
        named = isinstance(kind, Global) and kind.module in ("torch", "torch.storage", "torch.cuda")
        if not (named and isinstance(key, str) and sizes([count])):
            raise InterchangeError(
                f"its pickle names a storage that has no type, key and length: {short(key)}"
            )
        kind_name = cast(Global, kind).name
        if self.store is None:
            raise InterchangeError(f"its pickle names the storage {short(key)}, and such a file has none")
        view = name[5] if len(name) > 5 else None
        start = 0
        if view is not None:
            if not isinstance(view, tuple) or len(view) != 3 or sizes(view[1:]) is None:
                raise InterchangeError(f"its pickle names a view of the storage {short(key)} that is none")
            _, start, count = view
        if kind_name == "UntypedStorage":
            return Storage(self.store, key, None, count, start)
        if kind_name not in STORAGES:
            return Opaque(f"torch.{kind_name}")
        return Storage(self.store, key, STORAGES[kind_name], count, start)

    # Each of these stands for one function, and takes what it takes.

    def _items(self, pairs: object = (), *_: object) -> object:
        """dict, OrderedDict: from a list of pairs."""
        if isinstance(pairs, Items):
            pairs = pairs.pairs
        if not isinstance(pairs, list | tuple):
            return Items()
        self.budget.take(POINTER * len(pairs))
        kept = [pair for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2]
        return Items([(pair[0], pair[1]) for pair in kept])

    def _default_items(self, *_: object) -> object:
        """defaultdict: its pairs come later."""
        return Items()

    def _listed(self, values: object = ()) -> object:
        """list, set, frozenset: from a list."""
        if not isinstance(values, list | tuple):
            return []
        self.budget.take(POINTER * len(values))
        return list(values)

    def _as_given(self, value: object, *_: object) -> object:
        """TorchScript's marks of a type around a value, and ``torch.Size``."""
        return value

    def _new_of(self, made_of: object, *_: object) -> object:
        """copyreg._reconstructor, copyreg.__newobj__."""
        return self.new(made_of)

    def _tensor(self, storage: object, offset: object, size: object, stride: object, *_: object) -> object:
        dtype = storage.dtype if isinstance(storage, Storage) else None
        return self._any_tensor(storage, offset, size, stride, dtype)

    def _tensor_3(
        self, storage: object, offset: object, size: object, stride: object, rg: object, hooks: object, of: object,
        *_: object,
    ) -> object:  # fmt: skip
        dtype = getattr(torch, of.name, None) if isinstance(of, Global) and of.module == "torch" else None
        return self._any_tensor(
            storage, offset, size, stride, dtype if isinstance(dtype, torch.dtype) else None
        )

    def _any_tensor(
        self, storage: object, offset: object, size: object, stride: object, dtype: torch.dtype | None
    ) -> object:
        if isinstance(storage, Opaque):
            return Opaque(f"a tensor over {storage.made_by}")
        shape, strides, first = sizes(size), sizes(stride), sizes([offset])
        if not isinstance(storage, Storage) or shape is None or strides is None or first is None:
            raise InterchangeError(
                "its pickle makes a tensor of something else than a storage, a shape and strides"
            )
        if len(shape) != len(strides):
            raise InterchangeError(f"its pickle makes a tensor of shape {shape} with strides {strides}")
        return Stored(storage, first[0], shape, strides, dtype)

    def _quantized(self, storage: object, offset: object, size: object, stride: object, *_: object) -> object:
        shape = sizes(size) or ()
        if isinstance(storage, Opaque):
            return Opaque(f"a quantized tensor over {storage.made_by}")
        if not isinstance(storage, Storage):
            raise InterchangeError("its pickle makes a quantized tensor of something else than a storage")
        return Stored(
            storage, 0, shape, (0,) * len(shape), None, "it is quantized: its numbers are not the weights"
        )

    def _typed_again(self, function: object, kind: object, arguments: object, *_: object) -> object:
        """A tensor of a subclass: what the inner call gives."""
        inner = isinstance(function, Global) and (function.module, function.name) in _KNOWN
        return self.call(function, arguments) if inner else Opaque("a tensor of an unknown class")

    def _encoded(self, text: object, encoding: object = "utf-8", *_: object) -> object:
        """_codecs.encode: how Python 2's bytes are written."""
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1", "utf-8", "ascii"):
            return Opaque("_codecs.encode")
        self.budget.take(len(text))
        try:
            return text.encode("latin1" if encoding != "utf-8" else "utf-8")
        except UnicodeEncodeError as error:
            raise InterchangeError(f"its pickle encodes text that is not {encoding}") from error

    def _array(self, *_: object) -> object:
        """numpy's _reconstruct: an empty array, whose state comes later."""
        return Array(self.budget)

    def _array_from_buffer(self, data: object, kind: object, shape: object, order: object = "C") -> object:
        array = Array(self.budget)
        if isinstance(data, bytearray):
            self.budget.take(len(data))
            data = bytes(data)
        _fill_array(array, (1, shape, kind, order == "F", data))
        return array

    def _numpy_type(self, code: object, *_: object) -> object:
        return NumpyType(code) if isinstance(code, str) and len(code) < 16 else NumpyType("O")

    def _scalar(self, kind: object, data: object = b"") -> object:
        """numpy's number: an array without dimensions."""
        array = Array(self.budget)
        _fill_array(array, (1, (), kind, False, data))
        return array


def _fill_array(array: Array, state: object) -> None:
    """Sets what numpy's __setstate__ would."""
    if not isinstance(state, tuple) or len(state) != 5:
        raise InterchangeError("its pickle gives a numpy array a state that it cannot have")
    _, size, kind, columns_first, data = state
    shape = sizes(size)
    if shape is None or not isinstance(kind, NumpyType):
        raise InterchangeError("its pickle gives a numpy array a shape or type that it cannot have")
    if isinstance(data, str):  # Python 2's bytes, which a pickle cannot tell from text
        array.budget.take(len(data))
        if not data.isascii() and max(map(ord, data)) > 255:
            raise InterchangeError("its pickle gives a numpy array text for its numbers")
        data = data.encode("latin1")
    array.type, array.shape, array.columns_first = kind, shape, bool(columns_first)
    if isinstance(data, bytes):
        array.data = data
    else:
        array.type = NumpyType("O")


_Method = Callable[..., object]
_KNOWN: dict[tuple[str, str], _Method] = {
    ("collections", "OrderedDict"): Calls._items,
    ("collections", "Counter"): Calls._items,
    ("collections", "defaultdict"): Calls._default_items,
    ("torch", "Size"): Calls._as_given,
    ("torch._utils", "_rebuild_tensor"): Calls._tensor,
    ("torch._utils", "_rebuild_tensor_v2"): Calls._tensor,
    ("torch._utils", "_rebuild_tensor_v3"): Calls._tensor_3,
    ("torch._utils", "_rebuild_parameter"): Calls._as_given,
    ("torch._utils", "_rebuild_parameter_with_state"): Calls._as_given,
    ("torch._utils", "_rebuild_qtensor"): Calls._quantized,
    ("torch._tensor", "_rebuild_from_type_v2"): Calls._typed_again,
    ("torch.jit._pickle", "build_intlist"): Calls._as_given,
    ("torch.jit._pickle", "build_doublelist"): Calls._as_given,
    ("torch.jit._pickle", "build_boollist"): Calls._as_given,
    ("torch.jit._pickle", "build_tensorlist"): Calls._as_given,
    ("torch.jit._pickle", "restore_type_tag"): Calls._as_given,
    ("_codecs", "encode"): Calls._encoded,
    ("numpy", "dtype"): Calls._numpy_type,
    ("copyreg", "_reconstructor"): Calls._new_of,
    ("copy_reg", "_reconstructor"): Calls._new_of,
    ("copyreg", "__newobj__"): Calls._new_of,
}
for _builtins in ("builtins", "__builtin__"):
    _KNOWN |= dict.fromkeys(
        [(_builtins, name) for name in ("set", "frozenset", "list", "tuple")], Calls._listed
    )
    _KNOWN[_builtins, "dict"] = Calls._items
for _core in ("numpy.core", "numpy._core"):
    _KNOWN[f"{_core}.multiarray", "_reconstruct"] = Calls._array
    _KNOWN[f"{_core}.multiarray", "scalar"] = Calls._scalar
    _KNOWN[f"{_core}.numeric", "_frombuffer"] = Calls._array_from_buffer
