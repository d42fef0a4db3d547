"""The nine networks of Greff, Srivastava, Koutník, Steunebrink & Schmidhuber, "LSTM: A Search Space Odyssey" (2017).

Written in the paper's letters, section by section, one step of a vanilla LSTM and of each of its eight variants;
nothing is shared with the other oracles. z is the block input, y the block output, g and h are tanh.

    vanilla (section II)                                    what a variant changes (appendix A)
    z_t = g(W_z x_t + R_z y_{t-1} + b_z)                    NIAF  g(x) = x
    i_t = σ(W_i x_t + R_i y_{t-1} + p_i ⊙ c_{t-1} + b_i)    NIG   i_t = 1
    f_t = σ(W_f x_t + R_f y_{t-1} + p_f ⊙ c_{t-1} + b_f)    NFG   f_t = 1        CIFG  f_t = 1 − i_t
    c_t = z_t ⊙ i_t + c_{t-1} ⊙ f_t
    o_t = σ(W_o x_t + R_o y_{t-1} + p_o ⊙ c_t + b_o)        NOG   o_t = 1
    y_t = h(c_t) ⊙ o_t                                      NOAF  h(x) = x
                                                            NP    p_i = p_f = p_o = 0
    FGR: i, f and o also receive R_i* i_{t-1} + R_f* f_{t-1} + R_o* o_{t-1}, * the gate that receives
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Array = np.ndarray

VARIANTS = ("V", "NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG", "NP", "FGR")
GATES = ("i", "f", "o")


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def run(variant: str, w: Mapping[str, Array], x: Array, y: Array, c: Array) -> dict[str, Array]:
    """A whole sequence.

    Args:
        variant: one of VARIANTS.
        w: W_z, R_z, b_z and so on, p_i, p_f, p_o, and of FGR R_ii, R_fi, R_oi, R_if … (from, to).
        x: (time, batch, input).
        y, c: the state before, (batch, unit).

    Returns:
        z, i, f, c, o, y, each (time, batch, unit).
    """
    one = np.ones_like(c)
    gates = dict.fromkeys(GATES, np.zeros_like(c))
    steps = []
    for x_t in x:
        before = gates

        def net(letter: str, x_t: Array = x_t, y: Array = y, before: Mapping[str, Array] = before) -> Array:
            total = x_t @ w[f"W_{letter}"].T + y @ w[f"R_{letter}"].T + w[f"b_{letter}"]
            if variant == "FGR" and letter in GATES:
                for source in GATES:
                    total = total + before[source] @ w[f"R_{source}{letter}"].T
            return total

        def peephole(letter: str) -> Array:
            return np.zeros_like(one[0]) if variant == "NP" else w[f"p_{letter}"]

        z = net("z") if variant == "NIAF" else np.tanh(net("z"))
        i = one if variant == "NIG" else sigmoid(net("i") + peephole("i") * c)
        if variant == "CIFG":
            f = 1 - i
        elif variant == "NFG":
            f = one
        else:
            f = sigmoid(net("f") + peephole("f") * c)
        c = z * i + c * f
        o = one if variant == "NOG" else sigmoid(net("o") + peephole("o") * c)
        y = (c if variant == "NOAF" else np.tanh(c)) * o
        gates = {"i": i, "f": f, "o": o}
        steps.append({"z": z, "i": i, "f": f, "c": c, "o": o, "y": y})
    return {letter: np.stack([step[letter] for step in steps]) for letter in steps[0]}
