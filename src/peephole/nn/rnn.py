"""One step of the vanilla RNN, as its equations. Time, depth and direction are none of its business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor
from typing_extensions import override

from peephole.nn.activations import Activation, function
from peephole.nn.equations import Equations, State, Tap, Weights, untapped
from peephole.nn.masks import UNMASKED, StepMasks, masked
from peephole.nn.pieces import add_product, carried, clipped, normalised, plus


@dataclass(frozen=True, kw_only=True)
class RNNEquations(Equations):
    """The vanilla RNN (Elman 1990).

    h_t = φ(W x_t + b_ih + R h_{t-1} + b_hh)

    With ``layer_norm`` (Ba 2016, equation 4) the sum is normalised before the biases:
    h_t = φ(LN(W x_t + R h_{t-1}) + b_ih + b_hh), LN's gain and bias being ``weight_ln`` and ``bias_ln``.

    With ``zoneout`` (Krueger 2017) h_t = d∘h_{t-1} + (1 − d)∘h̃_t, h̃ being the equation above.
    """

    nonlinearity: Activation = "tanh"
    zoneout: float = 0.0

    name: ClassVar[str] = "rnn"

    @property
    @override
    def rows(self) -> tuple[str, ...]:
        return ("hidden",)

    @property
    @override
    def quantities(self) -> tuple[str, ...]:
        return ("hidden_before_zoneout", "hidden") if self.zoneout else ("hidden",)

    @property
    @override
    def zoneouts(self) -> dict[str, float]:
        return {"hidden": self.zoneout} if self.zoneout else {}

    @property
    @override
    def vendor_operation(self) -> str | None:
        return f"rnn_{self.nonlinearity}" if self.plain and self.nonlinearity in ("tanh", "relu") else None

    @property
    @override
    def mode(self) -> str:
        return f"RNN_{self.nonlinearity.upper()}" if isinstance(self.nonlinearity, str) else super().mode

    @override
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        shapes = super().parameter_shapes()
        if self.layer_norm:
            shapes |= {"weight_ln": (self.hidden_size,), "bias_ln": (self.hidden_size,)}
        return shapes

    @override
    def from_input(self, x: Tensor, w: Weights) -> Tensor:
        """W x and the biases; with ``layer_norm`` W x alone, since the biases come after it."""
        return F.linear(x, w["weight_ih"], None if self.layer_norm else self.both_biases(w))

    @override
    def step(
        self, a: Tensor, state: State, w: Weights, tap: Tap = untapped, masks: StepMasks = UNMASKED
    ) -> State:
        (h,) = state
        φ = function(self.nonlinearity)
        a = add_product(a, masked(h, masks.get("hidden_mask")), w["weight_hh"])
        if self.layer_norm:
            a = plus(normalised(a, w["weight_ln"], w["bias_ln"]), self.both_biases(w))
        new = φ(clipped(a, self.gate_clip))
        _, h = carried("hidden", h, new, masks.get("hidden_zoneout_mask"), tap)
        return (h,)
