"""The random masks: how often and how large, over what they are held, and that evaluation has none."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import peephole as ph
from peephole.errors import OptionError
from peephole.nn import options, reference, ways

INPUT, HIDDEN = 3, 4
LAYERS: dict[str, Any] = {"rnn": ph.RNN, "lstm": ph.LSTM, "gru": ph.GRU}
P = 0.3

DROPOUTS = [
    (cell, name)
    for cell in LAYERS
    for name in ("recurrent_dropout", "variational_dropout", "weight_dropout")
    if name in options.of_cell(cell)
]
#: option, its masks' names, and their shapes at time 5, batch 2
SHAPES: dict[str, dict[str, Any]] = {
    "recurrent_dropout": {"candidate_mask": (5, 2, HIDDEN)},
    "variational_dropout": {"input_mask": (2, INPUT), "hidden_mask": (2, HIDDEN)},
    "weight_dropout": {"weight_mask": None},
}
ZONEOUT: dict[str, Any] = {"rnn": P, "gru": P, "lstm": (P, P)}


def masks(layer: Any, time: int = 5, batch: int = 2) -> dict[str, Tensor]:
    _, trace = ph.trace(layer, torch.randn(time, batch, layer.input_size))
    return dict(trace.layer().masks)


@pytest.mark.parametrize(("cell", "name"), DROPOUTS)
def test_a_dropout_records_its_masks_under_their_own_names(cell: str, name: str) -> None:
    found = masks(LAYERS[cell](INPUT, HIDDEN, **{name: P}))
    assert set(found) == set(SHAPES[name])
    for mask, shape in SHAPES[name].items():
        rows = {"rnn": 1, "gru": 3, "lstm": 4}[cell] * HIDDEN
        assert found[mask].shape == ((rows, HIDDEN) if shape is None else shape)


@pytest.mark.parametrize(("cell", "name"), DROPOUTS)
def test_a_dropouts_mask_is_zero_as_often_as_said_and_else_scaled_so_that_its_mean_is_one(
    cell: str, name: str
) -> None:
    found = masks(LAYERS[cell](60, 60, **{name: P}), time=20, batch=60)
    for mask in found.values():
        kept = torch.tensor(1 / (1 - P))
        assert ((mask == 0) | torch.isclose(mask, kept)).all()
        four_deviations = 4 * (P * (1 - P) / mask.numel()) ** 0.5
        assert abs((mask == 0).double().mean() - P) < four_deviations


@pytest.mark.parametrize("cell", LAYERS)
def test_a_zoneout_mask_is_one_as_often_as_said_and_else_zero(cell: str) -> None:
    layer = LAYERS[cell](60, 60, zoneout=ZONEOUT[cell])
    found = masks(layer, time=20, batch=60)
    assert set(found) == {f"{state}_zoneout_mask" for state in layer.equations[0].zoneouts}
    for mask in found.values():
        assert ((mask == 0) | (mask == 1)).all()
        assert abs(mask.double().mean() - P) < 4 * (P * (1 - P) / mask.numel()) ** 0.5
    layer.eval()
    for mask in masks(layer).values():
        assert (mask == torch.tensor(P)).all()


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_recurrent_dropouts_mask_is_another_at_each_step_and_in_each_sequence(cell: str) -> None:
    mask = masks(LAYERS[cell](INPUT, 50, recurrent_dropout=0.5))["candidate_mask"]
    assert not torch.equal(mask[0], mask[1])
    assert not torch.equal(mask[:, 0], mask[:, 1])


@pytest.mark.parametrize("cell", LAYERS)
def test_variational_dropouts_masks_differ_between_sequences_and_calls(cell: str) -> None:
    layer = LAYERS[cell](50, 50, variational_dropout=0.5)
    first, second = masks(layer), masks(layer)
    for name in ("input_mask", "hidden_mask"):
        assert not torch.equal(first[name][0], first[name][1])
        assert not torch.equal(first[name], second[name])


@pytest.mark.parametrize("cell", LAYERS)
def test_every_layer_and_direction_has_masks_of_its_own(cell: str) -> None:
    layer = LAYERS[cell](INPUT, 50, 2, bidirectional=True, weight_dropout=0.5)
    _, trace = ph.trace(layer, torch.randn(2, 1, INPUT))
    found = [record.weight_mask for record in trace]
    assert len(found) == 4
    assert not any(torch.equal(a, b) for n, a in enumerate(found) for b in found[:n])


@pytest.mark.parametrize(("cell", "name"), DROPOUTS)
def test_in_evaluation_a_dropout_is_the_layer_without_it_and_runs_as_fast(cell: str, name: str) -> None:
    layer = LAYERS[cell](INPUT, HIDDEN, 2, bidirectional=True, **{name: P}).eval()
    plain = LAYERS[cell](INPUT, HIDDEN, 2, bidirectional=True)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(5, 2, INPUT)
    assert torch.equal(layer(x)[0], plain(x)[0])
    with ways.forced("vendor"):
        assert "vendor" in layer.explain()
        assert torch.equal(layer(x)[0], plain(x)[0])
        assert "reference" in layer.train().explain()
    assert not torch.equal(layer(x)[0], plain(x)[0])


@pytest.mark.parametrize(("cell", "name"), DROPOUTS)
def test_the_same_seed_draws_the_same_masks(cell: str, name: str) -> None:
    layer = LAYERS[cell](INPUT, HIDDEN, **{name: P})
    x = torch.randn(5, 2, INPUT)
    torch.manual_seed(1)
    first = layer(x)[0]
    torch.manual_seed(1)
    assert torch.equal(layer(x)[0], first)


@pytest.mark.parametrize("cell", LAYERS)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_zoneout_of_one_keeps_the_initial_state_for_ever(cell: str, training: bool) -> None:
    layer = LAYERS[cell](INPUT, HIDDEN, zoneout=(1.0, 1.0) if cell == "lstm" else 1.0, dtype=torch.float64)
    h = torch.randn(1, 2, HIDDEN, dtype=torch.float64)
    state = (h, h + 1) if cell == "lstm" else h
    output, final = layer.train(training)(torch.randn(5, 2, INPUT, dtype=torch.float64), state)
    assert torch.equal(output, h.expand(5, -1, -1))
    for after, before in zip(final if cell == "lstm" else (final,), (h, h + 1), strict=False):
        assert torch.equal(after, before)


@pytest.mark.parametrize("cell", LAYERS)
def test_a_run_takes_its_masks_from_outside(cell: str) -> None:
    layer = LAYERS[cell](INPUT, HIDDEN, variational_dropout=0.5, weight_dropout=0.5, zoneout=ZONEOUT[cell])
    e = layer.equations[0]
    w = {name: getattr(layer, f"{name}_l0") for name in e.parameter_shapes()}
    x, state = torch.randn(5, 2, INPUT), tuple(torch.randn(2, n) for n in e.state_sizes.values())
    drawn = e.masks(5, 2, x, training=True)
    first = reference.run_lane(e, w, x, state, training=True, masks=drawn)[0]
    assert torch.equal(reference.run_lane(e, w, x, state, training=True, masks=drawn)[0], first)
    assert not torch.equal(reference.run_lane(e, w, x, state, training=True)[0], first)


@pytest.mark.parametrize("name", ["variational_dropout", "weight_dropout"])
@pytest.mark.parametrize("made", [ph.RNNCell, ph.LSTMCell, ph.GRUCell], ids=lambda c: c.__name__)
def test_a_cell_asks_for_the_masks_that_are_held_over_its_sequence(made: Any, name: str) -> None:
    cell = made(INPUT, HIDDEN, **{name: P})
    with pytest.raises(OptionError, match="draw_masks"):
        cell(torch.randn(2, INPUT))
    cell(torch.randn(2, INPUT), masks=cell.draw_masks(2))
    cell.eval()(torch.randn(2, INPUT))


def test_a_cell_stepped_with_its_masks_holds_them_over_the_sequence() -> None:
    cell: Any = ph.RNNCell(INPUT, HIDDEN, variational_dropout=0.5, nonlinearity="identity", bias=False)
    drawn = cell.draw_masks(2)
    x, h = torch.randn(2, INPUT), torch.randn(2, HIDDEN)
    for _ in range(3):
        expected = (x * drawn.once["input_mask"]) @ cell.weight_ih.T
        expected = expected + (h * drawn.once["hidden_mask"]) @ cell.weight_hh.T
        h = cell(x, h, masks=drawn)
        torch.testing.assert_close(h, expected)


def test_masks_are_read_saved_and_loaded_like_quantities(tmp_path: Any) -> None:
    layer: Any = ph.LSTM(INPUT, HIDDEN, zoneout=(P, P), variational_dropout=P)
    _, trace = ph.trace(layer, torch.randn(5, 2, INPUT))
    trace.save(tmp_path / "trace")
    record, loaded = trace.layer(), type(trace).load(tmp_path / "trace").layer()
    assert set(loaded.masks) == {"input_mask", "hidden_mask", "cell_zoneout_mask", "hidden_zoneout_mask"}
    for name, mask in record.masks.items():
        assert torch.equal(loaded[name], mask)
        assert getattr(record, name) is mask


def test_masks_are_zero_past_a_sequences_end() -> None:
    layer: Any = ph.GRU(INPUT, HIDDEN, zoneout=1.0, recurrent_dropout=0.0)
    _, trace = ph.trace(layer, torch.randn(4, 2, INPUT), lengths=torch.tensor([4, 1]))
    mask = trace.layer().hidden_zoneout_mask
    assert mask[:, 0].all()
    assert mask[0, 1].all()
    assert not mask[1:, 1].any()
