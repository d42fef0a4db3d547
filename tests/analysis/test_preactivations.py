"""What each gate's sum is made of: the parts add up to what its activation was applied to."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import peephole as ph
from peephole.analysis.preactivations import sums
from peephole.errors import OptionError, TraceError

LENGTHS = torch.tensor([6, 3])
FUNCTIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}

FORMS: dict[str, nn.Module] = {
    "rnn": ph.RNN(3, 4, 2, bidirectional=True),
    "relu": ph.RNN(3, 4, nonlinearity="relu"),
    "lstm": ph.LSTM(3, 4, 2, bidirectional=True),
    "lstm with peepholes": ph.LSTM(3, 4, bidirectional=True, peephole="diagonal"),
    "lstm with a projection": ph.LSTM(3, 4, proj_size=2),
    "lstm without biases": ph.LSTM(3, 4, bias=False),
    "torch's lstm": nn.LSTM(3, 4, 2),
    "gru": ph.GRU(3, 4, 2, bidirectional=True),
    "gru without biases": ph.GRU(3, 4, bias=False),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_activation_of_each_sum_is_the_recorded_gate(form: str) -> None:
    model = FORMS[form].double()
    x = nn.utils.rnn.pack_padded_sequence(torch.randn(6, 2, 3).double(), LENGTHS, enforce_sorted=False)
    _, trace = ph.trace(model, x)
    for record in trace:
        for sequence, step in ((0, 0), (0, 5), (1, 0), (1, 2)):
            found = sums(
                model,
                trace,
                1,
                step,
                layer=record.layer,
                direction=record.direction,
                sequence=sequence,
            )
            for part in found:
                value = FUNCTIONS[part.activation](torch.tensor(part.total, dtype=torch.float64))
                torch.testing.assert_close(value, record[part.quantity][step, sequence, 1])


def test_each_part_is_what_it_is_said_to_be() -> None:
    model = ph.LSTM(3, 4, peephole="diagonal").double()
    _, trace = ph.trace(model, torch.randn(5, 1, 3).double())
    record = trace.layer()
    i, f, g, o = sums(model, trace, 2, 3)
    assert [part.quantity for part in (i, f, g, o)] == [
        "input_gate",
        "forget_gate",
        "candidate",
        "output_gate",
    ]
    assert f.input == pytest.approx((model.weight_ih_l0[4 + 2] @ record.input[3, 0]).item())
    assert f.hidden == pytest.approx((model.weight_hh_l0[4 + 2] @ record.hidden[2, 0]).item())
    assert f.bias == pytest.approx((model.bias_ih_l0[4 + 2] + model.bias_hh_l0[4 + 2]).item())
    p_i, p_f, p_o = model.weight_peephole_l0.view(3, 4)[:, 2].tolist()
    before, after = record.cell[2, 0, 2].item(), record.cell[3, 0, 2].item()
    assert (i.peephole, f.peephole) == pytest.approx((p_i * before, p_f * before))
    assert o.peephole == pytest.approx(p_o * after)
    assert g.peephole is None


def test_a_gate_that_was_held_still_has_its_own_sum() -> None:
    model = ph.LSTM(3, 4)
    x = torch.randn(4, 1, 3)
    free = sums(model, ph.trace(model, x)[1], 1, 2)
    with ph.intervene(model, {"l0.input_gate.1": 0.5}, steps=[2]):
        _, trace = ph.trace(model, x)
    assert trace.layer().input_gate[2, 0, 1] == 0.5
    assert sums(model, trace, 1, 2)[0].total == pytest.approx(free[0].total, rel=1e-5)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"unit": 4}, OptionError, "units are 0 to 3"),
        ({"step": 6}, TraceError, "no step 6"),
        ({"step": 3, "sequence": 1}, TraceError, "sequence 1 has 3 steps"),
        ({"sequence": 2}, OptionError, "sequences are 0 to 1"),
        ({"layer": 1}, TraceError, "layer 1"),
        ({"direction": "backward"}, TraceError, "backward"),
    ],
)
def test_what_is_not_there_is_refused(wrong: dict[str, Any], error: type[Exception], words: str) -> None:
    model = ph.LSTM(3, 4)
    x = nn.utils.rnn.pack_padded_sequence(torch.randn(6, 2, 3), LENGTHS)
    _, trace = ph.trace(model, x)
    with pytest.raises(error, match=words):
        sums(model, trace, **({"unit": 0, "step": 0} | wrong))


def test_options_that_are_not_known_here_are_refused() -> None:
    model = ph.LSTM(3, 4, coupled=True)
    _, trace = ph.trace(model, torch.randn(4, 1, 3))
    with pytest.raises(TraceError, match="coupled=True"):
        sums(model, trace, 0, 0)
