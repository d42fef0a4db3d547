"""Where a quantity can lie, and where it counts as saturated. Knows the names of quantities, not their values."""

from __future__ import annotations

import math

from peephole.nn.equations import Equations
from peephole.nn.gru import GRUEquations
from peephole.nn.lstm import LSTMEquations
from peephole.nn.rnn import RNNEquations

GATES = frozenset({"input_gate", "forget_gate", "output_gate", "reset_gate", "update_gate"})


def bounds(quantity: str, equations: Equations) -> tuple[float, float] | None:
    """The range that the quantity cannot leave, both ends included; None where it has none.

    A cell has none, nor has what a projection or a rectifier lets through, nor the hidden state of a GRU, which keeps a
    share of a first state that may lie anywhere.
    """
    if quantity in GATES:
        return 0.0, 1.0
    rectified = isinstance(equations, RNNEquations) and equations.nonlinearity == "relu"
    projected = isinstance(equations, LSTMEquations) and equations.proj_size > 0
    kept = isinstance(equations, GRUEquations)
    if quantity == "cell" or (quantity == "hidden" and (rectified or projected or kept)):
        return None
    return -1.0, 1.0


def saturation(quantity: str) -> tuple[float, float]:
    """Below the first a unit is saturated low, above the second saturated high.

    A gate below 0.1 or above 0.9; anything else beyond −0.9 or 0.9, of a cell its tanh, since that is what it can show.
    """
    if quantity in GATES:
        return 0.1, 0.9
    bound = math.atanh(0.9) if quantity == "cell" else 0.9
    return -bound, bound
