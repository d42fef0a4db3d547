"""Every option of every cell, at each of its values, against the papers' formulas in NumPy."""

from __future__ import annotations

import pytest
import torch
from conformance.variants import Variant, assert_equals_the_papers, assert_outcome, assert_records
from oracles.network import run
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import peephole as ph
from peephole.nn import options

CASES = [
    Variant(cell, {**row.needs, row.name: value})
    for cell in ("rnn", "lstm", "gru")
    for row in options.of_cell(cell).values()
    for value in row.values
]


def plus(variant: Variant, **more: object) -> Variant:
    return Variant(variant.cell, {**variant.options, **more}, variant.input, variant.hidden)


@pytest.mark.parametrize("variant", CASES, ids=str)
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize("lengths", [None, (4, 1, 0, 2)], ids=["full", "lengths"])
def test_a_layer_equals_the_formulas(
    variant: Variant, training: bool, lengths: tuple[int, ...] | None
) -> None:
    # Each two of lengths, directions and states meet in each way.
    for both in (False, True):
        assert_equals_the_papers(
            variant.both_ways if both else variant,
            batch=4,
            lengths=lengths,
            state=both is (lengths is None),
            training=training,
        )


@pytest.mark.parametrize("variant", CASES, ids=str)
@pytest.mark.parametrize("enforce_sorted", [True, False], ids=["sorted", "unsorted"])
def test_a_packed_sequence_equals_the_formulas(variant: Variant, enforce_sorted: bool) -> None:
    variant = variant.both_ways
    layer = variant.layer()
    lengths = (4, 2, 1) if enforce_sorted else (2, 4, 1)
    x = torch.randn(4, 3, variant.input, dtype=torch.float64)
    initial = variant.initial(3)
    packed = pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=enforce_sorted)
    (output, final), trace = ph.trace(layer, packed, variant.give_state(initial))
    expected = run(variant.network(layer), x.numpy(), initial, lengths)
    assert_outcome(variant, expected, pad_packed_sequence(output)[0], variant.take_state(final))
    assert_records(expected, initial, trace, lengths)
