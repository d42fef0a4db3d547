"""The simple recurrent network with every option, each as its paper has it.

Elman (1990); Ba, Kiros & Hinton (2016), equation 4, whose normalisation is of the sum of both products; Krueger et
al. (2017).

    h̃_t = φ(W x_t + b_ih + R h_{t-1} + b_hh)        layer_norm: φ(LN(W x_t + R h_{t-1}) + b_ih + b_hh)
    h_t = d∘h_{t-1} + (1 − d)∘h̃_t
"""

from __future__ import annotations

from oracles.activations import Name, named
from oracles.contract import NO_MASKS, Array, Clamp, Masks, Quantities, State, Step, Weights
from oracles.pieces import dropped, limited, normalised, seen, zoned_out


def step_with(
    *,
    nonlinearity: Name = "tanh",
    layer_norm: bool = False,
    gate_clip: float | None = None,
    zoneout: float = 0.0,
) -> Step:
    """The step of one variant. Dropouts are no options here: they act where masks are given."""
    φ = named(nonlinearity)

    def step(
        weights: Weights, x: Array, previous: State, clamp: Clamp, masks: Masks = NO_MASKS
    ) -> Quantities:
        h = previous["hidden"]
        x, seen_h = seen(masks, x, h)
        weights = dropped(weights, masks)
        a = x @ weights["weight_ih"].T + seen_h @ weights["weight_hh"].T
        if layer_norm:
            a = normalised(a, weights["weight_ln"], weights["bias_ln"])
        if "bias_ih" in weights:
            a = a + weights["bias_ih"] + weights["bias_hh"]
        return zoned_out("hidden", h, φ(limited(a, gate_clip)), zoneout, masks, clamp)

    return step
