"""The one place that decides how a layer runs, and says why.

kernel     our own kernels on the CPU; the record is what the backward pass keeps anyway
vendor     torch's own operation; the gates are reconstructed from inputs and outputs where a record is wanted
reference  a plain loop over the equations: any option, device, dtype, transform and intervention
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from peephole.errors import OptionError
from peephole.nn import kernel_lanes, library
from peephole.nn.equations import Equations
from peephole.nn.record import Override

WayName = Literal["kernel", "vendor", "reference"]

_forced: ContextVar[WayName | None] = ContextVar("peephole_forced_way", default=None)


@dataclass(frozen=True)
class Way:
    """How a layer runs, and the reason in words."""

    name: WayName
    reason: str


def choose(
    equations: Equations,
    *,
    like: Tensor,
    overrides: Sequence[Override] = (),
    packable: bool = True,
    single_step: bool = False,
    wanted: WayName | None = None,
    torchs: bool = False,
) -> Way:
    """The way for one layer, here and now: transforms, autocast and compilation are seen.

    Args:
        equations: the layer's equations.
        like: a tensor of the kind, dtype and device on which it runs.
        overrides: what is held fixed in the layer, which torch's operation cannot do.
        packable: False where sequences differ in length and torch's operation cannot read them: nobody can look at
            the lengths, or they are all 0.
        single_step: whether it is one step alone, of a cell or of a stream.
        wanted: the way that the caller wants where it can; None for the usual choice. ``forced`` comes first.
        torchs: whether the layer is ``torch.nn``'s, whose operation is left only for what it cannot do.
    """
    if not torch.compiler.is_compiling():  # dynamo reads no context variable
        wanted = _forced.get() or wanted
    if wanted == "reference":
        return Way("reference", "forced by the caller")
    refusal = _no_kernel(equations, like, overrides)
    if refusal is None:
        if wanted == "vendor":
            refusal = "another way is forced by the caller"
        elif wanted is None and torchs and not overrides:
            refusal = "torch.nn's own layers run torch's operation, bit for bit"
        elif wanted is None and single_step:
            refusal = "one step alone is sooner done than the kernels have packed its weights"
        else:
            return _kernel(_set_in_use())
    return _without_kernel(equations, like, overrides, packable, single_step, refusal)


def _without_kernel(
    equations: Equations,
    like: Tensor,
    overrides: Sequence[Override],
    packable: bool,
    single_step: bool,
    refusal: str,
) -> Way:
    """The way where the kernels are out of the question, for the reason ``refusal``."""
    if equations.vendor_operation is None:
        return Way("reference", f"torch has no operation for these options, and {refusal}")
    if single_step and equations.output_size != equations.hidden_size:
        return Way("reference", "torch's operation of a single step has no projection")
    if overrides:
        return Way(
            "reference", "an intervention acts inside the step, where torch's operation cannot be reached"
        )
    if not packable:
        return Way(
            "reference", "the lengths of the sequences are unknown here, and torch's operation asks for them"
        )
    if transformed():
        return Way("reference", "torch's operation has no forward derivative and no rule for vmap")
    lower = autocast_dtype(like.device)
    if lower is not None and torch.compiler.is_compiling():
        return Way("reference", "autocast cannot see into torch's operation in a compiled graph")
    if lower == torch.float16 and like.device.type == "cpu" and equations.vendor_operation == "lstm":
        return Way("reference", "torch's LSTM has no float16 under autocast on every CPU")
    return Way("vendor", f"plain equations, which torch's own operation computes; {refusal}")


def _no_kernel(equations: Equations, like: Tensor, overrides: Sequence[Override]) -> str | None:
    """Why the kernels cannot run a layer here and now; None where they can."""
    if (refusal := kernel_lanes.refusal(equations)) is not None:
        return refusal
    if like.device.type != "cpu":
        return "the kernels run on the CPU alone"
    if like.dtype not in kernel_lanes.DTYPES:
        return "the kernels compute in float32 and float64"
    if torch.compiler.is_exporting():
        return "an exported program has torch's operations alone"
    if transformed():
        return "the kernels have no forward derivative and no rule for transforms"
    if autocast_dtype(like.device) is not None:
        return "autocast cannot see into the kernels"
    if any(isinstance(o.value, Tensor) and o.value.requires_grad for o in overrides):
        return "a value that is held wants a gradient"
    if not torch.compiler.is_compiling():
        if (
            type(like) not in (Tensor, nn.Parameter)
            or like.layout != torch.strided
            or torch._C._get_tracing_state() is not None
        ):
            return "the kernels read plain dense tensors"
        if not library.available():
            return "the library of the kernels could not be loaded"
    elif not library.is_loaded():
        return "the library of the kernels could not be loaded"
    return None


@lru_cache
def _kernel(instruction_set: str) -> Way:
    """The kernel way."""
    return Way("kernel", f"Peephole's kernels serve these equations on the CPU ({instruction_set})")


def _set_in_use() -> str:
    """The kernels' instruction set; a graph that is being compiled has no use for its name."""
    return "compiled" if torch.compiler.is_compiling() else library.instruction_set()


def transformed() -> bool:
    """Whether a functorch transform (grad, vmap, jvp, …) or forward-mode differentiation is going on."""
    if torch._C._are_functorch_transforms_active():
        return True
    return not torch.compiler.is_compiling() and forward_ad._current_level >= 0


def autocast_dtype(device: torch.device) -> torch.dtype | None:
    """The dtype to which autocast lowers products on a device now; None where it does not."""
    if not torch.amp.is_autocast_available(device.type) or not torch.is_autocast_enabled(device.type):
        return None
    return torch.get_autocast_dtype(device.type)


@contextmanager
def forced(name: WayName) -> Iterator[None]:
    """Within the context every layer of this thread that can runs the given way, and every other as it would without.

    "vendor" means torch's operation where it has one, else the reference. A compiled module does not see it.

    Raises:
        OptionError: no such way.
    """
    token = _forced.set(checked(name))
    try:
        yield
    finally:
        _forced.reset(token)


def checked(name: WayName) -> WayName:
    """The name of a way.

    Raises:
        OptionError: no such way.
    """
    if name not in get_args(WayName):
        raise OptionError(f"the ways are {', '.join(get_args(WayName))}; got {name!r}")
    return name
