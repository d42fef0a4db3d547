"""Sequences of different lengths in one batch: each as if alone, and nothing leaks from the padding."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils._pytree import tree_leaves, tree_map

import peephole as ph
from peephole.nn import ways

KINDS = (ph.RNN, ph.LSTM, ph.GRU)
WAYS = ("kernel", "vendor", "reference")
LENGTHS = [3, 0, 6, 1]
DOUBLE: dict[str, Any] = {"dtype": torch.float64}


def padded(garbage: float = 0.0) -> Tensor:
    x = torch.randn(6, len(LENGTHS), 3, **DOUBLE)
    for column, length in enumerate(LENGTHS):
        x[length:, column] = garbage
    return x


def some_state(model: Any, batch: int) -> Any:
    return tree_map(torch.randn_like, model(torch.randn(1, batch, 3, **DOUBLE))[1])


def of_one(state: Any, column: int) -> Any:
    return tree_map(lambda part: part[:, column : column + 1].contiguous(), state)


def close(a: Any, b: Any) -> None:
    torch.testing.assert_close(tree_leaves(a), tree_leaves(b), rtol=0, atol=1e-12)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_each_sequence_is_as_if_alone(kind: Any, bidirectional: bool, way: Any) -> None:
    model = kind(3, 4, 2, bidirectional=bidirectional, **DOUBLE)
    x, state = padded(float("nan")), some_state(model, len(LENGTHS))
    with ways.forced(way):
        output, final = model(x, state, lengths=LENGTHS)
        for column, length in enumerate(LENGTHS):
            assert not output[length:, column].any()
            if length == 0:
                close(of_one(final, column), of_one(state, column))
                continue
            alone, last = model(x[:length, column : column + 1], of_one(state, column))
            close(output[:length, column : column + 1], alone)
            close(of_one(final, column), last)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_the_vendor_way_is_torchs_packing_bit_for_bit(kind: str) -> None:
    ours = getattr(ph, kind)(3, 4, 2, bidirectional=True)
    theirs = getattr(torch.nn, kind)(3, 4, 2, bidirectional=True)
    theirs.load_state_dict(ours.state_dict())
    x, lengths = torch.randn(6, 4, 3), torch.tensor([2, 6, 1, 5])
    packed, state = theirs(pack_padded_sequence(x, lengths, enforce_sorted=False))
    expected = [pad_packed_sequence(packed)[0], *tree_leaves(state)]
    with ways.forced("vendor"):
        output, final = ours(x, lengths=lengths)
    assert all(map(torch.equal, [output, *tree_leaves(final)], expected))
    for ours_grad, theirs_grad in zip(
        torch.autograd.grad(output.square().sum(), list(ours.parameters())),
        torch.autograd.grad(expected[0].square().sum(), list(theirs.parameters())),
        strict=True,
    ):
        assert torch.equal(ours_grad, theirs_grad)


@pytest.mark.parametrize("garbage", [float("nan"), float("inf"), 1e300])
@pytest.mark.parametrize(
    "options",
    [
        {"bidirectional": True},
        {"bidirectional": True, "merge": "product", "connection": "residual"},
        {"connection": "highway", "peephole": "full"},
        {"layer_norm": True, "learned_state": True, "zoneout": (0.2, 0.3)},
    ],
    ids=str,
)
def test_nothing_leaks_from_the_padding(options: dict[str, Any], garbage: float) -> None:
    model = ph.LSTM(3, 4, 2, **options, **DOUBLE).eval()
    clean = padded()
    x = clean.clone().requires_grad_()
    dirty = clean.clone()
    for column, length in enumerate(LENGTHS):
        dirty[length:, column] = garbage
    dirty.requires_grad_()
    seen = []
    for given in (x, dirty):
        (output, final), trace = ph.trace(model, given, lengths=LENGTHS)
        loss = output.sum() + sum(part.square().sum() for part in tree_leaves(final))
        grads = torch.autograd.grad(loss, [given, *model.parameters()])
        records = [[*record.quantities.values(), record.input] for record in trace]
        seen.append([output, final, grads, records])
    for ours, theirs in zip(tree_leaves(seen[0]), tree_leaves(seen[1]), strict=True):
        assert torch.equal(ours, theirs)
    for column, length in enumerate(LENGTHS):
        assert not seen[1][2][0][length:, column].any(), "the gradient of padding is 0"


@pytest.mark.parametrize("way", WAYS)
def test_a_record_is_masked_and_knows_the_lengths(way: Any) -> None:
    model = ph.GRU(3, 4, bidirectional=True, **DOUBLE)
    with ways.forced(way):
        _, trace = ph.trace(model, padded(float("nan")), lengths=LENGTHS)
    for record in trace:
        assert record.lengths is not None
        assert record.lengths.tolist() == LENGTHS
        for values in record.quantities.values():
            assert values.shape == (6, len(LENGTHS), 4)
            assert all(not values[length:, column].any() for column, length in enumerate(LENGTHS))


@pytest.mark.parametrize(
    "lengths", [torch.tensor([5, 2]), [5, 2], (5, 2), torch.tensor([5, 2], dtype=torch.int32)]
)
def test_lengths_may_be_a_tensor_or_numbers(lengths: Any) -> None:
    model = ph.GRU(3, 4, batch_first=True)
    x = torch.randn(2, 5, 3)
    assert torch.equal(model(x, lengths=lengths)[0], model(x, lengths=[5, 2])[0])


def test_full_lengths_are_no_lengths() -> None:
    model = ph.LSTM(3, 4, 2)
    x = torch.randn(5, 2, 3)
    assert torch.equal(model(x, lengths=[5, 5])[0], model(x)[0])


@pytest.mark.parametrize("way", WAYS)
def test_a_batch_without_any_step_or_any_sequence_is_left_alone(way: Any) -> None:
    model = ph.LSTM(3, 4, 2, bidirectional=True)
    h, c = torch.randn(4, 2, 4), torch.randn(4, 2, 4)
    with ways.forced(way):
        output, final = model(torch.full((5, 2, 3), float("nan")), (h, c), lengths=[0, 0])
        assert output.shape == (5, 2, 8)
        assert not output.any()
        assert torch.equal(final[0], h)
        assert torch.equal(final[1], c)
        assert model(torch.randn(5, 0, 3), lengths=[])[0].shape == (5, 0, 8)


def test_the_padding_may_be_longer_than_every_sequence() -> None:
    model = ph.LSTM(3, 4, bidirectional=True, **DOUBLE)
    x = torch.randn(6, 2, 3, **DOUBLE)
    output, final = model(x, lengths=[3, 2])
    shorter, last = model(x[:3], lengths=[3, 2])
    close([output[:3], final], [shorter, last])
    assert output.shape == (6, 2, 8)
    assert not output[3:].any()


def test_lengths_and_a_packed_sequence_exclude_each_other() -> None:
    packed = pack_padded_sequence(torch.randn(5, 2, 3), [5, 3])
    with pytest.raises(ValueError, match="lengths must be left out with a PackedSequence"):
        ph.GRU(3, 4)(packed, lengths=[5, 3])


@pytest.mark.parametrize(
    ("lengths", "kind", "says"),
    [
        ([6, 1], RuntimeError, "at most the input's 5 time steps, got 6"),
        ([-1, 2], RuntimeError, "at least 0, got -1"),
        ([1, 2, 3], RuntimeError, r"shape \(2,\).*got \(3,\)"),
        ([[1, 2]], RuntimeError, r"got \(1, 2\)"),
        (3, RuntimeError, r"got \(\)"),
        ([1.0, 2.0], TypeError, "whole numbers.*float32"),
        (torch.tensor([True, False]), TypeError, "whole numbers.*bool"),
        ("ab", TypeError, "whole numbers.*'ab'"),
        ([[1], [1, 2]], TypeError, "whole numbers"),
    ],
    ids=str,
)
def test_wrong_lengths_are_refused(lengths: Any, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        ph.GRU(3, 4)(torch.randn(5, 2, 3), lengths=lengths)


def test_a_network_reads_sequences_without_a_step() -> None:
    config = ph.NetworkConfig(
        cell="lstm", input="numbers", input_size=3, output_size=2, embedding=None, hidden=4, layers=1
    )
    network = ph.Network(config)
    x = torch.randn(5, 2, 3)
    output, _ = network(x, lengths=torch.tensor([0, 5]))
    torch.testing.assert_close(output[:, 0], network.readout.bias.expand(5, 2))
    torch.testing.assert_close(output[:, 1], network(x[:, 1:])[0][:, 0])
