"""The one place that decides how a layer runs, and says why.

vendor     torch's own operation; the gates are reconstructed from inputs and outputs where a record is wanted
reference  a plain loop over the equations: any option, device, dtype, transform and intervention
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch.autograd import forward_ad

from peephole.errors import OptionError
from peephole.nn.equations import Equations

WayName = Literal["vendor", "reference"]

_forced: ContextVar[WayName | None] = ContextVar("peephole_forced_way", default=None)


@dataclass(frozen=True)
class Way:
    """How a layer runs, and the reason in words."""

    name: WayName
    reason: str


def choose(
    equations: Equations,
    *,
    device: torch.device,
    overridden: bool = False,
    masked: bool = False,
    single_step: bool = False,
) -> Way:
    """The way for one layer, here and now: transforms, autocast and compilation are seen.

    Args:
        equations: the layer's equations.
        device: where it runs.
        overridden: whether something in the layer is held fixed, which torch's operation cannot do.
        masked: whether sequences differ in length and nobody can look at the lengths.
        single_step: whether it is one step of a cell.
    """
    if not torch.compiler.is_compiling() and _forced.get() == "reference":  # dynamo reads no context variable
        return Way("reference", "forced by the caller")
    if equations.vendor_operation is None:
        return Way("reference", "torch has no operation for these options")
    if single_step and equations.output_size != equations.hidden_size:
        return Way("reference", "torch's operation of a single step has no projection")
    if overridden:
        return Way(
            "reference", "an intervention acts inside the step, where torch's operation cannot be reached"
        )
    if masked:
        return Way(
            "reference", "the lengths of the sequences are unknown here, and torch's operation asks for them"
        )
    if transformed():
        return Way("reference", "torch's operation has no forward derivative and no rule for vmap")
    lower = autocast_dtype(device)
    if lower is not None and torch.compiler.is_compiling():
        return Way("reference", "autocast cannot see into torch's operation in a compiled graph")
    if lower == torch.float16 and device.type == "cpu" and equations.vendor_operation == "lstm":
        return Way("reference", "torch's LSTM has no float16 under autocast on every CPU")
    return Way("vendor", "plain equations, which torch's own operation computes")


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
    """Within the context every layer of this thread that can runs the given way; "vendor" is the default choice.

    A compiled module does not see it.

    Raises:
        OptionError: no such way.
    """
    if name not in get_args(WayName):
        raise OptionError(f"the ways are {', '.join(get_args(WayName))}; got {name!r}")
    token = _forced.set(name)
    try:
        yield
    finally:
        _forced.reset(token)
