"""The activation functions by name, with the parameters of ONNX, for real and complex arguments.

A function is named by a string or by a tuple of its name and parameters. Formulas and defaults are those of the ONNX
operators (RNN, LSTM, GRU, "activation_alpha" and "activation_beta"), of Keras (hard_sigmoid_6) and of the papers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from oracles.functions import relu, sigmoid, tanh

Array = np.ndarray
Name = str | tuple[object, ...]


def clip(z: Array, low: float, high: float) -> Array:
    """z within low … high; of a complex number, the real part decides."""
    return np.where(z.real < low, low, np.where(z.real > high, high, z))


def normal_distribution(z: Array) -> Array:
    """Φ(z); at a complex number by its value and slope at the real part, which the complex step sees as exact."""
    x = np.real(z)
    value = 0.5 * (1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2)))
    return value + (z - x) * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def elu(z: Array, alpha: float = 1.0) -> Array:
    return np.where(z.real >= 0, z, alpha * np.expm1(np.where(z.real >= 0, 0, z)))


FUNCTIONS: dict[str, Callable[..., Array]] = {
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "identity": lambda z: z,
    "hard_sigmoid": lambda z, alpha=0.2, beta=0.5: clip(alpha * z + beta, 0, 1),
    "hard_sigmoid_6": lambda z: clip(z / 6 + 0.5, 0, 1),
    "hard_tanh": lambda z: clip(z, -1, 1),
    "softsign": lambda z: z / (1 + np.where(z.real < 0, -z, z)),
    "softplus": lambda z: np.where(z.real > 0, z, 0) + np.log(1 + np.exp(np.where(z.real > 0, -z, z))),
    "leaky_relu": lambda z, alpha=0.01: np.where(z.real >= 0, z, alpha * z),
    "thresholded_relu": lambda z, alpha=1.0: np.where(z.real > alpha, z, 0),
    "elu": elu,
    "selu": lambda z: 1.0507009873554805 * elu(z, 1.6732632423543772),
    "gelu": lambda z: z * normal_distribution(z),
    "silu": lambda z: z * sigmoid(z),
    "scaled_tanh": lambda z, alpha=1.0, beta=1.0: alpha * tanh(beta * z),
    "affine": lambda z, alpha=1.0, beta=0.0: alpha * z + beta,
}


def named(name: Name) -> Callable[[Array], Array]:
    """The function of one argument that a name, alone or with parameters, stands for."""
    first, *parameters = (name,) if isinstance(name, str) else name
    function = FUNCTIONS[str(first)]
    return lambda z: function(z, *parameters)
