"""What is written for Keras computes in Keras what it computes here; what Keras lacks is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))

from interchange.keras_process import Made, Model, layer, run

import peephole as ph
from peephole.errors import InterchangeError
from peephole.interchange.assembling import chain_of
from peephole.interchange.keras import reader as keras_reader
from peephole.interchange.keras.writer import KerasArrays, to_keras_arrays
from peephole.nn.chain import ActivationPart, ChainConfig, DensePart, EmbeddingPart, Part, RecurrentPart
from peephole.nn.chain_network import Chain
from peephole.nn.models import Network, NetworkConfig

ROUNDING = 2e-6  # Keras computes in float32
TIME, BATCH = 6, 3

torch.manual_seed(5)
NUMBERS = torch.randn(TIME, BATCH, 4)
IDS = torch.randint(0, 5, (TIME, BATCH))

LAYERS: dict[str, ph.LSTM | ph.GRU | ph.RNN] = {
    "lstm": ph.LSTM(4, 3),
    "lstm-deep-no-bias": ph.LSTM(4, 3, 2, bias=False),
    "lstm-functions": ph.LSTM(
        4, 3, gate_activation="hard_sigmoid_6", input_activation="softsign", output_activation="softsign"
    ),
    "lstm-widths": ph.LSTM(4, [5, 2], bidirectional=True),
    "lstm-training": ph.LSTM(4, 3, 2, dropout=0.5, recurrent_dropout=0.2, forget_bias=1.0),
    "gru": ph.GRU(4, 3),
    "gru-before": ph.GRU(4, 3, reset_after=False, gate_activation="hard_sigmoid_6"),
    "gru-both-sum": ph.GRU(4, 3, 2, bidirectional=True, merge="sum"),
    "gru-both-mean": ph.GRU(4, 3, bidirectional=True, merge="mean", bias=False),
    "rnn-both-product": ph.RNN(4, 3, 2, "relu", bidirectional=True, merge="product"),
    "rnn-leaky": ph.RNN(4, 3, nonlinearity=("leaky_relu", 0.2)),
    "rnn-identity": ph.RNN(4, 3, nonlinearity="identity"),
    "lstm-reverse": ph.LSTM(4, 3, 3, reverse=True),
    "gru-reverse": ph.GRU(4, 3, reverse=True),
}


def _chain(*parts: Part) -> Chain:
    return Chain(ChainConfig(parts)).eval()


def _recurrent(
    name: str, cell: Any, returns: Any = "sequence", flipped: bool = False, **options: Any
) -> RecurrentPart:
    return RecurrentPart(name=name, cell=cell, options=options, returns=returns, flipped=flipped)


NETWORKS: dict[str, tuple[nn.Module, torch.Tensor]] = {
    "network": (
        Network(
            NetworkConfig(
                cell="gru",
                input="symbols",
                input_size=5,
                output_size=2,
                embedding=4,
                hidden=3,
                layers=2,
                bidirectional=True,
            )
        ),
        IDS,
    ),
    "chain": (
        _chain(
            EmbeddingPart(name="words", symbols=5, size=4, masked=0),
            _recurrent("up", "lstm", input_size=4, hidden_size=3, bidirectional=True),
            _recurrent("down", "gru", "last", input_size=6, hidden_size=2, reset_after=False),
            DensePart(name="out", inputs=2, outputs=3, activation="softmax"),
        ),
        IDS,
    ),
    "chain-functions": (
        _chain(
            _recurrent("up", "lstm", input_size=4, hidden_size=3),
            ActivationPart(name="between", size=3, activation="relu"),
            _recurrent("down", "gru", input_size=3, hidden_size=2),
            ActivationPart(name="before", size=2, activation=("leaky_relu", 0.2)),
            DensePart(name="out", inputs=2, outputs=3, activation="tanh"),
            ActivationPart(name="after", size=3, activation="softmax"),
        ),
        NUMBERS,
    ),
    "chain-flipped": (
        _chain(
            DensePart(name="in", inputs=4, outputs=2, activation="relu", bias=False),
            _recurrent("back", "lstm", flipped=True, input_size=2, hidden_size=3, reverse=True),
            _recurrent("end", "rnn", "last", input_size=3, hidden_size=2, reverse=True),
        ),
        NUMBERS,
    ),
}


def _model(name: str, module: nn.Module, x: torch.Tensor) -> Model:
    written = to_keras_arrays(module)
    specs = []
    for one in written:
        spec = layer(one.kind, **one.config)
        specs.append(
            spec if one.merge_mode is None else layer("Bidirectional", layer=spec, merge_mode=one.merge_mode)
        )
    return Model(name, specs, x.swapaxes(0, 1).numpy(), ["keras"], arrays=[one.arrays for one in written])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    models = [_model(name, module, NUMBERS) for name, module in LAYERS.items()]
    models += [_model(name, module, x) for name, (module, x) in NETWORKS.items()]
    return run(models, tmp_path_factory.mktemp("keras"))


def _time_first(output: np.ndarray) -> torch.Tensor:
    tensor = torch.as_tensor(output)
    return tensor.swapaxes(0, 1) if tensor.ndim == 3 else tensor.unsqueeze(0)


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_keras_computes_what_the_layer_does(name: str, made: dict[str, Made]) -> None:
    own = LAYERS[name].eval()
    with torch.no_grad():
        wanted, _ = own(NUMBERS)
    output = _time_first(made[name].output)
    torch.testing.assert_close(output.flip(0) if own.reverse else output, wanted, atol=ROUNDING, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_keras_computes_what_the_network_does(name: str, made: dict[str, Made]) -> None:
    module, x = NETWORKS[name]
    with torch.no_grad():
        wanted, _ = module.eval()(x)
    torch.testing.assert_close(_time_first(made[name].output), wanted, atol=ROUNDING, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*LAYERS, *NETWORKS])
def test_what_keras_saves_of_it_comes_back_the_same(name: str, made: dict[str, Made]) -> None:
    module, x = NETWORKS[name] if name in NETWORKS else (LAYERS[name], NUMBERS)
    found = keras_reader.read(made[name].files["keras"])
    assert found.chain is not None
    back = chain_of(found.parts, torch.float32)
    with torch.no_grad():
        wanted, _ = module.eval()(x)
        output, _ = back(x)
    turned = isinstance(module, ph.LSTM | ph.GRU | ph.RNN) and module.reverse
    torch.testing.assert_close(output.flip(0) if turned else output, wanted, atol=1e-6, rtol=0)


def test_arrays_are_of_keras_shapes_and_order() -> None:
    own = ph.LSTM(4, 3)
    (written,) = to_keras_arrays(own)
    kernel, recurrent, bias = written.arrays
    assert (kernel.shape, recurrent.shape, bias.shape) == ((4, 12), (3, 12), (12,))
    np.testing.assert_array_equal(kernel, own.weight_ih_l0.detach().numpy().T)
    np.testing.assert_allclose(bias, (own.bias_ih_l0 + own.bias_hh_l0).detach().numpy(), atol=1e-7)
    gru = ph.GRU(4, 3)
    (written,) = to_keras_arrays(gru)
    r, z, n = gru.weight_ih_l0.detach().split(3)
    np.testing.assert_array_equal(written.arrays[0], torch.cat([z, r, n]).T.numpy())
    assert written.arrays[2].shape == (2, 9)


def test_writing_leaves_the_layer_alone() -> None:
    own = ph.GRU(4, 3)
    before = {name: value.clone() for name, value in own.state_dict().items()}
    for one in to_keras_arrays(own):
        for array in one.arrays:
            array[...] = 7
    assert all(torch.equal(before[name], value) for name, value in own.state_dict().items())


def test_hard_sigmoids_are_those_of_the_version_that_is_written_for() -> None:
    six, fifth = ph.GRU(2, 2, gate_activation="hard_sigmoid_6"), ph.GRU(2, 2, gate_activation="hard_sigmoid")
    assert _function(to_keras_arrays(six)) == "hard_sigmoid"
    assert _function(to_keras_arrays(fifth, keras_version=2)) == "hard_sigmoid"
    with pytest.raises(InterchangeError, match="gate_activation='hard_sigmoid'"):
        to_keras_arrays(fifth)
    with pytest.raises(InterchangeError, match="gate_activation='hard_sigmoid_6'"):
        to_keras_arrays(six, keras_version=2)


def _function(written: tuple[KerasArrays, ...]) -> Any:
    return written[0].config["recurrent_activation"]


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (ph.LSTM(4, 3, peephole="diagonal"), "peephole='diagonal'"),
        (ph.LSTM(4, 3, coupled=True), "coupled=True"),
        (ph.LSTM(4, 3, output_gate=False), "output_gate=False"),
        (ph.LSTM(4, 3, proj_size=2), "proj_size=2"),
        (ph.LSTM(4, 3, layer_norm=True), "layer_norm=True"),
        (ph.LSTM(4, 3, cell_clip=1.0), "cell_clip=1.0"),
        (ph.LSTM(4, 3, zoneout=(0.1, 0.1)), "zoneout="),
        (ph.LSTM(4, 3, full_gate_recurrence=True), "full_gate_recurrence=True"),
        (
            ph.LSTM(4, 3, output_activation="identity"),
            "input_activation='tanh' and output_activation='identity'",
        ),
        (ph.GRU(4, 3, learned_state=True), "learned_state=True"),
        (ph.GRU(3, 3, 2, connection="residual"), "connection='residual'"),
        (ph.GRU(4, 3, gate_clip=2.0), "gate_clip=2.0"),
        (ph.RNN(4, 3, nonlinearity=("leaky_relu", 0.01)), "nonlinearity="),
        (ph.RNN(4, 3, nonlinearity="scaled_tanh"), "nonlinearity='scaled_tanh'"),
        (nn.LSTM(4, 3), "got LSTM"),
        (_chain(_recurrent("r", "gru", input_size=4, hidden_size=2, reverse=True)), "'r': .* reversed"),
        (_chain(_recurrent("r", "gru", flipped=True, input_size=4, hidden_size=2)), "'r': .* reversed"),
        (
            _chain(
                EmbeddingPart(name="e", symbols=4, size=2, masked=3),
                _recurrent("r", "gru", input_size=2, hidden_size=2),
            ),
            "masked=3",
        ),
    ],
)
def test_what_keras_lacks_is_refused_with_the_option(own: nn.Module, said: str) -> None:
    with pytest.raises(InterchangeError, match=said):
        to_keras_arrays(own)


def test_an_imported_network_is_written_as_its_chain_is(tmp_path: Path) -> None:
    torch.save(ph.LSTM(4, 3).state_dict(), tmp_path / "one.pt")
    network = ph.load(tmp_path / "one.pt")
    ours, chains = to_keras_arrays(network), to_keras_arrays(network.wired())
    assert [one.kind for one in ours] == [one.kind for one in chains] == ["LSTM"]
    for own, its in zip(ours[0].arrays, chains[0].arrays, strict=True):
        np.testing.assert_array_equal(own, its)


def test_an_imported_network_without_an_order_is_refused(tmp_path: Path) -> None:
    torch.save([ph.LSTM(4, 3).state_dict(), ph.GRU(3, 2).state_dict()], tmp_path / "two.pt")
    with pytest.raises(InterchangeError, match="'0', '1' are wired: choose by layer="):
        to_keras_arrays(ph.load(tmp_path / "two.pt"))
