"""Options beyond torch's: what parameters they make, how these start, and where the extremes lead."""

from __future__ import annotations

import pytest
import torch
from conformance.compare import EXACT, on
from conformance.rows import HIDDEN, INPUT, WAYS
from torch import nn

import peephole as ph
from peephole.errors import OptionError

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


@pytest.mark.parametrize("place", range(3), ids=["input", "forget", "output"])
def test_peepholes_stand_in_the_order_input_forget_output(place: int) -> None:
    layer = ph.LSTM(1, 1, peephole="diagonal", dtype=torch.float64)
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    layer.weight_peephole_l0.data[place] = 0.7
    _, trace = ph.trace(
        layer,
        torch.zeros(1, 1, 1, dtype=torch.float64),
        (torch.zeros(1, 1, 1).double(), torch.ones(1, 1, 1).double()),
    )
    record = trace.layer(0)
    # With everything else zero: c = f·1 + i·0, and only the chosen gate sees the cell.
    forget = torch.sigmoid(torch.tensor(0.7 if place == 1 else 0.0).double())
    new_cell = forget
    expected = {
        "input_gate": torch.sigmoid(torch.tensor(0.7 if place == 0 else 0.0).double()),
        "forget_gate": forget,
        "output_gate": torch.sigmoid(0.7 * new_cell if place == 2 else torch.tensor(0.0).double()),
        "cell": new_cell,
    }
    for name, value in expected.items():
        assert record[name].item() == pytest.approx(value.item(), abs=1e-7), name


def test_explain_tells_the_way_of_a_peephole_layer() -> None:
    assert "reference" in ph.LSTM(INPUT, HIDDEN, peephole="diagonal").explain()


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


def test_peepholes_are_drawn_after_torchs_parameters_so_the_rest_starts_as_torchs() -> None:
    torch.manual_seed(3)
    theirs = nn.LSTM(INPUT, HIDDEN).state_dict()
    torch.manual_seed(3)
    ours = ph.LSTM(INPUT, HIDDEN, peephole="diagonal").state_dict()
    for name, value in theirs.items():
        assert torch.equal(ours[name], value), name


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


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"peephole": "sideways"}, ["peephole", "sideways", "diagonal"]),
        ({"peephole": True}, ["peephole", "True"]),
        ({"forget_bias": "one"}, ["forget_bias", "one"]),
        ({"forget_bias": float("nan")}, ["forget_bias", "nan"]),
        ({"forget_bias": 1.0, "bias": False}, ["forget_bias", "bias=False"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("home", [ph.LSTM, ph.LSTMCell], ids=["layer", "cell"])
def test_an_option_out_of_range_is_named_with_what_was_received(
    home: type, options: dict[str, object], words: list[str]
) -> None:
    with pytest.raises(OptionError) as caught:
        home(INPUT, HIDDEN, **options)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("home", [ph.RNN, ph.GRU, ph.RNNCell, ph.GRUCell], ids=lambda c: c.__name__)
@pytest.mark.parametrize("options", [{"peephole": "diagonal"}, {"forget_bias": 1.0}], ids=str)
def test_a_cell_without_a_memory_cell_refuses_an_lstms_options(
    home: type, options: dict[str, object]
) -> None:
    with pytest.raises((OptionError, TypeError), match=next(iter(options))):
        home(INPUT, HIDDEN, **options)


def test_options_beyond_torchs_are_keywords_only() -> None:
    with pytest.raises(TypeError):
        ph.LSTM(INPUT, HIDDEN, 1, True, False, 0.0, False, 0, None, None, "diagonal")
    with pytest.raises(TypeError):
        ph.LSTMCell(INPUT, HIDDEN, True, None, None, "diagonal")


@pytest.mark.parametrize("peephole", [None, "diagonal"])
@pytest.mark.parametrize("way", WAYS)
def test_an_open_forget_and_a_shut_input_gate_keep_the_cell_and_its_gradient_for_a_thousand_steps(
    way: str, peephole: str | None
) -> None:
    if peephole is not None and way == "vendor":
        pytest.skip("torch's operation has no peepholes")
    layer = driven(1000.0, forget=1000.0, entry=-1000.0, peephole=peephole)
    c0 = torch.tensor([[[0.25]]], dtype=torch.float64, requires_grad=True)
    with on(way):
        _, (_, c) = layer(torch.zeros(1000, 1, 1, dtype=torch.float64), (torch.zeros_like(c0), c0))
    c.sum().backward()
    assert c.item() == 0.25
    assert c0.grad.item() == 1.0


@pytest.mark.parametrize("way", WAYS)
def test_a_shut_forget_gate_erases_the_cell_and_a_shut_output_gate_hides_it(way: str) -> None:
    c0 = torch.tensor([[[0.25]]], dtype=torch.float64)
    state = (torch.zeros_like(c0), c0)
    x = torch.zeros(3, 1, 1, dtype=torch.float64)
    with on(way):
        _, (_, erased) = driven(1000.0, forget=-1000.0, entry=-1000.0)(x, state)
        output, (_, kept) = driven(-1000.0, forget=1000.0, entry=-1000.0)(x, state)
    assert erased.item() == 0.0
    assert not output.any()
    assert kept.item() == 0.25


def driven(output: float, *, forget: float, entry: float, peephole: str | None = None) -> ph.LSTM:
    """A one-unit LSTM whose gates stand where their biases say, whatever comes."""
    layer = ph.LSTM(1, 1, dtype=torch.float64, peephole=peephole)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        layer.bias_ih_l0.copy_(torch.tensor([entry, forget, 0.3, output]))
    return layer
