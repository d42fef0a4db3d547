"""The record of every option: losses on it, clamps of every quantity in it, files of it, and that it changes nothing.

That it holds what the papers say is among the claims of `tests/nn/test_options_equal_papers.py`.
"""

from __future__ import annotations

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
from oracles.contract import Array, Clamp
from oracles.network import Place, run

import peephole as ph
from peephole.errors import MissingQuantityError, OptionError
from peephole.nn import options

TIME, BATCH, LENGTHS = 4, 3, (4, 0, 2)
VALUES = [
    Variant(cell, {**row.needs, row.name: value, "bidirectional": True})
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
    for quantity in trace.layer().quantities:
        held = {f"l0.{quantity}.1": 0.25, f"l0_reverse.{quantity}.0": -0.5}
        with ph.intervene(layer, held, steps=[0, 2, 3]):
            (output, final), clamped = ph.trace(layer, *arguments, lengths=lengths)
        network = replace(
            variant.network(layer),
            clamp=lambda at, t, quantity=quantity: holding(
                quantity, {(0, "forward"): (1, 0.25), (0, "backward"): (0, -0.5)}.get(at), t
            ),
        )
        expected = run(network, x.numpy(), initial, LENGTHS)
        assert_outcome(variant, expected, variant.give(output), variant.take_state(final))
        assert_records(expected, initial, clamped, LENGTHS)


def holding(quantity: str, unit: tuple[int, float] | None, time: int) -> Clamp:
    """Holds one unit of one quantity, at the times of the test."""

    def clamp(name: str, value: Array) -> Array:
        if name != quantity or unit is None or time not in (0, 2, 3):
            return value
        value = value.copy()
        value[..., unit[0]] = unit[1]
        return value

    return clamp


@pytest.mark.parametrize(
    ("chosen", "gate"),
    [
        ({"coupled": True}, "forget_gate"),
        *(({name: False}, name) for name in ("input_gate", "forget_gate", "output_gate")),
    ],
    ids=str,
)
def test_a_gate_that_is_not_there_is_neither_read_nor_held_and_the_error_says_why(
    chosen: dict[str, bool], gate: str
) -> None:
    layer = ph.LSTM(3, 3, **chosen)
    _, trace = ph.trace(layer, torch.randn(2, 1, 3))
    (option,) = chosen
    for ask in (lambda: trace.layer()[gate], lambda: getattr(trace.layer(), gate)):
        with pytest.raises(MissingQuantityError) as caught:
            ask()
        assert option in str(caught.value)
        assert gate.replace("_", " ") in str(caught.value)
        assert "candidate" in str(caught.value), "what there is"
        assert "\n" not in str(caught.value)
    with pytest.raises(OptionError) as refused, ph.intervene(layer, {f"l0.{gate}.0": 1.0}):
        pass
    assert option in str(refused.value)


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
