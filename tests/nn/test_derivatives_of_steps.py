"""First and second derivatives of a step with each option, backward and forward, against differences (float64)."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from peephole.nn import options, reference
from peephole.nn.equations import Equations
from peephole.nn.gru import GRUEquations
from peephole.nn.lstm import LSTMEquations
from peephole.nn.rnn import RNNEquations

EQUATIONS: dict[str, type[Equations]] = {"rnn": RNNEquations, "lstm": LSTMEquations, "gru": GRUEquations}
TIME, BATCH, INPUT = 2, 2, 2
#: options for which two units are too few: normalised they are ±1, and a projection has fewer than there are
OF_THREE = {"layer_norm", "proj_size"}

CASES: list[tuple[str, dict[str, Any], bool]] = [(cell, {}, True) for cell in EQUATIONS] + [
    (cell, {**row.needs, row.name: value}, training)
    for cell in EQUATIONS
    for row in options.of_cell(cell).values()
    for value in row.values
    for training in ((True, False) if row.name == "zoneout" else (True,))
    if row.in_step and row.name != "forget_bias"
]
NAMES = [f"{cell}-{chosen or 'plain'}{'' if training else '-evaluation'}" for cell, chosen, training in CASES]


# torch's own forward-mode formulas are compiled by its deprecated torch.jit when they are first used.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize(("cell", "chosen", "training"), CASES, ids=NAMES)
def test_derivatives_of_outputs_and_states_by_input_state_and_every_weight(
    cell: str, chosen: dict[str, Any], training: bool
) -> None:
    hidden = 3 if OF_THREE & set(chosen) else 2
    equations = EQUATIONS[cell](input_size=INPUT, hidden_size=hidden, **chosen)

    def draw(*shape: int) -> Tensor:
        return torch.empty(shape, dtype=torch.float64).uniform_(-0.9, 0.9).requires_grad_()

    x = draw(TIME, BATCH, INPUT)
    state = [draw(BATCH, size) for size in equations.state_sizes.values()]
    weights = {name: draw(*shape) for name, shape in equations.parameter_shapes().items()}
    masks = equations.masks(TIME, BATCH, x, training=training)

    def run(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        named = dict(zip(weights, rest[len(state) :], strict=True))
        output, final = reference.run_lane(equations, named, x, rest[: len(state)], masks=masks)
        return (output, *final[1:])

    inputs = (x, *state, *weights.values())
    assert gradcheck(run, inputs, check_forward_ad=True)
    assert gradgradcheck(run, inputs)
