"""The network that is trained: symbols or numbers in, logits out, its configuration as JSON."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace

import pytest
import torch
from conformance.compare import EXACT
from conformance.rows import WAYS
from torch import Tensor

from peephole.errors import OptionError
from peephole.nn import ways
from peephole.nn.models import Network, NetworkConfig, detach

SYMBOLS = NetworkConfig(
    cell="lstm", input="symbols", input_size=7, output_size=7, embedding=None, hidden=5, layers=2
)
CONFIGS = [
    SYMBOLS,
    replace(SYMBOLS, cell="gru", embedding=4),
    replace(SYMBOLS, cell="rnn", input="numbers", input_size=3, output_size=1),
    replace(SYMBOLS, bidirectional=True),
    replace(SYMBOLS, peephole="diagonal", forget_bias=1.0),
]
NAMES = ("one_hot", "embedded", "numbers", "bidirectional", "peephole")
each = pytest.mark.parametrize("config", CONFIGS, ids=NAMES)


def inputs(config: NetworkConfig, time: int = 6, batch: int = 3) -> Tensor:
    if config.input == "symbols":
        return torch.randint(config.input_size, (time, batch))
    return torch.randn(time, batch, config.input_size)


@each
def test_logits_have_one_row_for_each_step_and_sequence(config: NetworkConfig) -> None:
    logits, state = Network(config)(inputs(config))
    assert logits.shape == (6, 3, config.output_size)
    hidden = state[0] if isinstance(state, tuple) else state
    assert hidden.shape == (config.layers * (2 if config.bidirectional else 1), 3, config.hidden)


@each
def test_a_configuration_survives_json(config: NetworkConfig) -> None:
    again = NetworkConfig.from_json(json.loads(json.dumps(config.to_json())))
    assert again == config
    with pytest.raises(FrozenInstanceError):
        again.hidden = 3


@each
def test_a_network_rebuilt_from_its_configuration_and_weights_computes_the_same(
    config: NetworkConfig,
) -> None:
    network, x = Network(config).eval(), inputs(config)
    again = Network(NetworkConfig.from_json(config.to_json())).eval()
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(x)[0], network(x)[0])


@each
def test_chunks_with_the_state_carried_over_equal_the_whole(config: NetworkConfig) -> None:
    config = replace(config, bidirectional=False)
    network, x = Network(config).double(), inputs(config)
    x = x if config.input == "symbols" else x.double()
    whole, _ = network(x)
    first, state = network(x[:2])
    second, _ = network(x[2:], detach(state))
    torch.testing.assert_close(torch.cat([first, second]), whole, atol=EXACT, rtol=EXACT)


@each
def test_a_detached_state_has_no_past(config: NetworkConfig) -> None:
    _, state = Network(config)(inputs(config))
    for value in detach(state) if isinstance(state, tuple) else (detach(state),):
        assert not value.requires_grad
    assert isinstance(detach(state), type(state))


@each
@pytest.mark.parametrize("way", WAYS)
def test_lengths_make_each_sequence_as_if_alone(config: NetworkConfig, way: str) -> None:
    if config.peephole and way == "vendor":
        pytest.skip("torch's operation has no peepholes")
    network, x, lengths = Network(config).double(), inputs(config), torch.tensor([2, 6, 4])
    x = x if config.input == "symbols" else x.double()
    with ways.forced(way):
        logits, state = network(x, lengths=lengths)
        for b, length in enumerate(lengths.tolist()):
            alone, last = network(x[:length, [b]])
            torch.testing.assert_close(logits[:length, [b]], alone, atol=EXACT, rtol=EXACT)
            for ours, own in zip(parts(state), parts(last), strict=True):
                torch.testing.assert_close(ours[:, [b]], own, atol=EXACT, rtol=EXACT)
    assert logits.shape[0] == 6


def test_garbage_past_the_lengths_reaches_no_logit_and_no_gradient() -> None:
    config = replace(SYMBOLS, input="numbers", input_size=3, bidirectional=True)
    network, lengths = Network(config), torch.tensor([2, 6, 4])
    x = inputs(config)
    dirty = x.clone()
    for b, length in enumerate(lengths.tolist()):
        dirty[length:, b] = float("nan")
    valid = torch.arange(6)[:, None] < lengths
    found = []
    for given in (x, dirty):
        given.requires_grad_()
        logits, _ = network(given, lengths=lengths)
        found.append(
            (logits[valid], *torch.autograd.grad(logits[valid].sum(), [given, *network.parameters()]))
        )
    for clean, garbage in zip(*found, strict=True):
        assert torch.equal(clean, garbage)
    assert not found[1][1][~valid].any()


def test_one_hot_symbols_equal_an_embedding_by_the_identity() -> None:
    torch.manual_seed(0)
    one_hot = Network(SYMBOLS)
    embedded = Network(replace(SYMBOLS, embedding=7))
    embedded.load_state_dict(one_hot.state_dict(), strict=False)
    embedded.embedding.weight.data.copy_(torch.eye(7))
    x = inputs(SYMBOLS)
    torch.testing.assert_close(one_hot(x)[0], embedded(x)[0])


@pytest.mark.parametrize(
    "wrong",
    [
        {"hidden": 0},
        {"layers": 0},
        {"cell": "transformer"},
        {"embedding": 0},
        {"input": "smells"},
        {"dropout": 1.5},
        {"cell": "gru", "peephole": "diagonal"},
        {"peephole": "sideways"},
    ],
    ids=str,
)
def test_a_configuration_out_of_range_names_the_option_and_the_value(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError) as caught:
        Network(replace(SYMBOLS, **wrong))
    name, value = list(wrong.items())[-1]
    assert name in str(caught.value)
    assert str(value) in str(caught.value)


def parts(state: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)
