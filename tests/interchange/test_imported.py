"""From what a reader found to a network: choosing, checking every tensor, and what is told of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import peephole as ph
from peephole.errors import InterchangeError, OptionError
from peephole.interchange.choosing import Choice
from peephole.interchange.found import Found, FoundPart, LeftOut
from peephole.interchange.imported import Imported, imported
from peephole.nn.chain import DensePart, EmbeddingPart, Part, RecurrentPart

EMBEDDING = EmbeddingPart(name="char_embedding", symbols=7, size=3)
LSTM = RecurrentPart(
    name="enc.lstm", cell="lstm", options={"input_size": 3, "hidden_size": 4, "bidirectional": True}
)
GRU = RecurrentPart(name="dec/gru", cell="gru", options={"input_size": 8, "hidden_size": 5})
WIDE, NARROW = DensePart(name="fc1", inputs=8, outputs=6), DensePart(name="fc2", inputs=6, outputs=2)
OTHER = DensePart(name="other", inputs=9, outputs=2)


def values(part: Part, dtype: torch.dtype = torch.float32) -> FoundPart:
    """A part with random tensors, as a reader would hand it over."""
    if isinstance(part, EmbeddingPart):
        shapes: dict[str, tuple[int, ...]] = {"weight": (part.symbols, part.size)}
    elif isinstance(part, DensePart):
        shapes = {"weight": (part.outputs, part.inputs), "bias": (part.outputs,)}
    else:
        shapes = {name: tuple(p.shape) for name, p in part.layer().named_parameters()}
    tensors = {name: torch.rand(shape).to(dtype) - 0.5 for name, shape in shapes.items()}
    return FoundPart(part, tensors, {name: f"{part.name}.{name} of the file" for name in tensors})


def found(*parts: Part | FoundPart, chain: tuple[str, ...] | None = None, **more: Any) -> Found:
    own = tuple(part if isinstance(part, FoundPart) else values(part) for part in parts)
    return Found("a kind of file", own, chain, **more)


def changed(part: FoundPart, **tensors: Tensor | None) -> FoundPart:
    kept = {**part.tensors, **tensors}
    return replace(part, tensors={name: value for name, value in kept.items() if value is not None})


def make(what: Found, **choice: Any) -> Imported:
    return imported(what, file="file.pt", choice=Choice(**choice))


def refused(what: Found, **choice: Any) -> str:
    with pytest.raises(InterchangeError) as caught:
        make(what, **choice)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# The network


def test_where_the_file_tells_the_wiring_it_is_the_network() -> None:
    what = found(EMBEDDING, LSTM, GRU, chain=("char_embedding", "enc.lstm", "dec/gru"))
    network = make(what)
    assert network.chain is not None
    ids = torch.randint(7, (5, 2))
    x, _ = network.layers["enc.lstm"](torch.nn.functional.embedding(ids, what.parts[0].tensors["weight"]))
    expected, _ = network.layers["dec/gru"](x)
    assert torch.equal(network(ids)[0], expected)
    assert network.layers["enc.lstm"] is network.chain.recurrents[0]
    assert not network.training


def test_one_recurrent_layer_alone_is_the_network_and_what_would_fit_is_told() -> None:
    network = make(found(EMBEDDING, LSTM, WIDE, NARROW, OTHER))
    assert [part.name for part in network.chain.config.parts] == ["enc.lstm"]
    (note,) = network.understood.notes
    assert "embedding='char_embedding'" in note
    assert "readout='fc1'" in note
    assert "fc2" not in note
    assert "other" not in note
    assert [entry.name for entry in network.understood.left_out] == ["char_embedding", "fc1", "fc2", "other"]


def test_embedding_and_dense_parts_can_be_chosen() -> None:
    what = found(EMBEDDING, LSTM, WIDE, NARROW)
    network = make(what, embedding="char_embedding", readout=["fc1", "fc2"], activation="softmax")
    names = ["char_embedding", "enc.lstm", "fc1", "fc2"]
    assert [part.name for part in network.chain.config.parts] == names
    outputs, _ = network(torch.randint(7, (5, 2)))
    assert outputs.shape == (5, 2, 2)
    torch.testing.assert_close(outputs.sum(-1), torch.ones(5, 2))
    assert [row.name for row in network.understood.rows] == names
    assert network.understood.left_out == ()


def test_each_dense_part_can_have_a_function() -> None:
    network = make(found(LSTM, WIDE, NARROW), readout=["fc1", "fc2"], activation=["relu", "identity"])
    assert [part.activation for part in network.chain.config.parts[1:]] == ["relu", "identity"]
    with pytest.raises(OptionError, match="got 1 for 2"):
        make(found(LSTM, WIDE, NARROW), readout=["fc1", "fc2"], activation=["relu"])


def test_layers_can_be_chosen_in_another_order_than_the_file_has() -> None:
    back = replace(GRU, name="back", options={"input_size": 5, "hidden_size": 3})
    network = make(found(back, GRU, LSTM), layer=["enc.lstm", "dec/gru", "back"])
    assert [part.name for part in network.chain.config.recurrent] == ["enc.lstm", "dec/gru", "back"]


def test_a_choice_comes_before_the_files_own_wiring() -> None:
    what = found(EMBEDDING, LSTM, GRU, chain=("char_embedding", "enc.lstm", "dec/gru"))
    network = make(what, layer="dec/gru")
    assert [part.name for part in network.chain.config.parts] == ["dec/gru"]
    assert set(network.layers) == {"dec/gru", "enc.lstm"}


def test_several_layers_without_wiring_can_be_used_one_by_one_and_not_called_as_one() -> None:
    network = make(found(LSTM, GRU))
    assert network.chain is None
    x = torch.randn(5, 2, 3)
    output, _ = network.layers["enc.lstm"](x)
    assert output.shape == (5, 2, 8)
    with pytest.raises(InterchangeError, match=r"'enc\.lstm', 'dec/gru' are wired: choose by layer="):
        network(x)
    assert "choose by layer=" in network.understood.notes[0]


def test_a_recording_sees_the_imported_network() -> None:
    network = make(found(EMBEDDING, LSTM, WIDE), embedding="char_embedding", readout="fc1")
    ids = torch.randint(7, (5, 2))
    (outputs, _), trace = ph.trace(network, ids)
    assert torch.equal(outputs, network(ids)[0])
    assert [(r.layer, r.direction) for r in trace] == [(0, "forward"), (0, "backward")]


# Its values


def test_values_are_copied_as_they_are_no_numbers_too() -> None:
    part = values(GRU)
    part.tensors["weight_ih_l0"][0, 0] = float("nan")
    part.tensors["weight_ih_l0"][0, 1] = float("inf")
    before = part.tensors["weight_ih_l0"].clone()
    layer = make(found(part)).layers["dec/gru"]
    part.tensors["weight_ih_l0"].zero_()
    torch.testing.assert_close(layer.weight_ih_l0.detach(), before, rtol=0, atol=0, equal_nan=True)
    assert layer.weight_ih_l0.requires_grad


@pytest.mark.parametrize(
    ("stored", "computed"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_parameters_are_float32_or_float64(stored: torch.dtype, computed: torch.dtype) -> None:
    part = values(GRU, stored)
    network = make(found(part))
    assert {p.dtype for p in network.parameters()} == {computed}
    weight = network.layers["dec/gru"].weight_hh_l0
    assert torch.equal(weight, part.tensors["weight_hh_l0"].to(computed))
    lower = stored.itemsize < 4
    assert (
        any("in the file; they are computed with in float32" in n for n in network.understood.notes) == lower
    )


@pytest.mark.parametrize("live", [False, True])
def test_that_values_are_stored_with_less_precision_is_said_once(live: bool, tmp_path: Path) -> None:
    theirs = torch.nn.ModuleDict({"gru": torch.nn.GRU(3, 4), "out": torch.nn.Linear(4, 2)}).half()
    torch.save(theirs.state_dict(), tmp_path / "half.pt")
    network = ph.load(theirs if live else tmp_path / "half.pt", readout="out")
    told = [note for note in network.understood.notes if "float16" in note]
    assert told == ["values are float16 in the file; they are computed with in float32"]


def test_one_part_in_float64_makes_the_whole_network_float64() -> None:
    network = make(found(values(LSTM, torch.float64), WIDE), readout="fc1")
    assert {p.dtype for p in network.parameters()} == {torch.float64}


# What is refused


def test_a_tensor_of_another_shape_is_refused_naming_it_and_where_it_came_from() -> None:
    message = refused(found(changed(values(GRU), weight_hh_l0=torch.zeros(15, 4))))
    assert "weight_hh_l0 of 'dec/gru' must have the shape [15, 5], got [15, 4]" in message
    assert "dec/gru.weight_hh_l0 of the file" in message


def test_a_tensor_that_is_missing_or_too_much_is_refused() -> None:
    assert "'dec/gru' lacks bias_hh_l0" in refused(found(changed(values(GRU), bias_hh_l0=None)))
    assert "'dec/gru' has more" in refused(found(changed(values(GRU), more=torch.zeros(3))))


@pytest.mark.parametrize(
    "value",
    [torch.zeros(15, dtype=torch.int8), torch.zeros(15, dtype=torch.complex64), torch.zeros(15).to_sparse()],
)
def test_what_is_no_plain_float_is_refused(value: Tensor) -> None:
    assert "bias_ih_l0 of 'dec/gru' must be of floats" in refused(
        found(changed(values(GRU), bias_ih_l0=value))
    )


def test_parts_that_do_not_fit_are_refused_naming_both() -> None:
    message = refused(found(EMBEDDING, GRU), embedding="char_embedding")
    assert "'dec/gru' reads 8 features and 'char_embedding' before it puts out 3" in message


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ({"layer": "lstm"}, "layer='lstm' is not in this file; such parts of it are 'enc.lstm'"),
        ({"layer": "fc1"}, "layer='fc1' is not in this file"),
        ({"embedding": "fc1"}, "such parts of it are 'char_embedding'"),
        (
            {"readout": ["fc1", "enc.lstm"]},
            "readout='enc.lstm' is not in this file; such parts of it are 'fc1'",
        ),
    ],
    ids=["unknown", "kind of layer", "kind of embedding", "kind of readout"],
)
def test_a_name_that_is_not_there_is_refused_with_those_that_are(choice: dict[str, Any], told: str) -> None:
    assert told in refused(found(EMBEDDING, LSTM, WIDE), **choice)


def test_a_readout_of_several_layers_needs_a_layer_to_be_chosen() -> None:
    assert "choose by layer= among 'enc.lstm', 'dec/gru'" in refused(found(LSTM, GRU, WIDE), readout="fc1")


def test_two_parts_of_one_name_are_refused() -> None:
    assert "two parts of the file are called 'dec/gru'" in refused(found(GRU, GRU))


def test_a_file_without_a_recurrent_layer_is_refused_with_what_it_has() -> None:
    what = found(EMBEDDING, WIDE, left_out=(LeftOut("att", "MultiheadAttention", "it is not recurrent"),))
    message = refused(what)
    assert "embedding 7 symbols → 3, dense 8 → 6" in message
    assert "att: it is not recurrent" in message


@pytest.mark.parametrize("parts", [(LSTM,), (LSTM, GRU)], ids=["one", "several"])
def test_an_activation_without_a_dense_part_is_refused(parts: tuple[Part, ...]) -> None:
    with pytest.raises(OptionError, match="activation='softmax'"):
        make(found(*parts), activation="softmax")


def test_an_activation_that_is_not_known_is_refused() -> None:
    with pytest.raises(OptionError, match="'sine'"):
        make(found(LSTM, WIDE), readout="fc1", activation="sine")


# What is told


def test_what_was_understood_is_a_table_with_every_part_tensor_and_reason() -> None:
    what = found(
        EMBEDDING, LSTM, WIDE, left_out=(LeftOut("optim", "66 tensors", "training's"),), notes=("A note.",)
    )
    network = make(what, embedding="char_embedding", readout="fc1", activation="relu")
    table = str(network.understood)
    for told in (
        "file.pt: a kind of file",
        "bidirectional LSTM",
        "3 → 4 each way",
        "7 symbols → 3",
        "activation='relu'",
        "enc.lstm: weight_ih_l0_reverse",
        "enc.lstm.weight_ih_l0_reverse of the file",
        "66 tensors",
        "training's",
        "Note: A note.",
    ):
        assert told in table
    assert not any(line.endswith(" ") for line in table.splitlines())


def test_markup_and_control_characters_in_a_files_names_are_shown_and_do_nothing() -> None:
    odd = replace(GRU, name="[red]x[/red]\x1b[31m")
    table = str(make(found(odd)).understood)
    assert "[red]x[/red]" in table
    assert "\x1b" not in table


def test_what_was_understood_is_json() -> None:
    told = make(found(LSTM)).understood.to_json()
    again = json.loads(json.dumps(told))
    assert set(again) == {"file", "kind", "rows", "left_out", "notes"}
    assert told["rows"][0]["kind"] == "bidirectional LSTM"
    assert told["rows"][0]["sources"]["bias_ih_l0"] == "enc.lstm.bias_ih_l0 of the file"
