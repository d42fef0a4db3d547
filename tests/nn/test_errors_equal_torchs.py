"""Mistakes in a constructor or a call that torch makes too: an error of its type, which names every number of its."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
import torch
from conformance.compare import on
from conformance.rows import HIDDEN, INPUT, WAYS
from torch.nn.utils.rnn import pack_padded_sequence

import peephole as ph

LAYERS = ("RNN", "LSTM", "GRU")
CELLS = ("RNNCell", "LSTMCell", "GRUCell")


def error_of(action: Callable[[], object]) -> Exception | None:
    """What an action raises; None if it does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            action()
        except Exception as error:  # noqa: BLE001 - whatever torch raises is the expectation
            return error
    return None


def assert_fails_as_torch_does(action: Callable[[ModuleType], object]) -> None:
    """Ours raises what torch raises (or a subtype), and names every number that torch's message names."""
    theirs = error_of(lambda: action(torch.nn))
    assert theirs is not None, "torch accepts this: the case is wrong"
    ours = error_of(lambda: action(ph))
    assert isinstance(ours, type(theirs)), f"torch: {theirs!r}; ours: {ours!r}"
    assert numbers_in(theirs) <= numbers_in(ours), f"torch: {theirs}; ours: {ours}"
    assert str(ours).strip()
    assert "\n" not in str(ours)


def numbers_in(error: Exception) -> set[str]:
    """The sizes that a message names: its numbers, but for places ("hidden[0]", "dimension 1")."""
    return set(re.findall(r"\b\d+\b", re.sub(r"\w\[\d\]|dimension \d", "", str(error))))


CONSTRUCTIONS: list[dict[str, Any]] = [
    {"input_size": 0},
    {"input_size": -1},
    {"input_size": 2.5},
    {"hidden_size": 0},
    {"hidden_size": -3},
    {"hidden_size": 2.5},
    {"hidden_size": "three"},
    {"num_layers": 0},
    {"num_layers": -1},
    {"dropout": -0.1},
    {"dropout": 1.1},
    {"dropout": True},
    {"dropout": "half"},
    {"bias": 0},
    {"bias": "True"},
    {"batch_first": 1},
    {"batch_first": "False"},
    {"unknown": 1},
]


@pytest.mark.parametrize("wrong", CONSTRUCTIONS, ids=str)
@pytest.mark.parametrize("layer", LAYERS)
def test_a_constructor_fails_as_torchs(layer: str, wrong: dict[str, Any]) -> None:
    assert_fails_as_torch_does(
        lambda home: getattr(home, layer)(**({"input_size": INPUT, "hidden_size": HIDDEN} | wrong))
    )


@pytest.mark.parametrize(
    ("layer", "wrong"),
    [
        ("LSTM", {"proj_size": -1}),
        ("LSTM", {"proj_size": HIDDEN}),
        ("LSTM", {"proj_size": HIDDEN + 1}),
        ("RNN", {"proj_size": 2}),
        ("GRU", {"proj_size": 2}),
        ("RNN", {"nonlinearity": "sine"}),
        ("LSTM", {"nonlinearity": "tanh"}),
        ("GRU", {"nonlinearity": "tanh"}),
    ],
    ids=str,
)
def test_a_cells_own_arguments_fail_as_torchs(layer: str, wrong: dict[str, Any]) -> None:
    assert_fails_as_torch_does(lambda home: getattr(home, layer)(INPUT, HIDDEN, **wrong))


@pytest.mark.parametrize("layer", LAYERS)
def test_missing_arguments_fail_as_torchs(layer: str) -> None:
    assert_fails_as_torch_does(lambda home: getattr(home, layer)())
    assert_fails_as_torch_does(lambda home: getattr(home, layer)(INPUT))


def test_dropout_on_one_layer_warns_as_torch_does() -> None:
    for home in (torch.nn, ph):
        with pytest.warns(UserWarning, match="num_layers"):
            home.LSTM(INPUT, HIDDEN, 1, dropout=0.5)


@dataclass(frozen=True)
class Call:
    """A wrong call: the layer's arguments, the input, and the states of an RNN or GRU (doubled for an LSTM)."""

    name: str
    x: Callable[[], Any]
    state: Callable[[], Any] | None = None
    arguments: tuple[tuple[str, Any], ...] = ()


def packed(*size: int) -> Any:
    return pack_padded_sequence(torch.randn(*size), torch.tensor([5, 3]))


CALLS = (
    Call("wrong feature size", lambda: torch.randn(5, 2, INPUT + 1)),
    Call("wrong feature size, alone", lambda: torch.randn(5, INPUT + 1)),
    Call("wrong feature size, packed", lambda: packed(5, 2, INPUT + 1)),
    Call("one dimension", lambda: torch.randn(INPUT)),
    Call("four dimensions", lambda: torch.randn(5, 2, 1, INPUT)),
    Call("another float type", lambda: torch.randn(5, 2, INPUT, dtype=torch.float64)),
    Call("half", lambda: torch.randn(5, 2, INPUT).half()),
    Call("whole numbers", lambda: torch.ones(5, 2, INPUT, dtype=torch.int64)),
    Call("no steps", lambda: torch.randn(0, 2, INPUT)),
    Call("state of another batch", lambda: torch.randn(5, 2, INPUT), lambda: torch.randn(1, 3, HIDDEN)),
    Call("state of another size", lambda: torch.randn(5, 2, INPUT), lambda: torch.randn(1, 2, HIDDEN + 1)),
    Call("state of two layers", lambda: torch.randn(5, 2, INPUT), lambda: torch.randn(2, 2, HIDDEN)),
    Call("state without a batch", lambda: torch.randn(5, 2, INPUT), lambda: torch.randn(1, HIDDEN)),
    Call("state with a batch, alone", lambda: torch.randn(5, INPUT), lambda: torch.randn(1, 1, HIDDEN)),
    Call("state of another batch, packed", lambda: packed(5, 2, INPUT), lambda: torch.randn(1, 3, HIDDEN)),
    Call(
        "state with batch first",
        lambda: torch.randn(2, 5, INPUT),
        lambda: torch.randn(2, 1, HIDDEN),
        (("batch_first", True),),
    ),
    Call(
        "state of one direction",
        lambda: torch.randn(5, 2, INPUT),
        lambda: torch.randn(1, 2, HIDDEN),
        (("bidirectional", True),),
    ),
    Call(
        "state of another float type",
        lambda: torch.randn(5, 2, INPUT),
        lambda: torch.randn(1, 2, HIDDEN, dtype=torch.float64),
    ),
    Call("a list", lambda: [[1.0] * INPUT]),
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
@pytest.mark.parametrize("layer", LAYERS)
def test_a_call_fails_as_torchs_on_every_way(layer: str, call: Call, way: str) -> None:
    def action(home: ModuleType) -> object:
        module = getattr(home, layer)(INPUT, HIDDEN, **dict(call.arguments))
        if call.state is None:
            return module(call.x())
        state = call.state()
        return module(call.x(), (state, state) if layer == "LSTM" else state)

    with on(way):
        assert_fails_as_torch_does(action)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "state",
    [
        lambda: (torch.randn(1, 2, 2), torch.randn(1, 2, 2)),
        lambda: (torch.randn(1, 2, HIDDEN), torch.randn(1, 2, HIDDEN)),
        lambda: (torch.randn(1, 2, HIDDEN), torch.randn(1, 2, 2)),
        lambda: (torch.randn(1, 2), torch.randn(1, 2, HIDDEN)),
    ],
    ids=["small cell", "big hidden", "swapped", "mixed dimensions"],
)
def test_an_lstms_states_with_a_projection_fail_as_torchs(state: Callable[[], Any], way: str) -> None:
    with on(way):
        assert_fails_as_torch_does(
            lambda home: home.LSTM(INPUT, HIDDEN, proj_size=2)(torch.randn(5, 2, INPUT), state())
        )


def test_a_peephole_layer_fails_as_torchs_plain_one() -> None:
    def action(home: ModuleType, call: Call) -> object:
        options = {"peephole": "diagonal"} if home is ph else {}
        module = home.LSTM(INPUT, HIDDEN, **dict(call.arguments), **options)
        state = call.state and call.state()
        return module(call.x(), None if state is None else (state, state))

    for call in CALLS:
        assert_fails_as_torch_does(lambda home, call=call: action(home, call))


CELL_CALLS = (
    Call("wrong feature size", lambda: torch.randn(2, INPUT + 1), lambda: torch.randn(2, HIDDEN)),
    Call("wrong state size", lambda: torch.randn(2, INPUT), lambda: torch.randn(2, HIDDEN + 1)),
    Call("another batch", lambda: torch.randn(2, INPUT), lambda: torch.randn(3, HIDDEN)),
    Call("state of four dimensions", lambda: torch.randn(2, INPUT), lambda: torch.randn(2, 1, 1, HIDDEN)),
    Call("input of three dimensions", lambda: torch.randn(5, 2, INPUT)),
    Call("wrong feature size alone", lambda: torch.randn(INPUT + 1)),
    Call("another float type", lambda: torch.randn(2, INPUT, dtype=torch.float64)),
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("call", CELL_CALLS, ids=lambda call: call.name)
@pytest.mark.parametrize("cell", CELLS)
def test_a_cells_call_fails_as_torchs(cell: str, call: Call, way: str) -> None:
    def action(home: ModuleType) -> object:
        module = getattr(home, cell)(INPUT, HIDDEN)
        if call.state is None:
            return module(call.x())
        state = call.state()
        return module(call.x(), (state, state) if cell == "LSTMCell" else state)

    with on(way):
        assert_fails_as_torch_does(action)


def test_an_rnn_cells_unknown_nonlinearity_is_refused_at_once_as_that_of_a_layer_is() -> None:
    # torch.nn.RNNCell only notices when it is called; a constructor that refuses helps more.
    with pytest.raises(ValueError, match="sine"):
        ph.RNNCell(INPUT, HIDDEN, nonlinearity="sine")


@pytest.mark.parametrize(
    "state", [(torch.zeros(1, 2, HIDDEN),), torch.zeros(1, 2, HIDDEN)], ids=["one", "tensor"]
)
@pytest.mark.parametrize("way", WAYS)
def test_an_lstm_given_a_state_without_a_cell_says_what_a_state_is(way: str, state: Any) -> None:
    # torch fails by accident here, with whatever unpacking raises.
    with on(way), pytest.raises(RuntimeError, match="hidden, cell"):
        ph.LSTM(INPUT, HIDDEN)(torch.randn(5, 2, INPUT), state)


@pytest.mark.parametrize("way", WAYS)
def test_a_state_dict_that_does_not_fit_is_refused_with_the_names(way: str) -> None:
    with on(way), pytest.raises(RuntimeError, match="weight_peephole_l0"):
        ph.LSTM(INPUT, HIDDEN, peephole="diagonal").load_state_dict(torch.nn.LSTM(INPUT, HIDDEN).state_dict())
    with on(way), pytest.raises(RuntimeError, match="size mismatch"):
        ph.LSTM(INPUT, HIDDEN).load_state_dict(torch.nn.LSTM(INPUT, HIDDEN + 1).state_dict())


def test_an_unknown_way_is_refused_with_the_ways_there_are() -> None:
    with pytest.raises(ValueError, match="sideways") as caught, on("sideways"):
        pass
    assert all(way in str(caught.value) for way in WAYS)


def test_a_layer_that_torch_cannot_run_stays_on_the_reference_way_and_says_why() -> None:
    layer = ph.LSTM(INPUT, HIDDEN, peephole="diagonal")
    with on("vendor"):
        assert "reference" in layer.explain()
        layer(torch.randn(5, 2, INPUT))


def test_forcing_a_way_ends_with_the_context_also_after_an_error() -> None:
    layer = ph.LSTM(INPUT, HIDDEN)
    before = layer.explain()
    with on("reference"):
        assert "reference" in layer.explain()
    assert layer.explain() == before
    with pytest.raises(ArithmeticError), on("reference"):
        raise ArithmeticError
    assert layer.explain() == before
