"""Layers that torch.nn has: the same numbers, gradients, parameters and manners, on every way."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import pytest
import torch
from conformance.compare import (
    EXACT,
    SINGLE,
    SINGLE_GRADIENT,
    assert_same,
    on,
    results,
    results_and_gradients,
)
from conformance.forms import BATCHED, FORMS, PACKED, TIME, Form, in_forms
from conformance.rows import CELLS, HIDDEN, INPUT, WAYS, Subject, label, on_ways, subjects
from torch import Tensor

import peephole as ph

EVERY = subjects(only_in_torch=True)
SOME = subjects(only_in_torch=True, layers=(2,), directions=(True,))
each = pytest.mark.parametrize("subject", EVERY, ids=label)
#: forget_bias changes the initialisation; its own tests say how
each_of_torchs_start = pytest.mark.parametrize("subject", [s for s in EVERY if "torch" in s.homes], ids=label)
each_on_ways = pytest.mark.parametrize(("subject", "way"), on_ways(EVERY), ids=label)
some_on_ways = pytest.mark.parametrize(("subject", "way"), on_ways(SOME), ids=label)


def pair(subject: Subject, **more: Any) -> tuple[torch.nn.Module, torch.nn.Module]:
    """Torch's layer and ours with the same parameters."""
    theirs, ours = subject.torchs(**more), subject.ours(**more)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


@pytest.mark.parametrize(("subject", "way", "form"), in_forms(on_ways(EVERY)), ids=label)
@pytest.mark.parametrize("given", [True, False], ids=["state", "no_state"])
def test_output_states_and_every_gradient_equal_torchs(
    subject: Subject, way: str, form: Form, given: bool
) -> None:
    theirs, ours = pair(subject, **form.arguments())
    x = torch.randn(TIME, form.batch, INPUT, dtype=torch.float64)
    initial = subject.initial(form.batch) if given else None
    expected = results_and_gradients(theirs, form, x, initial)
    with on(way):
        assert_same(results_and_gradients(ours, form, x, initial), expected, EXACT)


@each_on_ways
def test_float32_equals_torchs_to_the_stated_tolerance(subject: Subject, way: str) -> None:
    theirs, ours = pair(subject, dtype=torch.float32)
    x, initial = torch.randn(TIME, 3, INPUT), subject.initial(3, torch.float32)
    expected = results_and_gradients(theirs, PACKED, x, initial)
    with on(way):
        assert_same(results_and_gradients(ours, PACKED, x, initial), expected, SINGLE, SINGLE_GRADIENT)


@each
def test_vendor_way_is_torchs_operation_bit_for_bit(subject: Subject) -> None:
    theirs, ours = pair(subject, dtype=torch.float32)
    x, initial = torch.randn(TIME, 3, INPUT), subject.initial(3, torch.float32)
    with on("vendor"):
        assert_same(
            results_and_gradients(ours, BATCHED, x, initial),
            results_and_gradients(theirs, BATCHED, x, initial),
            0,
        )


@each
def test_a_plain_layer_chooses_the_kernels_by_itself(subject: Subject) -> None:
    _, ours = pair(subject, dtype=torch.float32)
    x = torch.randn(TIME, 3, INPUT)
    by_itself = results(ours, BATCHED, x, None)
    assert all(": kernel — " in line for line in ours.explain().splitlines())
    with on("kernel"):
        assert_same(by_itself, results(ours, BATCHED, x, None), 0)


@some_on_ways
def test_the_packed_output_is_packed_as_torchs(subject: Subject, way: str) -> None:
    theirs, ours = pair(subject)
    packed = PACKED.give(torch.randn(TIME, 3, INPUT, dtype=torch.float64))
    expected, _ = theirs(packed)
    with on(way):
        actual, _ = ours(packed)
    assert type(actual) is type(expected)
    assert torch.equal(actual.batch_sizes, expected.batch_sizes)
    assert torch.equal(actual.sorted_indices, expected.sorted_indices)
    assert torch.equal(actual.unsorted_indices, expected.unsorted_indices)
    torch.testing.assert_close(actual.data, expected.data, atol=EXACT, rtol=EXACT)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("subject", SOME, ids=label)
def test_dropout_draws_what_torchs_draws_on_the_vendor_way(subject: Subject, form: Form) -> None:
    theirs, ours = pair(subject, dropout=0.4, **form.arguments())
    x = torch.randn(TIME, form.batch, INPUT, dtype=torch.float64)
    torch.manual_seed(1)
    expected = results_and_gradients(theirs, form, x, None)
    state_after = torch.get_rng_state()
    torch.manual_seed(1)
    with on("vendor"):
        actual = results_and_gradients(ours, form, x, None)
    assert_same(actual, expected, 0)
    assert torch.equal(torch.get_rng_state(), state_after)


@some_on_ways
def test_dropout_of_everything_silences_all_layers_but_the_first(subject: Subject, way: str) -> None:
    theirs, ours = pair(subject, dropout=1.0)
    x = torch.randn(TIME, 3, INPUT, dtype=torch.float64)
    with on(way):
        assert_same(results(ours, BATCHED, x, None), results(theirs, BATCHED, x, None), EXACT)


@some_on_ways
def test_dropout_drops_in_training_scales_the_rest_and_stops_in_evaluation(
    subject: Subject, way: str
) -> None:
    theirs, ours = pair(subject, dropout=0.5)
    x = torch.randn(TIME, 3, INPUT, dtype=torch.float64)
    with on(way):
        first, second = results(ours, BATCHED, x, None), results(ours, BATCHED, x, None)
        assert not torch.equal(first["output"], second["output"])
        # The first layer is before any dropout.
        below = 2 if subject.bidirectional else 1
        torch.testing.assert_close(first["final hidden"][:below], second["final hidden"][:below])
        assert_same(results(ours.eval(), BATCHED, x, None), results(theirs.eval(), BATCHED, x, None), EXACT)


@each_of_torchs_start
def test_the_same_seed_gives_torchs_parameters_bit_for_bit(subject: Subject) -> None:
    torch.manual_seed(7)
    theirs = subject.torchs().state_dict()
    after = torch.get_rng_state()
    torch.manual_seed(7)
    ours = subject.ours().state_dict()
    assert torch.equal(torch.get_rng_state(), after), "a module made afterwards would differ"
    assert_same(ours, theirs, 0)


@each_of_torchs_start
def test_reset_parameters_draws_torchs_parameters_again(subject: Subject) -> None:
    theirs, ours = pair(subject)
    torch.manual_seed(8)
    theirs.reset_parameters()
    torch.manual_seed(8)
    ours.reset_parameters()
    assert_same(ours.state_dict(), theirs.state_dict(), 0)


@each
def test_state_dicts_go_both_ways_with_the_same_names_order_and_shapes(subject: Subject) -> None:
    theirs, ours = subject.torchs(), subject.ours()
    shapes = [(name, value.shape, value.dtype) for name, value in ours.state_dict().items()]
    assert shapes == [(name, value.shape, value.dtype) for name, value in theirs.state_dict().items()]
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    assert "matched" in str(theirs.load_state_dict(ours.state_dict(), strict=True))
    assert "matched" in str(subject.ours().load_state_dict(theirs.state_dict(), strict=True))


@each
def test_repr_is_torchs_for_what_torch_has(subject: Subject) -> None:
    if subject.option.name == "forget_bias":
        assert "forget_bias=1.0" in repr(subject.ours())
    else:
        # torch leaves out an RNN's nonlinearity; ours shows one that is not the default.
        assert repr(subject.ours()).replace(", nonlinearity='relu'", "") == repr(subject.torchs())


@each
def test_torchs_attributes_are_there_with_the_same_values(subject: Subject) -> None:
    theirs, ours = pair(subject)
    for name in [*torch.nn.RNNBase.__constants__, "training"]:
        assert getattr(ours, name) == getattr(theirs, name), name
    assert [[tuple(p.shape) for p in group] for group in ours.all_weights] == [
        [tuple(p.shape) for p in group] for group in theirs.all_weights
    ]
    ours.flatten_parameters()


@some_on_ways
def test_copies_and_pickles_compute_the_same_and_share_nothing(subject: Subject, way: str) -> None:
    ours = subject.ours()
    x = torch.randn(TIME, 3, INPUT, dtype=torch.float64)
    saved = io.BytesIO()
    torch.save(ours, saved)
    saved.seek(0)
    with on(way):
        expected = results(ours, BATCHED, x, None)
        copies = [
            copy.deepcopy(ours),
            pickle.loads(pickle.dumps(ours)),
            torch.load(saved, weights_only=False),
        ]
        with torch.no_grad():
            for parameter in ours.parameters():
                parameter.zero_()
        for other in copies:
            assert repr(other) == repr(ours)
            assert_same(results(other, BATCHED, x, None), expected, 0)


@some_on_ways
def test_parameters_changed_in_place_replaced_or_swapped_in_count_at_once(subject: Subject, way: str) -> None:
    theirs, ours = pair(subject)
    x = torch.randn(TIME, 3, INPUT, dtype=torch.float64)
    other = {name: torch.randn_like(p) for name, p in theirs.named_parameters()}
    with on(way):
        results(ours, BATCHED, x, None)
        swapped = torch.func.functional_call(ours, other, (x,))[0]
        ours.weight_hh_l0.data[...] = other["weight_hh_l0"]
        ours.weight_ih_l1 = torch.nn.Parameter(other["weight_ih_l1"])
        actual = results(ours, BATCHED, x, None)
    expected = torch.func.functional_call(theirs, other, (x,))[0]
    torch.testing.assert_close(swapped, expected, atol=EXACT, rtol=EXACT)
    chosen = {k: other[k] for k in ("weight_hh_l0", "weight_ih_l1")}
    torch.testing.assert_close(
        actual["output"], torch.func.functional_call(theirs, chosen, (x,))[0], atol=EXACT, rtol=EXACT
    )


@some_on_ways
def test_moving_to_another_dtype_moves_everything(subject: Subject, way: str) -> None:
    theirs, ours = pair(subject)
    x = torch.randn(TIME, 3, INPUT)
    with on(way):
        actual = results(ours.float(), BATCHED, x, None)
    assert_same(actual, results(theirs.float(), BATCHED, x, None), SINGLE)


@some_on_ways
def test_a_strided_input_is_read_as_it_is(subject: Subject, way: str) -> None:
    theirs, ours = pair(subject)
    wide = torch.randn(3, 2 * INPUT, TIME, dtype=torch.float64)
    x = wide.permute(2, 0, 1)[..., ::2]
    with on(way):
        actual = results_and_gradients(ours, BATCHED, x, None)
    assert_same(actual, results_and_gradients(theirs, BATCHED, x, None), EXACT)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_frozen_parameters_get_no_gradient_and_the_rest_theirs(cell: Any, way: str) -> None:
    (subject,) = subjects(cells=[cell], options=["plain"], layers=(2,), directions=(False,))
    theirs, ours = pair(subject)
    x = torch.randn(TIME, 3, INPUT, dtype=torch.float64)
    for layer in (theirs, ours):
        layer.weight_hh_l0.requires_grad_(False)
    theirs(x)[0].sum().backward()
    with on(way):
        ours(x)[0].sum().backward()
    assert ours.weight_hh_l0.grad is None
    gradients: list[dict[str, Tensor]] = [
        {name: p.grad for name, p in layer.named_parameters() if p.grad is not None}
        for layer in (ours, theirs)
    ]
    assert_same(gradients[0], gradients[1], EXACT)


def test_no_gradient_is_kept_where_none_is_wanted() -> None:
    layer = ph.LSTM(INPUT, HIDDEN)
    for way in WAYS:
        with torch.no_grad(), on(way):
            output, (h, c) = layer(torch.randn(TIME, 2, INPUT))
        assert not any(value.requires_grad for value in (output, h, c))


def test_hidden_state_of_a_layer_on_the_meta_device_has_torchs_shapes() -> None:
    theirs, ours = (home.LSTM(INPUT, HIDDEN, 2, device="meta") for home in (torch.nn, ph))
    x = torch.empty(TIME, 2, INPUT, device="meta")
    expected, (h, c) = theirs(x)
    actual, (our_h, our_c) = ours(x)
    assert (actual.shape, our_h.shape, our_c.shape) == (expected.shape, h.shape, c.shape)
    assert actual.device == expected.device
