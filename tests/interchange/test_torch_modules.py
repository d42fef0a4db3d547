"""Live modules: their recurrent layers as parts that compute the same."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import peephole as ph
from peephole.errors import InterchangeError
from peephole.interchange.found import FoundPart
from peephole.interchange.pytorch.modules import found
from peephole.nn.chain import DensePart, EmbeddingPart, RecurrentPart
from peephole.nn.models import Network, NetworkConfig


def layer_of(part: FoundPart) -> Any:
    assert isinstance(part.part, RecurrentPart)
    layer = part.part.layer()
    layer.load_state_dict(dict(part.tensors))
    return layer.eval()


LAYERS: list[nn.Module] = [
    nn.LSTM(5, 4, 2, bidirectional=True, dropout=0.5),
    nn.LSTM(5, 4, proj_size=2, bias=False),
    nn.GRU(5, 4, 3),
    nn.RNN(5, 4, nonlinearity="relu", bidirectional=True),
    nn.GRU(5, 4, dtype=torch.float64),
    ph.LSTM(5, 4, peephole="diagonal", coupled=True, cell_clip=0.2),
    ph.LSTM(5, [4, 3], learned_state=True, layer_norm=True, bidirectional=True, merge="sum"),
    ph.LSTM(5, 4, 2, connection="highway", gate_activation="hard_sigmoid", forget_bias=1.0),
    ph.GRU(5, 4, reset_after=False, zoneout=0.2),
    ph.RNN(5, 4, nonlinearity=("leaky_relu", 0.1)),
]


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_a_layer_comes_back_as_one_that_computes_the_same(layer: nn.Module) -> None:
    layer = layer.eval()
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.3)
    result = found(nn.ModuleDict({"inner": layer}))
    (part,) = result.parts
    assert part.part.name == "inner"
    assert result.chain is None
    x = torch.randn(7, 3, 5, dtype=next(layer.parameters()).dtype)
    copy = layer_of(part)
    torch.testing.assert_close(copy.to(x.dtype)(x)[0], layer(x)[0], atol=1e-6, rtol=0)
    assert {value.dtype for value in part.tensors.values()} == {x.dtype}


CELLS: list[nn.Module] = [
    nn.LSTMCell(5, 4),
    nn.GRUCell(5, 4, bias=False),
    nn.RNNCell(5, 4, nonlinearity="relu"),
    ph.LSTMCell(5, 4, peephole="full", proj_size=2),
    ph.GRUCell(5, 4, reset_after=False),
]


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_cell_comes_back_as_a_layer_of_one(cell: nn.Module) -> None:
    result = found(cell)
    (part,) = result.parts
    assert result.chain == (part.part.name,)
    assert part.sources["weight_hh_l0"].endswith(".weight_hh")
    x, state = torch.randn(6, 3, 5), None
    for ours, x_t in zip(layer_of(part)(x)[0], x, strict=True):
        state = cell(x_t, state)
        hidden = state[0] if isinstance(state, tuple) else state
        torch.testing.assert_close(ours, hidden, atol=1e-6, rtol=0)


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(9, 5)
        self.norm = nn.LayerNorm(5)
        self.rnn = nn.LSTM(5, 4, batch_first=True)
        self.again = self.rnn
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(4, 2, bias=False)
        self.renormed = nn.Embedding(9, 5, max_norm=1.0)


def test_everything_else_is_told_by_its_class() -> None:
    result = found(Model())
    assert [part.part.name for part in result.parts] == ["embed", "rnn", "head"]
    assert [type(part.part) for part in result.parts] == [EmbeddingPart, RecurrentPart, DensePart]
    assert {left.name: left.reason for left in result.left_out} == {
        "norm": "LayerNorm is neither recurrent, embedding nor linear",
        "renormed": "its max_norm=1.0 changes the vectors whenever they are read",
    }
    assert result.notes == ("rnn: it was made with batch_first=True; here time comes first.",)


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("newer", [False, True])
def test_weight_norm_is_folded_in_as_it_is_now(newer: bool) -> None:
    layer = nn.LSTM(5, 4)
    norm: Any = nn.utils.parametrizations.weight_norm if newer else nn.utils.weight_norm
    norm(layer, "weight_hh_l0")
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    (part,) = found(layer).parts
    x = torch.randn(7, 3, 5)
    torch.testing.assert_close(layer_of(part)(x)[0], layer(x)[0], atol=1e-6, rtol=0)


class Own(nn.GRU):
    pass


def test_a_subclass_is_told() -> None:
    (note,) = found(Own(3, 2)).notes
    assert "Own is a subclass, whose own code was not read" in note


@pytest.mark.parametrize("embedding", [None, 3])
def test_our_own_networks_order_is_known(embedding: int | None) -> None:
    network = Network(
        NetworkConfig(
            cell="gru", input="symbols", input_size=7, output_size=7, embedding=embedding, hidden=4, layers=1
        )
    )
    result = found(network)
    assert result.chain == tuple(part.part.name for part in result.parts)


def test_a_module_is_not_changed_and_its_values_are_copied() -> None:
    layer = nn.LSTM(5, 4)
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    (part,) = found(layer).parts
    nn.init.zeros_(part.tensors["weight_ih_l0"])
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())


def test_a_module_without_recurrent_layers_is_refused() -> None:
    with pytest.raises(InterchangeError, match="it is made of Linear, Sequential"):
        found(nn.Sequential(nn.Linear(3, 2)))
