"""The gated recurrent unit with every option, each as its paper has it.

Cho et al. (2014), whose reset gate acts before the product with R (reset_after=False); the form of cuDNN and torch
(reset_after=True); Ba, Kiros & Hinton (2016), whose GRU normalises the two gates together and the candidate apart;
Semeniuta (2016), whose mask is on the candidate; Krueger et al. (2017).

    r_t = σ(W_r x_t + b_ir + R_r h_{t-1} + b_hr)
    z_t = σ(W_z x_t + b_iz + R_z h_{t-1} + b_hz)
    n_t = tanh(W_n x_t + b_in + r_t∘(R_n h_{t-1} + b_hn))          reset_after=True
    n_t = tanh(W_n x_t + b_in + R_n (r_t∘h_{t-1}) + b_hn)          reset_after=False
    h̃_t = (1 − z_t)∘(m_t∘n_t) + z_t∘h_{t-1}
    h_t = d∘h_{t-1} + (1 − d)∘h̃_t

Rows of W, R and b stand in the order r, z, n.
"""

from __future__ import annotations

from functools import partial

from oracles.activations import Name, named
from oracles.contract import NO_MASKS, Array, Clamp, Masks, Quantities, State, Step, Weights
from oracles.pieces import dropped, limited, product, seen, zoned_out


def step_with(
    *,
    reset_after: bool = True,
    gate_activation: Name = "sigmoid",
    input_activation: Name = "tanh",
    layer_norm: bool = False,
    gate_clip: float | None = None,
    zoneout: float = 0.0,
) -> Step:
    """The step of one variant. Dropouts are no options here: they act where masks are given."""
    σ, g_of = named(gate_activation), named(input_activation)

    def step(
        weights: Weights, x: Array, previous: State, clamp: Clamp, masks: Masks = NO_MASKS
    ) -> Quantities:
        h = previous["hidden"]
        units = h.shape[-1]
        x, seen_h = seen(masks, x, h)
        of = partial(product, dropped(weights, masks), layer_norm=layer_norm)
        gates, candidate = slice(0, 2 * units), slice(2 * units, 3 * units)

        both = of("ih", gates, x) + of("hh", gates, seen_h)
        r = clamp("reset_gate", σ(limited(both[..., :units], gate_clip)))
        z = clamp("update_gate", σ(limited(both[..., units:], gate_clip)))
        recurrent = r * of("hh", candidate, seen_h) if reset_after else of("hh", candidate, r * seen_h)
        n = clamp("candidate", g_of(limited(of("ih", candidate, x) + recurrent, gate_clip)))
        new = (1 - z) * (masks.get("candidate_mask", 1.0) * n) + z * h
        gates_found = {"reset_gate": r, "update_gate": z, "candidate": n}
        return gates_found | zoned_out("hidden", h, new, zoneout, masks, clamp)

    return step
