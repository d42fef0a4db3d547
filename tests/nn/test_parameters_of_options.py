"""Options beyond torch's: what parameters they make, and how these start."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from conformance.compare import EXACT
from conformance.rows import HIDDEN, INPUT
from torch import nn

import peephole as ph

SUFFIXES = ("l0", "l0_reverse", "l1", "l1_reverse")


def test_diagonal_peepholes_are_one_vector_for_each_layer_and_direction() -> None:
    layer = ph.LSTM(INPUT, HIDDEN, 2, bidirectional=True, peephole="diagonal")
    extra = [
        name
        for name in layer.state_dict()
        if name not in nn.LSTM(INPUT, HIDDEN, 2, bidirectional=True).state_dict()
    ]
    assert extra == [f"weight_peephole_{suffix}" for suffix in SUFFIXES]
    for name in extra:
        assert getattr(layer, name).shape == (3 * HIDDEN,)
        assert isinstance(getattr(layer, name), nn.Parameter)


def test_a_cells_peepholes_are_one_vector() -> None:
    cell = ph.LSTMCell(INPUT, HIDDEN, peephole="diagonal")
    assert cell.weight_peephole.shape == (3 * HIDDEN,)


def test_peepholes_start_within_torchs_range_and_not_at_zero() -> None:
    layer = ph.LSTM(INPUT, 64, peephole="diagonal")
    bound = 64**-0.5
    assert layer.weight_peephole_l0.abs().max() <= bound
    assert layer.weight_peephole_l0.std() > bound / 4


def test_zero_peepholes_are_the_plain_layer() -> None:
    theirs = nn.LSTM(INPUT, HIDDEN, 2, bidirectional=True, dtype=torch.float64)
    ours = ph.LSTM(INPUT, HIDDEN, 2, bidirectional=True, dtype=torch.float64, peephole="diagonal")
    ours.load_state_dict(theirs.state_dict(), strict=False)
    for suffix in SUFFIXES:
        nn.init.zeros_(getattr(ours, f"weight_peephole_{suffix}"))
    x = torch.randn(5, 3, INPUT, dtype=torch.float64)
    torch.testing.assert_close(ours(x)[0], theirs(x)[0], atol=EXACT, rtol=EXACT)


def test_repr_shows_the_options_that_differ_from_torchs() -> None:
    shown = repr(ph.LSTM(INPUT, HIDDEN, peephole="diagonal", forget_bias=1.5))
    assert "peephole=" in shown
    assert "diagonal" in shown
    assert "forget_bias=1.5" in shown


@pytest.mark.parametrize("number", [1.0, 0.0, -2.5, 5])
@pytest.mark.parametrize("peephole", [None, "diagonal"])
def test_forget_bias_is_the_sum_of_both_biases_in_every_layer_and_direction(
    number: float, peephole: str | None
) -> None:
    layer = ph.LSTM(INPUT, HIDDEN, 2, bidirectional=True, forget_bias=number, peephole=peephole)
    forget = slice(HIDDEN, 2 * HIDDEN)
    for _ in range(2):
        for suffix in SUFFIXES:
            assert (getattr(layer, f"bias_ih_{suffix}")[forget] == number).all()
            assert not getattr(layer, f"bias_hh_{suffix}")[forget].any()
        layer.reset_parameters()


def test_forget_bias_leaves_every_other_entry_as_torch_initialises_it() -> None:
    torch.manual_seed(3)
    theirs = nn.LSTM(INPUT, HIDDEN, 2, bidirectional=True, proj_size=2).state_dict()
    after = torch.get_rng_state()
    torch.manual_seed(3)
    ours = ph.LSTM(INPUT, HIDDEN, 2, bidirectional=True, proj_size=2, forget_bias=1.0).state_dict()
    assert torch.equal(torch.get_rng_state(), after)
    others = torch.ones(4 * HIDDEN, dtype=torch.bool)
    others[HIDDEN : 2 * HIDDEN] = False
    for name, value in theirs.items():
        kept = others if name.startswith("bias") else slice(None)
        assert torch.equal(ours[name][kept], value[kept]), name


def test_a_cells_forget_bias_is_the_sum_of_both_biases() -> None:
    torch.manual_seed(3)
    theirs = nn.LSTMCell(INPUT, HIDDEN)
    torch.manual_seed(3)
    ours = ph.LSTMCell(INPUT, HIDDEN, forget_bias=1.0)
    forget = slice(HIDDEN, 2 * HIDDEN)
    assert (ours.bias_ih[forget] == 1).all()
    assert not ours.bias_hh[forget].any()
    assert torch.equal(ours.weight_hh, theirs.weight_hh)
    assert torch.equal(ours.bias_ih[:HIDDEN], theirs.bias_ih[:HIDDEN])


def test_full_peepholes_on_the_diagonal_are_diagonal_ones() -> None:
    full: Any = ph.LSTM(INPUT, HIDDEN, peephole="full", dtype=torch.float64)
    diagonal: Any = ph.LSTM(INPUT, HIDDEN, peephole="diagonal", dtype=torch.float64)
    diagonal.load_state_dict(full.state_dict() | {"weight_peephole_l0": torch.randn(3 * HIDDEN).double()})
    blocks = [torch.diag(p) for p in diagonal.weight_peephole_l0.detach().chunk(3)]
    full.weight_peephole_l0.data = torch.cat(blocks)
    x = torch.randn(4, 2, INPUT, dtype=torch.float64)
    torch.testing.assert_close(full(x)[0], diagonal(x)[0])


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
    ("made", "options"),
    [
        (ph.LSTM, {"layer_norm": True, "peephole": "full", "full_gate_recurrence": True}),
        (ph.GRU, {"layer_norm": True, "connection": "highway"}),
        (ph.RNN, {"layer_norm": True, "learned_state": True}),
    ],
    ids=["lstm", "gru", "rnn"],
)
def test_the_same_seed_gives_torchs_weights_whatever_an_option_adds(
    made: Any, options: dict[str, Any]
) -> None:
    torch.manual_seed(7)
    theirs = getattr(nn, made.__name__)(INPUT, HIDDEN, 2, bidirectional=True).state_dict()
    torch.manual_seed(7)
    ours = made(INPUT, HIDDEN, 2, bidirectional=True, **options).state_dict()
    assert len(ours) > len(theirs)
    for name, value in theirs.items():
        assert torch.equal(ours[name], value), name
