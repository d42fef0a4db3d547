"""The record of every option: losses on it, clamps of every quantity in it, files of it, and that it changes nothing.

That it holds what the papers say is among the claims of `tests/nn/test_options_equal_papers.py`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conformance.compare import EXACT, weigh
from conformance.variants import (
    Variant,
    assert_outcome,
    assert_records,
    dropout_between,
    masks_of,
    padded,
)
from oracles import derivative
from oracles.contract import Array
from oracles.network import Clamping, Place, run

import peephole as ph
from peephole.errors import MissingQuantityError, OptionError
from peephole.nn import options

TIME, BATCH, LENGTHS = 4, 3, (4, 0, 2)
STEPS = (0, 2, 3)  # those at which something is held
VALUES = [
    Variant(cell, {**row.needs, row.name: value}).both_ways
    for cell in ("rnn", "lstm", "gru")
    for row in options.of_cell(cell).values()
    for value in row.values
    if row.name != "bidirectional"
]


@pytest.mark.parametrize("variant", VALUES, ids=str)
def test_a_loss_on_the_record_has_the_derivative_of_the_formulas(variant: Variant) -> None:
    layer = variant.layer().train()
    x = padded(torch.randn(TIME, BATCH, variant.input, dtype=torch.float64), LENGTHS)
    initial = variant.initial(BATCH)
    _, trace = ph.trace(
        layer, variant.give(x), variant.give_state(initial), lengths=torch.tensor(LENGTHS), grad=True
    )
    quantities = {
        f"{name} of {(record.layer, record.direction)}": record[name]
        for record in trace
        for name in record.quantities
    }
    parameters = dict(layer.named_parameters())
    slopes = torch.autograd.grad(weigh(quantities), list(parameters.values()), allow_unused=True)
    network = variant.network(layer)
    detached = [replace(r, masks={k: m.detach() for k, m in r.masks.items()}) for r in trace]
    network = replace(network, masks=masks_of(detached), between=between(variant, layer, trace))

    def loss(at: Mapping[str, Array]) -> complex:
        found = run(replace(network, parameters=at), x.numpy(), initial, LENGTHS)
        values = [found.record[r.layer, r.direction][name] for r in trace for name in r.quantities]
        return sum(np.cos(np.linspace(0.5, 2.0, value.size)) @ value.ravel() for value in values)

    for (name, value), slope in zip(network.parameters.items(), slopes, strict=True):
        towards = np.random.default_rng(0).standard_normal(value.shape)
        expected = derivative.along(loss, network.parameters, name, towards)
        actual = 0.0 if slope is None else float((slope.numpy() * towards).sum())
        assert actual == pytest.approx(expected, rel=EXACT, abs=EXACT), name


def between(variant: Variant, layer: torch.nn.Module, trace: Any) -> dict[int, Array]:
    """The masks between layers, from a record that keeps its graph."""
    cut = [
        replace(r, quantities={k: q.detach() for k, q in r.quantities.items()}, input=r.input.detach())
        for r in trace
    ]
    return dropout_between(variant, variant.network(layer), cut)


@pytest.mark.parametrize("variant", VALUES, ids=str)
def test_any_quantity_of_a_record_can_be_held_and_the_rest_follows_from_the_formulas(
    variant: Variant,
) -> None:
    layer = variant.layer()
    x = padded(torch.randn(TIME, BATCH, variant.input, dtype=torch.float64), LENGTHS)
    initial = variant.initial(BATCH)
    arguments = (variant.give(x), variant.give_state(initial))
    lengths = torch.tensor(LENGTHS)
    _, trace = ph.trace(layer, *arguments, lengths=lengths)
    for quantity in trace.records[0].quantities:
        held = {f"l0.{quantity}.1": 0.25} if "forward" in variant.directions else {}
        held |= {f"l0_reverse.{quantity}.0": -0.5}
        with ph.intervene(layer, held, steps=STEPS):
            (output, final), clamped = ph.trace(layer, *arguments, lengths=lengths)
        clampings = [
            Clamping(0, "forward", quantity, 1, 0.25, frozenset(STEPS)),
            Clamping(0, "backward", quantity, 0, -0.5, frozenset(STEPS)),
        ]
        expected = run(variant.network(layer).clamped(clampings), x.numpy(), initial, LENGTHS)
        assert_outcome(variant, expected, variant.give(output), variant.take_state(final))
        assert_records(expected, initial, clamped, LENGTHS)


@pytest.mark.parametrize(
    ("chosen", "gate", "why"),
    [
        ({"coupled": True}, "forget_gate", "this LSTM is coupled: its forget gate is 1 − input_gate"),
        *(({name: False}, name, f"{name}=False") for name in ("input_gate", "forget_gate", "output_gate")),
    ],
    ids=str,
)
def test_a_gate_that_is_not_there_is_neither_read_nor_held_and_the_error_says_why(
    chosen: dict[str, bool], gate: str, why: str, tmp_path: Path
) -> None:
    layer = ph.LSTM(3, 3, **chosen)
    _, trace = ph.trace(layer, torch.randn(2, 1, 3))
    trace.save(tmp_path / "trace")
    for record in (r.layer() for r in (trace, copy.deepcopy(trace), ph.Trace.load(tmp_path / "trace"))):
        assert gate not in record.quantities
        assert not hasattr(record, gate)
        for ask in (record.__getitem__, record.__getattr__):
            with pytest.raises(MissingQuantityError, match=why) as caught:
                ask(gate)
            assert gate.replace("_", " ") in str(caught.value)
            assert "candidate" in str(caught.value), "what there is"
            assert "\n" not in str(caught.value)
    with pytest.raises(OptionError, match=why), ph.intervene(layer, {f"l0.{gate}.0": 1.0}):
        pass


@pytest.mark.parametrize("variant", VALUES, ids=str)
def test_recording_changes_neither_the_noise_nor_what_comes_of_it(variant: Variant) -> None:
    layer = variant.layer().train()
    x = variant.give(torch.randn(TIME, BATCH, variant.input, dtype=torch.float64))
    for lengths in (None, torch.tensor(LENGTHS)):
        torch.manual_seed(1)
        output, final = layer(x, lengths=lengths)
        torch.manual_seed(1)
        (recorded, end), _ = ph.trace(layer, x, lengths=lengths)
        # The vendor's operation adds in another order where it runs layer by layer.
        torch.testing.assert_close(recorded, output, atol=1e-12, rtol=1e-12)
        for place, states in variant.take_state(final).items():
            for name, value in states.items():
                torch.testing.assert_close(
                    variant.take_state(end)[place][name], value, atol=1e-12, rtol=1e-12
                )


@pytest.mark.parametrize("variant", VALUES, ids=str)
def test_a_trace_comes_back_from_its_file_as_it_was(variant: Variant, tmp_path: Path) -> None:
    layer = variant.layer().train()
    x = variant.give(torch.randn(TIME, BATCH, variant.input, dtype=torch.float64))
    _, trace = ph.trace(layer, x, lengths=torch.tensor(LENGTHS))
    trace.save(tmp_path / "trace")
    loaded = ph.Trace.load(tmp_path / "trace")
    assert [place_of(r) for r in loaded] == [place_of(r) for r in trace]
    for before, after in zip(trace, loaded, strict=True):
        for part in ("quantities", "initial", "masks"):
            mine, other = getattr(before, part), getattr(after, part)
            assert list(other) == list(mine)
            assert all(torch.equal(other[name], mine[name]) for name in mine), part
        assert dict(after.absent) == dict(before.absent)
        assert after.lengths.tolist() == list(LENGTHS)
        assert torch.equal(after.input, before.input)


def place_of(record: Any) -> tuple[str, int, Place, str]:
    return record.module, record.call, (record.layer, record.direction), record.kind
