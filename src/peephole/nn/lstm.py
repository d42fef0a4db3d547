"""One step of the LSTM and of its variants, as its equations. Time, depth and direction are none of its business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typing_extensions import override

from peephole.nn.activations import Activation, function
from peephole.nn.equations import Equations, State, Tap, Weights, untapped
from peephole.nn.masks import UNMASKED, StepMasks, masked
from peephole.nn.pieces import add_product, carried, clipped, limited, normalised, plus, plus_seen

Peephole = Literal["diagonal", "full"]


@dataclass(frozen=True, kw_only=True)
class LSTMEquations(Equations):
    """The LSTM with forget gates and its variants.

    i_t = σ(W_i x_t + R_i h_{t-1} + p_i∘c_{t-1} + b_i)
    f_t = σ(W_f x_t + R_f h_{t-1} + p_f∘c_{t-1} + b_f)
    g_t = tanh(W_g x_t + R_g h_{t-1} + b_g)
    c_t = f_t∘c_{t-1} + i_t∘g_t
    o_t = σ(W_o x_t + R_o h_{t-1} + p_o∘c_t + b_o)
    h_t = o_t∘tanh(c_t)                              with a projection: h_t = P (o_t∘tanh(c_t))

    Sources: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 1999 (forget gate); Gers & Schmidhuber 2000
    (peepholes); Sak, Senior & Beaufays 2014 (projection); Greff et al. 2017 (variants). Stacked weights are in the
    order i, f, g, o; the peepholes in the order i, f, o; a gate without parameters is left out of both.

    What options change, in the order of a step:

    variational_dropout  h_{t-1} enters R through a mask.
    layer_norm           LN(W x_t) + LN(R h_{t-1}) over all rows together, each with its gain and bias
                         (weight_ln_ih, bias_ln_ih, weight_ln_hh, bias_ln_hh), then b; tanh(LN(c_t)) in h_t
                         (weight_ln_cell, bias_ln_cell). What gates receive from peepholes and gates is not normalised.
    full_gate_recurrence each gate also receives R^{gate→gate}·(i, f, o at t−1): weight_gate_recurrence, its rows the
                         gates that receive, its columns those that give.
    gate_clip            every sum above within −clip … clip before its activation.
    coupled              f_t = 1 − i_t.
    input_gate, forget_gate, output_gate   False: that gate is 1.
    recurrent_dropout    the candidate enters the cell through a mask: c_t = f_t∘c_{t-1} + i_t∘(m∘g_t).
    cell_clip            c_t within −clip … clip before o_t and tanh see it.
    proj_clip            the projected h_t within −clip … clip.
    zoneout              c_t = d_c∘c_{t-1} + (1 − d_c)∘c̃_t and h_t likewise, with c̃ and h̃ as above; o_t and h̃_t see c̃_t.
    """

    proj_size: int = 0
    peephole: Peephole | None = None
    forget_bias: float | None = None
    coupled: bool = False
    input_gate: bool = True
    forget_gate: bool = True
    output_gate: bool = True
    gate_activation: Activation = "sigmoid"
    input_activation: Activation = "tanh"
    output_activation: Activation = "tanh"
    full_gate_recurrence: bool = False
    zoneout: tuple[float, float] = (0.0, 0.0)
    recurrent_dropout: float = 0.0
    proj_clip: float | None = None
    cell_clip: float | None = None

    name: ClassVar[str] = "lstm"

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        # ValueErrors in torch's words, as torch.nn.LSTM raises them for the same mistakes.
        if self.proj_size < 0:
            raise ValueError(
                f"proj_size should be a positive integer or zero to disable projections, got {self.proj_size}"
            )
        if self.proj_size >= self.hidden_size > 0:
            raise ValueError(
                f"proj_size has to be smaller than hidden_size, got {self.proj_size} and {self.hidden_size}"
            )

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates that have parameters."""
        there = {
            "input_gate": self.input_gate,
            "forget_gate": self.forget_gate and not self.coupled,
            "output_gate": self.output_gate,
        }
        return tuple(name for name, is_there in there.items() if is_there)

    @property
    @override
    def rows(self) -> tuple[str, ...]:
        there = (*self.gates, "candidate")
        return tuple(n for n in ("input_gate", "forget_gate", "candidate", "output_gate") if n in there)

    @property
    @override
    def absent(self) -> dict[str, str]:
        reasons = {
            name: f"this LSTM was made with {name}=False: it has no {name.replace('_', ' ')}, 1 stands in its place"
            for name in ("input_gate", "forget_gate", "output_gate")
            if not getattr(self, name)
        }
        if self.coupled:
            reasons["forget_gate"] = "this LSTM is coupled: its forget gate is 1 − input_gate"
        return reasons

    @property
    @override
    def quantities(self) -> tuple[str, ...]:
        p_c, p_h = self.zoneout
        extra = {
            "cell_before_clip": self.cell_clip is not None,
            "cell_before_zoneout": p_c > 0,
            "cell": True,
            "hidden_before_projection": self.proj_size > 0,
            "hidden_before_clip": self.proj_clip is not None,
            "hidden_before_zoneout": p_h > 0,
            "hidden": True,
        }
        return (*self.rows, *(name for name, is_there in extra.items() if is_there))

    @property
    @override
    def output_size(self) -> int:
        return self.proj_size or self.hidden_size

    @property
    @override
    def state_sizes(self) -> dict[str, int]:
        """Hidden and cell; with ``full_gate_recurrence`` also the previous gates, those that there are."""
        gates = dict.fromkeys(self.gates, self.hidden_size) if self.full_gate_recurrence else {}
        return {"hidden": self.output_size, "cell": self.hidden_size, **gates}

    @property
    @override
    def zoneouts(self) -> dict[str, float]:
        return {name: p for name, p in zip(("cell", "hidden"), self.zoneout, strict=True) if p}

    @override
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        size, gates = self.hidden_size, len(self.gates) * self.hidden_size
        shapes = super().parameter_shapes()
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, size)
        if self.peephole:
            shapes["weight_peephole"] = (gates,) if self.peephole == "diagonal" else (gates, size)
        if self.full_gate_recurrence:
            shapes["weight_gate_recurrence"] = (gates, gates)
        if self.layer_norm:
            rows = len(self.rows) * size
            for part, length in (("ih", rows), ("hh", rows), ("cell", size)):
                shapes |= {f"weight_ln_{part}": (length,), f"bias_ln_{part}": (length,)}
        return shapes

    @override
    def initialise(self, w: Weights) -> None:
        """As for every cell; then ``forget_bias`` in the forget gate's rows of the input bias, 0 in the hidden's."""
        super().initialise(w)
        if self.forget_bias is not None:
            start = self.rows.index("forget_gate") * self.hidden_size
            forget = slice(start, start + self.hidden_size)
            nn.init.constant_(w["bias_ih"][forget], self.forget_bias)
            nn.init.zeros_(w["bias_hh"][forget])

    @override
    def from_input(self, x: Tensor, w: Weights) -> Tensor:
        bias = self.both_biases(w)
        if not self.layer_norm:
            return F.linear(x, w["weight_ih"], bias)
        return plus(normalised(F.linear(x, w["weight_ih"]), w["weight_ln_ih"], w["bias_ln_ih"]), bias)

    def _sums(self, a: Tensor, h: Tensor, gates: State, w: Weights) -> dict[str, Tensor]:
        """W x + R h + b of each gate and the candidate by name, and what gates receive from the previous gates."""
        if self.layer_norm:
            a = a + normalised(F.linear(h, w["weight_hh"]), w["weight_ln_hh"], w["bias_ln_hh"])
        else:
            a = add_product(a, h, w["weight_hh"])
        sums = dict(zip(self.rows, a.chunk(len(self.rows), -1), strict=True))
        if self.full_gate_recurrence:
            received = F.linear(torch.cat(gates, -1), w["weight_gate_recurrence"])
            for name, part in zip(self.gates, received.chunk(len(self.gates), -1), strict=True):
                sums[name] = sums[name] + part
        return sums

    def _peepholes(self, w: Weights) -> dict[str, Tensor]:
        """Each gate's peephole, a vector or a matrix; none without."""
        if not self.peephole:
            return {}
        return dict(zip(self.gates, w["weight_peephole"].chunk(len(self.gates)), strict=True))

    @override
    def step(
        self, a: Tensor, state: State, w: Weights, tap: Tap = untapped, masks: StepMasks = UNMASKED
    ) -> State:
        h, c, *gates = state
        p = self._peepholes(w)
        sums = self._sums(a, masked(h, masks.get("hidden_mask")), tuple(gates), w)
        σ = function(self.gate_activation)
        φ_in, φ_out = function(self.input_activation), function(self.output_activation)

        def gate(name: str, cell: Tensor) -> Tensor:
            """σ(W x + R h + p∘cell + b), or the constant 1 where there is no such gate."""
            if name not in sums:
                return cell.new_ones(())
            return tap(name, σ(clipped(plus_seen(sums[name], p.get(name), cell), self.gate_clip)))

        i = gate("input_gate", c)
        f = 1 - i if self.coupled else gate("forget_gate", c)
        g = tap("candidate", φ_in(clipped(sums["candidate"], self.gate_clip)))
        new = f * c + i * masked(g, masks.get("candidate_mask"))
        new = limited("cell", new, self.cell_clip, tap)
        new, c = carried("cell", c, new, masks.get("cell_zoneout_mask"), tap)
        o = gate("output_gate", new)
        out = o * φ_out(normalised(new, w["weight_ln_cell"], w["bias_ln_cell"]) if self.layer_norm else new)
        if self.proj_size:
            out = F.linear(tap("hidden_before_projection", out), w["weight_hr"])
        out = limited("hidden", out, self.proj_clip, tap)
        _, h = carried("hidden", h, out, masks.get("hidden_zoneout_mask"), tap)
        now = {"input_gate": i, "forget_gate": f, "output_gate": o}
        return h, c, *(now[name] for name in self.gates if self.full_gate_recurrence)
