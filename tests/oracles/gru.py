"""The gated recurrent unit: Cho et al. (2014), in the form with the reset after the product that cuDNN and torch
compute.

    r_t = σ(W_r x_t + b_ir + R_r h_{t-1} + b_hr)
    z_t = σ(W_z x_t + b_iz + R_z h_{t-1} + b_hz)
    n_t = tanh(W_n x_t + b_in + r_t∘(R_n h_{t-1} + b_hn))
    h_t = (1 − z_t)∘n_t + z_t∘h_{t-1}

Rows of W, R and b stand in the order r, z, n.
"""

from __future__ import annotations

from oracles.contract import Array, Clamp, Quantities, State, Weights, affine
from oracles.functions import sigmoid, tanh


def step(weights: Weights, x: Array, previous: State, clamp: Clamp) -> Quantities:
    h = previous["hidden"]
    units = h.shape[-1]

    def rows(place: int) -> slice:
        return slice(place * units, (place + 1) * units)

    reset, update, new = rows(0), rows(1), rows(2)
    r = clamp("reset_gate", sigmoid(affine(weights, "ih", reset, x) + affine(weights, "hh", reset, h)))
    z = clamp("update_gate", sigmoid(affine(weights, "ih", update, x) + affine(weights, "hh", update, h)))
    n = clamp("candidate", tanh(affine(weights, "ih", new, x) + r * affine(weights, "hh", new, h)))
    h = clamp("hidden", (1 - z) * n + z * h)
    return {"reset_gate": r, "update_gate": z, "candidate": n, "hidden": h}
