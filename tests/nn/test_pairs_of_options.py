"""The matrix of option pairs: each is what the papers say, in both directions, or is refused naming both options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from conformance.variants import Variant, assert_equals_the_papers
from oracles.network import run

from peephole.errors import OptionError
from peephole.nn import options

PAIRS = [
    (cell, first, second)
    for cell in ("rnn", "lstm", "gru")
    for first, second in combinations(options.of_cell(cell), 2)
]


def choices(cell: str, first: str, second: str) -> Iterator[dict[str, Any]]:
    """The pair at each of its values, with what its options need."""
    one, other = options.option(cell, first), options.option(cell, second)
    for a, b in product(one.values, other.values):
        yield {**one.needs, **other.needs, first: a, second: b}


@pytest.mark.parametrize(("cell", "first", "second"), PAIRS)
def test_a_pair_of_options_is_what_the_papers_say_or_is_refused(cell: str, first: str, second: str) -> None:
    random = any(options.option(cell, name).random for name in (first, second))
    for chosen in choices(cell, first, second):
        variant = Variant(cell, chosen).both_ways
        if options.refusal(cell, chosen) is not None:
            with pytest.raises(OptionError) as caught:
                variant.layer()
            assert first in str(caught.value)
            assert second in str(caught.value)
            assert "\n" not in str(caught.value)
            continue
        for training in (False, True) if random else (False,):
            assert_equals_the_papers(variant, time=3, batch=3, lengths=(2, 0, 3), training=training)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_table_has_every_pair_at_each_of_its_values(cell: str) -> None:
    listed = [chosen for chosen, _ in options.pairs(cell)]
    for _, first, second in (pair for pair in PAIRS if pair[0] == cell):
        for chosen in choices(cell, first, second):
            assert chosen in listed, (first, second)


SILENT = ("forget_bias", "batch_first", "learned_state")  # they act at the start, or on the layout alone
LOUD = [
    (Variant(cell, row.needs), Variant(cell, {**row.needs, row.name: value}))
    for cell in ("rnn", "lstm", "gru")
    for row in options.of_cell(cell).values()
    for value in row.values
    if row.name not in SILENT and not row.random
]


@pytest.mark.parametrize(("without", "chosen"), LOUD, ids=str)
def test_every_value_of_the_table_changes_what_the_papers_say(without: Variant, chosen: Variant) -> None:
    """Or a pair would show nothing: parameters of the same name are the same numbers."""
    rng = np.random.default_rng(0)
    drawn = {name: rng.uniform(-0.8, 0.8, p.shape) for name, p in without.layer().named_parameters()}
    x = np.linspace(-1, 1, 24).reshape(4, 2, 3)
    outputs = []
    for variant in (without, chosen):
        layer = variant.layer()
        own = {name: p.detach().numpy() for name, p in layer.named_parameters()}
        shared = {
            variant.of_the_oracle(name): drawn[name]
            if name in drawn and drawn[name].shape == own[name].shape
            else own[name]
            for name in own
        }
        network = replace(variant.network(layer), parameters=shared)
        outputs.append(run(network, x, variant.start(layer, 2)).output)
    before, after = outputs
    assert before.shape != after.shape or abs(before - after).max() > 1e-4
