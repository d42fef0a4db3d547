"""The figures of a survey are those of the full trace: exact, over every step, from whichever end it was read."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

import peephole as ph
from peephole.errors import MissingQuantityError, TraceError

STEPS = 2300


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected.to(actual.dtype), rtol=1e-9, atol=1e-9)


@pytest.fixture(scope="module", params=["lstm", "gru", "rnn", "bidirectional lstm"])
def surveyed(request: pytest.FixtureRequest) -> tuple[ph.Survey, ph.Trace, Tensor, dict[str, Tensor]]:
    """A survey of a text in double precision, the full trace, the text and the caller's tracks."""
    torch.manual_seed(3)
    config = ph.NetworkConfig(
        cell=request.param.split()[-1],
        input="symbols",
        input_size=9,
        output_size=9,
        embedding=4,
        hidden=6,
        layers=2,
        bidirectional="bidirectional" in request.param,
    )
    model = ph.Network(config).double().eval()
    for parameter in model.recurrent.parameters():
        parameter.data *= 3  # or nothing would ever saturate
    text = torch.randint(0, 7, (STEPS,))  # two symbols of the network's never come
    tracks = {"wave": torch.arange(STEPS).div(40).sin(), "is 3": text == 3, "constant": torch.ones(STEPS)}
    survey = ph.survey(model, text, tracks=tracks, means=5, every=128)
    _, full = ph.trace(model, text.unsqueeze(1))
    return survey, full, text, tracks


Surveyed = tuple[ph.Survey, ph.Trace, Tensor, dict[str, Tensor]]


def every_quantity(surveyed: Surveyed) -> list[tuple[object, Tensor, str]]:
    """Sketch, full values (step, unit) and name of each quantity of each lane."""
    survey, full, _, _ = surveyed
    return [
        (survey.layer(record.layer, record.direction)[name], values[:, 0], name)
        for record in full
        for name, values in record.quantities.items()
    ]


def test_every_lane_and_quantity_of_the_trace_has_a_sketch(surveyed: Surveyed) -> None:
    survey, full, _, _ = surveyed
    lanes = [(s.module, s.layer, s.direction, s.kind, list(s.quantities)) for s in survey.sketches]
    assert lanes == [(r.module, r.layer, r.direction, r.kind, list(r.quantities)) for r in full]


def test_moments_and_turnover_are_those_of_all_steps(surveyed: Surveyed) -> None:
    for sketch, values, _ in every_quantity(surveyed):
        close(sketch.minimum, values.amin(0))
        close(sketch.maximum, values.amax(0))
        close(sketch.mean, values.mean(0))
        close(sketch.deviation, values.std(0, correction=0))
        close(sketch.turnover, values.diff(dim=0).abs().mean(0))


def test_saturated_shares_are_those_of_all_steps(surveyed: Surveyed) -> None:
    seen = 0.0
    for sketch, values, name in every_quantity(surveyed):
        low, high = (0.1, 0.9) if "gate" in name else (-0.9, 0.9)
        shown = values.tanh() if name == "cell" else values
        close(sketch.saturated_low, (shown < low).double().mean(0))
        close(sketch.saturated_high, (shown > high).double().mean(0))
        seen += float(sketch.saturated_low.sum() + sketch.saturated_high.sum())
    assert seen > 0.1


def test_histograms_count_every_step_where_numpy_counts_it(surveyed: Surveyed) -> None:
    for sketch, values, name in every_quantity(surveyed):
        for unit in range(values.shape[1]):
            low, high = float(sketch.histogram_low[unit]), float(sketch.histogram_high[unit])
            if name == "cell":
                reach = float(values[:, unit].abs().max())
                assert high / 2 <= reach < high
                assert (low, math.frexp(high)[0]) == (-high, 0.5)
            else:
                assert (low, high) == ((0, 1) if "gate" in name else (-1, 1))
            counts, _ = np.histogram(values[:, unit].numpy(), bins=64, range=(low, high))
            assert sketch.histogram[unit].tolist() == counts.tolist()


def test_extremes_are_those_of_each_stretch_of_32_steps(surveyed: Surveyed) -> None:
    for sketch, values, _ in every_quantity(surveyed):
        highest = torch.stack([part.amax(0) for part in values.split(32)]).sort(0, descending=True).values[:8]
        lowest = torch.stack([part.amin(0) for part in values.split(32)]).sort(0).values[:8]
        close(sketch.highest, highest)
        close(sketch.lowest, lowest)
        close(values.gather(0, sketch.highest_at.long()), highest)
        close(values.gather(0, sketch.lowest_at.long()), lowest)
        for unit in range(values.shape[1]):
            assert len(set((sketch.highest_at[:, unit] // 32).tolist())) == 8


def test_the_envelope_holds_the_extremes_of_each_512_steps(surveyed: Surveyed) -> None:
    for sketch, values, _ in every_quantity(surveyed):
        blocks = [torch.stack([part.amin(0), part.amax(0)]) for part in values.split(512)]
        assert torch.equal(sketch.envelope, torch.stack(blocks).half())


def test_means_by_symbol_are_those_of_all_steps_that_read_it(surveyed: Surveyed) -> None:
    survey, _, text, _ = surveyed
    assert len(survey.symbols) == 5
    assert survey.counts.tolist() == [
        *(int((text == symbol).sum()) for symbol in survey.symbols),
        int((~torch.isin(text, torch.tensor(survey.symbols))).sum()),
    ]
    assert survey.counts[:5].tolist() == sorted(survey.counts[:5].tolist(), reverse=True)
    for sketch, values, _ in every_quantity(surveyed):
        for row, symbol in enumerate(survey.symbols):
            close(sketch.by_symbol[row], values[text == symbol].mean(0))
        close(sketch.by_symbol[-1], values[~torch.isin(text, torch.tensor(survey.symbols))].mean(0))


def test_correlations_are_those_of_all_steps(surveyed: Surveyed) -> None:
    survey, full, _, tracks = surveyed
    assert survey.tracks == ("position in text", "wave", "is 3", "constant")
    for name, track in tracks.items():
        for record in full:
            values = record["hidden"][:, 0]
            found = survey.correlation(name, "hidden", layer=record.layer, direction=record.direction)
            if name == "constant":
                assert found.tolist() == [0] * values.shape[1]
                continue
            together = torch.cat([track.double().unsqueeze(1), values], 1)
            torch.testing.assert_close(found, together.T.corrcoef()[0, 1:], rtol=0, atol=1e-6)


def test_a_unit_that_stands_still_correlates_with_nothing() -> None:
    layer = ph.RNN(1, 3).eval()
    for parameter in layer.parameters():
        parameter.data.zero_()
    layer.bias_ih_l0.data[:] = 0.3
    survey = ph.survey(layer, torch.randn(200, 1))
    assert survey.correlation("position in text").tolist() == [0, 0, 0]
    assert survey.layer()["hidden"].deviation.tolist() == [0, 0, 0]
    assert survey.layer()["hidden"].by_symbol is None


def test_single_precision_loses_nothing_in_the_sums_of_a_long_text() -> None:
    layer = ph.GRU(2, 4).eval()
    series = torch.randn(20_000, 2)
    sketch = ph.survey(layer, series).layer()["hidden"]
    _, full = ph.trace(layer, series.unsqueeze(1))
    values = full.layer().hidden[:, 0].double()
    torch.testing.assert_close(sketch.mean.double(), values.mean(0), rtol=0, atol=1e-6)
    torch.testing.assert_close(sketch.deviation.double(), values.std(0, correction=0), rtol=0, atol=1e-6)
    assert int(sketch.histogram.sum()) == 4 * len(series)


def test_a_text_of_a_few_steps_has_as_many_extremes_as_stretches() -> None:
    layer = ph.GRU(2, 4).eval()
    sketch = ph.survey(layer, torch.randn(40, 2)).layer()["hidden"]
    assert (sketch.highest_at >= 0).sum(0).tolist() == [2] * 4
    assert (sketch.highest_at[2:] == -1).all()
    assert sketch.highest[2:].isneginf().all()
    assert sketch.lowest[2:].isposinf().all()


def test_a_network_that_leaves_the_finite_numbers_is_refused() -> None:
    layer = ph.RNN(1, 2, nonlinearity="relu").eval()
    for parameter in layer.parameters():
        parameter.data.fill_(3.0)
    with pytest.raises(TraceError, match="finite"):
        ph.survey(layer, torch.ones(500, 1))


def test_a_quantity_or_track_that_is_not_there_is_named(surveyed: Surveyed) -> None:
    survey = surveyed[0]
    with pytest.raises(MissingQuantityError, match="has no pixel; its survey holds"):
        survey.layer()["pixel"]
    with pytest.raises(TraceError, match="no track 'nothing'; this survey has position in text, wave"):
        survey.correlation("nothing")
    with pytest.raises(TraceError, match="no layer 7"):
        survey.layer(7)
