"""The LSTM: Hochreiter & Schmidhuber (1997); the forget gate of Gers, Schmidhuber & Cummins (1999); the peepholes
of Gers & Schmidhuber, "Recurrent nets that time and count" (2000); the projection of Sak, Senior & Beaufays (2014).

    i_t = σ(W_i x_t + R_i h_{t-1} + p_i∘c_{t-1} + b_i)
    f_t = σ(W_f x_t + R_f h_{t-1} + p_f∘c_{t-1} + b_f)
    g_t = tanh(W_g x_t + R_g h_{t-1} + b_g)
    c_t = f_t∘c_{t-1} + i_t∘g_t
    o_t = σ(W_o x_t + R_o h_{t-1} + p_o∘c_t + b_o)          the output gate's peephole sees the new cell
    h_t = P (o_t∘tanh(c_t))                                 P = 1 without a projection

Rows of W, R and b stand in the order i, f, g, o; those of p in the order i, f, o.
"""

from __future__ import annotations

import numpy as np

from oracles.contract import Array, Clamp, Quantities, State, Weights, affine
from oracles.functions import sigmoid, tanh


def step(weights: Weights, x: Array, previous: State, clamp: Clamp) -> Quantities:
    h, c = previous["hidden"], previous["cell"]
    units = c.shape[-1]

    def drive(place: int) -> Array:
        rows = slice(place * units, (place + 1) * units)
        return affine(weights, "ih", rows, x) + affine(weights, "hh", rows, h)

    p_i, p_f, p_o = np.split(weights.get("weight_peephole", np.zeros(3 * units)), 3)
    i = clamp("input_gate", sigmoid(drive(0) + p_i * c))
    f = clamp("forget_gate", sigmoid(drive(1) + p_f * c))
    g = clamp("candidate", tanh(drive(2)))
    c = clamp("cell", f * c + i * g)
    o = clamp("output_gate", sigmoid(drive(3) + p_o * c))
    inner = o * tanh(c)
    gates = {"input_gate": i, "forget_gate": f, "candidate": g, "output_gate": o, "cell": c}
    if "weight_hr" not in weights:
        return gates | {"hidden": clamp("hidden", inner)}
    hidden = clamp("hidden", inner @ weights["weight_hr"].T)
    return gates | {"hidden": hidden, "hidden_before_projection": inner}
