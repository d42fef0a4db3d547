"""One step of the gated recurrent unit, as its equations. Time, depth and direction are none of its business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor
from typing_extensions import override

from peephole.nn.activations import Activation, function
from peephole.nn.equations import Equations, State, Tap, Weights, untapped
from peephole.nn.masks import UNMASKED, StepMasks, masked
from peephole.nn.pieces import carried, clipped, normalised, plus


@dataclass(frozen=True, kw_only=True)
class GRUEquations(Equations):
    """The gated recurrent unit, by default as torch computes it: the reset gate acts after the product with R.

    r_t = σ(W_r x_t + b_ir + R_r h_{t-1} + b_hr)
    z_t = σ(W_z x_t + b_iz + R_z h_{t-1} + b_hz)
    n_t = tanh(W_n x_t + b_in + r_t∘(R_n h_{t-1} + b_hn))          with reset_after, the form of cuDNN
    n_t = tanh(W_n x_t + b_in + R_n (r_t∘h_{t-1}) + b_hn)          without, as in Cho et al. 2014
    h_t = (1 − z_t)∘n_t + z_t∘h_{t-1}

    Stacked weights are in the order r, z, n. What options change:

    layer_norm         (Ba 2016, the form of its GRU) each product is normalised, the two gates' rows together and the
                       candidate's apart: W x becomes LN(W x) and R h LN(R h), before the biases. Gain and bias are
                       weight_ln_ih, bias_ln_ih, weight_ln_hh and bias_ln_hh, each over all rows.
    recurrent_dropout  the candidate enters h_t through a mask: (1 − z_t)∘(m∘n_t) + z_t∘h_{t-1}.
    variational_dropout  a mask on h_{t-1} wherever it enters R; z_t∘h_{t-1} keeps it whole.
    zoneout            h_t = d∘h_{t-1} + (1 − d)∘h̃_t, h̃ being the equation above.
    """

    reset_after: bool = True
    gate_activation: Activation = "sigmoid"
    input_activation: Activation = "tanh"
    zoneout: float = 0.0
    recurrent_dropout: float = 0.0

    name: ClassVar[str] = "gru"

    @property
    @override
    def rows(self) -> tuple[str, ...]:
        return ("reset_gate", "update_gate", "candidate")

    @property
    @override
    def quantities(self) -> tuple[str, ...]:
        zoned = ("hidden_before_zoneout",) if self.zoneout else ()
        return (*self.rows, *zoned, "hidden")

    @property
    @override
    def zoneouts(self) -> dict[str, float]:
        return {"hidden": self.zoneout} if self.zoneout else {}

    @override
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        shapes = super().parameter_shapes()
        if self.layer_norm:
            names = ("weight_ln_ih", "bias_ln_ih", "weight_ln_hh", "bias_ln_hh")
            shapes |= dict.fromkeys(names, (3 * self.hidden_size,))
        return shapes

    @override
    def from_input(self, x: Tensor, w: Weights) -> Tensor:
        """W x + b_i alone: the hidden bias b_hn stands inside the reset gate's reach."""
        return self._product("ih", x, w)

    def _product(self, side: str, v: Tensor, w: Weights, rows: slice | None = None) -> Tensor:
        """W v + b_i (side "ih") or R v + b_h ("hh"), of all rows or some; normalised before the bias if so asked."""

        def part(name: str) -> Tensor:
            return w[f"{name}_{side}"] if rows is None else w[f"{name}_{side}"][rows]

        bias = part("bias") if self.bias else None
        if not self.layer_norm:
            return F.linear(v, part("weight"), bias)
        groups = (2 * self.hidden_size, self.hidden_size) if rows is None else None
        return plus(normalised(F.linear(v, part("weight")), part("weight_ln"), part("bias_ln"), groups), bias)

    @override
    def step(
        self, a: Tensor, state: State, w: Weights, tap: Tap = untapped, masks: StepMasks = UNMASKED
    ) -> State:
        (h,) = state
        gates, candidate = slice(0, 2 * self.hidden_size), slice(2 * self.hidden_size, None)
        σ, φ = function(self.gate_activation), function(self.input_activation)
        seen_by_r = masked(h, masks.get("hidden_mask"))
        a_r, a_z, a_n = a.chunk(3, -1)
        if self.reset_after:
            b_r, b_z, b_n = self._product("hh", seen_by_r, w).chunk(3, -1)
        else:
            b_r, b_z = self._product("hh", seen_by_r, w, gates).chunk(2, -1)
        r = tap("reset_gate", σ(clipped(a_r + b_r, self.gate_clip)))
        z = tap("update_gate", σ(clipped(a_z + b_z, self.gate_clip)))
        b_n = r * b_n if self.reset_after else self._product("hh", r * seen_by_r, w, candidate)
        n = tap("candidate", φ(clipped(a_n + b_n, self.gate_clip)))
        new = (1 - z) * masked(n, masks.get("candidate_mask")) + z * h
        _, h = carried("hidden", h, new, masks.get("hidden_zoneout_mask"), tap)
        return (h,)
