"""The kernel way: one layer by our own kernels on the CPU, whose record is what the backward pass keeps anyway.

Serves every option but full peepholes and full gate recurrence, ragged batches as they stand, and interventions. Knows
nothing of depth.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from peephole.nn import kernel_function, kernel_lanes
from peephole.nn.equations import State
from peephole.nn.kernel_function import clamps_of
from peephole.nn.kernel_lanes import MASKS
from peephole.nn.kernel_op import BACKWARD, NOTHING, RECORD, Call
from peephole.nn.masks import Masks
from peephole.nn.record import Override, Record
from peephole.nn.sequences import alive_steps
from peephole.nn.stack import DIRECTIONS, Lane


def run(
    lanes: Sequence[Lane],
    x: Tensor,
    state: State,
    *,
    lengths: Tensor | None = None,
    records: Sequence[Record] | None = None,
    overrides: Sequence[Override] = (),
    training: bool = False,
    masks: Sequence[Masks] | None = None,
) -> tuple[Tensor, State]:
    """Runs one layer.

    Args:
        lanes: its directions.
        x: inputs, shape (time, batch, input); what stands past a sequence's length is not read.
        state: its initial states, each (lanes, batch, size).
        lengths: steps of each sequence, (batch,); None where all are full.
        records: one a lane, filled; or None.
        overrides: what is held fixed in this layer.
        training: whether dropouts act and zoneout is random.
        masks: the random masks of each lane; drawn here where None.

    Returns:
        the output, (time, batch, lanes · output), zero past each length, and the final states like ``state``.
    """
    equations = lanes[0].equations
    if masks is None:
        masks = [lane.equations.masks(len(x), x.shape[1], x, training=training) for lane in lanes]
    inputs = [own.on_input(x) for own in masks]
    weights: list[Tensor] = []
    for lane, own in zip(lanes, masks, strict=True):
        used = own.on_weights(lane.weights)
        weights += [used[name] for name in lane.equations.weight_names]
    clamped: list[int] = []
    held: list[Tensor | None] = []
    for number in range(len(lanes) if overrides else 0):
        numbers, values = clamps_of([o for o in overrides if o.direction == DIRECTIONS[number]], number, x)
        clamped += numbers
        held += values
    call = Call(
        equations.key,
        inputs[:1] if all(one is x for one in inputs) else inputs,
        list(state),
        weights,
        [mask for own in masks for mask in _in_order(own)],
        lengths,
        clamped,
        held,
    )
    keep = NOTHING if records is None else RECORD
    if torch.is_grad_enabled() and any(t.requires_grad for t in (*call.x, *call.state, *call.weights)):
        keep = BACKWARD
    looked_at = records is not None and any(record.grad for record in records)
    results = kernel_function.run(call, keep, looked_at=looked_at)
    output, final = results[0], tuple(results[1 : 1 + len(state)])
    if records is not None:
        _fill(call, keep, records, masks, state, x, output, results[1 + len(state) :])
    return output, final


def _in_order(masks: Masks) -> list[Tensor | None]:
    """A lane's masks in the order of ``MASKS``."""
    return [masks.each.get(name, masks.once.get(name)) for name in MASKS]


def _fill(
    call: Call,
    keep: int,
    records: Sequence[Record],
    masks: Sequence[Masks],
    state: State,
    x: Tensor,
    output: Tensor,
    kept: Sequence[Tensor],
) -> None:
    """Fills a record for each lane: what is kept, as it stands, and what was given."""
    equations = call.equations
    alive = alive_steps(call.lengths, len(x), x.device)
    read = x if alive is None else x.where(alive, 0)
    for number, record in enumerate(records):
        own = call.record_of(number, output, kept, keep)
        record.quantities = {name: record.view(own[name]) for name in kernel_lanes.quantities_of(call.key)}
        record.input = record.keep(read)
        record.initial = {
            name: record.keep(part[number]) for name, part in zip(equations.state_sizes, state, strict=True)
        }
        record.lengths = call.lengths
        record.absent = equations.absent
        record.masks = masks[number].recorded(alive)
