"""Who is watching: how a recording or an intervention reaches a module's forward pass from outside.

An observer is active in the context (thread, task) that entered it and nowhere else. A module asks ``watch(self)``
at each call; with nobody watching, that costs one look at a context variable. Knows nothing of traces.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from peephole.nn.record import Override, Record
from peephole.nn.ways import WayName


def plain_name(name: str) -> str:
    """A module's dotted name without the wrappers that ``torch.compile`` puts around modules."""
    return name.replace("_orig_mod.", "").removesuffix("_orig_mod")


class Observer:
    """Watches the modules of one model. Subclasses say what they hold fixed and take the records.

    Attributes:
        names: id of each module in the model to its dotted name ("" for the model itself).
        recording: whether records are wanted at all.
        grad: whether they keep the autograd graph.
        way: how the recurrent modules run where they can; None leaves it to ``ways.py``.
    """

    recording: ClassVar[bool] = False
    grad: bool = False
    way: WayName | None = None

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.names = {id(module): name for name, module in model.named_modules()}
        self._steps: Counter[int] = Counter()

    def overrides(self, module: nn.Module) -> Sequence[Override]:
        """What is held fixed in ``module``."""
        return ()

    def receive(self, module: nn.Module, records: Sequence[Record]) -> None:
        """Takes what ``module`` recorded in one call."""

    def begin_call(self) -> None:
        """The model is called anew: cells that it steps through by hand start from step 0."""
        self._steps.clear()

    def next_step(self, module: nn.Module) -> int:
        """The number of this step of a cell that the model calls step by step, from 0."""
        self._steps[id(module)] += 1
        return self._steps[id(module)] - 1


@dataclass(frozen=True)
class Watch:
    """The observers of one call of one module."""

    module: nn.Module
    observers: tuple[Observer, ...]

    @property
    def recording(self) -> bool:
        """Whether anybody wants a record."""
        return any(observer.recording for observer in self.observers)

    @property
    def grad(self) -> bool:
        """Whether anybody wants the record in the autograd graph."""
        return any(observer.grad for observer in self.observers)

    @property
    def way(self) -> WayName | None:
        """How somebody wants the module to run; of several the last to come."""
        wanted = [observer.way for observer in self.observers if observer.way is not None]
        return wanted[-1] if wanted else None

    def overrides(self) -> list[Override]:
        """What is held fixed in a layer that runs a whole sequence."""
        return [override for observer in self.observers for override in observer.overrides(self.module)]

    def overrides_now(self) -> list[Override]:
        """What is held fixed at this step of a cell that is called step by step; counts the step."""
        return [
            override
            for observer in self.observers
            for step in [observer.next_step(self.module)]
            for override in observer.overrides(self.module)
            if override.at(step, None)
        ]

    def deliver(self, records: Sequence[Record]) -> None:
        """Hands the records to every observer that wants them."""
        for observer in self.observers:
            if observer.recording:
                observer.receive(self.module, records)


_active: ContextVar[tuple[Observer, ...]] = ContextVar("peephole_observers", default=())


def watch(module: nn.Module) -> Watch | None:
    """Who watches this call of ``module``, or None. A compiled graph is never watched: it cannot see its inside."""
    if torch.compiler.is_compiling():
        return None
    observers = tuple(observer for observer in _active.get() if id(module) in observer.names)
    return Watch(module, observers) if observers else None


@contextmanager
def active(observer: Observer) -> Iterator[None]:
    """Within the context ``observer`` watches its model, and compiled models run eagerly."""

    def begin_call(module: nn.Module, args: object) -> None:
        if observer in _active.get():
            observer.begin_call()

    # A cell that is itself the model is stepped by the caller: its whole context is one call.
    by_hand = getattr(observer.model, "stepped_by_hand", isinstance(observer.model, nn.RNNCellBase))
    hook = None if by_hand else observer.model.register_forward_pre_hook(begin_call)
    token = _active.set((*_active.get(), observer))
    try:
        with _uncompiled():
            yield
    finally:
        _active.reset(token)
        if hook is not None:
            hook.remove()


def _uncompiled() -> AbstractContextManager[Any]:
    """Lets compiled modules run uncompiled, where any can be there at all: dynamo is loaded by the first."""
    if "torch._dynamo" not in sys.modules:
        return nullcontext()
    return torch.compiler.set_stance("force_eager")  # type: ignore[no-any-return]
