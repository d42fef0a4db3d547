"""Recorded numbers with few bytes each, and never coarser than the page prints them.

The page prints two decimals, so no step between two numbers is larger than a hundredth:

    gates            one byte, 0 to 255 for 0 to 1: a step is 1/255
    signed values    one byte, −127 to 127 for the unit's own largest magnitude, where no unit's exceeds 1.27;
                     else two bytes, −32767 to 32767, where none exceeds 327; else four bytes as they are
    probabilities    as gates
    surprise         half precision, which has three digits and knows what is no number

The number is the integer times the scale beside it, (unit,) float32, or (1,) for all. Knows nothing of networks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float32]

COARSEST = 0.01
"""The largest step between two numbers: what the page's last decimal says."""


def rounded(name: str, values: Floats, *, share: bool) -> dict[str, Array]:
    """The tensors that stand for ``values``: ``name``, and ``name.scale`` where they are integers.

    Args:
        name: of the tensor.
        values: (step, unit).
        share: whether all lie from 0 to 1.
    """
    if share:
        return {
            name: np.rint(values * 255).astype(np.uint8),
            f"{name}.scale": np.full(1, 1 / 255, dtype=np.float32),
        }
    if not np.isfinite(values).all():
        return {name: values}
    largest = np.abs(values).max(axis=0, initial=0.0)
    for kind in (np.int8, np.int16):
        most = np.iinfo(kind).max
        if largest.max(initial=0.0) / most <= COARSEST:
            scale = np.where(largest > 0, largest / most, 1).astype(np.float32)
            return {name: np.rint(values / scale).astype(kind), f"{name}.scale": scale}
    return {name: values}


def small_integers(values: npt.NDArray[np.int64]) -> Array:
    """The same whole numbers in the smallest type that holds them."""
    least, most = int(values.min(initial=0)), int(values.max(initial=0))
    for kind in (np.uint8, np.int8, np.uint16, np.int16):
        if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max:
            return values.astype(kind)
    return values.astype(np.int32)


def nearly_bytes(name: str, values: Floats) -> dict[str, Array]:
    """Numbers from 0 to 1 as bytes where that loses no more than a last bit, as of pixels; else as they are."""
    if not ((values >= 0) & (values <= 1)).all():  # nor what is no number
        return {name: values}
    as_bytes = rounded(name, values, share=True)
    again = as_bytes[name].astype(np.float64) / 255
    return as_bytes if np.allclose(again, values, rtol=1e-6, atol=0) else {name: values}
