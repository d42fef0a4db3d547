"""What the options of several cells are made of, as their papers have it."""

from __future__ import annotations

import numpy as np

from oracles.activations import clip
from oracles.contract import Array, Clamp, Masks, Quantities, Weights, affine

EPSILON = 1e-5


def limited(z: Array, limit: float | None) -> Array:
    """z within −limit … limit; None limits nothing."""
    return z if limit is None else clip(z, -limit, limit)


def normalised(a: Array, gain: Array, bias: Array) -> Array:
    """Ba, Kiros & Hinton (2016), equations 3 and 4: g/σ ∘ (a − μ) + b, μ and σ over the units of one layer."""
    mean = a.mean(-1, keepdims=True)
    variance = ((a - mean) ** 2).mean(-1, keepdims=True)  # no |·|²: the complex step needs it analytic
    return gain * (a - mean) / np.sqrt(variance + EPSILON) + bias


def normalised_affine(weights: Weights, side: str, rows: slice, vector: Array) -> Array:
    """LN(W·x) + b of the given rows (side "ih"), or LN(R·h) + b ("hh"): the rows are normalised together."""
    a = vector @ weights[f"weight_{side}"][rows].T
    a = normalised(a, weights[f"weight_ln_{side}"][rows], weights[f"bias_ln_{side}"][rows])
    bias = weights.get(f"bias_{side}")
    return a if bias is None else a + bias[rows]


def product(weights: Weights, side: str, rows: slice, vector: Array, *, layer_norm: bool) -> Array:
    """The given rows of W·x + b (side "ih") or R·h + b ("hh"), the product normalised if so asked."""
    return (normalised_affine if layer_norm else affine)(weights, side, rows, vector)


def seen(masks: Masks, x: Array, h: Array) -> tuple[Array, Array]:
    """Gal & Ghahramani (2016): the input and the hidden state as W and R see them."""
    return x * masks.get("input_mask", 1.0), h * masks.get("hidden_mask", 1.0)


def dropped(weights: Weights, masks: Masks) -> Weights:
    """Merity, Keskar & Socher (2018): R with some of its elements left out."""
    return {**weights, "weight_hh": weights["weight_hh"] * masks.get("weight_mask", 1.0)}


def zoned_out(
    name: str, before: Array, new: Array, probability: float, masks: Masks, clamp: Clamp
) -> Quantities:
    """Krueger et al. (2017): d∘before + (1 − d)∘new, d a mask in training and its expectation in evaluation.

    Nothing but the new value without zoneout; with it, the new value is kept under a name of its own.
    """
    if not probability:
        return {name: clamp(name, new)}
    new = clamp(f"{name}_before_zoneout", new)
    d = masks.get(f"{name}_zoneout_mask", probability)
    return {f"{name}_before_zoneout": new, name: clamp(name, d * before + (1 - d) * new)}


def clipped(name: str, value: Array, limit: float | None, clamp: Clamp) -> tuple[Quantities, Array]:
    """A state within its limit, and what it was before if there is one."""
    if limit is None:
        return {}, value
    value = clamp(f"{name}_before_clip", value)
    return {f"{name}_before_clip": value}, limited(value, limit)
