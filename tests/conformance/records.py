"""Checking a record against the equations, with NumPy alone: weights, inputs and the record's own previous states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from oracles.contract import Step, untouched
from oracles.network import Network
from torch import Tensor

from conformance.compare import EXACT
from conformance.rows import Subject


def numbers(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: value.detach().double().cpu().numpy() for name, value in tensors.items()}


def assert_record_satisfies_the_equations(
    subject: Subject,
    network: Network,
    trace: Any,
    x: Tensor,
    tolerance: float = EXACT,
    *,
    module: str | None = None,
) -> None:
    """Every layer and direction of a trace of one call: each step's gates and states follow from the recorded
    states of the step before, by the formulas of the cell. x: (time, batch, input).
    """
    below = x.double().numpy()
    for layer in range(subject.layers):
        hiddens = []
        for direction in subject.directions:
            record = trace.layer(layer, direction, module=module)
            assert (record.layer, record.direction, record.kind) == (layer, direction, subject.cell.kind)
            check_steps(
                network.step, subject.states, network.weights(layer, direction), record, below, tolerance
            )
            hiddens.append(numbers(record.quantities)["hidden"])
        below = np.concatenate(hiddens, axis=-1)


def check_steps(
    step: Step,
    states: Sequence[str],
    weights: Mapping[str, np.ndarray],
    record: Any,
    x: np.ndarray,
    tolerance: float = EXACT,
) -> None:
    """One layer and direction: step by step, sequence by sequence, the oracle's quantities and no others; zero past
    each sequence's end.
    """
    quantities, initial = numbers(record.quantities), numbers(record.initial)
    time, batch = x.shape[:2]
    assert set(initial) == set(states)
    lengths: Sequence[int] = [time] * batch if record.lengths is None else record.lengths.tolist()
    assert len(lengths) == batch
    for b, length in enumerate(lengths):
        order = range(length) if record.direction == "forward" else range(length - 1, -1, -1)
        state = {name: initial[name][b] for name in states}
        for t in order:
            found = step(weights, x[t, b], state, untouched)
            assert set(quantities) == set(found)
            for name, expected in found.items():
                np.testing.assert_allclose(
                    quantities[name][t, b],
                    expected,
                    atol=tolerance,
                    rtol=tolerance,
                    err_msg=f"layer {record.layer} {record.direction}: {name} at step {t} of sequence {b}",
                )
            state = {name: quantities[name][t, b] for name in states}
        for name, value in quantities.items():
            assert not value[length:, b].any(), f"{name} past the end of sequence {b}"


def tensors_of(trace: Any) -> dict[str, Tensor]:
    """All tensors of a trace by a readable name."""
    found: dict[str, Tensor] = {}
    for r in trace.records:
        place = f"{r.module}#{r.call} l{r.layer} {r.direction}"
        found |= {f"{place} {name}": value for name, value in r.quantities.items()}
        found |= {f"{place} initial {name}": value for name, value in r.initial.items()}
        found |= {} if r.lengths is None else {f"{place} lengths": r.lengths}
    return found


def assert_same_trace(actual: Any, expected: Any) -> None:
    """Bit for bit."""
    mine, other = tensors_of(actual), tensors_of(expected)
    assert set(mine) == set(other)
    for name in other:
        assert mine[name].dtype == other[name].dtype, name
        assert torch.equal(mine[name], other[name]), name
