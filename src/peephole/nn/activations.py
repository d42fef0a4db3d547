"""The activation functions that a cell can be given, by name. Knows nothing of cells.

A function is named by a string, ``"tanh"``, or by a tuple of its name and its parameters, ``("leaky_relu", 0.1)``;
parameters that are left out have the defaults of ONNX.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from numbers import Real

import torch
import torch.nn.functional as F
from torch import Tensor

from peephole.errors import OptionError

Activation = str | tuple[str | float, ...]


@dataclass(frozen=True)
class Form:
    """A function with its parameters.

    Attributes:
        formula: the function in words, with alpha and beta for its parameters.
        function: takes the values and the parameters.
        defaults: of the parameters: none, alpha, or alpha and beta.
        onnx: what ONNX calls it, or None.
    """

    formula: str
    function: Callable[..., Tensor]
    defaults: tuple[float, ...] = ()
    onnx: str | None = None


def _affine(x: Tensor, alpha: float, beta: float) -> Tensor:
    return alpha * x + beta


def _hard_sigmoid(x: Tensor, alpha: float, beta: float) -> Tensor:
    return (alpha * x + beta).clamp(0, 1)


def _hard_sigmoid_6(x: Tensor) -> Tensor:
    return (x / 6 + 0.5).clamp(0, 1)


def _identity(x: Tensor) -> Tensor:
    return x


def _scaled_tanh(x: Tensor, alpha: float, beta: float) -> Tensor:
    return alpha * torch.tanh(beta * x)


def _softplus(x: Tensor) -> Tensor:
    # torch's softplus is linear above 20, which is wrong by 2e-9 there.
    return torch.logaddexp(x, torch.zeros_like(x))


def _thresholded_relu(x: Tensor, alpha: float) -> Tensor:
    return x.where(x > alpha, 0)


FORMS: dict[str, Form] = {
    "sigmoid": Form("1 / (1 + e^−x)", torch.sigmoid, onnx="Sigmoid"),
    "tanh": Form("tanh x", torch.tanh, onnx="Tanh"),
    "relu": Form("max(0, x)", torch.relu, onnx="Relu"),
    "identity": Form("x", _identity),
    "hard_sigmoid": Form("clip(alpha·x + beta, 0, 1)", _hard_sigmoid, (0.2, 0.5), onnx="HardSigmoid"),
    "hard_sigmoid_6": Form("clip(x / 6 + 0.5, 0, 1)", _hard_sigmoid_6),
    "hard_tanh": Form("clip(x, −1, 1)", F.hardtanh),
    "softsign": Form("x / (1 + |x|)", F.softsign, onnx="Softsign"),
    "softplus": Form("log(1 + e^x)", _softplus, onnx="Softplus"),
    "leaky_relu": Form("x where x ≥ 0, else alpha·x", F.leaky_relu, (0.01,), onnx="LeakyRelu"),
    "thresholded_relu": Form("x where x > alpha, else 0", _thresholded_relu, (1.0,), onnx="ThresholdedRelu"),
    "elu": Form("x where x ≥ 0, else alpha·(e^x − 1)", F.elu, (1.0,), onnx="Elu"),
    "selu": Form("1.0507 · elu(x, 1.6733)", torch.selu),
    "gelu": Form("x · Φ(x), Φ the normal distribution", F.gelu),
    "silu": Form("x · sigmoid(x)", F.silu),
    "scaled_tanh": Form("alpha·tanh(beta·x)", _scaled_tanh, (1.0, 1.0), onnx="ScaledTanh"),
    "affine": Form("alpha·x + beta", _affine, (1.0, 0.0), onnx="Affine"),
}


def is_activation(value: object) -> bool:
    """Whether ``value`` names a function, with finite parameters and no more of them than it has."""
    if isinstance(value, str):
        return value in FORMS
    if not isinstance(value, tuple) or not value or value[0] not in FORMS:
        return False
    parameters = value[1:]
    numbers = all(not isinstance(p, bool) and isinstance(p, Real) and isfinite(p) for p in parameters)
    return numbers and len(parameters) <= len(FORMS[str(value[0])].defaults)


def function(activation: Activation) -> Callable[[Tensor], Tensor]:
    """The function that ``activation`` names.

    Raises:
        OptionError: no such function.
    """
    if not is_activation(activation):
        raise OptionError(f"an activation is {EXPECTED}, got {activation!r}")
    name, *given = (activation,) if isinstance(activation, str) else activation
    form = FORMS[str(name)]
    parameters = (*given, *form.defaults[len(given) :])
    if not parameters:
        return form.function
    return lambda x: form.function(x, *parameters)


EXPECTED = f"one of {', '.join(FORMS)}, or a tuple of one and its parameters such as ('leaky_relu', 0.1)"
