"""One step of each recurrent cell, as its equations.

This is the reference: what a student can read beside the paper, differentiable to any order, on any device and
in any dtype. Everything faster is checked against it. It knows nothing of time, depth or direction: a step takes
what the inputs contribute, the previous state and the weights, and returns the new state.

A step speaks through a *tap*: it calls ``tap(name, value)`` for every quantity as it comes to be, after the
activation, and goes on with what the tap returns. A tap may keep the value (the record) and may replace it (an
intervention); ``untapped`` does neither.

Weights are mappings with the names of ``torch.nn``'s cells: ``weight_ih``, ``weight_hh``, ``bias_ih``, ``bias_hh``,
``weight_hr`` and our ``weight_peephole``. One-letter names are those of the papers and of ``docs/equations.md``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor
from typing_extensions import override

from peephole.errors import OptionError

Weights = Mapping[str, Tensor]
State = tuple[Tensor, ...]
Tap = Callable[[str, Tensor], Tensor]
Peephole = Literal["diagonal"]


def untapped(name: str, value: Tensor) -> Tensor:
    """The tap of a run that nobody watches: every value passes as it is."""
    return value


def add_product(a: Tensor, h: Tensor, r: Tensor) -> Tensor:
    """a + R h in one operation: ``a`` (…, rows), ``h`` (…, columns), ``r`` (rows, columns)."""
    return torch.addmm(a.flatten(0, -2), h.flatten(0, -2), r.t()).view_as(a)


@dataclass(frozen=True, kw_only=True)
class Equations(ABC):
    """The equations of one layer in one direction: sizes and options, no weights.

    Attributes:
        name: the cell's name in records and files.
        quantities: what a step taps, in the order in which a reader wants them.
        blocks: how many blocks of ``hidden_size`` rows the stacked weight matrices have.
    """

    input_size: int
    hidden_size: int
    bias: bool = True

    name: ClassVar[str]
    quantities: ClassVar[tuple[str, ...]]
    blocks: ClassVar[int]

    @property
    def output_size(self) -> int:
        """Features of the hidden state that leaves the layer."""
        return self.hidden_size

    @property
    def state_sizes(self) -> dict[str, int]:
        """Names and sizes of the tensors that the state carries, in torch's order."""
        return {"hidden": self.output_size}

    @property
    def vendor_operation(self) -> str | None:
        """Name of torch's own operation for these equations, or None where torch has none."""
        return self.name

    @property
    def mode(self) -> str:
        """The name that ``torch.nn.RNNBase`` gives to this kind of layer."""
        return self.name.upper()

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the weights, in the order in which ``torch.nn`` makes them."""
        rows = self.blocks * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (rows, self.input_size),
            "weight_hh": (rows, self.output_size),
        }
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        return shapes

    def from_input(self, x: Tensor, w: Weights) -> Tensor:
        """What does not depend on the state: W x and the biases, for any number of steps at once.

        Args:
            x: inputs, shape (…, input).
            w: the weights.

        Returns:
            shape (…, blocks · hidden).
        """
        return F.linear(x, w["weight_ih"], w["bias_ih"] + w["bias_hh"] if self.bias else None)

    def in_order(self, quantities: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The same in the order in which a reader wants them; what only some options have comes last."""
        names = [name for name in self.quantities if name in quantities]
        return {name: quantities[name] for name in (*names, *(n for n in quantities if n not in names))}

    @abstractmethod
    def step(self, a: Tensor, state: State, w: Weights, tap: Tap = untapped) -> State:
        """One step in time.

        Args:
            a: ``from_input`` of this step's input, shape (…, batch, blocks · hidden).
            state: the previous state, each of shape (…, batch, size).
            w: the weights.
            tap: sees, and may replace, each quantity after its activation.

        Returns:
            the new state, whose first tensor is the hidden state that leaves the layer.
        """


@dataclass(frozen=True, kw_only=True)
class RNNEquations(Equations):
    """The vanilla RNN (Elman 1990): h_t = φ(W x_t + b_ih + R h_{t-1} + b_hh), φ = tanh or relu."""

    nonlinearity: str = "tanh"

    name: ClassVar[str] = "rnn"
    quantities: ClassVar[tuple[str, ...]] = ("hidden",)
    blocks: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.nonlinearity not in ("tanh", "relu"):
            # ValueError is what torch.nn.RNN raises for the same mistake.
            raise ValueError(f"Unknown nonlinearity {self.nonlinearity!r}. Select from 'tanh' or 'relu'.")

    @property
    @override
    def vendor_operation(self) -> str | None:
        return f"rnn_{self.nonlinearity}"

    @property
    @override
    def mode(self) -> str:
        return f"RNN_{self.nonlinearity.upper()}"

    @override
    def step(self, a: Tensor, state: State, w: Weights, tap: Tap = untapped) -> State:
        (h,) = state
        φ = torch.tanh if self.nonlinearity == "tanh" else torch.relu
        h = tap("hidden", φ(add_product(a, h, w["weight_hh"])))
        return (h,)


@dataclass(frozen=True, kw_only=True)
class LSTMEquations(Equations):
    """The LSTM with forget gates, optionally peepholes and a projection.

    i_t = σ(W_i x_t + R_i h_{t-1} + p_i∘c_{t-1} + b_i)
    f_t = σ(W_f x_t + R_f h_{t-1} + p_f∘c_{t-1} + b_f)
    g_t = tanh(W_g x_t + R_g h_{t-1} + b_g)
    c_t = f_t∘c_{t-1} + i_t∘g_t
    o_t = σ(W_o x_t + R_o h_{t-1} + p_o∘c_t + b_o)
    h_t = o_t∘tanh(c_t)                              with a projection: h_t = P (o_t∘tanh(c_t))

    Sources: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 1999 (forget gate); Gers & Schmidhuber 2000
    (peepholes); Sak, Senior & Beaufays 2014 (projection). Stacked weights are in the order i, f, g, o; the
    peepholes in the order i, f, o.
    """

    proj_size: int = 0
    peephole: Peephole | None = None

    name: ClassVar[str] = "lstm"
    quantities: ClassVar[tuple[str, ...]] = (
        "input_gate",
        "forget_gate",
        "candidate",
        "output_gate",
        "cell",
        "hidden",
    )
    blocks: ClassVar[int] = 4

    def __post_init__(self) -> None:
        if self.peephole not in (None, "diagonal"):
            raise OptionError(f"peephole must be None or 'diagonal', got {self.peephole!r}")

    @property
    @override
    def output_size(self) -> int:
        return self.proj_size or self.hidden_size

    @property
    @override
    def state_sizes(self) -> dict[str, int]:
        return {"hidden": self.output_size, "cell": self.hidden_size}

    @property
    @override
    def vendor_operation(self) -> str | None:
        return None if self.peephole else self.name

    @override
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        shapes = super().parameter_shapes()
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        if self.peephole:
            shapes["weight_peephole"] = (3 * self.hidden_size,)
        return shapes

    @override
    def step(self, a: Tensor, state: State, w: Weights, tap: Tap = untapped) -> State:
        h, c = state
        i, f, g, o = add_product(a, h, w["weight_hh"]).chunk(4, -1)
        if self.peephole:
            p_i, p_f, p_o = w["weight_peephole"].chunk(3)
            i, f = i + p_i * c, f + p_f * c
        i = tap("input_gate", torch.sigmoid(i))
        f = tap("forget_gate", torch.sigmoid(f))
        g = tap("candidate", torch.tanh(g))
        c = tap("cell", f * c + i * g)
        if self.peephole:
            o = o + p_o * c
        o = tap("output_gate", torch.sigmoid(o))
        h = o * torch.tanh(c)
        if self.proj_size:
            h = F.linear(tap("hidden_before_projection", h), w["weight_hr"])
        h = tap("hidden", h)
        return h, c


@dataclass(frozen=True, kw_only=True)
class GRUEquations(Equations):
    """The gated recurrent unit as torch computes it: the reset gate acts after the product with R.

    r_t = σ(W_r x_t + b_ir + R_r h_{t-1} + b_hr)
    z_t = σ(W_z x_t + b_iz + R_z h_{t-1} + b_hz)
    n_t = tanh(W_n x_t + b_in + r_t∘(R_n h_{t-1} + b_hn))
    h_t = (1 − z_t)∘n_t + z_t∘h_{t-1}

    Source: Cho et al. 2014, in the form of cuDNN. Stacked weights are in the order r, z, n.
    """

    name: ClassVar[str] = "gru"
    quantities: ClassVar[tuple[str, ...]] = ("reset_gate", "update_gate", "candidate", "hidden")
    blocks: ClassVar[int] = 3

    @override
    def from_input(self, x: Tensor, w: Weights) -> Tensor:
        """W x + b_i alone: the hidden bias b_hn stands inside the reset gate's reach."""
        return F.linear(x, w["weight_ih"], w.get("bias_ih"))

    @override
    def step(self, a: Tensor, state: State, w: Weights, tap: Tap = untapped) -> State:
        (h,) = state
        a_r, a_z, a_n = a.chunk(3, -1)
        b_r, b_z, b_n = F.linear(h, w["weight_hh"], w.get("bias_hh")).chunk(3, -1)
        r = tap("reset_gate", torch.sigmoid(a_r + b_r))
        z = tap("update_gate", torch.sigmoid(a_z + b_z))
        n = tap("candidate", torch.tanh(a_n + r * b_n))
        h = tap("hidden", (1 - z) * n + z * h)
        return (h,)
