"""``ph.from_arrays``: layers from plain arrays in other frameworks' orders compute what torch's and TensorFlow's do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import peephole as ph
from peephole.errors import InterchangeError, OptionError
from peephole.interchange.gate_orders import reorder, rows, spelled

LAYERS = {"rnn": ph.RNN, "lstm": ph.LSTM, "gru": ph.GRU}
OURS = {"rnn": "h", "lstm": "ifgo", "gru": "rzn"}
THEIRS = {"rnn": "h", "lstm": "iofc", "gru": "zrh"}
LETTER = str.maketrans("cjh", "ggn")


def layer(cell: str, inputs: int = 3, hidden: int = 4, **options: Any) -> torch.nn.Module:
    made = LAYERS[cell](inputs, hidden, dtype=torch.float64, **options)
    for parameter in made.parameters():
        torch.nn.init.uniform_(parameter, -0.8, 0.8)
    return made.eval()


def theirs(value: torch.Tensor, cell: str, order: str | None = None, ours: str | None = None) -> np.ndarray:
    """A parameter with its gates in another framework's order, block by block."""
    order, ours = order or THEIRS[cell], ours or OURS[cell]
    blocks = np.split(value.detach().numpy(), len(order))
    plain = order if cell == "rnn" else order.translate(LETTER)
    return np.concatenate([blocks[ours.index(gate)] for gate in plain])


def arrays(made: torch.nn.Module, cell: str, suffix: str = "l0") -> dict[str, np.ndarray]:
    names = {"input": "weight_ih", "recurrent": "weight_hh", "bias": "bias_ih", "recurrent_bias": "bias_hh"}
    return {ours: theirs(made.get_parameter(f"{name}_{suffix}"), cell) for ours, name in names.items()}


def same(made: torch.nn.Module, other: torch.nn.Module) -> None:
    """Exactly the same parameters, and the same outputs."""
    x = torch.randn(5, 2, made.input_size, dtype=torch.float64)
    assert {n: tuple(p.shape) for n, p in made.named_parameters()} == {
        n: tuple(p.shape) for n, p in other.named_parameters()
    }
    assert all(torch.equal(p, other.get_parameter(n)) for n, p in made.named_parameters())
    assert torch.equal(made(x)[0], other(x)[0])
    assert not other.training


@pytest.mark.parametrize("turned", [False, True], ids=["rows first", "inputs first"])
@pytest.mark.parametrize("cell", LAYERS)
def test_a_layer_comes_back_from_arrays_in_another_order(cell: Any, turned: bool) -> None:
    made = layer(cell)
    given = arrays(made, cell)
    if turned:
        given |= {name: given[name].T for name in ("input", "recurrent")}
    same(made, ph.from_arrays(cell, gates=THEIRS[cell], **given))


@pytest.mark.parametrize("cell", LAYERS)
def test_lists_are_layers_and_tuples_directions(cell: Any) -> None:
    made = layer(cell, num_layers=2, bidirectional=True)
    lanes = [[arrays(made, cell, f"l{depth}{suffix}") for suffix in ("", "_reverse")] for depth in range(2)]
    given = {name: [tuple(lane[name] for lane in layer) for layer in lanes] for name in lanes[0][0]}
    same(made, ph.from_arrays(cell, gates=THEIRS[cell], **given))


def test_layers_may_have_widths_of_their_own() -> None:
    made = layer("gru", hidden=[4, 5])
    lanes = [arrays(made, "gru", f"l{depth}") for depth in range(2)]
    given = {name: [lane[name] for lane in lanes] for name in lanes[0]}
    same(made, ph.from_arrays("gru", gates="zrh", **given))


def test_one_bias_leaves_the_other_at_zero_and_none_leaves_none() -> None:
    made = layer("lstm")
    given = arrays(made, "lstm")
    one = ph.from_arrays("lstm", gates="iofc", **{k: v for k, v in given.items() if k != "recurrent_bias"})
    assert torch.equal(one.bias_ih_l0, made.bias_ih_l0)
    assert not one.bias_hh_l0.any()
    none = ph.from_arrays("lstm", gates="iofc", input=given["input"], recurrent=given["recurrent"])
    assert not none.bias
    assert torch.equal(none.weight_hh_l0, made.weight_hh_l0)


@pytest.mark.parametrize("kind", ["diagonal", "full"])
def test_peepholes_come_in_their_own_order(kind: Any) -> None:
    made = layer("lstm", peephole=kind)
    own = theirs(made.weight_peephole_l0, "lstm", "iof", "ifo")
    given = {**arrays(made, "lstm"), "peephole": own}
    same(made, ph.from_arrays("lstm", gates="iofc", peephole_gates="iof", **given))
    if kind == "diagonal":
        given["peephole"] = own.reshape(3, -1)
        same(made, ph.from_arrays("lstm", gates="iofc", peephole_gates="iof", **given))


@pytest.mark.parametrize("turned", [False, True], ids=["rows first", "inputs first"])
def test_a_projection_is_known_by_its_shape(turned: bool) -> None:
    made = layer("lstm", proj_size=2)
    given = {**arrays(made, "lstm"), "projection": made.weight_hr_l0.detach().numpy()}
    if turned:
        given |= {name: given[name].T for name in ("input", "recurrent", "projection")}
    same(made, ph.from_arrays("lstm", gates="iofc", **given))


def test_tensorflow_1s_kernel_is_split_and_its_forget_bias_added() -> None:
    rng = np.random.default_rng(5)
    kernel, bias = rng.normal(size=(3 + 4, 16)), rng.normal(size=16)
    made = ph.from_arrays("lstm", gates="ijfo", kernel=kernel, bias=bias, forget_bias=1.0)
    x, h, c = rng.normal(size=(5, 2, 3)), np.zeros((2, 4)), np.zeros((2, 4))
    outputs, _ = made(torch.tensor(x))
    for t in range(5):  # as rnn_cell_impl.py writes it
        i, j, f, o = np.split(np.concatenate([x[t], h], 1) @ kernel + bias, 4, axis=1)
        c = c * sigmoid(f + 1.0) + sigmoid(i) * np.tanh(j)
        h = np.tanh(c) * sigmoid(o)
        np.testing.assert_allclose(outputs[t].detach().numpy(), h, rtol=1e-12, atol=1e-12)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_gates_that_a_variant_lacks_are_not_in_the_order() -> None:
    made = layer("lstm", coupled=True)
    names = {"input": "weight_ih", "recurrent": "weight_hh", "bias": "bias_ih", "recurrent_bias": "bias_hh"}
    given = {k: theirs(made.get_parameter(f"{n}_l0"), "lstm", "oci", "igo") for k, n in names.items()}
    same(made, ph.from_arrays("lstm", gates="oci", coupled=True, **given))
    with pytest.raises(InterchangeError, match="not the same gates"):
        ph.from_arrays("lstm", gates="oci", **given)


def test_float32_stays_and_float64_makes_all_of_it_float64() -> None:
    given = {name: value.astype("float32") for name, value in arrays(layer("lstm"), "lstm").items()}
    assert ph.from_arrays("lstm", gates="iofc", **given).weight_ih_l0.dtype == torch.float32
    given["bias"] = given["bias"].astype("float64")
    made = ph.from_arrays("lstm", gates="iofc", **given)
    assert {p.dtype for p in made.parameters()} == {torch.float64}


def test_arrays_of_another_byte_order_tensors_and_arrays_that_change_later_are_all_right() -> None:
    made = layer("gru")
    given = arrays(made, "gru")
    swapped = {name: value.astype(value.dtype.newbyteorder(">")) for name, value in given.items()}
    same(made, ph.from_arrays("gru", gates="zrh", **swapped))
    tensors: dict[str, Any] = {name: torch.tensor(value) for name, value in given.items()}
    loaded = ph.from_arrays("gru", gates="zrh", **tensors)
    for tensor in tensors.values():
        tensor.zero_()
    same(made, loaded)


def test_no_number_is_a_value_like_any_other() -> None:
    given = arrays(layer("lstm"), "lstm")
    given["bias"][0] = np.nan
    assert ph.from_arrays("lstm", gates="iofc", **given).bias_ih_l0.isnan().sum() == 1


# What is asked for, and refused


def test_an_rnn_with_as_many_inputs_as_units_has_to_be_told_how_its_matrices_stand() -> None:
    made = layer("rnn", inputs=4)
    given = arrays(made, "rnn")
    with pytest.raises(InterchangeError, match="say transposed=False or transposed=True"):
        ph.from_arrays("rnn", **given)
    same(made, ph.from_arrays("rnn", transposed=False, **given))
    given |= {name: given[name].T for name in ("input", "recurrent")}
    same(made, ph.from_arrays("rnn", transposed=True, **given))


WEIGHTS = {"input": np.zeros((16, 3)), "recurrent": np.zeros((16, 4))}
REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no order": ({**WEIGHTS}, OptionError, "order of the gates"),
    "no weights": ({"gates": "ifgo"}, OptionError, "give input= and recurrent="),
    "both": ({"gates": "ifgo", **WEIGHTS, "kernel": np.zeros((7, 16))}, OptionError, "kernel= in place"),
    "half": ({"gates": "ifgo", "input": WEIGHTS["input"]}, InterchangeError, "recurrent is missing"),
    "letters": ({"gates": "ifgx", **WEIGHTS}, InterchangeError, "'ifgx'"),
    "twice": ({"gates": "iifg", **WEIGHTS}, InterchangeError, "'iifg'"),
    "rows": ({"gates": "ifgo", **WEIGHTS, "input": np.zeros((12, 3))}, InterchangeError, r"input \[12, 3\]"),
    "recurrent": (
        {"gates": "ifgo", **WEIGHTS, "recurrent": np.zeros((15, 4))},
        InterchangeError,
        r"recurrent \[15, 4\]",
    ),
    "bias": ({"gates": "ifgo", **WEIGHTS, "bias": np.zeros(8)}, InterchangeError, r"bias must have .*\[16\]"),
    "rank": ({"gates": "ifgo", **WEIGHTS, "input": np.zeros(16)}, InterchangeError, "input must be a matrix"),
    "words": (
        {"gates": "ifgo", **WEIGHTS, "bias": np.array(["a"] * 16)},
        InterchangeError,
        "bias must be an array",
    ),
    "objects": ({"gates": "ifgo", **WEIGHTS, "bias": [None]}, InterchangeError, "bias must be an array"),
    "integers": (
        {"gates": "ifgo", **WEIGHTS, "bias": np.zeros(16, dtype=int)},
        InterchangeError,
        "must be of floats",
    ),
    "peephole": (
        {"gates": "ifgo", **WEIGHTS, "peephole": np.zeros(9)},
        InterchangeError,
        r"peephole must have the shape \[12\].*got \[9\]",
    ),
    "torn peephole": (
        {"gates": "ifgo", **WEIGHTS, "peephole": np.zeros(11)},
        InterchangeError,
        r"peephole must have the shape \[12\].*got \[11\]",
    ),
    "no word": ({"gates": 4, **WEIGHTS}, InterchangeError, "order of the gates is a word, got 4"),
    "no number": (
        {"gates": "ifgo", **WEIGHTS, "forget_bias": "a"},
        OptionError,
        "forget_bias must be a number",
    ),
    "layers": ({"gates": "ifgo", **WEIGHTS, "input": [np.zeros((16, 3))] * 2}, InterchangeError, "2 layers"),
    "directions": (
        {"gates": "ifgo", **WEIGHTS, "input": (np.zeros((16, 3)),) * 2},
        InterchangeError,
        "for 1 layer of 1 direction and input for 1 layer of 2 directions: .*all must have the same",
    ),
    "decided": ({"gates": "ifgo", **WEIGHTS, "hidden_size": 4}, OptionError, "hidden_size is decided"),
    "unknown": ({"gates": "ifgo", **WEIGHTS, "sideways": 1}, OptionError, "sideways"),
    "missing": ({"gates": "ifgo", **WEIGHTS, "layer_norm": True}, InterchangeError, "lacks weight_ln"),
    "kernel": ({"gates": "ifgo", "kernel": np.zeros((3, 16))}, InterchangeError, r"kernel \[3, 16\]"),
    "forgetting": (
        {
            "gates": "igo",
            "input": np.zeros((12, 3)),
            "recurrent": np.zeros((12, 4)),
            "coupled": True,
            "forget_bias": 1.0,
        },
        OptionError,
        "needs a forget gate",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_in_one_line_that_names_it(name: str) -> None:
    given, kind, told = REFUSED[name]
    with pytest.raises(kind, match=told) as caught:
        ph.from_arrays("lstm", **given)
    assert "\n" not in str(caught.value)


def test_a_wrong_layer_and_direction_are_named() -> None:
    both = ([(np.zeros((16, 3)), np.zeros((16, 3)))], [(np.zeros((16, 4)), np.zeros((15, 4)))])
    with pytest.raises(InterchangeError, match="of layer 0, backward"):
        ph.from_arrays("lstm", gates="ifgo", input=both[0], recurrent=both[1])


def test_an_unknown_cell_is_refused() -> None:
    with pytest.raises(OptionError, match="rnn, lstm, gru, got 'elman'"):
        ph.from_arrays("elman", **WEIGHTS)


# Orders


@given(st.permutations("ifgo"), st.integers(1, 3), st.integers(0, 2))
def test_rows_in_any_order_come_back_in_ours(order: list[str], size: int, more: int) -> None:
    blocks = {gate: np.full((size, *([2] * more)), float(place)) for place, gate in enumerate("ifgo")}
    stacked = np.concatenate([blocks[gate] for gate in order])
    expected = np.concatenate(list(blocks.values()))
    assert np.array_equal(rows(stacked, "".join(order)), expected)
    assert torch.equal(rows(torch.tensor(stacked), "".join(order)), torch.tensor(expected))


@pytest.mark.parametrize(
    ("order", "cell", "plain"),
    [
        ("iofc", "lstm", "iofg"),
        ("ijfo", "lstm", "igfo"),
        ("IFCO", "lstm", "ifgo"),
        ("zrh", "gru", "zrn"),
        ("h", "rnn", "h"),
    ],
)
def test_the_candidate_has_several_letters(order: str, cell: Any, plain: str) -> None:
    assert spelled(order, cell) == plain


def test_an_axis_that_does_not_divide_is_refused() -> None:
    with pytest.raises(InterchangeError, match="an axis of 10 does not divide into the 4 gates"):
        reorder(np.zeros(10), "iofg", "ifgo")
