"""A model computes bit for bit the same with and without someone looking, and is left as it was."""

from __future__ import annotations

import copy

import pytest
import torch
from conformance.compare import assert_same, on, results, results_and_gradients
from conformance.forms import BATCHED, FORMS, TIME, Form, in_forms
from conformance.rows import HIDDEN, INPUT, Subject, at_homes, label, on_ways, subjects
from torch import Tensor, nn

import peephole as ph

IN_TORCH = [s for s in subjects() if "torch" in s.homes]
DROPPING = subjects(options=["plain", "projection", "peephole"], layers=(3,), directions=(True,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(("subject", "form"), in_forms((s,) for s in IN_TORCH), ids=label)
def test_torchs_layers_compute_the_same_bits_and_gradients(
    subject: Subject, form: Form, dtype: torch.dtype
) -> None:
    layer = subject.torchs(dtype=dtype, **form.arguments())
    x, initial = torch.randn(TIME, form.batch, INPUT, dtype=dtype), subject.initial(form.batch, dtype)
    expected = results_and_gradients(layer, form, x, initial)
    with ph.recording(layer):
        actual = results_and_gradients(layer, form, x, initial)
    assert_same(actual, expected, 0)


@pytest.mark.parametrize(("subject", "way", "form"), in_forms(on_ways(subjects()), ours=True), ids=label)
def test_our_layers_compute_the_same_bits_and_gradients_on_every_way(
    subject: Subject, way: str, form: Form
) -> None:
    layer = subject.ours(dtype=torch.float32, **form.arguments())
    x, initial = torch.randn(TIME, form.batch, INPUT), subject.initial(form.batch, torch.float32)
    with on(way):
        expected = results_and_gradients(layer, form, x, initial)
        with ph.recording(layer):
            actual = results_and_gradients(layer, form, x, initial)
    assert_same(actual, expected, 0)


@pytest.mark.parametrize("subject", subjects(options=["plain", "peephole"], layers=(2,)), ids=label)
def test_our_layers_compute_the_same_bits_when_nobody_chose_the_way(subject: Subject) -> None:
    layer, x = subject.ours(dtype=torch.float32), torch.randn(TIME, 3, INPUT)
    expected = results(layer, BATCHED, x, None)
    with ph.recording(layer):
        assert_same(results(layer, BATCHED, x, None), expected, 0)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize(("subject", "home"), at_homes(DROPPING), ids=label)
def test_dropout_draws_the_same_and_leaves_the_generator_the_same(
    subject: Subject, home: str, form: Form
) -> None:
    layer = subject.at(home, dropout=0.3, dtype=torch.float32, **form.arguments())
    x, initial = torch.randn(TIME, form.batch, INPUT), subject.initial(form.batch, torch.float32)
    with on(home):
        torch.manual_seed(5)
        expected, after = results_and_gradients(layer, form, x, initial), torch.get_rng_state()
        torch.manual_seed(5)
        with ph.recording(layer):
            actual = results_and_gradients(layer, form, x, initial)
    assert_same(actual, expected, 0)
    assert torch.equal(torch.get_rng_state(), after)


@pytest.mark.parametrize("size", [(100, 32, 128, 256), (64, 1, 8, 128), (7, 5, 3, 33)], ids=str)
@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_sizes_of_real_networks_compute_the_same_bits(name: str, size: tuple[int, int, int, int]) -> None:
    time, batch, features, hidden = size
    layer, x = getattr(nn, name)(features, hidden, 2, bidirectional=True), torch.randn(time, batch, features)
    with torch.no_grad():
        expected = results(layer, BATCHED, x, None)
        with ph.recording(layer):
            assert_same(results(layer, BATCHED, x, None), expected, 0)
    trained = results(layer, BATCHED, x, None)
    with ph.recording(layer):
        assert_same(results(layer, BATCHED, x, None), trained, 0)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_a_module_is_left_exactly_as_it_was(home: object, name: str) -> None:
    module = getattr(home, name)(INPUT, HIDDEN)
    x = torch.randn(2, INPUT) if name.endswith("Cell") else torch.randn(TIME, 2, INPUT)
    kind = type(module)
    before = (
        dict(kind.__dict__),
        set(module.__dict__),
        kind.forward,
        list(module._forward_hooks),
        torch.nn.Module.__call__,
    )
    weights = copy.deepcopy(module.state_dict())
    ph.trace(module, x)
    with ph.recording(module):
        module(x)
    after = (
        dict(kind.__dict__),
        set(module.__dict__),
        kind.forward,
        list(module._forward_hooks),
        torch.nn.Module.__call__,
    )
    assert after == before
    assert_same(module.state_dict(), weights, 0)
    assert type(module) is kind
    assert module.training


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode], ids=["no_grad", "inference_mode"])
@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_recording_works_where_no_gradient_is_wanted(home: object, name: str, mode: type) -> None:
    layer, x = getattr(home, name)(INPUT, HIDDEN), torch.randn(TIME, 2, INPUT)
    with mode():
        expected = layer(x)[0]
        (output, _), trace = ph.trace(layer, x)
    assert torch.equal(output, expected)
    assert not output.requires_grad
    assert torch.equal(trace.layer().hidden, output)


@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_hooks_of_others_run_once_for_each_call_recorded_or_not(home: object) -> None:
    layer = home.LSTM(INPUT, HIDDEN, 2)
    seen: list[Tensor] = []
    layer.register_forward_hook(lambda module, given, result: seen.append(result[0]))
    (output, _), _ = ph.trace(layer, torch.randn(TIME, 2, INPUT))
    assert len(seen) == 1
    assert seen[0] is output


def test_changing_the_output_or_weights_afterwards_does_not_change_the_trace() -> None:
    layer, x = nn.LSTM(INPUT, HIDDEN), torch.randn(TIME, 2, INPUT)
    with torch.no_grad():
        state = (torch.zeros(1, 2, HIDDEN), torch.zeros(1, 2, HIDDEN))
        (output, (h, c)), trace = ph.trace(layer, x, state)
        record = trace.layer()
        kept = {
            **{k: v.clone() for k, v in record.quantities.items()},
            **{f"0 {k}": v.clone() for k, v in record.initial.items()},
        }
        for value in (output, h, c, x, *state, *layer.parameters()):
            value.add_(1)
    assert_same({**record.quantities, **{f"0 {k}": v for k, v in record.initial.items()}}, kept, 0)
