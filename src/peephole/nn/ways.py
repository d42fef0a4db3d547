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

from peephole.errors import OptionError
from peephole.nn.equations import Equations

WayName = Literal["vendor", "reference"]

_forced: ContextVar[WayName | None] = ContextVar("peephole_forced_way", default=None)


@dataclass(frozen=True)
class Way:
    """How a layer runs, and the reason in words."""

    name: WayName
    reason: str


def choose(equations: Equations, *, overridden: bool = False) -> Way:
    """The way for one layer.

    Args:
        equations: the layer's equations.
        overridden: whether something in the layer is held fixed, which torch's operation cannot do.
    """
    if _forced.get() == "reference":
        return Way("reference", "forced by the caller")
    if equations.vendor_operation is None:
        return Way("reference", "torch has no operation for these options")
    if overridden:
        return Way(
            "reference", "an intervention acts inside the step, where torch's operation cannot be reached"
        )
    return Way("vendor", "plain equations, which torch's own operation computes")


@contextmanager
def forced(name: WayName) -> Iterator[None]:
    """Within the context every layer of this thread that can runs the given way; "vendor" is the default choice.

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
