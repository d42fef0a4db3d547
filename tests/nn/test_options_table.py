"""The table of options says what the constructors take, and every refusal in it is made in words that help."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch

import peephole as ph
from peephole.errors import OptionError
from peephole.nn import options
from peephole.nn.activations import EXPECTED as AN_ACTIVATION
from peephole.nn.options import OPTIONS, REFUSALS, SET, Option, Refusal

LAYERS: dict[str, Any] = {"rnn": ph.RNN, "lstm": ph.LSTM, "gru": ph.GRU}
CELLS: dict[str, Any] = {"rnn": ph.RNNCell, "lstm": ph.LSTMCell, "gru": ph.GRUCell}
SIZES = {"input_size", "hidden_size", "device", "dtype"}

ROWS = [(cell, row) for cell in LAYERS for row in options.of_cell(cell).values()]
ROW_NAMES = [f"{cell}-{row.name}" for cell, row in ROWS]

WRONG: dict[str, tuple[Any, ...]] = {
    "True or False": ("yes", 1, None),
    "a probability, 0 to 1": (-0.1, 1.1, "half", None, True, float("nan")),
    "a positive number, or None": (0, -1.0, float("inf"), float("nan"), "1", True),
    "a finite number, or None": ("one", float("nan"), float("inf"), True),
    "a pair of probabilities (cell, hidden), each 0 to 1": (0.3, (0.3,), (0.3, 1.1), (0.1, 0.1, 0.1), None),
    "None, 'diagonal' or 'full'": ("sideways", True, ""),
    AN_ACTIVATION: (
        *("sine", "tanhh", "Tanh", "", None, 3, True, torch.tanh, (), ("relu", 1.0), ["elu", 1.0]),
        *(("elu", wrong) for wrong in ("one", True, float("nan"), float("inf"))),
        ("elu", 1.0, 2.0),
    ),
}
#: sizes and ``bias`` fail as torch's do, and time × depth × direction has tests of its own
CHECKED = [(cell, row) for cell, row in ROWS if row.in_step and row.name not in ("bias", "proj_size")]


def parameters(of: Any) -> dict[str, inspect.Parameter]:
    return {n: p for n, p in inspect.signature(of).parameters.items() if n not in SIZES}


@pytest.mark.parametrize("cell", LAYERS)
def test_the_table_lists_every_argument_of_a_layer_with_its_default(cell: str) -> None:
    taken = {name: p.default for name, p in parameters(LAYERS[cell]).items()}
    if cell != "lstm":
        assert taken.pop("proj_size") == 0  # there to be refused, as in torch.nn
    assert taken == {name: row.default for name, row in options.of_cell(cell).items()}


@pytest.mark.parametrize("cell", CELLS)
def test_the_table_lists_every_argument_of_a_cell_with_its_default(cell: str) -> None:
    taken = {name: p.default for name, p in parameters(CELLS[cell]).items()}
    assert taken == {name: row.default for name, row in options.of_cell(cell).items() if row.in_step}


@pytest.mark.parametrize("cell", LAYERS)
@pytest.mark.parametrize("of", [LAYERS, CELLS], ids=["layer", "cell"])
def test_no_option_hides_in_keywords_that_nobody_can_see(of: dict[str, Any], cell: str) -> None:
    kinds = {p.kind for p in inspect.signature(of[cell]).parameters.values()}
    assert kinds <= {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("cell", LAYERS)
@pytest.mark.parametrize("of", [LAYERS, CELLS], ids=["layer", "cell"])
def test_an_option_of_another_cell_is_refused_naming_it(of: dict[str, Any], cell: str) -> None:
    for row in OPTIONS:
        if cell not in row.of and row.name not in options.of_cell(cell) and row.name != "proj_size":
            with pytest.raises(TypeError, match=row.name):
                of[cell](3, 4, **{row.name: row.values[0]})


@pytest.mark.parametrize(("cell", "row"), ROWS, ids=ROW_NAMES)
def test_an_option_takes_its_default_and_every_value_of_the_table(cell: str, row: Option) -> None:
    assert row.default not in row.values
    for value in (row.default, *row.values):
        assert row.accepts(value)
        LAYERS[cell](3, 4, **{**row.needs, row.name: value})
        if row.in_step:
            CELLS[cell](3, 4, **{**row.needs, row.name: value})


@pytest.mark.parametrize("row", OPTIONS, ids=lambda row: f"{row.name}-{row.of[0]}")
def test_a_row_says_what_it_means_and_what_it_expects(row: Option) -> None:
    assert row.meaning
    assert row.expects
    assert row.values


@pytest.mark.parametrize(("cell", "row"), CHECKED, ids=lambda value: getattr(value, "name", value))
def test_a_value_out_of_range_is_refused_with_the_options_name_what_it_got_and_what_would_be_right(
    cell: str, row: Option
) -> None:
    for wrong in WRONG[row.expects]:
        for of in (LAYERS, CELLS):
            with pytest.raises(OptionError) as caught:
                of[cell](3, 4, **{row.name: wrong})
            message = str(caught.value)
            assert message.startswith(f"{row.name} must be {row.expects}")
            assert repr(wrong) in message
            assert "\n" not in message


def in_a_step(refused: Refusal) -> bool:
    return all(options.option(refused.of, name).in_step for name in refused.when)


@pytest.mark.parametrize(
    ("of", "refused"),
    [(LAYERS, refused) for refused in REFUSALS]
    + [(CELLS, refused) for refused in REFUSALS if in_a_step(refused)],
    ids=lambda value: (
        "-".join([value.of, *value.when]) if isinstance(value, Refusal) else value["rnn"].__name__
    ),
)
def test_a_combination_without_meaning_is_refused_naming_every_option_and_why(
    of: dict[str, Any], refused: Refusal
) -> None:
    chosen = {
        name: options.option(refused.of, name).values[0] if value is SET else value
        for name, value in refused.when.items()
    }
    with pytest.raises(OptionError) as caught:
        of[refused.of](3, 4, **chosen)
    message = str(caught.value)
    assert all(f"{name}={value!r}" in message for name, value in chosen.items()), message
    assert message.endswith(refused.why)
    assert "\n" not in message


@pytest.mark.parametrize("refused", REFUSALS, ids=lambda r: "-".join([r.of, *r.when]))
def test_a_combination_is_refused_for_the_sake_of_every_option_that_it_names(refused: Refusal) -> None:
    chosen = {
        name: options.option(refused.of, name).values[0] if value is SET else value
        for name, value in refused.when.items()
    }
    for name in chosen:
        row = options.option(refused.of, name)
        other = row.values[0] if chosen[name] == row.default else row.default
        assert not refused.holds({**chosen, name: other})


def test_pairs_name_each_pair_of_options_at_each_of_their_values() -> None:
    listed = [chosen for chosen, _ in options.pairs("gru")]
    assert {"reset_after": False, "layer_norm": True} in listed
    assert {"gate_activation": "softsign", "zoneout": 0.4} in listed
    rows = list(options.of_cell("gru").values())
    expected = sum(len(a.values) * len(b.values) for n, a in enumerate(rows) for b in rows[n + 1 :])
    assert len(listed) == expected


def test_a_pair_comes_with_what_its_options_need() -> None:
    listed = [chosen for chosen, refusal in options.pairs("lstm") if refusal is None]
    assert {"proj_size": 2, "proj_clip": 0.05, "coupled": True} in listed
    assert not any("proj_clip" in chosen and "proj_size" not in chosen for chosen in listed)


def test_options_beyond_torchs_are_keywords_only() -> None:
    with pytest.raises(TypeError):
        ph.LSTM(3, 4, 1, True, False, 0.0, False, 0, None, None, "diagonal")
    with pytest.raises(TypeError):
        ph.LSTMCell(3, 4, True, None, None, "diagonal")
