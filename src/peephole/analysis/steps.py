"""From a padded batch to one list of steps: where padding is left behind.

A batch of sequences of different lengths is (time, batch, …) with slots past each sequence's end. Everything
derived from a record works on its real steps alone, sequence after sequence; this file is the only way there.
It does not know what the numbers are.
"""

from __future__ import annotations

import torch
from torch import Tensor

from peephole.errors import TraceError
from peephole.trace.trace import LayerRecord


def flatten(values: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Lay the sequences of a batch end to end, without their padding.

    Args:
        values: (time, batch, …).
        lengths: (batch,) steps in each sequence; None means that all are ``time`` long.

    Returns:
        (steps, …): first the steps of sequence 0, then those of sequence 1, and so on. A view of ``values`` where
        the batch is one full sequence.
    """
    by_sequence = values.transpose(0, 1)
    if lengths is None:
        return by_sequence.reshape(-1, *values.shape[2:])
    inside = torch.arange(len(values), device=values.device) < lengths.to(values.device)[:, None]
    return by_sequence[inside]


def starts(lengths: Tensor) -> Tensor:
    """Which of the flattened steps begin a sequence.

    Args:
        lengths: (batch,) steps in each sequence; empty sequences have no first step.

    Returns:
        (steps,) bool.
    """
    begins = torch.zeros(int(lengths.sum()), dtype=torch.bool)
    first = lengths.cumsum(0) - lengths
    begins[first[lengths > 0]] = True
    return begins


def steps_of(record: LayerRecord, quantity: str) -> Tensor:
    """One quantity of a record as (steps, unit), padding left out, cut off from any graph.

    Raises:
        MissingQuantityError: the record does not hold ``quantity``.
        TraceError: the record has no steps.
    """
    values = flatten(record[quantity], record.lengths).detach()
    if len(values) == 0:
        raise TraceError(f"this record of {quantity} has no steps; trace a sequence with at least one")
    return values


def lengths_of(record: LayerRecord) -> Tensor:
    """(batch,) steps in each sequence of a record, whether or not it has padding."""
    if record.lengths is not None:
        return record.lengths.cpu()
    time, batch, _ = next(iter(record.quantities.values())).shape
    return torch.full((batch,), time)


def state_before(record: LayerRecord, state: str, step: int, sequence: int = 0) -> Tensor:
    """The state that one step of one sequence started from, (unit,).

    Args:
        record: the record of one layer and direction.
        state: "hidden" or "cell".
        step: an input time of that sequence.
        sequence: which sequence of the batch.
    """
    if record.direction == "backward":
        steps = len(record[state]) if record.lengths is None else int(record.lengths[sequence])
        previous, first = step + 1, step == steps - 1
    else:
        previous, first = step - 1, step == 0
    return record.initial[state][sequence] if first else record[state][previous, sequence]


def one_a_step(given: int, steps: int, what: str) -> None:
    """Refuses a list with another length than there are steps.

    Raises:
        TraceError: ``given`` is not ``steps``.
    """
    if given != steps:
        raise TraceError(
            f"{given} {what} for {steps} recorded steps; give one a step, sequence after sequence"
        )
