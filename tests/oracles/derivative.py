"""Derivatives by the complex step: f'(x)·v = Im f(x + i·ε·v) / ε, without cancellation, exact to rounding.

Squire & Trapp, "Using complex variables to estimate derivatives of real functions" (1998).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

EPSILON = 1e-100


def along(
    function: Callable[[Mapping[str, np.ndarray]], np.ndarray],
    point: Mapping[str, np.ndarray],
    name: str,
    direction: np.ndarray,
) -> np.ndarray:
    """The derivative of a real function, one value or an array of them, of named arrays at `point`, moving the
    array `name` along `direction`.
    """
    moved = dict(point)
    moved[name] = point[name] + 1j * EPSILON * direction
    return np.imag(function(moved)) / EPSILON
