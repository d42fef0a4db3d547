"""A window of a survey is the slice of the full trace, wherever it lies, for every kind of network."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import peephole as ph
from peephole.errors import TraceError

STEPS = 2500  # two whole pieces and a part, whose last segment is short
NETWORKS = {
    "lstm": {"cell": "lstm"},
    "gru": {"cell": "gru"},
    "rnn": {"cell": "rnn"},
    "lstm with peepholes": {"cell": "lstm", "peephole": "diagonal"},
}


def network(*, layers: int = 2, bidirectional: bool = False, **options: object) -> ph.Network:
    config = ph.NetworkConfig(
        input="symbols",
        input_size=7,
        output_size=7,
        embedding=None,
        hidden=5,
        layers=layers,
        bidirectional=bidirectional,
        **options,
    )
    return ph.Network(config).double().eval()


def tokens(steps: int = STEPS) -> Tensor:
    return torch.randint(0, 7, (steps,))


def assert_is_slice(window: ph.Trace, full: ph.Trace, start: int, stop: int) -> None:
    assert len(window) > 0
    for record in window:
        whole = full.layer(record.layer, record.direction)
        assert list(record.quantities) == list(whole.quantities)
        for name, values in record.quantities.items():
            torch.testing.assert_close(values, whole[name][start:stop], rtol=0, atol=1e-10)
        torch.testing.assert_close(record.input, whole.input[start:stop], rtol=0, atol=1e-10)
        before = start - 1 if record.direction == "forward" else stop
        for name, values in record.initial.items():
            inside = 0 <= before < len(whole[name])
            expected = whole[name][before] if inside else whole.initial[name]
            torch.testing.assert_close(values, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("bidirectional", [False, True], ids=["causal", "bidirectional"])
@pytest.mark.parametrize("cell", NETWORKS)
def test_any_window_is_the_slice_of_the_full_trace(cell: str, bidirectional: bool) -> None:
    model, text = network(bidirectional=bidirectional, **NETWORKS[cell]), tokens()
    survey = ph.survey(model, text, every=64)
    _, full = ph.trace(model, text.unsqueeze(1))
    windows = [
        (0, STEPS),
        (0, 1),
        (STEPS - 1, STEPS),
        (63, 65),
        (64, 128),
        (1000, 1300),
        (2400, 2500),
        (2490, 2496),
    ]
    for start, stop in windows:
        assert_is_slice(survey.window(start, stop), full, start, stop)


@pytest.mark.parametrize("bidirectional", [False, True], ids=["causal", "bidirectional"])
def test_a_window_of_one_layer_is_that_layers_slice(bidirectional: bool) -> None:
    model, text = network(cell="lstm", layers=3, bidirectional=bidirectional), tokens(1500)
    survey = ph.survey(model, text, every=128)
    _, full = ph.trace(model, text.unsqueeze(1))
    for layer in range(3):
        window = survey.window(700, 1490, layer=layer)
        assert [record.layer for record in window] == [layer] * (1 + bidirectional)
        assert {record.module for record in window} == {"recurrent"}
        assert_is_slice(window, full, 700, 1490)


def test_a_window_of_one_direction_has_that_direction_alone() -> None:
    model, text = network(cell="gru", bidirectional=True), tokens(1100)
    window = ph.survey(model, text).window(5, 20, direction="backward")
    assert [(record.layer, record.direction) for record in window] == [(0, "backward"), (1, "backward")]


@pytest.mark.parametrize("steps", [1, 31, 32, 33, 64, 1024, 1025])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["causal", "bidirectional"])
def test_texts_of_any_length_are_surveyed(steps: int, bidirectional: bool) -> None:
    model, text = network(cell="lstm", bidirectional=bidirectional), tokens(steps)
    survey = ph.survey(model, text, every=32)
    _, full = ph.trace(model, text.unsqueeze(1))
    assert len(survey) == steps
    assert_is_slice(survey.window(0), full, 0, steps)


def test_a_window_of_a_numbers_network_is_the_slice_of_its_trace() -> None:
    config = ph.NetworkConfig(
        cell="gru", input="numbers", input_size=3, output_size=1, embedding=None, hidden=5, layers=1
    )
    model, series = ph.Network(config).double().eval(), torch.randn(1500, 3, dtype=torch.float64)
    survey = ph.survey(model, series)
    _, full = ph.trace(model, series.unsqueeze(1))
    assert_is_slice(survey.window(500, 1400), full, 500, 1400)


@pytest.mark.parametrize(
    "layer",
    [
        nn.LSTM(3, 6, 2, proj_size=4),
        nn.GRU(3, 6, 2, bidirectional=True),
        nn.RNN(3, 6, nonlinearity="relu"),
        nn.LSTM(3, 6, 2, batch_first=True),
        ph.LSTM(3, 6, 2, bidirectional=True, peephole="diagonal"),
    ],
    ids=lambda layer: type(layer).__module__.split(".")[0] + " " + repr(layer),
)
def test_a_recurrent_layer_by_itself_is_surveyed(layer: nn.Module) -> None:
    model, series = layer.double().eval(), torch.randn(1200, 3, dtype=torch.float64)
    survey = ph.survey(model, series, every=32)
    batch_first = bool(layer.batch_first)
    _, full = ph.trace(model, series.unsqueeze(0 if batch_first else 1))
    for start, stop in [(0, 1200), (1000, 1190)]:
        assert_is_slice(survey.window(start, stop), full, start, stop)


def test_windows_are_counted_as_python_counts() -> None:
    model, text = network(cell="rnn"), tokens(300)
    survey = ph.survey(model, text)
    _, full = ph.trace(model, text.unsqueeze(1))
    assert_is_slice(survey.window(-10), full, 290, 300)
    assert torch.equal(survey.window(-10).inputs.squeeze(1), text[-10:])


@pytest.mark.parametrize(("start", "stop"), [(300, 310), (5, 5), (20, 10)])
def test_a_window_without_steps_is_refused(start: int, stop: int) -> None:
    survey = ph.survey(network(cell="rnn"), tokens(300))
    with pytest.raises(TraceError, match="steps 0 to 299"):
        survey.window(start, stop)


@pytest.mark.parametrize("wrong", [{"layer": 2}, {"direction": "backward"}, {"layer": 0, "direction": "up"}])
def test_a_window_of_a_layer_that_is_not_there_is_refused(wrong: dict[str, object]) -> None:
    survey = ph.survey(network(cell="rnn"), tokens(300))
    with pytest.raises(TraceError, match="no layer"):
        survey.window(0, 10, **wrong)


def test_a_window_of_a_network_that_went_on_learning_is_refused() -> None:
    model = network(cell="rnn")
    survey = ph.survey(model, tokens(300))
    model.readout.bias.data[0] += 1  # not even a version counter sees this
    with pytest.raises(TraceError, match="weights have changed"):
        survey.window(0, 10)
