"""What every step function takes and gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

Array = np.ndarray

#: the parameters of one layer and direction by role: "weight_ih", "bias_hh", "weight_peephole", …
Weights = Mapping[str, Array]

#: the state by name: "hidden", and "cell" where there is one
State = Mapping[str, Array]

#: what a person forces a quantity to: called with each quantity's name and value as soon as it is known
Clamp = Callable[[str, Array], Array]

#: all quantities of the step by name, the next state among them
Quantities = dict[str, Array]

#: the masks of one step of one layer and direction, by the names that a record gives them
Masks = Mapping[str, Array]
NO_MASKS: Masks = {}


class Step(Protocol):
    """One step of time, of sequences side by side or of one alone."""

    def __call__(
        self, weights: Weights, x: Array, previous: State, clamp: Clamp, masks: Masks = NO_MASKS
    ) -> Quantities: ...


def untouched(quantity: str, value: Array) -> Array:
    """The clamp that clamps nothing."""
    return value


def affine(weights: Weights, side: str, rows: slice, vector: Array) -> Array:
    """The given rows of W·x + b (side "ih") or R·h + b (side "hh"); no bias if the layer has none."""
    product = vector @ weights[f"weight_{side}"][rows].T
    bias = weights.get(f"bias_{side}")
    return product if bias is None else product + bias[rows]
