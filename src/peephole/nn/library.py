"""The kernels' shared library: finds it beside this file, loads it, and mirrors the structures of ``csrc/peephole.h``.

Loaded by ctypes, which lets other threads run meanwhile. Where it does not load, ``kernels()`` is None, says so once,
and every layer runs on torch's own operations or the reference. Knows nothing of torch.
"""

from __future__ import annotations

import ctypes
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, Structure, c_char_p, c_double, c_int64, c_void_p
from pathlib import Path
from typing import Any

from peephole.errors import OptionError

VERSION = 3
"""The contract that this file mirrors: PEEPHOLE_VERSION."""

CELLS = ("rnn", "lstm", "gru")
#: What a run may record, in the contract's order.
QUANTITIES = (
    "input_gate",
    "forget_gate",
    "candidate",
    "output_gate",
    "reset_gate",
    "update_gate",
    "cell_before_clip",
    "cell_before_zoneout",
    "cell",
    "hidden_before_projection",
    "hidden_before_clip",
    "hidden_before_zoneout",
    "hidden",
)


class Activation(Structure):
    """An activation function; ``kind`` counts as ``activations.FORMS`` does."""

    _fields_ = (("kind", c_int64), ("alpha", c_double), ("beta", c_double))


class Cell(Structure):
    """The equations of a layer in one direction."""

    _fields_ = (
        *((name, c_int64) for name in ("kind", "dtype", "bfloat16", "input", "hidden", "output")),
        *((name, c_int64) for name in ("input_gate", "forget_gate", "output_gate", "coupled", "peephole")),
        *((name, c_int64) for name in ("reset_after", "layer_norm")),
        *((f"{name}_activation", Activation) for name in ("gate", "input", "output")),
        *((name, c_double) for name in ("gate_clip", "cell_clip", "proj_clip")),
    )


class Weights(Structure):
    """Pointers to the weights, each contiguous; 0 where the cell has none."""

    _fields_ = tuple(
        (name, c_void_p)
        for name in (
            *("ih", "hh", "bias_ih", "bias_hh", "hr", "peephole"),
            *("norm", "norm_bias", "norm_cell", "norm_cell_bias"),
        )
    )


class Plane(Structure):
    """An array (time, batch, unit): where it begins, and its strides in elements."""

    _fields_ = (("data", c_void_p), ("time", c_int64), ("batch", c_int64))


class Clamp(Structure):
    """Holds a quantity at a value."""

    _fields_ = (
        ("quantity", c_int64),
        ("unit", c_int64),
        ("values", c_void_p),
        ("each", c_int64),
        ("steps", c_void_p),
    )


class Lane(Structure):
    """One layer in one direction over one batch."""

    _fields_ = (
        ("cell", POINTER(Cell)),
        ("weights", POINTER(Weights)),
        ("packed", c_void_p),
        *((name, c_int64) for name in ("time", "batch", "reverse")),
        ("lengths", c_void_p),
        ("x", Plane),
        ("sums", Plane),
        ("initial", c_void_p * 2),
        ("final", c_void_p * 2),
        *((f"{name}_mask", Plane) for name in ("candidate", "cell_zoneout", "hidden_zoneout", "hidden")),
        ("clamps", POINTER(Clamp)),
        ("clamp_count", c_int64),
        ("record", Plane * len(QUANTITIES)),
        *((name, Plane) for name in ("before_activation", "product", "candidate_product")),
    )


class Gradient(Structure):
    """The gradients of one lane."""

    _fields_ = (
        ("lane", POINTER(Lane)),
        ("packed", c_void_p),
        ("record", Plane * len(QUANTITIES)),
        ("final", c_void_p * 2),
        *((name, Plane) for name in ("sums", "candidate_product", "product", "projected", "normalised_cell")),
        ("initial", c_void_p * 2),
        ("x", Plane),
        *((name, c_void_p) for name in ("ih", "hh", "hr", "bias", "candidate_bias", "peephole")),
    )


_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "peephole_instruction_set": (c_char_p, [c_int64]),
    "peephole_use": (c_int64, [c_char_p]),
    "peephole_in_use": (c_char_p, []),
    "peephole_use_openmp": (None, [c_void_p] * 5),
    "peephole_expect": (None, [c_void_p, c_int64]),
    "peephole_keeps_before_activation": (c_int64, [POINTER(Cell)]),
    "peephole_packed_size": (c_int64, [POINTER(Cell), c_int64]),
    "peephole_pack": (None, [POINTER(Cell), POINTER(Weights), c_int64, c_void_p]),
    "peephole_forward_workspace": (c_int64, [POINTER(Lane), c_int64, c_int64]),
    "peephole_forward": (None, [POINTER(Lane), c_int64, c_int64, c_void_p]),
    "peephole_backward_workspace": (c_int64, [POINTER(Gradient), c_int64, c_int64]),
    "peephole_backward": (None, [POINTER(Gradient), c_int64, c_int64, c_void_p]),
    "peephole_activate": (
        None,
        [c_int64, POINTER(Activation), c_int64, c_void_p, c_void_p, c_void_p],
    ),
}


def place() -> Path:
    """Where the library is installed."""
    return Path(__file__).with_name("libpeephole" + (".dylib" if sys.platform == "darwin" else ".so"))


def load(path: Path) -> ctypes.CDLL:
    """Loads a library and declares its functions.

    Raises:
        OSError: it is not there, is for another machine, or was built for another version of the contract.
    """
    library = ctypes.CDLL(str(path))
    try:
        library.peephole_version.restype = c_int64
        version = library.peephole_version()
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError as error:
        raise OSError(f"{path} is no library of Peephole's kernels: {error}") from error
    if version != VERSION:
        raise OSError(f"{path} has version {version} of the kernels, this Peephole needs {VERSION}")
    return library


class _Loaded:
    """What came of loading, which happens once, at the import."""

    def __init__(self, path: Path) -> None:
        self.library: ctypes.CDLL | None = None
        self.problem = ""
        self.told = False
        self.changes = 0
        try:
            self.library = load(path)
        except OSError as error:
            self.problem = str(error)


_loaded = _Loaded(place())


def available() -> bool:
    """Whether there are kernels; where not, says so at the first question."""
    if _loaded.library is None and not _loaded.told:
        _loaded.told = True
        warnings.warn(
            f"Peephole's kernels cannot be used: {_loaded.problem}. Install Peephole for this machine again (pip "
            "install --force-reinstall peephole, or pip install . in its sources). Until then plain layers run "
            "torch's own operations, and all others the slow reference",
            RuntimeWarning,
            stacklevel=2,
        )
    return _loaded.library is not None


def is_loaded() -> bool:
    """Whether there are kernels; says nothing."""
    return _loaded.library is not None


def kernels() -> ctypes.CDLL:
    """The library.

    Raises:
        OSError: it could not be loaded.
    """
    if _loaded.library is None:
        raise OSError(_loaded.problem)
    return _loaded.library


_OPENMP = (
    "GOMP_parallel",
    "omp_get_thread_num",
    "omp_in_parallel",
    "omp_get_dynamic",
    "omp_get_thread_limit",
)


def share_threads(other: Path) -> bool:
    """Has the kernels run on the threads of the OpenMP that another loaded library uses, from now on.

    Args:
        other: that library.

    Returns:
        whether there is such an OpenMP; without one the kernels keep a pool of their own.

    Raises:
        OSError: there are no kernels.
    """
    try:
        found = ctypes.CDLL(str(other))
        functions = [ctypes.cast(getattr(found, name), c_void_p) for name in _OPENMP]
    except (OSError, AttributeError):  # another platform's torch, which has another way to be parallel
        return False
    kernels().peephole_use_openmp(*functions)
    return True


def changes() -> int:
    """How often the instruction set has changed: what was packed for another one is of no use."""
    return _loaded.changes


def instruction_sets() -> tuple[str, ...]:
    """What was compiled in and runs on this machine, best first."""
    names: list[str] = []
    while (name := kernels().peephole_instruction_set(len(names))) is not None:
        names.append(name.decode())
    return tuple(names)


def instruction_set() -> str:
    """The one in use."""
    return str(kernels().peephole_in_use().decode())


@contextmanager
def using(name: str) -> Iterator[None]:
    """Within the context the kernels use this instruction set, in every thread.

    Raises:
        OptionError: it was not compiled in, or does not run on this machine.
    """
    before = instruction_set()
    if not kernels().peephole_use(name.encode()):
        raise OptionError(f"the instruction sets here are {', '.join(instruction_sets())}; got {name!r}")
    _loaded.changes += 1
    try:
        yield
    finally:
        kernels().peephole_use(before.encode())
        _loaded.changes += 1
