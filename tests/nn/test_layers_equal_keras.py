"""Layers against Keras 3's LSTM, GRU and SimpleRNN: reset before the product, hard sigmoids, merges, masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from conformance.variants import Variant, close
from oracles import keras_layers

SINGLE = 1e-5
TIME, BATCH, INPUT, HIDDEN = 6, 3, 4, 5
LENGTHS = [6, 1, 3]

#: our names of options and values, and Keras's
LAYERS = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}
MERGES = {"concat": "concat", "sum": "sum", "product": "mul", "mean": "ave"}
FUNCTIONS = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "identity": "linear",
    "hard_sigmoid_6": "hard_sigmoid",
    "hard_tanh": "hard_tanh",
    "softsign": "softsign",
    "softplus": "softplus",
    "elu": "elu",
    "selu": "selu",
    "silu": "silu",
}


@dataclass(frozen=True)
class Row:
    variant: Variant
    lengths: bool = False

    def __str__(self) -> str:
        return f"{self.variant}{' lengths' if self.lengths else ''}"

    @property
    def keras(self) -> dict[str, Any]:
        """The options of the layer in Keras."""
        option = self.variant.option
        found: dict[str, Any] = {"use_bias": option("bias", True)}
        if self.variant.cell == "gru":
            found["reset_after"] = option("reset_after", True)
        if self.variant.cell == "rnn":
            return found | {"activation": FUNCTIONS[option("nonlinearity", "tanh")]}
        activation = FUNCTIONS[option("input_activation", "tanh")]
        return found | {
            "activation": activation,
            "recurrent_activation": FUNCTIONS[option("gate_activation", "sigmoid")],
        }


def rows() -> list[Row]:
    before: dict[str, Any] = {"reset_after": False}
    options: dict[str, list[dict[str, Any]]] = {
        "lstm": [{}, {"bias": False}],
        "gru": [{}, {"bias": False}, before, before | {"bias": False}],
        "rnn": [{}, {"bias": False}],
    }
    for name in ("hard_sigmoid_6", "hard_tanh", "softsign"):
        options["lstm"].append({"gate_activation": name})
        options["gru"] += [{"gate_activation": name}, before | {"gate_activation": name}]
    for name in FUNCTIONS:
        # Keras has one name for the function of the candidate and that of the cell.
        options["lstm"].append({"input_activation": name, "output_activation": name})
        options["gru"].append({"input_activation": name})
        options["rnn"].append({"nonlinearity": name})
    found = []
    for cell, each in options.items():
        for chosen in each:
            found += [Row(Variant(cell, chosen, INPUT, HIDDEN), lengths) for lengths in (False, True)]
        for merge in MERGES:
            for extra in ({}, before) if cell == "gru" else ({},):
                chosen = {"bidirectional": True, "merge": merge} | extra
                found += [Row(Variant(cell, chosen, INPUT, HIDDEN), lengths) for lengths in (False, True)]
    return found


ROWS = rows()


@pytest.fixture(scope="module")
def keras_results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, np.ndarray]]:
    """All rows at once: it is importing Keras that takes its time."""
    cases = []
    for number, row in enumerate(ROWS):
        layer, x = made(number)
        arrays = {name: p.detach().numpy() for name, p in layer.named_parameters()} | {"x": x.numpy()}
        if row.lengths:
            arrays["mask"] = np.arange(TIME)[:, None] < np.array(LENGTHS)
        merge = (
            MERGES[row.variant.option("merge", "concat")]
            if row.variant.option("bidirectional", False)
            else None
        )
        name = LAYERS[row.variant.cell]
        cases.append(keras_layers.Case(str(number), name, HIDDEN, row.keras, merge, arrays))
    return keras_layers.run(cases, tmp_path_factory.mktemp("keras"))


def made(number: int) -> tuple[torch.nn.Module, torch.Tensor]:
    """The layer and the input of a row, the same whenever it is asked for."""
    torch.manual_seed(number)
    layer = ROWS[number].variant.layer()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(parameter.float())  # what their float32 can hold
    return layer, torch.randn(TIME, BATCH, INPUT).double()


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[str(row) for row in ROWS])
def test_a_layer_equals_kerass(number: int, keras_results: dict[str, dict[str, np.ndarray]]) -> None:
    row, theirs = ROWS[number], keras_results[str(number)]
    layer, x = made(number)
    more = {"lengths": torch.tensor(LENGTHS)} if row.lengths else {}
    output, final = layer(x, **more)
    expected = theirs["output"]
    if row.lengths:  # Keras repeats the last output past a sequence's end
        expected = expected * (np.arange(TIME)[:, None, None] < np.array(LENGTHS)[:, None])
    close(output, expected, f"{row}: output", SINGLE)
    states = row.variant.take_state(final)
    ours = [states[place][name] for place in states for name in row.variant.states]
    assert len(theirs) == 1 + len(ours)
    for place, value in enumerate(ours):
        close(value, theirs[f"state {place}"], f"{row}: state {place}", SINGLE)
