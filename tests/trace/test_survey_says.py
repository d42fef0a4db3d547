"""What a survey keeps of the predictions is what the whole run's readout says."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import peephole as ph
from peephole.errors import TraceError

STEPS = 2100


def network(*, bidirectional: bool = False, symbols: int = 7, outputs: int = 7) -> ph.Network:
    config = ph.NetworkConfig(
        cell="lstm",
        input="symbols",
        input_size=symbols,
        output_size=outputs,
        embedding=3,
        hidden=5,
        layers=2,
        bidirectional=bidirectional,
    )
    return ph.Network(config).eval()


def scores(model: ph.Network, text: Tensor) -> Tensor:
    with torch.no_grad():
        return model(text.unsqueeze(1))[0][:, 0]


def test_the_next_symbols_bits_stand_at_that_symbol() -> None:
    model, text = network(), torch.randint(0, 7, (STEPS,))
    said = ph.survey(model, text, target="next").said
    bits = F.cross_entropy(scores(model, text)[:-1], text[1:], reduction="none") / math.log(2)
    assert math.isnan(said.surprise[0])
    torch.testing.assert_close(said.surprise[1:], bits.half(), rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("bidirectional", [False, True], ids=["causal", "bidirectional"])
def test_the_likeliest_outputs_are_those_of_the_whole_run(bidirectional: bool) -> None:
    model, text = network(bidirectional=bidirectional), torch.randint(0, 7, (STEPS,))
    said = ph.survey(model, text, target="tag").said
    probabilities = scores(model, text).softmax(-1)
    assert said.outputs.dtype == torch.int32
    assert said.probabilities.dtype == torch.float16
    shown = probabilities.gather(-1, said.outputs.long())
    torch.testing.assert_close(said.probabilities.float(), shown, rtol=0, atol=1e-3)
    torch.testing.assert_close(shown, probabilities.topk(5).values, rtol=0, atol=1e-5)
    assert said.surprise.isnan().all()  # nobody said what the labels are


def test_a_labels_bits_stand_at_its_step_where_it_is_known() -> None:
    model, text = network(bidirectional=True, outputs=3), torch.randint(0, 7, (STEPS,))
    labels = torch.randint(-1, 3, (STEPS,))
    said = ph.survey(model, text, target="tag", outcomes=labels).said
    bits = F.cross_entropy(scores(model, text), labels.clamp(min=0), reduction="none") / math.log(2)
    assert said.surprise.isnan().tolist() == (labels < 0).tolist()
    torch.testing.assert_close(said.surprise[labels >= 0], bits[labels >= 0].half(), rtol=2e-3, atol=1e-3)
    assert said.outputs.shape == (STEPS, 3)


def test_a_forecast_and_its_error_stand_at_their_steps() -> None:
    config = ph.NetworkConfig(
        cell="gru", input="numbers", input_size=1, output_size=1, embedding=None, hidden=5, layers=1
    )
    model, series = ph.Network(config).eval(), torch.randn(STEPS, 1)
    said = ph.survey(model, series, target="value").said
    forecast = scores(model, series)
    torch.testing.assert_close(said.forecast, forecast, rtol=0, atol=1e-5)
    assert math.isnan(said.surprise[0])
    error = (series[1:] - forecast[:-1]).abs().squeeze(1)
    torch.testing.assert_close(said.surprise[1:], error.half(), rtol=2e-3, atol=1e-3)
    assert said.outputs is None


def test_without_a_target_nothing_is_kept() -> None:
    said = ph.survey(network(), torch.randint(0, 7, (100,))).said
    assert said.tensors() == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "maybe"}, "'next', 'tag', 'class' or 'value', got 'maybe'"),
        ({"target": "tag", "outcomes": torch.zeros(3, dtype=torch.int64)}, "one output id a step, 100"),
        ({"target": "tag", "outcomes": torch.zeros(100)}, "one output id a step"),
        ({"target": "tag", "outcomes": torch.full((100,), 7)}, "an outcome 7, but the network has 7 outputs"),
        ({"target": "value", "outcomes": torch.zeros(100, 2)}, "forecasts 7 numbers a step and there are 2"),
    ],
)
def test_outcomes_that_do_not_fit_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(TraceError, match=message):
        ph.survey(network(), torch.randint(0, 7, (100,)), **options)


def test_the_next_symbol_of_numbers_is_refused() -> None:
    config = ph.NetworkConfig(
        cell="gru", input="numbers", input_size=1, output_size=1, embedding=None, hidden=5, layers=1
    )
    with pytest.raises(TraceError, match="this network reads numbers"):
        ph.survey(ph.Network(config).eval(), torch.randn(100, 1), target="next")
