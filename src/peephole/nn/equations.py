"""What the equations of every cell have in common: sizes, weights, and the contract of one step.

The cells themselves stand in ``rnn.py``, ``lstm.py`` and ``gru.py``. They are the reference: what a student can
read beside the paper, differentiable to any order, on any device and in any dtype. Everything faster is checked
against them. They know nothing of time, depth or direction: a step takes what the inputs contribute, the previous
state, the weights and this step's masks, and returns the new state.

A step speaks through a *tap*: it calls ``tap(name, value)`` for every quantity as it comes to be, after the
activation, and goes on with what the tap returns. A tap may keep the value (the record) and may replace it (an
intervention); ``untapped`` does neither.

Weights are mappings with the names of ``torch.nn``'s cells: ``weight_ih``, ``weight_hh``, ``bias_ih``, ``bias_hh``,
``weight_hr``, and our own behind them. One-letter names are those of the papers and of ``docs/options.md``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

from torch import Tensor, nn

from peephole.nn import options
from peephole.nn.masks import UNMASKED, Masks, StepMasks, dropout_mask, zoneout_mask

Weights = Mapping[str, Tensor]
State = tuple[Tensor, ...]
Tap = Callable[[str, Tensor], Tensor]

#: The weights that ``torch.nn`` has too; a seed gives torch's values because these are drawn first.
TORCH_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
#: What torch's own operation can do, or need not know of.
_TORCH_OPTIONS = ("input_size", "hidden_size", "bias", "proj_size", "nonlinearity", "forget_bias")
_DROPOUTS = ("recurrent_dropout", "variational_dropout", "weight_dropout")


def _plain(value: Any) -> Any:
    """An option's value without numpy's types."""
    if isinstance(value, tuple | list):
        return tuple(_plain(part) for part in value)
    return value.item() if hasattr(value, "item") else value


def untapped(name: str, value: Tensor) -> Tensor:
    """The tap of a run that nobody watches: every value passes as it is."""
    return value


@dataclass(frozen=True, kw_only=True)
class Equations(ABC):
    """The equations of one layer in one direction: sizes and options, no weights.

    Options are those of ``options.py``; these are shared by all cells.

    Attributes:
        name: the cell's name in records and files.
        key: the equations as one string, from which ``kernel_lanes.equations_of`` makes them again.
        weight_names: the names of ``parameter_shapes``, in their order.

    Raises:
        OptionError: an option out of range, or options that exclude each other.
    """

    input_size: int
    hidden_size: int
    bias: bool = True
    layer_norm: bool = False
    gate_clip: float | None = None
    variational_dropout: float = 0.0
    weight_dropout: float = 0.0

    name: ClassVar[str]
    key: ClassVar[str] = ""
    weight_names: ClassVar[tuple[str, ...]] = ()
    _evaluated: ClassVar[Any] = None

    def __post_init__(self) -> None:
        options.check(self.name, self.chosen)
        # A plain string, made once, since an operation in a compiled graph takes nothing richer.
        told = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        differing = {f.name: told[f.name] for f in fields(self) if told[f.name] != f.default}
        object.__setattr__(self, "key", repr({"cell": self.name, **differing}))
        object.__setattr__(self, "weight_names", tuple(self.parameter_shapes()))
        acting: dict[str, Any] = {name: 0.0 for name in _DROPOUTS if getattr(self, name, 0.0)}
        object.__setattr__(self, "_evaluated", replace(self, **acting) if acting else None)

    @property
    def chosen(self) -> dict[str, Any]:
        """Every option with its value, sizes left out."""
        names = [f.name for f in fields(self) if f.name not in ("input_size", "hidden_size")]
        return {name: getattr(self, name) for name in names}

    @property
    def listed(self) -> list[tuple[str, Any, Any]]:
        """Name, value and default of every option that a module's repr shows behind torch's."""
        shown = [f for f in fields(self) if f.name not in ("input_size", "hidden_size", "bias", "proj_size")]
        return [(f.name, getattr(self, f.name), f.default) for f in shown]

    @property
    @abstractmethod
    def rows(self) -> tuple[str, ...]:
        """Which gate or candidate each block of ``hidden_size`` rows of the stacked weights makes."""

    @property
    @abstractmethod
    def quantities(self) -> tuple[str, ...]:
        """What a step taps, in the order in which a reader wants them."""

    @property
    def absent(self) -> dict[str, str]:
        """Gates that this variant lacks, each with a sentence that says so."""
        return {}

    @property
    def output_size(self) -> int:
        """Features of the hidden state that leaves the layer."""
        return self.hidden_size

    def size_of(self, quantity: str) -> int:
        """Units of a quantity."""
        leaves = quantity.startswith("hidden") and quantity != "hidden_before_projection"
        return self.output_size if leaves else self.hidden_size

    @property
    def state_sizes(self) -> dict[str, int]:
        """Names and sizes of the tensors that the state carries, in torch's order."""
        return {"hidden": self.output_size}

    @property
    @abstractmethod
    def zoneouts(self) -> dict[str, float]:
        """Each state that is zoned out, with its probability."""

    @property
    def plain(self) -> bool:
        """Whether every option that torch has not is at its default."""
        return all(getattr(self, f.name) == f.default for f in fields(self) if f.name not in _TORCH_OPTIONS)

    @property
    def vendor_operation(self) -> str | None:
        """Name of torch's own operation for these equations, or None where torch has none."""
        return self.name if self.plain else None

    def in_evaluation(self) -> Self:
        """The equations as they act in evaluation: no dropout. (Zoneout stays, by its expectation.)"""
        return self if self._evaluated is None else self._evaluated

    @property
    def mode(self) -> str:
        """The name that ``torch.nn.RNNBase`` gives to this kind of layer."""
        return self.name.upper()

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the weights: ``torch.nn``'s in its order, then our own."""
        rows = len(self.rows) * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (rows, self.input_size),
            "weight_hh": (rows, self.output_size),
        }
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        return shapes

    def initialise(self, w: Weights) -> None:
        """Sets the weights that are not torch's, in place, and whatever of torch's an option sets.

        Layer norms start at gain 1 and bias 0, everything else at U(−1/√hidden, 1/√hidden).

        Args:
            w: the weights; torch's have been drawn.
        """
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0.0
        for name, weight in w.items():
            if name.startswith("weight_ln"):
                nn.init.ones_(weight)
            elif name.startswith("bias_ln"):
                nn.init.zeros_(weight)
            elif name not in TORCH_WEIGHTS:
                nn.init.uniform_(weight, -bound, bound)

    def masks(self, time: int, batch: int, like: Tensor, *, training: bool) -> Masks:
        """Draws every mask of one call.

        Args:
            time: steps of the call.
            batch: sequences.
            like: a tensor of the masks' dtype and device.
            training: whether dropouts act and zoneout is random.
        """
        once, each = {}, {}
        if training and (p := self.variational_dropout):
            once["input_mask"] = dropout_mask((batch, self.input_size), p, like)
            once["hidden_mask"] = dropout_mask((batch, self.output_size), p, like)
        if training and (p := self.weight_dropout):
            once["weight_mask"] = dropout_mask(self.parameter_shapes()["weight_hh"], p, like)
        if training and (p := getattr(self, "recurrent_dropout", 0.0)):
            each["candidate_mask"] = dropout_mask((time, batch, self.hidden_size), p, like)
        for state, p in self.zoneouts.items():
            shape = (time, batch, self.state_sizes[state])
            each[f"{state}_zoneout_mask"] = zoneout_mask(shape, p, like, training=training)
        return Masks(once, each)

    def both_biases(self, w: Weights) -> Tensor | None:
        """b_ih + b_hh, or None without biases."""
        return w["bias_ih"] + w["bias_hh"] if self.bias else None

    @abstractmethod
    def from_input(self, x: Tensor, w: Weights) -> Tensor:
        """What does not depend on the state: W x and the biases, for any number of steps at once.

        Args:
            x: inputs, shape (…, input).
            w: the weights.

        Returns:
            shape (…, rows).
        """

    def in_order(self, quantities: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The same in the order in which a reader wants them; what only some options have comes last."""
        names = [name for name in self.quantities if name in quantities]
        return {name: quantities[name] for name in (*names, *(n for n in quantities if n not in names))}

    @abstractmethod
    def step(
        self, a: Tensor, state: State, w: Weights, tap: Tap = untapped, masks: StepMasks = UNMASKED
    ) -> State:
        """One step in time.

        Args:
            a: ``from_input`` of this step's input, shape (…, batch, rows).
            state: the previous state, each of shape (…, batch, size).
            w: the weights.
            tap: sees, and may replace, each quantity after its activation.
            masks: this step's masks by name; what is not there does not act.

        Returns:
            the new state, whose first tensor is the hidden state that leaves the layer.
        """
