"""The record of every layer, ours and torch's, on every way: its equations, its states, its padding."""

from __future__ import annotations

import pytest
import torch
from conformance.compare import EXACT, on
from conformance.forms import PACKED, TIME, UNSORTED, Form, in_forms
from conformance.records import assert_record_satisfies_the_equations, check_steps
from conformance.rows import HIDDEN, INPUT, Subject, at_homes, label, subjects

import peephole as ph
from peephole.errors import MissingQuantityError, TraceError

#: in float32 a gate is reconstructed by products in another order than the vendor's, a cell by a scan over time
SINGLE_RECORD = 2e-6


CASES = at_homes(subjects())
SOME = at_homes(subjects(layers=(2,), directions=(True,)))


@pytest.mark.parametrize(("subject", "home", "form"), in_forms(CASES), ids=label)
def test_every_recorded_gate_and_state_follows_from_the_step_before(
    subject: Subject, home: str, form: Form
) -> None:
    layer = subject.at(home, **form.arguments())
    x, initial = torch.randn(TIME, form.batch, INPUT, dtype=torch.float64), subject.initial(form.batch)
    with on(home):
        (output, final), trace = ph.trace(layer, form.give(x), form.give_state(initial))
    assert len(trace.records) == len(subject.places)
    assert_record_satisfies_the_equations(subject, subject.network(layer), trace, x)

    last, ends = form.take(output), form.take_state(final)
    top = [trace.layer(subject.layers - 1, direction).hidden for direction in subject.directions]
    assert torch.equal(torch.cat(top, dim=-1), last)
    for place, (depth, direction) in enumerate(subject.places):
        record = trace.layer(depth, direction)
        assert (record.lengths is None) == (form.lengths is None)
        lengths = record.lengths.tolist() if form.lengths else [TIME] * form.batch
        assert form.lengths is None or tuple(lengths) == form.lengths
        end = [n - 1 if direction == "forward" else 0 for n in lengths]
        for name in subject.states:
            assert torch.equal(record.initial[name], initial[name][place])
            at_end = record[name][end, range(form.batch)]
            torch.testing.assert_close(at_end, ends[name][place], atol=EXACT, rtol=EXACT)


# Layer normalisation divides by a deviation that may be near 0, and rounding with it: it has no such tolerance.
@pytest.mark.parametrize(
    ("subject", "home"), [case for case in SOME if case[0].option.name != "layer_norm"], ids=label
)
def test_a_float32_record_holds_to_the_stated_tolerance(subject: Subject, home: str) -> None:
    layer = subject.at(home, dtype=torch.float32)
    x = torch.randn(40, 3, INPUT)
    with on(home):
        (_, final), trace = ph.trace(layer, x)
    assert_record_satisfies_the_equations(subject, subject.network(layer), trace, x, SINGLE_RECORD)
    for place, (depth, direction) in enumerate(subject.places):
        for name, value in PACKED.take_state(final).items():
            end = trace.layer(depth, direction)[name][-1 if direction == "forward" else 0]
            torch.testing.assert_close(end, value[place], atol=SINGLE_RECORD, rtol=SINGLE_RECORD)


@pytest.mark.parametrize(("subject", "home"), SOME, ids=label)
def test_without_a_state_the_record_starts_at_zero(subject: Subject, home: str) -> None:
    layer = subject.at(home)
    with on(home):
        _, trace = ph.trace(layer, torch.randn(TIME, 2, INPUT, dtype=torch.float64))
    for record in trace.records:
        assert set(record.initial) == set(subject.states)
        for name, value in record.initial.items():
            assert value.shape == (2, subject.width(name))
            assert not value.any()


@pytest.mark.parametrize(("subject", "home"), SOME, ids=label)
def test_garbage_in_the_padding_never_enters_the_record(subject: Subject, home: str) -> None:
    layer = subject.at(home)
    x = torch.randn(TIME, 3, INPUT, dtype=torch.float64)
    for b, length in enumerate(UNSORTED):
        x[length:, b] = float("nan")
    with on(home):
        _, trace = ph.trace(layer, PACKED.give(x))
    for record in trace.records:
        for name, value in record.quantities.items():
            assert value.isfinite().all(), name
            for b, length in enumerate(UNSORTED):
                assert not value[length:, b].any(), name


@pytest.mark.parametrize(("subject", "home"), SOME, ids=label)
def test_with_dropout_between_layers_each_layer_is_recorded_as_it_ran(subject: Subject, home: str) -> None:
    layer = subject.at(home, dropout=0.5)
    x = torch.randn(TIME, 3, INPUT, dtype=torch.float64)
    with on(home):
        (output, final), trace = ph.trace(layer, x)
    network = subject.network(layer)
    top = torch.cat([trace.layer(1, direction).hidden for direction in subject.directions], dim=-1)
    assert torch.equal(top, output)
    ends = PACKED.take_state(final)
    for place, (depth, direction) in enumerate(subject.places):
        record = trace.layer(depth, direction)
        for name in subject.states:
            end = record[name][-1 if direction == "forward" else 0]
            torch.testing.assert_close(end, ends[name][place], atol=EXACT, rtol=EXACT)
        weights = network.weights(depth, direction)
        check_steps(network.step, subject.states, weights, record, record.input.numpy())


@pytest.mark.parametrize(("subject", "home"), SOME, ids=label)
def test_every_quantity_is_a_time_batch_unit_tensor_detached_from_the_graph(
    subject: Subject, home: str
) -> None:
    layer = subject.at(home)
    x = torch.randn(TIME, 2, INPUT, dtype=torch.float64, requires_grad=True)
    with on(home):
        (output, _), trace = ph.trace(layer, x)
    assert output.requires_grad
    for record in trace.records:
        shown = [name for name in record.quantities if "_before_" not in name]
        assert shown == list(subject.quantities), "in the order in which a reader wants them"
        for name, value in record.quantities.items():
            assert value.shape == (TIME, 2, subject.width(name))
            assert not value.requires_grad
            assert value.dtype == torch.float64
            assert torch.equal(record[name], value)
            assert torch.equal(getattr(record, name), value)
        assert not any(value.requires_grad for value in record.initial.values())


@pytest.mark.parametrize("home", ["torch", "kernel", "vendor", "reference"])
@pytest.mark.parametrize(
    ("cell", "missing"), [("RNN", "cell"), ("RNN", "forget_gate"), ("GRU", "cell"), ("LSTM", "reset_gate")]
)
def test_a_quantity_that_a_cell_lacks_is_refused_naming_those_it_has(
    home: str, cell: str, missing: str
) -> None:
    layer = getattr(torch.nn if home == "torch" else ph, cell)(INPUT, HIDDEN)
    with on(home):
        _, trace = ph.trace(layer, torch.randn(TIME, 2, INPUT))
    record = trace.layer()
    for ask in (lambda: record[missing], lambda: getattr(record, missing)):
        with pytest.raises(MissingQuantityError, match=missing) as caught:
            ask()
        assert "hidden" in str(caught.value)
    assert not hasattr(record, missing)


def test_asking_for_a_layer_that_is_not_there_names_those_that_are() -> None:
    _, trace = ph.trace(torch.nn.LSTM(INPUT, HIDDEN, 2), torch.randn(TIME, 2, INPUT))
    for arguments, words in [
        ({"index": 2}, "2"),
        ({"index": 0, "direction": "backward"}, "backward"),
        ({"index": 0, "direction": "sideways"}, "sideways"),
        ({"index": 0, "module": "encoder"}, "encoder"),
        ({"index": 0, "call": 1}, "call"),
    ]:
        with pytest.raises(TraceError, match=words):
            trace.layer(**arguments)
