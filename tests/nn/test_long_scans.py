"""The cells of long narrow sequences, which the vendor way scans by stretches, are those of the reference."""

from __future__ import annotations

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

import peephole as ph
from peephole.nn import ways


@pytest.mark.parametrize("steps", [63, 64, 65, 81, 500, 1024, 1031])
def test_the_cells_of_a_long_record_are_the_references(steps: int) -> None:
    layer = ph.LSTM(3, 5, 2, bidirectional=True, dtype=torch.float64)
    x = torch.randn(steps, 2, 3, dtype=torch.float64)
    state = torch.randn(2, 4, 2, 5, dtype=torch.float64).unbind(0)
    _, ours = ph.trace(layer, x, state, way="vendor")
    with ways.forced("reference"):
        _, reference = ph.trace(layer, x, state)
    for mine, theirs in zip(ours, reference, strict=True):
        torch.testing.assert_close(mine.cell, theirs.cell, rtol=0, atol=1e-12)


def test_sequences_that_end_hold_nothing_after_it() -> None:
    layer = ph.LSTM(3, 5, bidirectional=True, dtype=torch.float64)
    packed = pack_padded_sequence(
        torch.randn(300, 3, 3, dtype=torch.float64), torch.tensor([300, 17, 150]), enforce_sorted=False
    )
    _, ours = ph.trace(layer, packed, way="vendor")
    with ways.forced("reference"):
        _, reference = ph.trace(layer, packed)
    for mine, theirs in zip(ours, reference, strict=True):
        torch.testing.assert_close(mine.cell, theirs.cell, rtol=0, atol=1e-12)
        assert not mine.cell[150:, 2].any()


def test_gradients_flow_through_a_long_record_as_through_the_reference() -> None:
    layer = ph.LSTM(3, 5, dtype=torch.float64)
    x = torch.randn(200, 1, 3, dtype=torch.float64)
    grads = []
    for way in ("vendor", "reference"):
        layer.zero_grad()
        with ways.forced(way):
            _, trace = ph.trace(layer, x, grad=True)
        trace.layer().cell.square().sum().backward()
        grads.append([parameter.grad.clone() for parameter in layer.parameters()])
    for mine, theirs in zip(*grads, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)


def test_gates_that_let_nothing_or_everything_through_lose_no_cell() -> None:
    layer = ph.LSTM(3, 5, dtype=torch.float64)
    for forget in (-1e3, 1e3):
        layer.bias_ih_l0.data[5:10] = forget
        _, trace = ph.trace(layer, torch.randn(400, 1, 3, dtype=torch.float64), way="vendor")
        record = trace.layer()
        before = torch.cat([record.initial["cell"].unsqueeze(0), record.cell[:-1]])
        expected = record.forget_gate * before + record.input_gate * record.candidate
        torch.testing.assert_close(record.cell, expected, rtol=0, atol=1e-12)
