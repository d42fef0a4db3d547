"""Statistics of units against plain NumPy over each sequence by itself; padding never counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

import peephole as ph
from peephole.analysis.units import histogram, mean_by_symbol, rank_units, unit_statistics
from peephole.errors import MissingQuantityError, TraceError

LENGTHS = torch.tensor([6, 1, 4])


def record_of(quantities: dict[str, Tensor], lengths: Tensor | None = LENGTHS) -> ph.LayerRecord:
    """A record whose padding is poison: no number derived from it could be right."""
    if lengths is not None:
        padding = torch.arange(len(next(iter(quantities.values()))))[:, None] >= lengths
        quantities = {
            name: values.masked_fill(padding[..., None], 1e9) for name, values in quantities.items()
        }
    batch = next(iter(quantities.values())).shape[1]
    return ph.LayerRecord("", 0, 0, "forward", "lstm", quantities, {}, torch.zeros(6, batch, 1), lengths)


@pytest.fixture
def record() -> ph.LayerRecord:
    return record_of({"forget_gate": torch.rand(6, 3, 4), "cell": 3 * torch.randn(6, 3, 4)})


def by_hand(record: ph.LayerRecord, quantity: str) -> list[np.ndarray]:
    """Each sequence's own (step, unit) values."""
    return [record[quantity][:length, column].numpy() for column, length in enumerate(LENGTHS.tolist())]


@pytest.mark.parametrize("quantity", ["forget_gate", "cell"])
def test_statistics_are_those_of_the_real_steps(record: ph.LayerRecord, quantity: str) -> None:
    found = unit_statistics(record, quantity)
    values = np.concatenate(by_hand(record, quantity))
    np.testing.assert_array_equal(found.minimum, values.min(0))
    np.testing.assert_array_equal(found.maximum, values.max(0))
    np.testing.assert_allclose(found.mean, values.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.deviation, values.std(0), rtol=1e-5)


def test_turnover_is_the_mean_change_within_sequences(record: ph.LayerRecord) -> None:
    changes = np.concatenate([np.abs(np.diff(sequence, axis=0)) for sequence in by_hand(record, "cell")])
    np.testing.assert_allclose(unit_statistics(record, "cell").turnover, changes.mean(0), rtol=1e-5)


def test_turnover_of_full_sequences_does_not_run_from_one_to_the_next() -> None:
    constant = torch.tensor([0.0, 1.0, 5.0]).expand(6, 3)[..., None]
    assert unit_statistics(record_of({"cell": constant}, lengths=None), "cell").turnover.item() == 0


def test_turnover_of_single_steps_is_zero() -> None:
    record = record_of({"cell": torch.rand(1, 3, 2)}, lengths=torch.tensor([1, 1, 1]))
    assert unit_statistics(record, "cell").turnover.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("quantity", "values", "low", "high"),
    [
        ("forget_gate", [0.05, 0.2, 0.95, 0.99], 1 / 4, 2 / 4),
        ("hidden", [-0.95, -0.5, 0.05, 0.95], 1 / 4, 1 / 4),
        ("cell", [-1.5, -1.4, 1.4, 7.0], 1 / 4, 1 / 4),  # tanh(1.4) = 0.885, tanh(1.5) = 0.905
    ],
)
def test_saturation_is_near_the_ends_of_what_the_quantity_can_show(
    quantity: str, values: list[float], low: float, high: float
) -> None:
    record = record_of({quantity: torch.tensor(values).reshape(4, 1, 1)}, lengths=None)
    found = unit_statistics(record, quantity)
    assert (found.saturated_low.item(), found.saturated_high.item()) == (low, high)


def test_a_histogram_counts_every_real_step(record: ph.LayerRecord) -> None:
    for quantity in ("forget_gate", "cell"):
        found = histogram(record, quantity, 2)
        values = np.concatenate(by_hand(record, quantity))[:, 2]
        expected, _ = np.histogram(values, bins=41, range=(found.low, found.high))
        assert found.counts.tolist() == expected.tolist()
        assert found.counts.sum() == LENGTHS.sum()


def test_the_middle_of_a_histogram_is_zero_or_a_half(record: ph.LayerRecord) -> None:
    cell, gate = histogram(record, "cell", 0), histogram(record, "forget_gate", 0)
    assert (gate.low, gate.high) == (0, 1)
    assert cell.high == -cell.low == np.abs(np.concatenate(by_hand(record, "cell"))[:, 0]).max()


def test_a_cell_that_stays_zero_has_a_histogram() -> None:
    found = histogram(record_of({"cell": torch.zeros(6, 3, 1)}), "cell", 0)
    assert (found.low, found.high) == (-1, 1)
    assert found.counts[20] == LENGTHS.sum()


def test_a_hidden_value_beyond_one_widens_its_histogram() -> None:
    record = record_of({"hidden": torch.tensor([0.5, 4.0]).reshape(2, 1, 1)}, lengths=None)
    found = histogram(record, "hidden", 0)
    assert (found.low, found.high, found.counts.sum().item()) == (-4, 4, 2)


def test_means_by_symbol_are_ordered_by_how_often_each_was_read(record: ph.LayerRecord) -> None:
    symbols = list("abcabbcbbad")
    found = mean_by_symbol(record, "cell", 1, symbols)
    values = np.concatenate(by_hand(record, "cell"))[:, 1]
    assert found.symbols == ("b", "a", "c", "d")
    assert found.counts.tolist() == [5, 3, 2, 1]
    for symbol, mean in zip(found.symbols, found.means.tolist(), strict=True):
        assert mean == pytest.approx(values[np.array(symbols) == symbol].mean(), rel=1e-5)


def test_each_step_needs_its_symbol(record: ph.LayerRecord) -> None:
    with pytest.raises(TraceError, match="3 symbols for 11 recorded steps"):
        mean_by_symbol(record, "cell", 1, "abc")


def test_units_are_ranked_by_any_statistic_and_ties_by_number() -> None:
    record = record_of({"cell": torch.tensor([[3.0, 1.0, 3.0, 7.0]]).reshape(1, 1, 4)}, lengths=None)
    found = unit_statistics(record, "cell")
    assert rank_units(found, "mean") == [3, 0, 2, 1]
    assert rank_units(found, "mean", ascending=True) == [1, 0, 2, 3]
    with pytest.raises(TraceError, match="cannot be ranked by 'beauty'; choose one of deviation, maximum"):
        rank_units(found, "beauty")


def test_a_quantity_that_was_not_recorded_is_named(record: ph.LayerRecord) -> None:
    with pytest.raises(MissingQuantityError, match="update_gate"):
        unit_statistics(record, "update_gate")


def test_a_record_without_steps_is_refused() -> None:
    with pytest.raises(TraceError, match="has no steps"):
        unit_statistics(record_of({"cell": torch.zeros(2, 1, 3)}, lengths=torch.tensor([0])), "cell")


def test_statistics_of_a_real_trace_see_no_padding() -> None:
    model = ph.LSTM(3, 4)
    inputs = torch.randn(6, 3, 3)
    packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, LENGTHS, enforce_sorted=False)
    _, together = ph.trace(model, packed)
    alone = [
        ph.trace(model, inputs[:length, column])[1].layer() for column, length in enumerate(LENGTHS.tolist())
    ]
    cells = torch.cat([record["cell"].reshape(-1, 4) for record in alone])
    found = unit_statistics(together.layer(), "cell")
    torch.testing.assert_close(found.maximum, cells.amax(0))
    torch.testing.assert_close(found.mean, cells.mean(0))
    assert not math.isnan(found.deviation.sum())


def test_the_telling_unit_swings_and_holds_and_neither_drifts_nor_flickers() -> None:
    time = torch.arange(400.0)
    swings = 3 * torch.sign(torch.sin(time / 20))
    drifts = -time
    flickers = 3 * (-1.0) ** time
    silent = torch.zeros(400)
    cell = torch.stack([drifts, flickers, swings, silent], -1).unsqueeze(1)
    statistics = unit_statistics(record_of({"cell": cell}, lengths=None), "cell")
    assert rank_units(statistics, "telling")[0] == 2
    assert statistics.telling[2] > 5 * statistics.telling[[0, 1, 3]].max()
    assert statistics.telling[3] == 0
