"""RNNCell, LSTMCell and GRUCell: torch's numbers, parameters and manners."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from conformance.compare import EXACT, SINGLE, SINGLE_GRADIENT, assert_same, on, weigh
from conformance.rows import CELLS, HIDDEN, INPUT, WAYS, Cell
from torch import Tensor

import peephole as ph

each = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
ways = pytest.mark.parametrize("way", WAYS)


def pair(cell: Cell, **arguments: Any) -> tuple[torch.nn.Module, torch.nn.Module]:
    arguments = {"dtype": torch.float64, **cell.arguments, **arguments}
    theirs, ours = (getattr(home, f"{cell.layer}Cell")(INPUT, HIDDEN, **arguments) for home in (torch.nn, ph))
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def stepped(module: torch.nn.Module, x: Tensor, state: Mapping[str, Tensor] | None) -> dict[str, Tensor]:
    """New states and the gradients of everything."""
    x = x.clone().requires_grad_()
    state = {k: v.clone().requires_grad_() for k, v in (state or {}).items()}
    given = () if not state else (tuple(state.values()) if len(state) == 2 else state["hidden"],)
    new = module(x, *given)
    found = dict(zip(("hidden", "cell"), new if isinstance(new, tuple) else (new,), strict=False))
    sources = {"x": x, **{f"given {k}": v for k, v in state.items()}, **dict(module.named_parameters())}
    gradients = torch.autograd.grad(weigh(found), list(sources.values()), allow_unused=True)
    kept = zip(sources, gradients, strict=True)
    return found | {f"gradient of {name}": g for name, g in kept if g is not None}


@each
@ways
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no_bias"])
@pytest.mark.parametrize("alone", [False, True], ids=["batch", "alone"])
@pytest.mark.parametrize("given", [True, False], ids=["state", "no_state"])
def test_new_states_and_gradients_equal_torchs(
    cell: Cell, way: str, bias: bool, alone: bool, given: bool
) -> None:
    theirs, ours = pair(cell, bias=bias)
    batch = () if alone else (3,)
    x = torch.randn(*batch, INPUT, dtype=torch.float64)
    state = (
        {name: torch.randn(*batch, HIDDEN, dtype=torch.float64) for name in cell.states} if given else None
    )
    expected = stepped(theirs, x, state)
    with on(way):
        actual = stepped(ours, x, state)
    if not given:  # torch may spare the gradient of weights that only met zeros; ours may or may not
        expected = {k: v for k, v in expected.items() if k in actual}
        actual = {k: v for k, v in actual.items() if k in expected}
    assert_same(actual, expected, EXACT)


@each
@ways
def test_float32_equals_torchs_to_the_stated_tolerance(cell: Cell, way: str) -> None:
    theirs, ours = pair(cell, dtype=torch.float32)
    x, state = torch.randn(3, INPUT), {name: torch.randn(3, HIDDEN) for name in cell.states}
    expected = stepped(theirs, x, state)
    with on(way):
        assert_same(stepped(ours, x, state), expected, SINGLE, SINGLE_GRADIENT)


@each
def test_the_same_seed_gives_torchs_parameters_names_order_and_repr(cell: Cell) -> None:
    torch.manual_seed(7)
    theirs = getattr(torch.nn, f"{cell.layer}Cell")(INPUT, HIDDEN, **cell.arguments)
    torch.manual_seed(7)
    ours = getattr(ph, f"{cell.layer}Cell")(INPUT, HIDDEN, **cell.arguments)
    assert_same(ours.state_dict(), theirs.state_dict(), 0)
    assert "matched" in str(theirs.load_state_dict(ours.state_dict()))
    assert repr(ours).replace("'", "") == repr(theirs).replace("'", "")


@each
def test_copies_and_pickles_compute_the_same(cell: Cell) -> None:
    _, ours = pair(cell)
    x = torch.randn(3, INPUT, dtype=torch.float64)
    expected = stepped(ours, x, None)
    for other in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert_same(stepped(other, x, None), expected, 0)


@each
@ways
def test_a_cell_stepped_by_hand_equals_the_layer_with_its_weights(cell: Cell, way: str) -> None:
    _, module = pair(cell)
    layer = getattr(ph, cell.layer)(INPUT, HIDDEN, **cell.arguments, dtype=torch.float64)
    layer.load_state_dict({f"{name}_l0": value for name, value in module.state_dict().items()})
    x, state, outputs = torch.randn(6, 2, INPUT, dtype=torch.float64), None, []
    with on(way):
        for x_t in x:
            state = module(x_t, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        torch.testing.assert_close(torch.stack(outputs), layer(x)[0], atol=EXACT, rtol=EXACT)
