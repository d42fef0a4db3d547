"""The contract between a run and whoever watches it: what is written down, and what is held fixed.

Both are passed down as plain arguments through every way of running a layer. This file knows neither how a layer
runs nor who asked.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from peephole.errors import OptionError


@dataclass
class Record:
    """What one layer did in one direction in one run; whichever way runs the layer fills it.

    Attributes:
        kind: the cell, "lstm", "gru" or "rnn".
        layer: depth, from 0.
        direction: "forward" or "backward".
        grad: True keeps the tensors in the autograd graph; otherwise they are detached.
        quantities: name to values after the activation, shape (time, batch, unit); the index is the time of the
            input in both directions; slots past a sequence's length hold zeros.
        masks: name to every random mask of the run (``masks.py``): one a step, shape (time, batch, unit), or one for
            the whole run.
        absent: gates that this variant lacks, each with a sentence that says so.
        initial: name to the state before the first step, shape (batch, unit).
        input: what the layer read, shape (time, batch, input).
        lengths: steps of each sequence, shape (batch,), or None where all have the full length.
        single_step: True for one step of a cell that the model calls step by step; time is 1.
    """

    kind: str
    layer: int
    direction: str
    grad: bool = False
    single_step: bool = False
    input: Tensor = field(default_factory=lambda: torch.empty(0))
    quantities: dict[str, Tensor] = field(default_factory=dict)
    masks: dict[str, Tensor] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    initial: dict[str, Tensor] = field(default_factory=dict)
    lengths: Tensor | None = None

    def keep(self, value: Tensor) -> Tensor:
        """A copy of ``value`` that later in-place changes by the model cannot reach."""
        return self.view(value).clone()

    def view(self, value: Tensor) -> Tensor:
        """``value`` itself, out of the autograd graph unless that is wanted."""
        return value if self.grad or not value.requires_grad else value.detach()


@dataclass(frozen=True)
class Override:
    """Holds one quantity of one unit at a value.

    Attributes:
        layer, direction, quantity: what is held, named as in a ``Record``.
        unit: which unit, or None for all of them.
        value: the number, or a tensor of shape (batch,) with one a sequence, NaN where a sequence is left alone.
        steps: the input times at which it is held, or None for all.
    """

    layer: int
    direction: str
    quantity: str
    unit: int | None
    value: float | Tensor
    steps: frozenset[int] | slice | None = None

    def at(self, time: int, total: int | None) -> bool:
        """Whether the value is held at this input time of a run of ``total`` steps (None: nobody knows how many).

        Raises:
            OptionError: the steps are counted from an end that nobody knows.
        """
        if not isinstance(self.steps, slice):
            return self.steps is None or time in self.steps
        if total is None and any(
            bound is not None and bound < 0 for bound in (self.steps.start, self.steps.stop)
        ):
            raise OptionError(
                f"steps={self.steps} counts from the end, which a cell called step by step has not"
            )
        return time in range(*self.steps.indices(sys.maxsize if total is None else total))

    def always(self) -> Override:
        """The same, held at every step."""
        return replace(self, steps=None)

    def singly(self) -> Sequence[Override]:
        """The same as overrides that are no more than their attributes say, for runs that do not call ``apply``."""
        return (self,)

    def apply(self, value: Tensor) -> Tensor:
        """``value``, shape (batch, unit), with the unit held; gradients flow through the others."""
        held = torch.as_tensor(self.value, dtype=value.dtype, device=value.device)
        if held.dim() == 1:
            held = held.unsqueeze(-1)
            held = torch.where(held.isnan(), value, held)
        if self.unit is None:
            return held.expand_as(value)
        chosen = torch.arange(value.shape[-1], device=value.device) == self.unit
        return torch.where(chosen, held, value)


class StepTap:
    """The tap of one layer and direction: holds what is overridden, and notes every value where asked to.

    The time loop over ``total`` steps sets ``time`` before each.
    """

    def __init__(self, overrides: Sequence[Override], total: int, *, noting: bool) -> None:
        self.time = 0
        self._total = total
        self._overrides = overrides
        self._noting = noting
        self._noted: dict[str, dict[int, Tensor]] = {}

    def __call__(self, name: str, value: Tensor) -> Tensor:
        """What the step goes on with: ``value``, or what it is held at."""
        for override in self._overrides:
            if override.quantity == name and override.at(self.time, self._total):
                value = override.apply(value)
        if self._noting:
            self._noted.setdefault(name, {})[self.time] = value
        return value

    def quantities(self, alive: Tensor | None) -> dict[str, Tensor]:
        """The noted values, each stacked to (time, batch, unit), zero where a sequence has ended.

        Args:
            alive: shape (time, batch, 1), True within each sequence's length; None where all are full.
        """
        stacked = {
            name: torch.stack([values[time] for time in sorted(values)])
            for name, values in self._noted.items()
        }
        if alive is None:
            return stacked
        return {name: values.where(alive, 0) for name, values in stacked.items()}


def tap_of(overrides: Sequence[Override], record: Record | None, total: int) -> StepTap | None:
    """The tap for a run of ``total`` steps, or None where nothing is held and nothing noted."""
    return StepTap(overrides, total, noting=record is not None) if overrides or record is not None else None
