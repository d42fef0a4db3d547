"""The eight variants and the baseline of "LSTM: A Search Space Odyssey": each is a constructor call.

Against the paper's own formulas and its own count of parameters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from conformance.variants import close
from oracles import odyssey

import peephole as ph

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
            assert name not in record.quantities
        else:
            close(record[name], expected[letter], name)


@pytest.mark.parametrize("variant", odyssey.VARIANTS)
@pytest.mark.parametrize("made", [ph.LSTM, ph.LSTMCell], ids=["layer", "cell"])
def test_a_variant_has_the_papers_parameters(variant: str, made: Any) -> None:
    gates = 2 if variant in LACKS else 3
    peepholes = 0 if variant == "NP" else gates * HIDDEN
    recurrent_gates = 9 * HIDDEN * HIDDEN if variant == "FGR" else 0
    block = HIDDEN * INPUT + HIDDEN * HIDDEN + 2 * HIDDEN  # torch's two biases
    parameters = sum(p.numel() for p in made(INPUT, HIDDEN, **CALLS[variant]).parameters())
    assert parameters == (gates + 1) * block + peepholes + recurrent_gates


@pytest.mark.parametrize("variant", ["NIG", "NOG"])
def test_forget_bias_finds_the_forget_gates_rows_whatever_stands_before_them(variant: str) -> None:
    layer = ph.LSTM(INPUT, HIDDEN, **CALLS[variant], forget_bias=2.5)
    start = 0 if variant == "NIG" else HIDDEN
    held = layer.bias_ih_l0 == 2.5
    assert held[start : start + HIDDEN].all()
    assert held.sum() == HIDDEN
    assert not layer.bias_hh_l0[start : start + HIDDEN].any()
