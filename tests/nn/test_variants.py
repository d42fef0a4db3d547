"""The variants of "LSTM: A Search Space Odyssey" (Greff et al. 2017), the full peepholes and the layer norms: their
parameters, and what their records lack.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

import peephole as ph
from peephole.errors import MissingQuantityError, OptionError

INPUT, HIDDEN = 5, 4
V: dict[str, Any] = {"peephole": "diagonal"}
ODYSSEY: dict[str, dict[str, Any]] = {
    "V": V,
    "NIG": V | {"input_gate": False},
    "NFG": V | {"forget_gate": False},
    "NOG": V | {"output_gate": False},
    "NIAF": V | {"input_activation": "identity"},
    "NOAF": V | {"output_activation": "identity"},
    "CIFG": V | {"coupled": True},
    "NP": {},
    "FGR": V | {"full_gate_recurrence": True},
}
#: gates with parameters, and what else there is, from the paper's own list of weights (with torch's two biases)
GATES = {"NIG": 2, "NFG": 2, "NOG": 2, "CIFG": 2}


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("variant", ODYSSEY)
@pytest.mark.parametrize("made", [ph.LSTM, ph.LSTMCell], ids=["layer", "cell"])
def test_a_variant_has_the_papers_parameters(variant: str, made: Any) -> None:
    gates = GATES.get(variant, 3)
    peepholes = 0 if variant == "NP" else gates * HIDDEN
    recurrent_gates = 9 * HIDDEN * HIDDEN if variant == "FGR" else 0
    assert count(made(INPUT, HIDDEN, **ODYSSEY[variant])) == (
        (gates + 1) * (HIDDEN * INPUT + HIDDEN * HIDDEN + 2 * HIDDEN) + peepholes + recurrent_gates
    )


@pytest.mark.parametrize(
    ("options", "name", "words"),
    [
        ({"coupled": True}, "forget_gate", "this LSTM is coupled: its forget gate is 1 − input_gate"),
        ({"input_gate": False}, "input_gate", "input_gate=False"),
        ({"forget_gate": False}, "forget_gate", "forget_gate=False"),
        ({"output_gate": False}, "output_gate", "output_gate=False"),
    ],
    ids=str,
)
def test_a_gate_that_a_variant_lacks_is_absent_from_its_record_with_an_error_that_says_so(
    options: dict[str, Any], name: str, words: str
) -> None:
    layer: Any = ph.LSTM(INPUT, HIDDEN, **options)
    _, trace = ph.trace(layer, torch.randn(3, 2, INPUT))
    for record in (trace.layer(), copy.deepcopy(trace).layer()):
        assert name not in record.quantities
        with pytest.raises(MissingQuantityError, match=words):
            record[name]
        with pytest.raises(AttributeError, match=words):
            getattr(record, name)
    with pytest.raises(OptionError, match=words), ph.intervene(layer, {f"l0.{name}.0": 1.0}):
        pass


def test_an_absent_gate_is_still_explained_in_a_trace_that_was_saved(tmp_path: Any) -> None:
    _, trace = ph.trace(ph.LSTM(INPUT, HIDDEN, coupled=True), torch.randn(3, 2, INPUT))
    trace.save(tmp_path / "trace")
    with pytest.raises(MissingQuantityError, match="coupled"):
        _ = type(trace).load(tmp_path / "trace").layer().forget_gate


def test_a_coupled_layer_keeps_what_its_input_gate_does_not_write() -> None:
    _, trace = ph.trace(
        ph.LSTM(INPUT, HIDDEN, coupled=True, dtype=torch.float64), torch.randn(6, 2, INPUT).double()
    )
    r = trace.layer()
    before = torch.cat([r.initial["cell"][None], r.cell[:-1]])
    torch.testing.assert_close(r.cell, (1 - r.input_gate) * before + r.input_gate * r.candidate)


def test_full_peepholes_have_the_shapes_of_the_picture() -> None:
    layer: Any = ph.LSTM(50, 60, peephole="full")
    assert layer.weight_peephole_l0.shape == (180, 60)
    assert count(layer) == 37_440 + 240  # torch keeps two biases
    assert count(ph.LSTM(50, 60, peephole="diagonal")) == count(ph.LSTM(50, 60)) + 180


def test_full_peepholes_on_the_diagonal_are_diagonal_ones() -> None:
    full: Any = ph.LSTM(INPUT, HIDDEN, peephole="full", dtype=torch.float64)
    diagonal: Any = ph.LSTM(INPUT, HIDDEN, peephole="diagonal", dtype=torch.float64)
    diagonal.load_state_dict(full.state_dict() | {"weight_peephole_l0": torch.randn(3 * HIDDEN).double()})
    blocks = [torch.diag(p) for p in diagonal.weight_peephole_l0.detach().chunk(3)]
    full.weight_peephole_l0.data = torch.cat(blocks)
    x = torch.randn(4, 2, INPUT, dtype=torch.float64)
    torch.testing.assert_close(full(x)[0], diagonal(x)[0])


@pytest.mark.parametrize("variant", ["NIG", "CIFG", "NOG"])
def test_forget_bias_finds_the_forget_gates_rows_whatever_stands_before_them(variant: str) -> None:
    if variant == "CIFG":
        with pytest.raises(OptionError, match="forget_bias"):
            ph.LSTM(INPUT, HIDDEN, **ODYSSEY[variant], forget_bias=2.5)
        return
    layer: Any = ph.LSTM(INPUT, HIDDEN, **ODYSSEY[variant], forget_bias=2.5)
    start = 0 if variant == "NIG" else HIDDEN
    held = layer.bias_ih_l0 == 2.5
    assert held[start : start + HIDDEN].all()
    assert held.sum() == HIDDEN
    assert not layer.bias_hh_l0[start : start + HIDDEN].any()


def test_layer_norms_start_as_no_change_of_scale_or_place() -> None:
    for layer in (
        ph.RNN(INPUT, HIDDEN, layer_norm=True),
        ph.GRU(INPUT, HIDDEN, layer_norm=True),
        ph.LSTM(INPUT, HIDDEN, layer_norm=True),
    ):
        norms = {name: p for name, p in layer.named_parameters() if "_ln" in name}
        assert norms
        for name, parameter in norms.items():
            assert (parameter == (1.0 if name.startswith("weight") else 0.0)).all(), name


@pytest.mark.parametrize(
    "made",
    [
        (ph.LSTM, {"layer_norm": True, "peephole": "full", "full_gate_recurrence": True}),
        (ph.GRU, {"layer_norm": True}),
        (ph.RNN, {"layer_norm": True}),
    ],
    ids=["lstm", "gru", "rnn"],
)
def test_the_same_seed_gives_torchs_weights_whatever_an_option_adds(made: tuple[Any, dict[str, Any]]) -> None:
    ours, options = made
    torch.manual_seed(7)
    theirs = getattr(nn, ours.__name__)(INPUT, HIDDEN, 2, bidirectional=True).state_dict()
    torch.manual_seed(7)
    state = ours(INPUT, HIDDEN, 2, bidirectional=True, **options).state_dict()
    for name, value in theirs.items():
        assert torch.equal(state[name], value), name


def test_the_state_of_full_gate_recurrence_carries_the_gates_that_there_are() -> None:
    _, state = ph.LSTM(INPUT, HIDDEN, full_gate_recurrence=True, forget_gate=False)(torch.randn(3, 2, INPUT))
    assert [s.shape for s in state] == [(1, 2, HIDDEN)] * 4
