"""The LSTM with every option, each as its paper has it.

Hochreiter & Schmidhuber (1997); forget gates of Gers, Schmidhuber & Cummins (1999); peepholes of Gers & Schmidhuber
(2000), full ones in the picture of Olah (2015); projection of Sak, Senior & Beaufays (2014); coupled, missing and
fully recurrent gates of Greff et al. (2017); layer normalisation of Ba, Kiros & Hinton (2016); zoneout of Krueger
et al. (2017); dropouts of Semeniuta (2016), Gal & Ghahramani (2016) and Merity (2018); the clips of TensorFlow 1 and
ONNX.

    i_t = σ(W_i x_t + R_i h_{t-1} + p_i∘c_{t-1} + Σ_gates R^{gate→i}·gate_{t-1} + b_i)
    f_t = σ(W_f x_t + R_f h_{t-1} + p_f∘c_{t-1} + Σ_gates R^{gate→f}·gate_{t-1} + b_f)    coupled: 1 − i_t
    g_t = tanh(W_g x_t + R_g h_{t-1} + b_g)
    c̃_t = clip(f_t∘c_{t-1} + i_t∘(m_t∘g_t))                m: recurrent dropout
    o_t = σ(W_o x_t + R_o h_{t-1} + p_o∘c̃_t + Σ_gates R^{gate→o}·gate_{t-1} + b_o)
    h̃_t = clip(P (o_t∘tanh(LN(c̃_t))))
    c_t = d∘c_{t-1} + (1 − d)∘c̃_t
    h_t = d∘h_{t-1} + (1 − d)∘h̃_t

Rows of W, R and b stand in the order i, f, g, o; those of p, and rows and columns of R^{gate→gate}, in the order
i, f, o. A gate that a variant lacks (it is the constant 1, or coupled) has no rows and no columns.
"""

from __future__ import annotations

import numpy as np

from oracles.activations import Name, named
from oracles.contract import NO_MASKS, Array, Clamp, Masks, Quantities, State, Step, Weights
from oracles.pieces import clipped, dropped, limited, normalised, product, seen, zoned_out


def step_with(
    *,
    proj_size: int = 0,
    peephole: str | None = None,
    coupled: bool = False,
    input_gate: bool = True,
    forget_gate: bool = True,
    output_gate: bool = True,
    gate_activation: Name = "sigmoid",
    input_activation: Name = "tanh",
    output_activation: Name = "tanh",
    full_gate_recurrence: bool = False,
    layer_norm: bool = False,
    gate_clip: float | None = None,
    cell_clip: float | None = None,
    proj_clip: float | None = None,
    zoneout: tuple[float, float] = (0.0, 0.0),
) -> Step:
    """The step of one variant. Dropouts are no options here: they act where masks are given."""
    there = {"input_gate": input_gate, "forget_gate": forget_gate and not coupled, "output_gate": output_gate}
    gates = [name for name, is_there in there.items() if is_there]
    rows = [
        name for name in ("input_gate", "forget_gate", "candidate", "output_gate") if there.get(name, True)
    ]
    σ, g_of, h_of = named(gate_activation), named(input_activation), named(output_activation)

    def step(
        weights: Weights, x: Array, previous: State, clamp: Clamp, masks: Masks = NO_MASKS
    ) -> Quantities:
        h, c = previous["hidden"], previous["cell"]
        units = c.shape[-1]
        x, seen_h = seen(masks, x, h)
        weights = dropped(weights, masks)

        every = slice(None)
        joint = product(weights, "ih", every, x, layer_norm=layer_norm)
        joint = joint + product(weights, "hh", every, seen_h, layer_norm=layer_norm)
        drive = dict(zip(rows, np.split(joint, len(rows), axis=-1), strict=True))

        if full_gate_recurrence:
            for to, gate_to in enumerate(gates):
                for source, gate_from in enumerate(gates):
                    block = np.s_[to * units : (to + 1) * units, source * units : (source + 1) * units]
                    drive[gate_to] = (
                        drive[gate_to] + previous[gate_from] @ weights["weight_gate_recurrence"][block].T
                    )

        def gate(name: str, cell: Array) -> Array:
            z = drive[name]
            if peephole is not None:
                p = np.split(weights["weight_peephole"], len(gates))[gates.index(name)]
                z = z + (p * cell if peephole == "diagonal" else cell @ p.T)
            return clamp(name, σ(limited(z, gate_clip)))

        found: Quantities = {}
        i = f = o = np.ones_like(c)
        if "input_gate" in gates:
            i = found["input_gate"] = gate("input_gate", c)
        if "forget_gate" in gates:
            f = found["forget_gate"] = gate("forget_gate", c)
        if coupled:
            f = 1 - i
        g = found["candidate"] = clamp("candidate", g_of(limited(drive["candidate"], gate_clip)))

        before, new = clipped("cell", f * c + i * (masks.get("candidate_mask", 1.0) * g), cell_clip, clamp)
        cell = zoned_out("cell", c, new, zoneout[0], masks, clamp)
        # With zoneout, what the output gate and tanh see is the cell before it.
        new = cell.get("cell_before_zoneout", cell["cell"])

        if "output_gate" in gates:
            o = found["output_gate"] = gate("output_gate", new)
        shown = normalised(new, weights["weight_ln_cell"], weights["bias_ln_cell"]) if layer_norm else new
        out = o * h_of(shown)
        found |= before | cell
        if proj_size:
            out = found["hidden_before_projection"] = clamp("hidden_before_projection", out)
            out = out @ weights["weight_hr"].T
        before, out = clipped("hidden", out, proj_clip, clamp)
        return found | before | zoned_out("hidden", h, out, zoneout[1], masks, clamp)

    return step
