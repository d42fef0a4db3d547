"""``reverse=True``: a layer that reads from the end alone is the backward direction of a bidirectional one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from conformance.compare import EXACT
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import peephole as ph
from peephole.analysis.lag import lag_curve
from peephole.analysis.outputs import Unit
from peephole.analysis.preactivations import sums
from peephole.analysis.sensitivity import sensitivities
from peephole.errors import OptionError, TraceError
from peephole.nn import ways

LAYERS = {"rnn": ph.RNN, "lstm": ph.LSTM, "gru": ph.GRU}
LENGTHS = [5, 2, 0, 3]


def pair(cell: str, **options: Any) -> tuple[torch.nn.Module, torch.nn.Module]:
    """A reverse layer, and a bidirectional one of one layer whose backward direction has its parameters."""
    layer = LAYERS[cell](3, 4, reverse=True, dtype=torch.float64, **options)
    both = LAYERS[cell](3, 4, bidirectional=True, dtype=torch.float64, **options)
    for name, parameter in layer.named_parameters():
        both.get_parameter(f"{name}_reverse").data.copy_(parameter.data)
    return layer.eval(), both.eval()


def close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("way", ["kernel", "vendor", "reference"])
@pytest.mark.parametrize("cell", LAYERS)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
def test_it_is_the_backward_direction_of_a_bidirectional_layer(
    cell: str, way: Any, lengths: list[int] | None
) -> None:
    layer, both = pair(cell)
    x = torch.randn(5, 4, 3, dtype=torch.float64)
    with ways.forced(way):
        (output, final), trace = ph.trace(layer, x, lengths=lengths)
        (expected, ends), other = ph.trace(both, x, lengths=lengths)
    close(output, expected[..., 4:])
    parts, wanted = (final, ends) if isinstance(final, tuple) else ((final,), (ends,))
    for part, end in zip(parts, wanted, strict=True):
        close(part, end[1:])
    (record,) = trace.records
    theirs = other.layer(0, "backward")
    assert record.direction == "backward"
    assert set(record.quantities) == set(theirs.quantities)
    for name in record.quantities:
        close(record[name], theirs[name])
    close(record.input, theirs.input)


@pytest.mark.parametrize("cell", LAYERS)
def test_layers_on_one_another_all_read_from_the_end(cell: str) -> None:
    layer = LAYERS[cell](3, 4, num_layers=2, reverse=True, dtype=torch.float64)
    forward = LAYERS[cell](3, 4, num_layers=2, dtype=torch.float64)
    forward.load_state_dict(layer.state_dict())
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    close(layer(x)[0], forward(x.flip(0))[0].flip(0))


@pytest.mark.parametrize("form", ["packed", "batch_first", "alone"])
def test_it_takes_every_form_of_input(form: str) -> None:
    layer, _ = pair("gru")
    x = torch.randn(5, 3, 3, dtype=torch.float64)
    expected, _ = layer(x)
    if form == "packed":
        lengths = torch.tensor([5, 2, 3])
        packed, _ = layer(pack_padded_sequence(x, lengths, enforce_sorted=False))
        close(pad_packed_sequence(packed)[0], layer(x, lengths=lengths)[0])
    elif form == "batch_first":
        turned = ph.GRU(3, 4, reverse=True, batch_first=True, dtype=torch.float64)
        turned.load_state_dict(layer.state_dict())
        close(turned(x.transpose(0, 1))[0].transpose(0, 1), expected)
    else:
        close(layer(x[:, 1])[0], expected[:, 1])


@pytest.mark.parametrize("way", ["kernel", "vendor", "reference"])
def test_gradients_are_those_of_the_backward_direction(way: Any) -> None:
    layer, both = pair("lstm")
    x = torch.randn(5, 4, 3, dtype=torch.float64)
    with ways.forced(way):
        layer(x, lengths=LENGTHS)[0].pow(2).sum().backward()
        both(x, lengths=LENGTHS)[0][..., 4:].pow(2).sum().backward()
    for name, parameter in layer.named_parameters():
        close(parameter.grad, both.get_parameter(f"{name}_reverse").grad)


@pytest.mark.parametrize("way", ["kernel", "reference"])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
@pytest.mark.parametrize("steps", [None, [1], slice(-2, None), [0, 4]], ids=["all", "1", "last 2", "0 and 4"])
@pytest.mark.parametrize("value", [0.5, torch.tensor([0.5, float("nan"), 0.1, -0.3])], ids=["one", "each"])
def test_an_intervention_acts_at_the_times_of_the_input(
    way: Any, lengths: list[int] | None, steps: Any, value: Any
) -> None:
    layer, both = pair("lstm")
    x = torch.randn(5, 4, 3, dtype=torch.float64)
    with ways.forced(way), ph.intervene(layer, {"l0_reverse.cell.2": value}, steps=steps):
        output, _ = layer(x, lengths=lengths)
    with ways.forced("reference"), ph.intervene(both, {"l0_reverse.cell.2": value}, steps=steps):
        expected, _ = both(x, lengths=lengths)
    close(output, expected[..., 4:])


def test_its_one_direction_is_the_backward_one_to_an_intervention() -> None:
    layer, _ = pair("lstm")
    with (
        pytest.raises(OptionError, match="model has l0_reverse"),
        ph.intervene(layer, {"l0.cell.2": 0.0}),
    ):
        pass


def test_parameters_have_the_names_of_a_layer_of_one_direction() -> None:
    names = [name for name, _ in ph.LSTM(3, 4, reverse=True).named_parameters()]
    assert names == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]


@pytest.mark.parametrize("cell", LAYERS)
def test_it_excludes_two_directions(cell: str) -> None:
    with pytest.raises(OptionError, match="bidirectional=True and reverse=True exclude each other"):
        LAYERS[cell](3, 4, bidirectional=True, reverse=True)


def test_no_number_is_a_flag() -> None:
    with pytest.raises(TypeError, match="reverse should be of type bool"):
        ph.GRU(3, 4, reverse=1)


def test_it_can_neither_be_stepped_nor_streamed() -> None:
    layer = ph.LSTM(3, 4, reverse=True).eval()
    with pytest.raises(OptionError, match="reverse=True cannot be stepped"):
        layer.step(torch.randn(2, 3))
    with pytest.raises(OptionError, match="reverse=True cannot be streamed"):
        layer.stream()


def test_it_cannot_be_surveyed() -> None:
    layer = ph.LSTM(3, 4, reverse=True).eval()
    with pytest.raises(TraceError, match="reverse=True cannot be surveyed"):
        ph.survey(layer, torch.randn(9, 3))


def test_its_repr_says_it() -> None:
    layer = ph.GRU(3, 4, reverse=True)
    assert repr(layer) == "GRU(3, 4, reverse=True)"
    assert layer.directions == ("backward",)


def test_sensitivities_go_back_the_other_way() -> None:
    layer, _ = pair("lstm")
    x = torch.randn(6, 2, 3, dtype=torch.float64, requires_grad=True)
    output, _ = layer(x)
    _, trace = ph.trace(layer, x.detach())
    output[1, :, 2].sum().backward()
    of = Unit(2, "hidden", direction="backward")
    close(sensitivities(layer, trace, of, step=1).layer(0, "backward").input, x.grad)


def test_pre_activations_are_the_steps_own() -> None:
    layer, _ = pair("lstm")
    _, trace = ph.trace(layer, torch.randn(6, 2, 3, dtype=torch.float64))
    record = trace.layer(0, "backward")
    found = sums(layer, trace, unit=1, step=2, sequence=1, direction="backward")
    gate = next(s for s in found if s.quantity == "forget_gate")
    value = torch.sigmoid(torch.tensor(gate.total, dtype=torch.float64))
    close(value, record.forget_gate[2, 1, 1])


def test_it_has_no_lag() -> None:
    layer, _ = pair("lstm")
    _, trace = ph.trace(layer, torch.randn(6, 2, 3, dtype=torch.float64))
    with pytest.raises(TraceError, match="has no lag"):
        lag_curve(layer, trace)


@pytest.mark.filterwarnings("ignore")  # the compiler's own, which change with every version
def test_a_compiled_layer_computes_the_same() -> None:
    layer, _ = pair("lstm")
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    close(torch.compile(layer, backend="aot_eager", fullgraph=True)(x)[0], layer(x)[0])
