"""A step at a time: the cells and a layer's `step`, for every option, against the papers' formulas in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from conformance.compare import EXACT
from conformance.variants import Variant, close, masks_of
from oracles.contract import untouched
from oracles.network import run
from torch import Tensor

import peephole as ph
from peephole.nn import options

MADE = {"rnn": ph.RNNCell, "lstm": ph.LSTMCell, "gru": ph.GRUCell}
TIME, BATCH = 4, 3
VALUES = [
    (cell, row.name, {**row.needs, row.name: value})
    for cell in MADE
    for row in options.of_cell(cell).values()
    for value in row.values
]
IN_STEP = [Variant(cell, chosen) for cell, name, chosen in VALUES if options.option(cell, name).in_step]
STREAMED = [
    Variant(cell, chosen) for cell, name, chosen in VALUES if not {"bidirectional", "reverse"} & set(chosen)
]
HELD = ("variational_dropout", "weight_dropout")


def cell_of(variant: Variant) -> torch.nn.Module:
    cell = MADE[variant.cell](variant.input, variant.hidden, dtype=torch.float64, **variant.options)
    for parameter in cell.parameters():
        torch.nn.init.uniform_(parameter, -0.8, 0.8)
    return cell


def bare(state: tuple[Tensor, ...]) -> Any:
    return state if len(state) > 1 else state[0]


def parts(state: Any) -> tuple[Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)


def assert_steps_equal(
    variant: Variant, cell: torch.nn.Module, *, alone: bool = False, masks: Any = None
) -> None:
    """Steps of a cell one after another, each from the state that the one before returned."""
    network = variant.network(cell)
    weights: Mapping[str, np.ndarray] = network.parameters
    sizes = [variant.size(name, 0) for name in variant.states]
    batch = () if alone else (BATCH,)
    state = tuple(torch.randn(*batch, size, dtype=torch.float64) for size in sizes)
    for x in torch.randn(TIME, *batch, variant.input, dtype=torch.float64):
        given = {} if masks is None else {"masks": masks}
        new, trace = ph.trace(cell, x, bare(state), **given)
        record = trace.layer()
        drawn = {
            name: mask[0] if name.startswith(("candidate", "cell", "hidden_zoneout")) else mask
            for name, mask in masks_of(trace)[0, "forward"].items()
        }
        before = {name: value.numpy() for name, value in zip(variant.states, state, strict=True)}
        expected = network.step(weights, x.numpy(), before, untouched, drawn if cell.training else {})
        assert set(record.quantities) == set(expected)
        for name, value in expected.items():
            close(record[name].view(*batch, -1), value, f"{variant}: {name}")
        state = tuple(part.detach() for part in parts(new))
        for name, value in zip(variant.states, state, strict=True):
            close(value, expected[name], f"{variant}: new {name}")


@pytest.mark.parametrize("variant", IN_STEP, ids=str)
@pytest.mark.parametrize("alone", [False, True], ids=["batch", "alone"])
def test_a_cell_equals_the_formulas_in_evaluation(variant: Variant, alone: bool) -> None:
    assert_steps_equal(variant, cell_of(variant).eval(), alone=alone)


@pytest.mark.parametrize("variant", [v for v in IN_STEP if not {*v.options} & {*HELD}], ids=str)
def test_a_cell_equals_the_formulas_in_training(variant: Variant) -> None:
    assert_steps_equal(variant, cell_of(variant).train())


@pytest.mark.parametrize("variant", [v for v in IN_STEP if {*v.options} & {*HELD}], ids=str)
def test_a_cell_with_masks_of_a_sequence_equals_the_formulas_in_training(variant: Variant) -> None:
    cell = cell_of(variant).train()
    assert_steps_equal(variant, cell, masks=cell.draw_masks(BATCH))


@pytest.mark.parametrize("variant", STREAMED, ids=str)
@pytest.mark.parametrize("given", [True, False], ids=["state", "start"])
def test_a_stream_equals_the_formulas(variant: Variant, given: bool) -> None:
    layer = variant.layer()
    x = torch.randn(TIME, BATCH, variant.input, dtype=torch.float64)
    initial = variant.initial(BATCH) if given else variant.start(layer, BATCH)
    expected = run(variant.network(layer), x.numpy(), initial)
    state = variant.give_state(initial) if given else None
    for t, x_t in enumerate(x):
        output, state = layer.step(x_t, state)
        np.testing.assert_allclose(output.detach().numpy(), expected.output[t], atol=EXACT, rtol=EXACT)
    for place, states in variant.take_state(state).items():
        for name, value in states.items():
            close(value, expected.final[place][name], f"{variant}: final {name} of {place}")
