"""Files in Keras 2's layout compute what Keras 2's equations say, written out here in NumPy."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from interchange.keras2_files import Layer, architecture, write

from peephole.errors import DataNotFoundError, InterchangeError, OptionError
from peephole.interchange.assembling import chain_of, dtype_of
from peephole.interchange.found import Found
from peephole.interchange.keras import reader as keras_reader

Array = np.ndarray
UNITS, FEATURES, TIME, BATCH = 4, 3, 6, 2
GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
SHARED = {
    "use_bias": True,
    "return_sequences": True,
    "go_backwards": False,
    "stateful": False,
    "dropout": 0.0,
}


def hard(x: Array) -> Array:
    return np.clip(0.2 * x + 0.5, 0, 1)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


FUNCTIONS = {"hard_sigmoid": hard, "sigmoid": sigmoid, "tanh": np.tanh, "relu": lambda x: np.maximum(x, 0)}


def keras2(kind: str, config: dict[str, Any], weights: list[Array], x: Array) -> Array:
    """Outputs of every step, (time, batch, units), as ``keras/layers/recurrent.py`` has them."""
    f = FUNCTIONS[config.get("recurrent_activation", "sigmoid")]
    g = FUNCTIONS[config.get("activation", "tanh")]
    kernel, recurrent, bias = weights
    h = c = np.zeros((x.shape[1], UNITS))
    outputs = []
    for x_t in x:
        if kind == "LSTM":
            z_i, z_f, z_c, z_o = np.split(x_t @ kernel + h @ recurrent + bias, 4, axis=1)
            c = f(z_f) * c + f(z_i) * g(z_c)
            h = f(z_o) * g(c)
        elif kind == "GRU":
            x_z, x_r, x_h = np.split(x_t @ kernel + (bias[0] if bias.ndim == 2 else bias), 3, axis=1)
            if bias.ndim == 2:  # reset_after
                h_z, h_r, h_h = np.split(h @ recurrent + bias[1], 3, axis=1)
                z = f(x_z + h_z)
                candidate = g(x_h + f(x_r + h_r) * h_h)
            else:
                u_z, u_r, u_h = np.split(recurrent, 3, axis=1)
                z = f(x_z + h @ u_z)
                candidate = g(x_h + (f(x_r + h @ u_r) * h) @ u_h)
            h = z * h + (1 - z) * candidate
        else:
            h = g(x_t @ kernel + bias + h @ recurrent)
        outputs.append(h)
    return np.stack(outputs)


def drawn(kind: str, seed: int = 0, *, inputs: int = FEATURES, reset_after: bool = False) -> list[Array]:
    chance = np.random.default_rng(seed)
    rows = GATES[kind] * UNITS
    shapes = [(inputs, rows), (UNITS, rows), (2, rows) if reset_after else (rows,)]
    return [chance.normal(0, 0.7, shape) for shape in shapes]


def named(prefix: str, weights: list[Array]) -> list[tuple[str, Array]]:
    names = ("kernel:0", "recurrent_kernel:0", "bias:0")
    return [(f"{prefix}/{name}", array) for name, array in zip(names, weights, strict=True)]


def outputs(found: Found, x: Array) -> Array:
    chain = chain_of(found.parts, dtype_of(found.parts))
    with torch.no_grad():
        return chain(torch.as_tensor(x))[0].numpy()


X = np.random.default_rng(9).normal(size=(TIME, BATCH, FEATURES))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("LSTM", {"activation": "tanh", "recurrent_activation": "hard_sigmoid"}),
        ("LSTM", {"activation": "relu", "recurrent_activation": "sigmoid"}),
        ("GRU", {"activation": "tanh", "recurrent_activation": "hard_sigmoid"}),
        ("GRU", {"activation": "tanh", "recurrent_activation": "hard_sigmoid", "reset_after": False}),
        ("GRU", {"activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True}),
        ("SimpleRNN", {"activation": "relu"}),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_layer_computes_keras_2s_equations(
    kind: str, options: dict[str, Any], backwards: bool, tmp_path: Path
) -> None:
    weights = drawn(kind, reset_after=bool(options.get("reset_after")))
    config = {"name": "lstm_1", "units": UNITS, **SHARED, **options, "go_backwards": backwards}
    path = write(tmp_path / "m.h5", [Layer(kind, config, named("lstm_1", weights))], version="2.2.4")
    found = keras_reader.read(path)
    wanted = keras2(kind, config, weights, X[::-1] if backwards else X)
    np.testing.assert_allclose(outputs(found, X), wanted, atol=1e-12, rtol=0)
    assert found.kind == "Keras 2.2.4 whole model (HDF5)"


@pytest.mark.parametrize(
    ("merge", "joined"), [("concat", None), ("sum", np.add), ("mul", np.multiply), ("ave", None)]
)
def test_two_directions_are_told_by_their_order(merge: str, joined: Any, tmp_path: Path) -> None:
    forward, backward = drawn("LSTM", 1), drawn("LSTM", 2)
    inner = {
        "name": "lstm",
        "units": UNITS,
        **SHARED,
        "activation": "tanh",
        "recurrent_activation": "hard_sigmoid",
    }
    config = {"name": "bi", "layer": {"class_name": "LSTM", "config": inner}, "merge_mode": merge}
    weights = [*named("bi/forward_lstm/lstm_cell", forward), *named("bi/backward_lstm/lstm_cell", backward)]
    found = keras_reader.read(write(tmp_path / "m.h5", [Layer("Bidirectional", config, weights)]))
    a = keras2("LSTM", inner, forward, X)
    b = keras2("LSTM", inner, backward, X[::-1])[::-1]
    join = joined or (lambda p, q: np.concatenate([p, q], -1) if merge == "concat" else (p + q) / 2)
    np.testing.assert_allclose(outputs(found, X), join(a, b), atol=1e-12, rtol=0)


def to_cudnn(kernel: Array, gates: int) -> Array:
    """The layout of Keras's cuDNN layers, as ``_convert_rnn_weights`` writes it: each gate's block transposed."""
    return np.hstack([block.T.reshape(block.shape, order="C") for block in np.hsplit(kernel, gates)])


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_cudnn_layers_are_turned_back(kind: str, tmp_path: Path) -> None:
    kernel, recurrent, _ = drawn(kind)
    gates = GATES[kind]
    both = np.random.default_rng(4).normal(size=2 * gates * UNITS)
    stored = [to_cudnn(kernel, gates), to_cudnn(recurrent, gates), both]
    config = {
        "name": "rnn",
        "units": UNITS,
        "return_sequences": True,
        "go_backwards": False,
        "stateful": False,
    }
    found = keras_reader.read(write(tmp_path / "m.h5", [Layer(f"CuDNN{kind}", config, named("rnn", stored))]))
    halves = np.split(both, 2)
    bias = sum(halves) if kind == "LSTM" else np.stack(halves)
    wanted = keras2(kind, {}, [kernel, recurrent, bias], X)
    np.testing.assert_allclose(outputs(found, X), wanted, atol=1e-12, rtol=0)


def deep(first: str = "lstm") -> list[Layer]:
    """An LSTM, dropout, a GRU of Keras 2's kind, and a Dense layer."""
    one = {
        "name": first,
        "units": UNITS,
        **SHARED,
        "activation": "tanh",
        "recurrent_activation": "hard_sigmoid",
    }
    two = {**one, "name": "gru", "return_sequences": False}
    dense = {"name": "dense", "units": 2, "activation": "linear", "use_bias": True}
    kernel, bias = np.random.default_rng(5).normal(size=(UNITS, 2)), np.array([0.5, -1.0])
    return [
        Layer("LSTM", one, named(f"{first}/lstm_cell", drawn("LSTM", 1))),
        Layer("Dropout", {"name": "dropout", "rate": 0.5}),
        Layer("GRU", two, named("gru/gru_cell", drawn("GRU", 2, inputs=UNITS))),
        Layer("Dense", dense, [("dense/kernel:0", kernel), ("dense/bias:0", bias)]),
    ]


def computed(layers: list[Layer]) -> Array:
    """What ``deep`` computes: one step, (1, batch, 2)."""
    first, _, second, last = layers
    middle = keras2("LSTM", first.config, [w for _, w in first.weights], X)
    end = keras2("GRU", second.config, [w for _, w in second.weights], middle)[-1:]
    return end @ last.weights[0][1] + last.weights[1][1]


@pytest.mark.parametrize("functional", [False, True])
def test_a_network_is_a_chain_of_its_layers(functional: bool, tmp_path: Path) -> None:
    layers = deep()
    described = architecture(layers, functional=functional)
    found = keras_reader.read(write(tmp_path / "m.h5", layers, described=described))
    assert found.chain == ("lstm", "gru", "dense")
    np.testing.assert_allclose(outputs(found, X), computed(layers), atol=1e-12, rtol=0)


@pytest.mark.parametrize("beside", ["weights.json", "model.json", "config.json"])
def test_weights_find_the_architecture_that_lies_beside_them(beside: str, tmp_path: Path) -> None:
    layers = deep()
    path = write(tmp_path / "weights.h5", layers, whole=False)
    (tmp_path / beside).write_text(json.dumps(architecture(layers)), encoding="utf-8")
    found = keras_reader.read(path)
    assert f"The architecture is that of {beside}, which lies beside it." in found.notes
    np.testing.assert_allclose(outputs(found, X), computed(layers), atol=1e-12, rtol=0)


def test_weights_take_an_architecture_of_other_names_in_order(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", deep("lstm_1"), whole=False)
    named_anew = tmp_path / "architecture"
    named_anew.write_text(json.dumps(architecture(deep("lstm_7"))), encoding="utf-8")
    found = keras_reader.read(path, config=named_anew)
    np.testing.assert_allclose(outputs(found, X), computed(deep()), atol=1e-12, rtol=0)
    assert any("taken in their order" in note for note in found.notes)


def test_another_json_file_beside_weights_is_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", deep(), whole=False)
    (tmp_path / "config.json").write_text('{"version": "1.0.0"}', encoding="utf-8")
    with pytest.raises(InterchangeError, match="cell_activation="):
        keras_reader.read(path)
    with pytest.raises(InterchangeError, match=r"config\.json is no architecture"):
        keras_reader.read(path, config=tmp_path / "config.json")


def test_weights_alone_are_told_by_shapes_and_names(tmp_path: Path) -> None:
    layers = deep()
    found = keras_reader.read(
        write(tmp_path / "w.h5", layers, whole=False),
        cell_activation="tanh",
        recurrent_activation="hard_sigmoid",
    )
    assert found.chain is None
    assert [(part.part.name, part.part.kind) for part in found.parts] == [
        ("lstm/lstm_cell", "recurrent"),
        ("gru/gru_cell", "recurrent"),
        ("dense", "dense"),
    ]
    np.testing.assert_allclose(
        outputs(_only(found, 0), X), keras2("LSTM", layers[0].config, drawn("LSTM", 1), X)
    )


def _only(found: Found, number: int) -> Found:
    return Found(found.kind, (found.parts[number],))


def test_a_gru_without_biases_asks_where_its_reset_gate_acts(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", [Layer("GRU", {"name": "g"}, named("g", drawn("GRU"))[:2])], whole=False)
    told = {"cell_activation": "tanh", "recurrent_activation": "sigmoid"}
    with pytest.raises(InterchangeError, match="reset_after="):
        keras_reader.read(path, **told)
    assert keras_reader.read(path, **told, reset_after=False).parts[0].part.options["reset_after"] is False  # type: ignore[union-attr]


def test_options_that_the_architecture_tells_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.h5", deep())
    with pytest.raises(OptionError, match="recurrent_activation"):
        keras_reader.read(path, recurrent_activation="sigmoid")


def test_a_model_inside_a_model_finds_its_weights_by_name(tmp_path: Path) -> None:
    layers = deep()
    inner = architecture(layers[:3])
    described = architecture([layers[3]])
    inner["config"]["name"] = "inner"
    described["config"]["layers"].insert(0, inner)
    weights = [w for layer in layers[:3] for w in layer.weights]
    # Frozen layers come last in a model's list, so order does not tell.
    stored = [Layer("Sequential", {"name": "inner"}, [*weights[3:], *weights[:3]]), layers[3]]
    found = keras_reader.read(write(tmp_path / "m.h5", stored, described=described))
    assert found.chain == ("inner/lstm", "inner/gru", "dense")
    np.testing.assert_allclose(outputs(found, X), computed(layers), atol=1e-12, rtol=0)


def test_the_list_of_layers_of_early_keras_2_is_read(tmp_path: Path) -> None:
    layers = deep()
    described = {"class_name": "Sequential", "config": architecture(layers)["config"]["layers"]}
    found = keras_reader.read(write(tmp_path / "m.h5", layers, version="2.1.6", described=described))
    np.testing.assert_allclose(outputs(found, X), computed(layers), atol=1e-12, rtol=0)


def test_long_lists_of_names_are_put_together(tmp_path: Path) -> None:
    import h5py

    path = write(tmp_path / "m.h5", deep())
    with h5py.File(path, "r+") as file:
        names = list(file["model_weights"].attrs["layer_names"])
        del file["model_weights"].attrs["layer_names"]
        file["model_weights"].attrs["layer_names0"] = names[:2]
        file["model_weights"].attrs["layer_names1"] = names[2:]
    assert keras_reader.read(path).chain == ("lstm", "gru", "dense")


@pytest.mark.parametrize(
    ("kind", "config", "reason"),
    [
        ("Lambda", {"name": "odd", "function": ["4wEAAAA", None, None]}, "never run"),
        (
            "AttentionDecoder",
            {"name": "odd", "units": 3},
            "no part of a chain is of the class AttentionDecoder",
        ),
        ("BatchNormalization", {"name": "odd"}, "no part of a chain"),
        ("Masking", {"name": "odd", "mask_value": 0.0}, "skipped in Keras"),
    ],
)
def test_what_cannot_be_expressed_is_left_out_by_name(
    kind: str, config: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    layers = deep()
    layers.insert(1, Layer(kind, config))
    found = keras_reader.read(write(tmp_path / "m.h5", layers))
    assert found.chain is None
    (entry,) = [entry for entry in found.left_out if entry.name == "odd"]
    assert reason in entry.reason
    assert [part.part.name for part in found.parts] == ["lstm", "gru", "dense"]


def test_a_class_of_the_authors_own_is_left_out_though_it_is_called_lstm(tmp_path: Path) -> None:
    layers = deep()
    described = architecture(layers)
    described["config"]["layers"][0] |= {"module": "mine", "registered_name": "mine>LSTM"}
    found = keras_reader.read(write(tmp_path / "m.h5", layers, described=described))
    assert [entry.reason for entry in found.left_out if entry.name == "lstm"] == [
        "its class is its author's own"
    ]


def test_two_outputs_of_two_directions_are_refused_with_the_reason(tmp_path: Path) -> None:
    inner = {
        "name": "lstm",
        "units": UNITS,
        **SHARED,
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
    }
    config = {"name": "bi", "layer": {"class_name": "LSTM", "config": inner}, "merge_mode": None}
    weights = [*named("f", drawn("LSTM", 1)), *named("b", drawn("LSTM", 2))]
    with pytest.raises(InterchangeError, match="'bi', its merge_mode is None"):
        keras_reader.read(write(tmp_path / "m.h5", [Layer("Bidirectional", config, weights)]))


def test_a_model_that_branches_hands_over_its_parts_and_says_where(tmp_path: Path) -> None:
    layers = deep()
    described = architecture(layers, functional=True)
    described["config"]["layers"][3]["inbound_nodes"] = [[["gru", 0, 0, {}], ["lstm", 0, 0, {}]]]
    found = keras_reader.read(write(tmp_path / "m.h5", layers, described=described))
    assert found.chain is None
    assert "the model branches: layer 'dense' reads 'gru', 'lstm'" in found.notes[-1]
    assert len(found.parts) == 3


def test_stateful_and_time_major_layers_are_told(tmp_path: Path) -> None:
    layers = deep()
    layers[0].config.update(stateful=True, time_major=True)
    notes = keras_reader.read(write(tmp_path / "m.h5", layers)).notes
    assert any("'lstm' is stateful" in note for note in notes)
    assert any("'lstm' reads (time, batch, features)" in note for note in notes)


def _damaged(layers: list[Layer], which: int, **config: Any) -> list[Layer]:
    layers[which].config.update(config)
    return layers


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"units": UNITS + 1}, "'lstm' .* shape"),
        ({"units": 10**12}, "'units' is 1000000000000"),
        ({"units": -1}, "'units' is -1"),
        ({"units": "many"}, "'units' is 'many'"),
        ({"units": None}, "'units' is None"),
        ({"use_bias": False}, "needs 2 arrays and the file has 3"),
        ({"use_bias": "yes"}, "'use_bias' is 'yes'"),
        ({"return_sequences": False}, "one step alone"),
    ],
)
def test_an_architecture_that_contradicts_its_weights_is_refused(
    config: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InterchangeError, match=said):
        keras_reader.read(write(tmp_path / "m.h5", _damaged(deep(), 0, **config)))


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    path = write(
        tmp_path / "w.h5",
        [*deep("lstm_9"), Layer("GRU", {"name": "more"}, named("more", drawn("GRU")))],
        whole=False,
    )
    (tmp_path / "w.json").write_text(json.dumps(architecture(deep())), encoding="utf-8")
    with pytest.raises(InterchangeError, match="do not belong together"):
        keras_reader.read(path)


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    import h5py

    path = write(tmp_path / "m.h5", deep())
    with h5py.File(path, "r+") as file:
        del file["model_weights/lstm/lstm/lstm_cell/bias:0"]
    with pytest.raises(InterchangeError, match="'lstm/lstm_cell/bias:0'"):
        keras_reader.read(path)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError):
        keras_reader.read(tmp_path / "no.h5")
