"""The eight variants and the baseline of "LSTM: A Search Space Odyssey": each is a constructor call.

Against the paper's own formulas; and the numbers of parameters that learners ask about.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from conformance.variants import close
from oracles import odyssey

import peephole as ph
from peephole.errors import MissingQuantityError

INPUT, HIDDEN, TIME, BATCH = 4, 3, 6, 2

VANILLA: dict[str, Any] = {"peephole": "diagonal"}
CALLS: dict[str, dict[str, Any]] = {
    "V": VANILLA,
    "NIG": VANILLA | {"input_gate": False},
    "NFG": VANILLA | {"forget_gate": False},
    "NOG": VANILLA | {"output_gate": False},
    "NIAF": VANILLA | {"input_activation": "identity"},
    "NOAF": VANILLA | {"output_activation": "identity"},
    "CIFG": VANILLA | {"coupled": True},
    "NP": {},
    "FGR": VANILLA | {"full_gate_recurrence": True},
}
#: what each gate is called here and there, in the order of our rows
LETTERS = {"input_gate": "i", "forget_gate": "f", "candidate": "z", "output_gate": "o"}
LACKS = {"NIG": "input_gate", "NFG": "forget_gate", "NOG": "output_gate", "CIFG": "forget_gate"}


def weights_in_the_papers_letters(variant: str, layer: ph.LSTM) -> dict[str, np.ndarray]:
    """Our stacked arrays, apart."""
    p = {name: value.detach().numpy() for name, value in layer.named_parameters()}
    letters = [letter for name, letter in LETTERS.items() if name != LACKS.get(variant)]
    found = {}
    for letter, w, r, b in zip(
        letters,
        np.split(p["weight_ih_l0"], len(letters)),
        np.split(p["weight_hh_l0"], len(letters)),
        np.split(p["bias_ih_l0"] + p["bias_hh_l0"], len(letters)),
        strict=True,
    ):
        found |= {f"W_{letter}": w, f"R_{letter}": r, f"b_{letter}": b}
    gates = [letter for letter in letters if letter != "z"]
    if variant != "NP":
        parts = np.split(p["weight_peephole_l0"], len(gates))
        found |= {f"p_{letter}": part for letter, part in zip(gates, parts, strict=True)}
    if variant == "FGR":
        for to, rows in zip(gates, np.split(p["weight_gate_recurrence_l0"], 3), strict=True):
            for source, block in zip(gates, np.split(rows, 3, axis=1), strict=True):
                found[f"R_{source}{to}"] = block
    return found


def test_all_nine_are_here() -> None:
    assert tuple(CALLS) == odyssey.VARIANTS


@pytest.mark.parametrize("variant", odyssey.VARIANTS)
def test_a_variant_is_its_formulas(variant: str) -> None:
    layer = ph.LSTM(INPUT, HIDDEN, dtype=torch.float64, **CALLS[variant])
    x = torch.randn(TIME, BATCH, INPUT, dtype=torch.float64)
    h, c = torch.randn(2, 1, BATCH, HIDDEN, dtype=torch.float64)
    gates = [torch.zeros_like(c)] * (3 if variant == "FGR" else 0)
    (output, final), trace = ph.trace(layer, x, (h, c, *gates))

    expected = odyssey.run(
        variant, weights_in_the_papers_letters(variant, layer), x.numpy(), h[0].numpy(), c[0].numpy()
    )
    close(output, expected["y"], "y")
    close(final[0][0], expected["y"][-1], "y at the end")
    close(final[1][0], expected["c"][-1], "c at the end")
    if variant == "FGR":
        for gate, letter in zip(final[2:], "ifo", strict=True):
            close(gate[0], expected[letter][-1], f"{letter} at the end")

    record = trace.layer()
    for name, letter in {**LETTERS, "cell": "c", "hidden": "y"}.items():
        if name == LACKS.get(variant):
            with pytest.raises(MissingQuantityError) as caught:
                record[name]
            assert name.replace("_", " ") in str(caught.value)
            assert ("coupled" if variant == "CIFG" else f"{name}=False") in str(caught.value)
            assert name not in record.quantities
            assert not hasattr(record, name)
        else:
            close(record[name], expected[letter], name)


@pytest.mark.parametrize(
    ("layer", "two_biases", "one_bias"),
    [
        (lambda: ph.LSTM(50, 60), 26_880, 26_640),
        (lambda: ph.LSTM(50, 60, peephole="diagonal"), 26_880 + 180, 26_640 + 180),
        (lambda: ph.LSTM(50, 60, peephole="full"), 37_440 + 240, 37_440),
        (lambda: ph.LSTM(50, 60, coupled=True), 3 * 6_720, 3 * 6_660),
        (lambda: ph.GRU(50, 60), 3 * 6_720, 3 * 6_660),
        (lambda: ph.GRU(50, 60, reset_after=False), 3 * 6_720, 3 * 6_660),
        (lambda: ph.RNN(50, 60), 6_720, 6_660),
    ],
    ids=["lstm", "diagonal", "full", "coupled", "gru", "reset before", "rnn"],
)
def test_the_numbers_that_learners_ask_about(layer: Any, two_biases: int, one_bias: int) -> None:
    made = layer()
    second = sum(p.numel() for name, p in made.named_parameters() if name.startswith("bias_hh"))
    assert parameters(made) == two_biases
    assert parameters(made) - second == one_bias


def test_a_gate_of_full_peepholes_sees_inputs_hidden_and_cell() -> None:
    layer = ph.LSTM(50, 60, peephole="full")
    seen = {"i": 50 + 60 + 60, "g": 50 + 60}
    assert layer.weight_ih_l0.shape == (4 * 60, 50)
    assert layer.weight_hh_l0.shape == (4 * 60, 60)
    assert layer.weight_peephole_l0.shape == (3 * 60, 60)
    assert seen == {"i": 170, "g": 110}
    assert parameters(layer) == 60 * (3 * seen["i"] + seen["g"]) + 2 * 4 * 60


def parameters(layer: torch.nn.Module) -> int:
    return sum(p.numel() for p in layer.parameters())
