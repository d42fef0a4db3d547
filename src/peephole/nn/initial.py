"""What the parameters are before training: torch's draws, and the forget gate's bias."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any

import torch
from torch import Tensor, nn

from peephole.errors import OptionError


def draw(parameters: Iterable[tuple[str, Tensor]], hidden_size: int) -> None:
    """Draws each of the named parameters from U(−1/√hidden, 1/√hidden), those that torch has first.

    In this order the same seed gives torch's weights, whatever our own options add.
    """
    bound = 1.0 / math.sqrt(hidden_size) if hidden_size > 0 else 0.0
    for _, parameter in sorted(parameters, key=lambda named: "peephole" in named[0]):
        nn.init.uniform_(parameter, -bound, bound)


def set_forget_bias(parameters: Iterable[tuple[str, Tensor]], hidden_size: int, value: float) -> None:
    """Makes the forget gate's two biases sum to ``value``: the input bias holds it, the hidden bias is 0."""
    forget = slice(hidden_size, 2 * hidden_size)
    with torch.no_grad():
        for name, parameter in parameters:
            if name.startswith("bias_"):
                parameter[forget] = value if name.startswith("bias_ih") else 0.0


def check_forget_bias(forget_bias: Any, *, bias: bool) -> None:
    """Refuses what is no finite number, and a forget bias without biases.

    Raises:
        OptionError: as said.
    """
    if forget_bias is None:
        return
    if not isinstance(forget_bias, Real) or not math.isfinite(forget_bias):
        raise OptionError(f"forget_bias must be a finite number or None, got {forget_bias!r}")
    if not bias:
        raise OptionError(
            f"forget_bias={forget_bias} and bias=False exclude each other: leave out one of them"
        )
