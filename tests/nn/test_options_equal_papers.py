"""Every option of every cell, at each of its values, against the papers' formulas in NumPy."""

from __future__ import annotations

import pytest
from conformance.variants import Variant, assert_equals_the_papers

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
    for both in (False, True):
        for state in (False, True):
            assert_equals_the_papers(
                plus(variant, bidirectional=both or variant.option("bidirectional", False)),
                batch=4,
                lengths=lengths,
                state=state,
                training=training,
            )
