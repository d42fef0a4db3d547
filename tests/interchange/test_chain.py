"""Chains: what their configs refuse, and that they compute what Keras's models of the same layers compute."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from interchange import keras_models
from interchange.keras_models import Model

import peephole as ph
from peephole.errors import OptionError
from peephole.interchange.gate_orders import rows
from peephole.nn.chain import (
    ActivationPart,
    ChainConfig,
    DensePart,
    EmbeddingPart,
    Part,
    RecurrentPart,
    config_from_json,
)
from peephole.nn.chain_network import Chain
from peephole.nn.models import NetworkConfig
from peephole.nn.watched import watched_layers

SINGLE = 1e-5
EMBEDDING = EmbeddingPart(name="emb", symbols=7, size=3)
LSTM = RecurrentPart(name="lstm", cell="lstm", options={"input_size": 3, "hidden_size": 4})
DENSE = DensePart(name="out", inputs=4, outputs=2)


def chain(*parts: Part, dtype: torch.dtype = torch.float64) -> Chain:
    made = Chain(ChainConfig(parts), dtype=dtype)
    for parameter in made.parameters():
        torch.nn.init.uniform_(parameter, -0.8, 0.8)
    return made.eval()


def refused(*parts: Part) -> str:
    with pytest.raises(OptionError) as caught:
        ChainConfig(parts)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Keras


def recurrent(name: str, cell: str, inputs: int, hidden: int, **more: Any) -> RecurrentPart:
    options = {"input_size": inputs, "hidden_size": hidden, **more.pop("options", {})}
    return RecurrentPart(name=name, cell=cell, options=options, **more)  # type: ignore[arg-type]


IDS = np.array([[1, 4, 2, 0, 0], [0, 0, 3, 5, 6], [2, 0, 3, 0, 1], [0, 0, 0, 0, 0], [6, 5, 4, 3, 2]])
NUMBERS = np.random.default_rng(3).normal(size=(3, 5, 3)).astype("float32")


def mask_zero(masked: bool) -> list[Any]:
    return ["Embedding", {"input_dim": 7, "output_dim": 3, "mask_zero": masked}]


def embedding(masked: bool) -> EmbeddingPart:
    return replace(EMBEDDING, masked=0 if masked else None)


ORDERS = {"lstm": "ifco", "gru": "zrh", "rnn": "h"}
CASES: dict[str, tuple[Model, tuple[Part, ...]]] = {}
for _masked in (True, False):
    for _cell, _layer in (("lstm", "LSTM"), ("gru", "GRU"), ("rnn", "SimpleRNN")):
        CASES[f"{_cell}_sequence_{_masked}"] = (
            Model([mask_zero(_masked), [_layer, {"units": 4, "return_sequences": True}]], IDS),
            (embedding(_masked), recurrent("r", _cell, 3, 4)),
        )
    for _merge, _ours in (("concat", "concat"), ("sum", "sum"), ("ave", "mean"), ("mul", "product")):
        for _sequences in (True, False):
            both = {"bidirectional": True, "merge": _ours}
            CASES[f"both_{_merge}_{_sequences}_{_masked}"] = (
                Model(
                    [
                        mask_zero(_masked),
                        [
                            "Bidirectional",
                            {"merge_mode": _merge},
                            "LSTM",
                            {"units": 4, "return_sequences": _sequences},
                        ],
                    ],
                    IDS,
                ),
                (
                    embedding(_masked),
                    recurrent("r", "lstm", 3, 4, options=both, returns="sequence" if _sequences else "last"),
                ),
            )
    for _sequences in (True, False):
        CASES[f"backwards_{_sequences}_{_masked}"] = (
            Model(
                [
                    mask_zero(_masked),
                    ["LSTM", {"units": 4, "return_sequences": _sequences, "go_backwards": True}],
                ],
                IDS,
            ),
            (
                embedding(_masked),
                recurrent(
                    "r",
                    "lstm",
                    3,
                    4,
                    options={"reverse": True},
                    flipped=True,
                    returns="sequence" if _sequences else "last",
                ),
            ),
        )
    CASES[f"whole_{_masked}"] = (
        Model(
            [
                mask_zero(_masked),
                ["Bidirectional", {}, "LSTM", {"units": 4, "return_sequences": True}],
                ["Dense", {"units": 5, "activation": "relu"}],
                ["LSTM", {"units": 3}],
                ["Dense", {"units": 6, "activation": "softmax"}],
            ],
            IDS,
        ),
        (
            embedding(_masked),
            recurrent("a", "lstm", 3, 4, options={"bidirectional": True}),
            DensePart(name="b", inputs=8, outputs=5, activation="relu"),
            recurrent("c", "lstm", 5, 3, returns="last"),
            DensePart(name="d", inputs=3, outputs=6, activation="softmax"),
        ),
    )
CASES["functions"] = (
    Model(
        [
            ["Bidirectional", {}, "LSTM", {"units": 4, "return_sequences": True}],
            ["Activation", {"activation": "relu"}],
            ["GRU", {"units": 3, "return_sequences": True}],
            ["Activation", {"activation": "tanh"}],
            ["Dense", {"units": 5, "activation": "sigmoid"}],
            ["Activation", {"activation": "softmax"}],
        ],
        NUMBERS,
    ),
    (
        recurrent("a", "lstm", 3, 4, options={"bidirectional": True}),
        ActivationPart(name="b", size=8, activation="relu"),
        recurrent("c", "gru", 8, 3),
        ActivationPart(name="d", size=3, activation="tanh"),
        DensePart(name="e", inputs=3, outputs=5, activation="sigmoid"),
        ActivationPart(name="f", size=5, activation="softmax"),
    ),
)
CASES["numbers"] = (
    Model(
        [
            ["Dense", {"units": 2, "activation": "tanh"}],
            ["LSTM", {"units": 4, "return_sequences": True, "go_backwards": True}],
            ["LSTM", {"units": 3, "return_sequences": True}],
        ],
        NUMBERS,
    ),
    (
        DensePart(name="first", inputs=3, outputs=2, activation="tanh"),
        recurrent("a", "lstm", 2, 4, options={"reverse": True}, flipped=True),
        recurrent("b", "lstm", 4, 3),
    ),
)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, keras_models.Answer]:
    return keras_models.run({name: model for name, (model, _) in CASES.items()}, tmp_path_factory.mktemp("k"))


def fill(made: Chain, weights: list[list[np.ndarray]]) -> None:
    """Keras's arrays into a chain, by the conventions alone."""
    state: dict[str, torch.Tensor] = {}
    names = {id(m): name for name, m in made.named_modules()}
    recurrents, denses = (
        iter(made.recurrents),
        iter(m for m in made.modules() if isinstance(m, torch.nn.Linear)),
    )
    for part, arrays in zip(made.config.parts, weights, strict=True):
        if isinstance(part, EmbeddingPart):
            state["embedding.weight"] = torch.tensor(arrays[0])
        elif isinstance(part, DensePart):
            own = names[id(next(denses))]
            state |= {f"{own}.weight": torch.tensor(arrays[0].T), f"{own}.bias": torch.tensor(arrays[1])}
        elif isinstance(part, RecurrentPart):
            own = names[id(next(recurrents))]
            for way, suffix in enumerate(["", "_reverse"][: len(arrays) // 3]):
                kernel, hidden, bias = arrays[3 * way : 3 * way + 3]
                two = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
                for name, value in (
                    ("weight_ih", kernel.T),
                    ("weight_hh", hidden.T),
                    ("bias_ih", two[0]),
                    ("bias_hh", two[1]),
                ):
                    ordered = rows(np.ascontiguousarray(value), ORDERS[part.cell], part.cell)
                    state[f"{own}.{name}_l0{suffix}"] = torch.tensor(ordered)
    made.load_state_dict(state)


@pytest.mark.parametrize("name", CASES)
def test_a_chain_computes_what_keras_computes(name: str, answers: dict[str, keras_models.Answer]) -> None:
    model, parts = CASES[name]
    made = Chain(ChainConfig(parts)).eval()
    fill(made, answers[name].weights)
    with torch.no_grad():
        outputs, _ = made(torch.as_tensor(model.x).transpose(0, 1))
    expected = answers[name].output
    expected = expected[None] if expected.ndim == 2 else expected.swapaxes(0, 1)
    np.testing.assert_allclose(outputs.numpy(), expected, rtol=SINGLE, atol=SINGLE)


def test_masks_in_the_middle_and_at_the_left_matter_to_what_keras_computes(
    answers: dict[str, keras_models.Answer],
) -> None:
    """Or the comparison would show nothing."""
    model, parts = CASES["whole_True"]
    plain = Chain(ChainConfig((embedding(False), *parts[1:]))).eval()
    fill(plain, answers["whole_True"].weights)
    with torch.no_grad():
        outputs = plain(torch.as_tensor(model.x).transpose(0, 1))[0][0].numpy()
    differ = abs(outputs - answers["whole_True"].output).max(-1) > 1e-3
    assert differ.tolist() == [True, True, True, True, False]


# What it is to a caller


def test_a_chain_is_its_layers_one_after_another() -> None:
    both = recurrent("a", "gru", 3, 4, options={"bidirectional": True})
    made = chain(EMBEDDING, both, recurrent("b", "lstm", 8, 5), DensePart(name="c", inputs=5, outputs=2))
    ids = torch.randint(7, (6, 2))
    x, first = made.recurrents[0](made.embedding(ids))
    x, second = made.recurrents[1](x)
    outputs, state = made(ids)
    assert torch.equal(outputs, made.readout[0](x))
    assert torch.equal(state[0], first)
    assert all(map(torch.equal, state[1], second))


def test_a_state_of_one_part_or_several_carries_a_sequence_on() -> None:
    for parts in ((LSTM, DENSE), (LSTM, recurrent("b", "gru", 4, 4), DENSE)):
        made, x = chain(*parts), torch.randn(6, 2, 3, dtype=torch.float64)
        whole, _ = made(x)
        first, state = made(x[:4])
        second, _ = made(x[4:], state)
        torch.testing.assert_close(torch.cat([first, second]), whole, rtol=0, atol=1e-12)


def test_a_state_for_another_number_of_parts_is_refused() -> None:
    made = chain(LSTM, recurrent("b", "gru", 4, 4))
    with pytest.raises(RuntimeError, match="each of its 2 recurrent parts, got 1 entries"):
        made(torch.randn(6, 2, 3, dtype=torch.float64), (torch.zeros(1, 2, 4),))


@pytest.mark.parametrize("masked", [None, 0])
@pytest.mark.parametrize("returns", ["sequence", "last"])
@pytest.mark.parametrize("more", [{}, {"bidirectional": True}, {"reverse": True}])
def test_padding_is_never_read(more: dict[str, Any], returns: Any, masked: int | None) -> None:
    part = recurrent("a", "lstm", 3, 4, options=more, returns=returns, flipped="reverse" in more)
    made = chain(replace(EMBEDDING, masked=masked), part)
    ids, lengths = torch.randint(7, (6, 4)), torch.tensor([6, 2, 4, 1])
    outputs, (h, c) = made(ids, lengths=lengths)
    for b, length in enumerate(lengths.tolist()):
        alone, (h_alone, c_alone) = made(ids[:length, b : b + 1])
        torch.testing.assert_close(outputs[: len(alone), b : b + 1], alone, rtol=0, atol=1e-12)
        torch.testing.assert_close(h[:, b : b + 1], h_alone, rtol=0, atol=1e-12)
        torch.testing.assert_close(c[:, b : b + 1], c_alone, rtol=0, atol=1e-12)


def test_last_outputs_are_each_directions_own_end() -> None:
    part = recurrent("a", "gru", 3, 4, options={"bidirectional": True}, returns="last")
    made, x = chain(part), torch.randn(6, 2, 3, dtype=torch.float64)
    outputs, _ = made(x)
    each, _ = made.recurrent(x)
    assert torch.equal(outputs[0], torch.cat([each[-1, :, :4], each[0, :, 4:]], -1))


def test_a_chain_with_a_last_step_alone_can_answer_everywhere_as_if_the_sequence_ended_there() -> None:
    made = chain(EMBEDDING, replace(LSTM, returns="last"), DENSE)
    ids = torch.randint(7, (5, 2))
    everywhere = made.answering_everywhere()
    each, _ = everywhere(ids)
    for t in range(5):
        torch.testing.assert_close(each[t], made(ids[: t + 1])[0][0], rtol=0, atol=1e-12)
    assert everywhere.recurrent is made.recurrent
    assert everywhere.answering_everywhere() is everywhere
    assert list(everywhere.state_dict()) == list(made.state_dict())


def test_ends_of_both_ways_cannot_answer_everywhere() -> None:
    made = chain(recurrent("both", "lstm", 3, 4, options={"bidirectional": True}, returns="last"))
    assert not made.can_answer_everywhere
    with pytest.raises(OptionError, match="'both' reads both ways"):
        made.answering_everywhere()


def test_the_layers_of_all_parts_are_numbered_from_0_upward() -> None:
    both = recurrent("a", "lstm", 3, 4, options={"bidirectional": True, "num_layers": 2})
    made = chain(both, recurrent("b", "gru", 8, 5, options={"reverse": True}))
    found = [(w.number, w.module, w.depth, w.equations.name, w.directions) for w in watched_layers(made)]
    ways = ("forward", "backward")
    assert found == [
        (0, "recurrents.0", 0, "lstm", ways),
        (1, "recurrents.0", 1, "lstm", ways),
        (2, "recurrents.1", 0, "gru", ("backward",)),
    ]
    _, trace = ph.trace(made, torch.randn(4, 2, 3, dtype=torch.float64))
    recorded = {(record.module, record.layer, record.direction) for record in trace}
    assert recorded == {(name, depth, way) for _, name, depth, _, ways in found for way in ways}


def test_a_networks_layers_are_numbered_too() -> None:
    network = ph.Network(
        NetworkConfig(
            cell="gru", input="symbols", input_size=5, output_size=5, embedding=None, hidden=3, layers=2
        )
    )
    assert [(w.number, w.module, w.depth) for w in watched_layers(network)] == [
        (0, "recurrent", 0),
        (1, "recurrent", 1),
    ]


def test_one_recurrent_part_can_be_had_by_itself_and_several_cannot() -> None:
    assert chain(LSTM, DENSE).recurrent.hidden_size == 4
    with pytest.raises(OptionError, match="several recurrent parts, lstm, b"):
        _ = chain(LSTM, recurrent("b", "gru", 4, 4)).recurrent


def test_a_config_answers_what_a_networks_config_is_asked() -> None:
    both = recurrent("a", "lstm", 3, 4, options={"bidirectional": True, "peephole": "diagonal"})
    config = ChainConfig(
        (EMBEDDING, both, recurrent("b", "gru", 8, 5), DensePart(name="c", inputs=5, outputs=2))
    )
    assert (config.input, config.input_size, config.output_size, config.embedding) == ("symbols", 7, 2, 3)
    assert (config.cell, config.hidden, config.layers) == ("lstm", 5, 2)
    assert (config.bidirectional, config.peephole, config.causal) == (True, "diagonal", False)
    numbers = ChainConfig((LSTM,))
    assert (numbers.input, numbers.input_size, numbers.output_size) == ("numbers", 3, 4)
    assert (numbers.embedding, numbers.peephole, numbers.causal) == (None, None, True)


def test_a_config_says_the_function_that_it_ends_with() -> None:
    sigmoid = ActivationPart(name="s", size=4, activation="sigmoid")
    ends = [(LSTM,), (LSTM, sigmoid), (LSTM, sigmoid, DENSE), (LSTM, replace(DENSE, activation="relu"))]
    assert [ChainConfig(parts).output_activation for parts in ends] == [
        *("identity", "sigmoid", "identity", "relu")
    ]
    assert ChainConfig((LSTM, sigmoid)).output_size == 4


@pytest.mark.parametrize("both", [False, True], ids=["forward", "both ways"])
def test_a_chain_of_one_recurrent_part_can_be_surveyed(both: bool) -> None:
    part = recurrent("a", "lstm", 3, 4, options={"bidirectional": both})
    made = chain(EMBEDDING, part, DensePart(name="out", inputs=8 if both else 4, outputs=2))
    ids = torch.randint(7, (300,))
    survey = ph.survey(made, ids)
    _, trace = ph.trace(made, ids[:, None])
    window = survey.window(40, 60).layer(0)
    torch.testing.assert_close(window.cell, trace.layer(0).cell[40:60], rtol=0, atol=1e-9)


@pytest.mark.parametrize("change", [{"returns": "last"}, {"flipped": True}], ids=str)
def test_a_chain_that_does_not_answer_step_by_step_cannot_be_surveyed(change: dict[str, Any]) -> None:
    made = chain(EMBEDDING, replace(LSTM, **change))
    with pytest.raises(ph.errors.TraceError, match="survey its recurrent layer"):
        ph.survey(made, torch.randint(7, (30,)))


# What a config refuses


def test_sizes_that_do_not_fit_are_refused_naming_both_parts() -> None:
    message = refused(EMBEDDING, recurrent("lstm", "lstm", 5, 4))
    assert "'lstm' reads 5 features and 'emb' before it puts out 3" in message
    message = refused(LSTM, ActivationPart(name="relu", size=5, activation="relu"))
    assert "'relu' reads 5 features and 'lstm' before it puts out 4" in message


def test_an_embedding_is_the_first_part_or_there_is_none() -> None:
    assert "'emb' is an embedding" in refused(LSTM, EMBEDDING)


def test_a_chain_without_a_recurrent_part_is_refused() -> None:
    assert "needs a recurrent part" in refused(EMBEDDING)
    assert "needs a recurrent part" in refused()


def test_nothing_recurrent_reads_one_step_alone() -> None:
    assert "'lstm' returns one step alone" in refused(
        replace(LSTM, returns="last"), recurrent("b", "gru", 4, 4)
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"input_size": 3}, "hidden_size"),
        ({"input_size": 3, "hidden_size": 0}, "hidden_size must be greater than zero"),
        ({"input_size": 3, "hidden_size": 4, "sideways": True}, "sideways"),
        ({"input_size": 3, "hidden_size": 4, "batch_first": True}, "batch_first"),
        ({"input_size": 3, "hidden_size": 4, "gate_activation": "sine"}, "gate_activation"),
    ],
)
def test_a_layer_that_cannot_be_made_is_refused_naming_the_part(options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=f"'odd'.*{told}"):
        RecurrentPart(name="odd", cell="lstm", options=options)


@pytest.mark.parametrize(
    "make",
    [
        lambda: EmbeddingPart(name="odd", symbols=0, size=3),
        lambda: EmbeddingPart(name="odd", symbols=3, size=3, masked=3),
        lambda: DensePart(name="odd", inputs=2, outputs=True),
        lambda: DensePart(name="odd", inputs=2, outputs=2, activation="sine"),
        lambda: ActivationPart(name="odd", size=0, activation="relu"),
        lambda: ActivationPart(name="odd", size=2, activation="sine"),
        lambda: RecurrentPart(name="odd", cell="elman", options={}),  # type: ignore[arg-type]
        lambda: RecurrentPart(name="odd", cell="rnn", options=LSTM.options, returns="all"),  # type: ignore[arg-type]
        lambda: RecurrentPart(name="odd", cell="rnn", options=LSTM.options, flipped=1),  # type: ignore[arg-type]
    ],
    ids=["symbols", "masked", "outputs", "activation", "size", "function", "cell", "returns", "flipped"],
)
def test_a_part_that_makes_no_sense_is_refused_by_its_name(make: Any) -> None:
    with pytest.raises(OptionError, match="'odd'"):
        make()


# JSON


def test_a_config_survives_json_with_tuples_in_its_options() -> None:
    options = {
        "input_size": 3,
        "hidden_size": (4, 5),
        "gate_activation": ("hard_sigmoid", 0.25, 0.5),
        "zoneout": (0.1, 0.0),
    }
    config = ChainConfig(
        (
            replace(EMBEDDING, masked=0),
            RecurrentPart(name="r", cell="lstm", options=options, returns="last"),
            ActivationPart(name="a", size=5, activation=("elu", 0.5)),
            DensePart(name="d", inputs=5, outputs=2, activation=("leaky_relu", 0.1)),
        )
    )
    again = config_from_json(json.loads(json.dumps(config.to_json())))
    assert again == config
    assert isinstance(again, ChainConfig)


def test_a_networks_config_is_told_from_a_chains() -> None:
    config = NetworkConfig(
        cell="gru", input="symbols", input_size=5, output_size=5, embedding=None, hidden=3, layers=2
    )
    assert config_from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda v: v | {"more": 1}, "no other"),
        (lambda v: {"chain": {}}, "a list of parts"),
        (lambda v: {"chain": [3]}, "part 0"),
        (lambda v: {"chain": [v["chain"][0] | {"kind": "attention"}]}, "part 0"),
        (lambda v: {"chain": [v["chain"][0] | {"heads": 3}]}, "has no heads"),
        (lambda v: {"chain": [{"kind": "dense", "name": "d"}]}, "part 0 of a chain is incomplete"),
        (lambda v: {"chain": [v["chain"][0] | {"name": 3}]}, "must have a name"),
        (lambda v: {"chain": [v["chain"][0] | {"options": [3]}]}, "object of options"),
    ],
    ids=["more", "no list", "no object", "kind", "unknown key", "incomplete", "name", "options"],
)
def test_damaged_json_is_refused(change: Any, told: str) -> None:
    values = json.loads(json.dumps(ChainConfig((LSTM,)).to_json()))
    with pytest.raises(OptionError, match=told):
        ChainConfig.from_json(change(values))


def test_a_chain_loads_what_it_saved(tmp_path: Path) -> None:
    made = chain(EMBEDDING, recurrent("a", "lstm", 3, 4, options={"num_layers": 2}), DENSE)
    torch.save(made.state_dict(), tmp_path / "w.pt")
    other = chain(*made.config.parts)
    other.load_state_dict(torch.load(tmp_path / "w.pt", weights_only=True))
    ids = torch.randint(7, (5, 2))
    assert torch.equal(other(ids)[0], made(ids)[0])
