"""Gradients of whole layers with every option, lengths and both directions: against the formulas by the complex step.

And of what stands around the step, depth, direction and joining, by torch's numerical checks. Those of the steps
themselves are in `test_derivatives_of_steps.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from conformance.compare import EXACT, weigh
from conformance.variants import Variant, dropout_between, masks_of, padded
from oracles import derivative
from oracles.network import Initial, Network, run
from torch import Tensor

import peephole as ph
from peephole.nn import options

CELLS = ("rnn", "lstm", "gru")
PLAIN = [Variant(cell, {}, input=2) for cell in CELLS]
VALUES = [
    Variant(cell, {**row.needs, row.name: value}, input=2)
    for cell in CELLS
    for row in options.of_cell(cell).values()
    for value in row.values
]
AROUND = [
    Variant(cell, {**row.needs, row.name: value}, input=2, hidden=2)
    for cell in CELLS
    for row in options.of_cell(cell).values()
    for value in row.values
    if not row.in_step
]
LENGTHS = (4, 0, 2)


@pytest.mark.parametrize("variant", PLAIN + VALUES, ids=str)
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_every_gradient_equals_the_derivative_of_the_formulas(variant: Variant, training: bool) -> None:
    variant = variant.both_ways
    layer = variant.layer().train(training)
    x = padded(torch.randn(4, 3, variant.input, dtype=torch.float64), LENGTHS).requires_grad_()
    initial = variant.initial(3)
    states = {
        f"{name} of {at}": torch.tensor(value, requires_grad=True)
        for at, state in initial.items()
        for name, value in state.items()
    }
    given = {at: {name: states[f"{name} of {at}"] for name in state} for at, state in initial.items()}

    (output, final), trace = ph.trace(
        layer, variant.give(x), variant.give_state(given), lengths=torch.tensor(LENGTHS)
    )
    ends = [value for state in variant.take_state(final).values() for value in state.values()]
    loss = weigh({"output": variant.give(output), **{str(n): value for n, value in enumerate(ends)}})
    learned = {  # but for a first state, since one was given
        variant.of_the_oracle(name): parameter
        for name, parameter in layer.named_parameters()
        if not name.startswith("initial_")
    }
    sources = {"x": x, **states, **learned}
    slopes = dict(zip(sources, torch.autograd.grad(loss, list(sources.values())), strict=True))

    network = variant.network(layer)
    if training:
        network = replace(network, masks=masks_of(trace), between=dropout_between(variant, network, trace))
    point = {name: value.detach().numpy().copy() for name, value in sources.items()}
    for b, length in enumerate(LENGTHS):
        assert not slopes["x"][length:, b].any()
        point["x"][length:, b] = 0.0  # the oracle reads nothing there
    for name, value in point.items():
        towards = np.random.default_rng(0).standard_normal(value.shape)
        expected = derivative.along(lambda at: loss_of(network, at, initial), point, name, towards)
        slope = float((slopes[name].numpy() * towards).sum())
        assert slope == pytest.approx(expected, rel=EXACT, abs=EXACT), f"{variant}: {name}"


def loss_of(network: Network, at: Mapping[str, np.ndarray], initial: Initial) -> complex:
    """What `weigh` makes of output and final states, from the oracle."""
    moved = replace(network, parameters={name: at[name] for name in network.parameters if name in at})
    states = {place: {name: at[f"{name} of {place}"] for name in state} for place, state in initial.items()}
    found = run(moved, at["x"], states, LENGTHS)
    values = [found.output, *(value for state in found.final.values() for value in state.values())]
    return sum(np.cos(np.linspace(0.5, 2.0, value.size)) @ value.ravel() for value in values)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("lengths", [None, torch.tensor([3, 0])], ids=["full", "lengths"])
def test_a_learned_state_has_the_gradient_of_the_given_one_summed_over_the_batch(
    cell: str, lengths: Tensor | None
) -> None:
    variant = Variant(cell, {"learned_state": True, "num_layers": 2, "bidirectional": True})
    layer = variant.layer()
    x = torch.randn(3, 2, variant.input, dtype=torch.float64)
    layer(x, lengths=lengths)[0].square().sum().backward()
    start = variant.start(layer, 2)
    given = {at: {n: torch.tensor(v, requires_grad=True) for n, v in s.items()} for at, s in start.items()}
    layer(x, variant.give_state(given), lengths=lengths)[0].square().sum().backward()
    for (depth, direction), state in given.items():
        for name, value in state.items():
            suffix = f"l{depth}" + ("_reverse" if direction == "backward" else "")
            learned = layer.get_parameter(f"initial_{name}_{suffix}")
            torch.testing.assert_close(learned.grad, value.grad.sum(0), atol=EXACT, rtol=EXACT)


@pytest.mark.parametrize("variant", PLAIN + AROUND, ids=str)
def test_numerical_first_and_second_gradients_agree(variant: Variant) -> None:
    function, point = differentiable(variant, time=2, batch=2, training=True)
    assert torch.autograd.gradcheck(function, point, fast_mode=True)
    assert torch.autograd.gradgradcheck(function, point, fast_mode=True)


@pytest.mark.parametrize("variant", [v.both_ways for v in PLAIN], ids=str)
@pytest.mark.parametrize(("time", "batch"), [(1, 1), (3, 1), (1, 3)], ids=str)
def test_sizes_of_one_have_their_gradients(variant: Variant, time: int, batch: int) -> None:
    function, point = differentiable(
        replace(variant, input=1, hidden=1), time=time, batch=batch, training=False
    )
    assert torch.autograd.gradcheck(function, point, fast_mode=True)
    assert torch.autograd.gradgradcheck(function, point, fast_mode=True)


@pytest.mark.parametrize("variant", PLAIN + VALUES, ids=str)
@pytest.mark.parametrize("lengths", [None, torch.zeros(0, dtype=torch.int64)], ids=["full", "lengths"])
def test_a_batch_of_none_gives_nothing_and_zero_gradients(variant: Variant, lengths: Tensor | None) -> None:
    variant = variant.both_ways
    layer = variant.layer().train()
    x = torch.randn(4, 0, variant.input, dtype=torch.float64, requires_grad=True)
    output, final = layer(variant.give(x), lengths=lengths)
    joined = variant.option("merge", "concat") == "concat"
    width = variant.size("hidden", 0) * (len(variant.directions) if joined else 1)
    assert variant.give(output).shape == (4, 0, width)
    for (depth, _), states in variant.take_state(final).items():
        for name, value in states.items():
            assert value.shape == (0, variant.size(name, depth))
    output.sum().backward()
    assert x.grad is not None
    for name, parameter in layer.named_parameters():
        assert parameter.grad is None or not parameter.grad.any(), name


def differentiable(
    variant: Variant, *, time: int, batch: int, training: bool
) -> tuple[Callable[..., tuple[Tensor, ...]], list[Tensor]]:
    """A layer as a function of its input, its states and its parameters, with the same noise in each call; a point."""
    layer = variant.layer().train(training)
    parameters = dict(layer.named_parameters())
    initial = variant.initial(batch)
    places = [(at, name) for at, state in initial.items() for name in state]
    lengths = torch.tensor([time - n % 2 for n in range(batch)], dtype=torch.int64)

    def function(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        states: dict[Any, dict[str, Tensor]] = {at: {} for at in initial}
        for (at, name), value in zip(places, rest, strict=False):
            states[at][name] = value
        swapped = dict(zip(parameters, rest[len(places) :], strict=True))
        torch.manual_seed(5)
        output, final = torch.func.functional_call(
            layer, swapped, (variant.give(x), variant.give_state(states)), {"lengths": lengths}
        )
        ends = variant.take_state(final)
        return (output, *(value for state in ends.values() for value in state.values()))

    x = torch.randn(time, batch, variant.input, dtype=torch.float64)
    values = [x, *(torch.as_tensor(initial[at][name]) for at, name in places), *parameters.values()]
    return function, [value.detach().clone().requires_grad_() for value in values]
