"""Runs a stack, layer by layer, by the way that fits each: time × depth × direction.

This is where the ways meet: a layer that torch's operation serves and nobody clamps runs as that operation, another
as the reference, and both fill the same record.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from peephole.nn import reference, vendor, ways
from peephole.nn.equations import State
from peephole.nn.joining import connected, merged
from peephole.nn.record import Override, Record
from peephole.nn.sequences import Packing
from peephole.nn.stack import DIRECTIONS, Lane, Stack


def run_stack(
    stack: Stack,
    data: Tensor,
    states: Sequence[State],
    *,
    packing: Packing | None = None,
    lengths: Tensor | None = None,
    records: list[Record] | None = None,
    grad: bool = False,
    overrides: Sequence[Override] = (),
) -> tuple[Tensor, Sequence[State]]:
    """Runs every layer.

    Args:
        stack: the layers.
        data: inputs, shape (time, batch, input), or packed data (steps, input) with ``packing``.
        states: initial states of each layer, each of shape (directions, batch, size), in the caller's order.
        packing: the layout of packed data.
        lengths: steps of each sequence of padded data, shape (batch,), where they cannot be looked at (or are all
            0): every layer runs the reference, which masks. What stands past them must be 0.
        records: where a list is given, one ``Record`` for each layer and direction is appended.
        grad: whether records keep the autograd graph.
        overrides: what is held fixed, in any layer.

    Returns:
        the last layer's output in the layout of ``data``, and the final states like ``states``.
    """
    held = [[o for o in overrides if o.layer == depth] for depth in range(len(stack.layers))]
    chosen = [
        ways.choose(equations, device=data.device, overridden=bool(own), masked=lengths is not None).name
        for equations, own in zip(stack.equations, held, strict=True)
    ]
    dropping = stack.dropout > 0 and stack.training
    # The operation that stands in a compiled graph runs again in the backward pass: no dropout inside it.
    whole = stack.uniform and not (dropping and torch.compiler.is_compiling())
    if records is None and whole and set(chosen) == {"vendor"}:
        return vendor.run(stack, data, states, packing)
    finals: list[State] = []
    for depth, (lanes, way) in enumerate(zip(stack.layers, chosen, strict=True)):
        notes = None
        if records is not None:
            notes = [
                Record(e.equations.name, depth, d, grad) for e, d in zip(lanes, DIRECTIONS, strict=False)
            ]
            records.extend(notes)
        if way == "vendor":
            output, (final,) = vendor.run(stack.layer(depth), data, [states[depth]], packing)
            if notes is not None:
                vendor.reconstruct(lanes, data, output, states[depth], packing, notes)
            outputs: Sequence[Tensor] = output.chunk(len(lanes), -1)
        else:
            outputs, final = _run_reference(
                lanes, data, states[depth], packing, lengths, notes, held[depth], training=stack.training
            )
        finals.append(final)
        joined = merged(outputs, stack.merge)
        if dropping and depth < len(stack.layers) - 1:
            joined = F.dropout(joined, stack.dropout)
        if stack.connection is not None and depth > 0:
            joined = connected(data, joined, stack.connection, stack.highways[depth - 1])
        data = joined
    return data, finals


def _run_reference(
    lanes: Sequence[Lane],
    data: Tensor,
    state: State,
    packing: Packing | None,
    lengths: Tensor | None,
    notes: Sequence[Record] | None,
    overrides: Sequence[Override],
    *,
    training: bool,
) -> tuple[Sequence[Tensor], State]:
    """One layer by the reference, each direction by itself; arguments as in ``run_stack``."""
    x = data if packing is None else packing.pad(data)
    outputs, finals = [], []
    for number, lane in enumerate(lanes):
        output, final = reference.run_lane(
            lane.equations,
            lane.weights,
            x,
            tuple(part[number] for part in state),
            reverse=number == 1,
            lengths=lengths if packing is None else packing.lengths,
            record=None if notes is None else notes[number],
            overrides=[o for o in overrides if o.direction == DIRECTIONS[number]],
            training=training,
        )
        outputs.append(output if packing is None else packing.pack(output))
        finals.append(final)
    return outputs, tuple(torch.stack(parts) for parts in zip(*finals, strict=True))
