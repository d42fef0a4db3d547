"""Sequences cut, packed and padded: chunks equal the whole, a pack equals each alone, padding reaches nothing."""

from __future__ import annotations

import pytest
import torch
from conformance.compare import EXACT, assert_same, on, results_and_gradients, weigh
from conformance.forms import BATCHED, PACKED, TIME, UNSORTED
from conformance.rows import INPUT, Subject, label, on_ways, subjects
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence

each_on_ways = pytest.mark.parametrize(("subject", "way"), on_ways(subjects()), ids=label)


@pytest.mark.parametrize(("subject", "way"), on_ways(subjects(layers=(2,), directions=(False,))), ids=label)
@pytest.mark.parametrize("cut", [1, 3])
def test_chunks_with_the_state_carried_over_equal_the_whole(subject: Subject, way: str, cut: int) -> None:
    layer = subject.ours()
    x = torch.randn(TIME, 2, INPUT, dtype=torch.float64, requires_grad=True)
    sources = [x, *layer.parameters()]
    with on(way):
        whole, final = layer(x)
        first, carried = layer(x[:cut])
        second, last = layer(x[cut:], carried)
    chunks = torch.cat([first, second])
    assert_same(named(chunks, last), named(whole, final), EXACT)
    of_whole = torch.autograd.grad(weigh(named(whole, final)), sources)
    of_chunks = torch.autograd.grad(weigh(named(chunks, last)), sources)
    assert_same(dict(enumerate(of_chunks)), dict(enumerate(of_whole)), EXACT)


@each_on_ways
def test_a_pack_equals_each_sequence_alone(subject: Subject, way: str) -> None:
    layer = subject.ours()
    x, initial = torch.randn(TIME, 3, INPUT, dtype=torch.float64), subject.initial(3)
    with on(way):
        packed = results_and_gradients(layer, PACKED, x, initial)
        for b, length in enumerate(UNSORTED):
            state = tuple(value[:, b] for value in initial.values())
            output, final = layer(x[:length, b], state if len(state) > 1 else state[0])
            torch.testing.assert_close(packed["output"][:length, b], output, atol=EXACT, rtol=EXACT)
            assert not packed["output"][length:, b].any()
            for name, value in named(output, final).items():
                if name != "output":
                    torch.testing.assert_close(packed[f"final {name}"][:, b], value, atol=EXACT, rtol=EXACT)


@each_on_ways
def test_garbage_in_the_padding_changes_nothing_forward_or_backward(subject: Subject, way: str) -> None:
    layer = subject.ours()
    x, initial = torch.randn(TIME, 3, INPUT, dtype=torch.float64), subject.initial(3)
    garbage = x.clone()
    for b, length in enumerate(UNSORTED):
        garbage[length:, b] = float("nan")
    with on(way):
        clean = results_and_gradients(layer, PACKED, x, initial)
        dirty = results_and_gradients(layer, PACKED, garbage, initial)
    assert_same(dirty, clean, 0)
    for b, length in enumerate(UNSORTED):
        assert not dirty["gradient of x"][length:, b].any()


@each_on_ways
def test_sequences_of_one_batch_do_not_see_each_other(subject: Subject, way: str) -> None:
    layer = subject.ours()
    x = torch.randn(TIME, 3, INPUT, dtype=torch.float64)
    other = x.clone()
    other[:, 1] = float("nan")
    with on(way):
        clean, dirty = layer(x)[0], layer(other)[0]
    kept = [0, 2]
    torch.testing.assert_close(dirty[:, kept], clean[:, kept], atol=EXACT, rtol=EXACT)
    assert dirty[:, 1].isnan().all()


@pytest.mark.parametrize(("subject", "way"), on_ways(subjects(layers=(2,), directions=(False,))), ids=label)
def test_one_direction_never_sees_the_future(subject: Subject, way: str) -> None:
    layer = subject.ours()
    x = torch.randn(TIME, 2, INPUT, dtype=torch.float64)
    future = x.clone()
    future[3:] = float("nan")
    with on(way):
        torch.testing.assert_close(layer(future)[0][:3], layer(x)[0][:3], atol=EXACT, rtol=EXACT)


@pytest.mark.parametrize(("subject", "way"), on_ways(subjects(layers=(2,), directions=(True,))), ids=label)
def test_final_states_of_a_pack_stand_at_each_sequences_own_end(subject: Subject, way: str) -> None:
    layer = subject.ours()
    x = torch.randn(TIME, 3, INPUT, dtype=torch.float64)
    with on(way):
        output, final = layer(pack_padded_sequence(x, torch.tensor(UNSORTED), enforce_sorted=False))
    h_n = PACKED.take_state(final)["hidden"]
    padded, width = PACKED.take(output), h_n.shape[-1]
    for b, length in enumerate(UNSORTED):
        assert torch.equal(h_n[-2, b], padded[length - 1, b, :width])
        assert torch.equal(h_n[-1, b], padded[0, b, width:])


def named(output: Tensor, final: Tensor | tuple[Tensor, ...]) -> dict[str, Tensor]:
    return {"output": output} | BATCHED.take_state(final)
