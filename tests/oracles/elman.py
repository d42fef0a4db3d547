"""The simple recurrent network: Elman, "Finding structure in time" (1990).

h_t = φ(W x_t + b_ih + R h_{t-1} + b_hh),   φ = tanh or relu
"""

from __future__ import annotations

from collections.abc import Callable

from oracles.contract import Array, Clamp, Quantities, State, Step, Weights, affine
from oracles.functions import relu, tanh


def step_with(phi: Callable[[Array], Array]) -> Step:
    def step(weights: Weights, x: Array, previous: State, clamp: Clamp) -> Quantities:
        every = slice(None)
        hidden = phi(affine(weights, "ih", every, x) + affine(weights, "hh", every, previous["hidden"]))
        return {"hidden": clamp("hidden", hidden)}

    return step


step_tanh = step_with(tanh)
step_relu = step_with(relu)
