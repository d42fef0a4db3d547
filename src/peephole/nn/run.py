"""Runs a stack, layer by layer, by the way that fits each: time × depth × direction.

This is where the ways meet: each layer runs as ``ways.py`` decides, on the layout of a ragged batch that its way reads,
and all of them fill the same record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from peephole.nn import kernel, reference, vendor, ways
from peephole.nn.equations import State
from peephole.nn.joining import connected, merged
from peephole.nn.mirror import mirror_overrides, mirror_record
from peephole.nn.record import Override, Record
from peephole.nn.sequences import Batch, mirrored
from peephole.nn.stack import DIRECTIONS, Stack
from peephole.nn.ways import WayName


def run_stack(
    stack: Stack,
    batch: Batch,
    states: Sequence[State],
    *,
    records: list[Record] | None = None,
    grad: bool = False,
    overrides: Sequence[Override] = (),
    way: WayName | None = None,
    single_step: bool = False,
) -> tuple[Batch, Sequence[State]]:
    """Runs every layer.

    Args:
        stack: the layers.
        batch: inputs, in either layout.
        states: initial states of each layer, each of shape (directions, batch, size), in the caller's order.
        records: where a list is given, one ``Record`` for each layer and direction is appended.
        grad: whether records keep the autograd graph.
        overrides: what is held fixed, in any layer.
        way: how the caller wants the layers to run where they can; None leaves it to ``ways.py``.
        single_step: whether this is one step of a stream.

    Returns:
        the last layer's output, in the layout in which its way left it, and the final states like ``states``.
    """
    if stack.reverse:
        return _run_mirrored(stack, batch, states, records=records, grad=grad, overrides=overrides, way=way)
    held = [[o for o in overrides if o.layer == depth] for depth in range(len(stack.layers))]
    chosen = [
        ways.choose(
            lanes[0].equations,
            like=batch.data,
            overrides=own,
            packable=batch.packable,
            single_step=single_step,
            wanted=way,
            torchs=stack.torchs,
        ).name
        for lanes, own in zip(stack.layers, held, strict=True)
    ]
    dropping = stack.dropout > 0 and stack.training
    # The operation that stands in a compiled graph runs again in the backward pass: no dropout inside it.
    whole = records is None and not single_step and not (dropping and torch.compiler.is_compiling())
    if whole and set(chosen) == {"vendor"} and stack.uniform:
        return vendor.run(stack, batch, states)
    finals: list[State] = []
    for depth, name in enumerate(chosen):
        notes = None
        if records is not None:
            notes = [
                Record(lane.equations.name, depth, direction, grad)
                for lane, direction in zip(stack.layers[depth], stack.names, strict=True)
            ]
            records.extend(notes)
        if name == "vendor" and single_step:
            output, final = _step_vendor(stack, depth, batch, states[depth], notes)
        else:
            output, final = _run_layer(name, stack, depth, batch, states[depth], notes, held[depth])
        finals.append(final)
        if dropping and depth < len(stack.layers) - 1:
            # Drawn over the steps alone, whichever the way.
            output = output.packed() if output.packable else output
            output = output.holding(F.dropout(output.data, stack.dropout))
        if stack.connection is not None and depth > 0:
            below = batch.packed() if output.is_packed else batch.padded()
            joined = connected(below.data, output.data, stack.connection, stack.highways[depth - 1])
            output = output.holding(joined)
        batch = output
    return batch, finals


def _run_mirrored(
    stack: Stack,
    batch: Batch,
    states: Sequence[State],
    *,
    records: list[Record] | None,
    grad: bool,
    overrides: Sequence[Override],
    way: WayName | None,
) -> tuple[Batch, Sequence[State]]:
    """Layers that run from the end only, as ones that run from the beginning of the mirrored input."""
    batch = batch.padded()
    lengths = batch.lengths
    time, sequences = batch.data.shape[:2]
    notes: list[Record] | None = None if records is None else []
    output, finals = run_stack(
        replace(stack, reverse=False),
        batch.holding(mirrored(batch.data, lengths)),
        states,
        records=notes,
        grad=grad,
        overrides=mirror_overrides(overrides, time=time, batch=sequences, lengths=lengths),
        way=way,
    )
    for note in notes or ():
        mirror_record(note, lengths)
    if records is not None and notes is not None:
        records.extend(notes)
    output = output.padded()
    return output.holding(mirrored(output.data, lengths)), finals


def _run_layer(
    way: WayName,
    stack: Stack,
    depth: int,
    batch: Batch,
    state: State,
    notes: Sequence[Record] | None,
    overrides: Sequence[Override],
) -> tuple[Batch, State]:
    """One layer by its way, its directions merged; arguments as in ``run_stack``."""
    lanes, last = stack.layers[depth], depth == len(stack.layers) - 1
    if way == "vendor":
        output, (final,) = vendor.run(stack.layer(depth), batch, [state])
        if notes is not None:
            vendor.reconstruct(lanes, batch, output, state, notes)
    elif way == "kernel":
        batch = batch.padded()
        data, final = kernel.run(
            lanes,
            batch.data,
            state,
            lengths=batch.lengths,
            records=notes,
            overrides=overrides,
            training=stack.training,
        )
        output = batch.holding(data)
        if notes is not None and last:  # the model may change its output in place
            for note in notes:
                note.quantities["hidden"] = note.keep(note.quantities["hidden"])
    else:
        return _run_reference(stack, depth, batch.padded(), state, notes, overrides)
    if stack.merge != "concat" and len(lanes) > 1:
        output = output.holding(merged(output.data.chunk(len(lanes), -1), stack.merge))
    return output, final


def _step_vendor(
    stack: Stack, depth: int, batch: Batch, state: State, notes: Sequence[Record] | None
) -> tuple[Batch, State]:
    """One step of one layer by torch's operation of a cell; arguments as in ``_run_layer``."""
    (lane,) = stack.layers[depth]
    x, before = batch.data[0], tuple(part[0] for part in state)
    new = vendor.step(lane.equations, lane.weights, x, before)
    if notes is not None:
        vendor.reconstruct_step(lane, x, new, before, notes[0])
    return batch.holding(new[0].unsqueeze(0)), tuple(part.unsqueeze(0) for part in new)


def _run_reference(
    stack: Stack,
    depth: int,
    batch: Batch,
    state: State,
    notes: Sequence[Record] | None,
    overrides: Sequence[Override],
) -> tuple[Batch, State]:
    """One layer by the reference, each direction by itself; arguments as in ``_run_layer``."""
    outputs: list[Tensor] = []
    finals = []
    for number, lane in enumerate(stack.layers[depth]):
        output, final = reference.run_lane(
            lane.equations,
            lane.weights,
            batch.data,
            tuple(part[number] for part in state),
            reverse=number == 1,
            lengths=batch.lengths,
            record=None if notes is None else notes[number],
            overrides=[o for o in overrides if o.direction == DIRECTIONS[number]],
            training=stack.training,
        )
        outputs.append(output)
        finals.append(final)
    joined = batch.holding(merged(outputs, stack.merge))
    return joined, tuple(torch.stack(parts) for parts in zip(*finals, strict=True))
