"""Files that Keras 3 wrote: what is read from them computes what Keras computes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from interchange.keras_process import Made, Model, layer, run

from peephole.errors import InterchangeError
from peephole.interchange.assembling import chain_of, dtype_of
from peephole.interchange.found import Found
from peephole.interchange.keras import reader as keras_reader

CHANCE = np.random.default_rng(3)
TIME, BATCH, FEATURES, SYMBOLS = 7, 3, 5, 6

ROUNDING = 2e-6  # Keras computes in float32, float64 layers on its torch backend too

NUMBERS = CHANCE.normal(size=(BATCH, TIME, FEATURES)).astype(np.float32)
IDS = CHANCE.integers(1, SYMBOLS, size=(BATCH, TIME))
MASKED = IDS.copy()
MASKED[0, 4:] = 0  # padding at the end, at the beginning, and in the middle
MASKED[1, :2] = 0
MASKED[2, [1, 3, 4]] = 0

CELLS = {
    "LSTM": [
        {},
        {"recurrent_activation": "hard_sigmoid", "activation": "softsign"},
        {"use_bias": False, "activation": "relu"},
    ],
    "GRU": [
        {},
        {"reset_after": False, "recurrent_activation": "hard_sigmoid"},
        {"activation": "elu", "use_bias": False},
    ],
    "SimpleRNN": [{}, {"activation": "leaky_relu"}, {"activation": "gelu", "use_bias": False}],
}
WRAPS = ("forward", "backward", "concat", "sum", "mul", "ave")
FORMATS = ("keras", "h5", "weights")


def _cells() -> list[Model]:
    """Each cell × directions and merges; masks, what is returned, options and formats take turns."""
    models = []
    for kind, variants in CELLS.items():
        for number, wrap in enumerate(WRAPS):
            for sequences in (False, True):
                turn = len(models)
                masked = (number + sequences) % 2 == 1
                config = {"units": 4, "return_sequences": sequences, **variants[turn // 2 % len(variants)]}
                if wrap == "backward":
                    config["go_backwards"] = True
                inner = layer(kind, **config)
                if wrap not in ("forward", "backward"):
                    inner = layer("Bidirectional", layer=inner, merge_mode=wrap)
                before = (
                    [layer("Embedding", input_dim=SYMBOLS, output_dim=4, mask_zero=True)] if masked else []
                )
                models.append(
                    Model(
                        f"{kind}-{wrap}-{'masked' if masked else 'full'}-{'all' if sequences else 'last'}",
                        [*before, inner, layer("Dense", units=2, activation="tanh")],
                        MASKED if masked else NUMBERS,
                        save=[FORMATS[(turn + turn // 3) % 3]],
                        functional=bool(turn // 2 % 2),
                    )
                )
    return models


INNER = layer(
    "Sequential", layers=[layer("LSTM", units=4, return_sequences=True), layer("LSTM", units=3)], name="inner"
)
STACK = [layer("LSTMCell", units=3), layer("GRUCell", units=4), layer("LSTMCell", units=2)]
BOTH = [
    layer("Bidirectional", layer=layer("LSTM", units=3, return_sequences=True)),
    layer("Dropout", rate=0.5),
    layer("GRU", units=4, return_sequences=True),
]
MODELS = [
    *_cells(),
    *(
        Model(
            f"deep-{how}",
            [
                layer("Embedding", input_dim=SYMBOLS, output_dim=4),
                *BOTH,
                layer("TimeDistributed", layer=layer("Dense", units=2, activation="softmax")),
            ],
            IDS,
            save=FORMATS,
            functional=how == "functional",
        )
        for how in ("sequential", "functional")
    ),
    *(
        Model(f"nested-{how}", [INNER, layer("Dense", units=2)], NUMBERS, FORMATS, how == "functional")
        for how in ("sequential", "functional")
    ),
    Model("stack", [layer("RNN", cells=STACK, return_sequences=True)], NUMBERS, FORMATS),
    Model(
        "stack-backward",
        [layer("RNN", cells=STACK, go_backwards=True, return_sequences=True)],
        NUMBERS,
        FORMATS,
    ),
    Model("double", [layer("LSTM", units=3)], NUMBERS, FORMATS, dtype="float64"),
    Model("cell", [layer("RNN", cells=[layer("GRUCell", units=3, reset_after=False)])], NUMBERS, FORMATS),
    Model(
        "activation-layer",
        [
            layer("GRU", units=3),
            layer("Dense", units=4),
            layer("Dropout", rate=0.1),
            layer("Activation", activation="softmax"),
        ],
        NUMBERS,
        FORMATS,
    ),
    Model("leaky", [layer("GRU", units=3), layer("Dense", units=4), layer("LeakyReLU")], NUMBERS, ["keras"]),
    Model("masking", [layer("Masking", mask_value=0.0), layer("LSTM", units=3)], NUMBERS, ["keras"], True),
    Model(
        "two-backward-masked",
        [
            layer("Embedding", input_dim=SYMBOLS, output_dim=4, mask_zero=True),
            layer("LSTM", units=3, go_backwards=True, return_sequences=True),
            layer("LSTM", units=3),
        ],
        MASKED,
        ["keras"],
    ),
    Model(
        "twins",
        [
            layer(
                "Bidirectional",
                layer=layer("LSTM", units=3),
                backward_layer=layer("LSTM", units=3, activation="relu", go_backwards=True),
            )
        ],
        NUMBERS,
        ["keras"],
    ),
    Model(
        "exponential",
        [layer("SimpleRNN", units=3, activation="exponential"), layer("GRU", units=2)][:1],
        NUMBERS,
        ["keras"],
    ),
    Model(
        "convolution", [layer("Conv1D", filters=3, kernel_size=2), layer("LSTM", units=3)], NUMBERS, ["keras"]
    ),
    Model(
        "stateless-dropout",
        [layer("LSTM", units=3, dropout=0.4, recurrent_dropout=0.3)],
        NUMBERS,
        ["keras", "h5"],
    ),
]
OUTPUTS = [
    (m.name, kind)
    for m in MODELS
    for kind in m.save
    if m.name not in ("masking", "two-backward-masked", "twins", "exponential", "convolution")
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    return run(MODELS, tmp_path_factory.mktemp("keras"))


def _read(made: Made, kind: str) -> Found:
    path = made.files[kind]
    if kind == "weights":
        beside = path.with_name(f"{path.name.removesuffix('.weights.h5')}.json")
        beside.write_text(made.architecture, encoding="utf-8")
    return keras_reader.read(path)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), OUTPUTS)
def test_what_is_read_computes_what_keras_does(name: str, kind: str, made: dict[str, Made]) -> None:
    model = next(m for m in MODELS if m.name == name)
    found = _read(made[name], kind)
    assert found.chain is not None, found.notes
    assert found.chain == tuple(part.part.name for part in found.parts)
    dtype = dtype_of(found.parts)
    assert str(dtype) == f"torch.{model.dtype}"
    chain = chain_of(found.parts, dtype)
    x = torch.as_tensor(model.x).swapaxes(0, 1)
    with torch.no_grad():
        y, _ = chain(x if x.dtype == torch.long else x.to(dtype))
    wanted = torch.as_tensor(made[name].output)
    wanted = wanted.swapaxes(0, 1) if wanted.ndim == 3 else wanted.unsqueeze(0)
    torch.testing.assert_close(y, wanted.to(dtype), atol=ROUNDING, rtol=0)


def test_every_cell_has_been_read_from_every_kind_of_file() -> None:
    seen = {(name.split("-")[0], kind) for name, kind in OUTPUTS}
    assert {(cell, kind) for cell in CELLS for kind in FORMATS} <= seen


def test_a_models_words_tell_layers_sources_and_version(made: dict[str, Made]) -> None:
    found = _read(made["deep-functional"], "keras")
    assert found.kind.startswith("Keras 3.")
    assert found.kind.endswith("whole model (.keras)")
    assert [(entry.name, entry.reason) for entry in found.left_out] == [
        ("dropout", "it acts in training alone")
    ]
    recurrent = found.parts[1]
    assert recurrent.sources["weight_ih_l0_reverse"] == (
        "layers/bidirectional/backward_layer/cell/vars/0, transposed, gates ifco put in the order ifgo"
    )
    assert recurrent.sources["bias_hh_l0"] == "zeros: Keras has one bias here"
    assert not recurrent.tensors["bias_hh_l0"].any()


def test_masking_of_numbers_is_left_out_and_no_chain_is_claimed(made: dict[str, Made]) -> None:
    found = _read(made["masking"], "keras")
    assert found.chain is None
    assert [entry.name for entry in found.left_out] == ["masking"]
    assert "skipped in Keras" in found.left_out[0].reason
    assert [part.part.name for part in found.parts] == ["lstm"]


def test_masks_that_keras_does_not_turn_round_are_no_chain(made: dict[str, Made]) -> None:
    found = _read(made["two-backward-masked"], "keras")
    assert found.chain is None
    assert any("does not turn their mask" in note for note in found.notes)


def test_a_layer_that_no_part_can_express_breaks_the_chain(made: dict[str, Made]) -> None:
    found = _read(made["convolution"], "keras")
    assert found.chain is None
    assert [(entry.name, entry.what) for entry in found.left_out] == [("conv1d", "Conv1D")]


@pytest.mark.parametrize(("name", "said"), [("exponential", "'exponential'"), ("twins", "backward layer")])
def test_a_file_without_a_usable_recurrent_layer_is_refused_by_the_reason(
    name: str, said: str, made: dict[str, Made]
) -> None:
    with pytest.raises(InterchangeError, match=said):
        _read(made[name], "keras")


def test_dropout_inside_a_layer_is_told(made: dict[str, Made]) -> None:
    found = _read(made["stateless-dropout"], "keras")
    assert found.notes == ("The dropout of 'lstm' acts in training alone and is left out.",)


def test_leaky_relus_slope_is_that_of_the_layer_not_of_the_function(made: dict[str, Made]) -> None:
    assert _read(made["leaky"], "keras").parts[-1].part.activation == ("leaky_relu", 0.3)  # type: ignore[union-attr]


def test_weights_alone_ask_for_what_shapes_do_not_tell(made: dict[str, Made], tmp_path: Path) -> None:
    path = tmp_path / "alone.weights.h5"
    path.write_bytes(made["deep-sequential"].files["weights"].read_bytes())
    with pytest.raises(InterchangeError, match=r"cell_activation= and recurrent_activation="):
        keras_reader.read(path)
    found = keras_reader.read(path, cell_activation="tanh", recurrent_activation="sigmoid")
    whole = _read(made["deep-sequential"], "keras")
    assert found.chain is None
    by_kind = {part.part.kind: part for part in whole.parts}
    assert {part.part.kind for part in found.parts} == set(by_kind)
    for part in whole.parts:
        twins = [
            p
            for p in found.parts
            if p.part.kind == part.part.kind and p.tensors.keys() == part.tensors.keys()
        ]
        assert any(all(torch.equal(p.tensors[k], v) for k, v in part.tensors.items()) for p in twins)
