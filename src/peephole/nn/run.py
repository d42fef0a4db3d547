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
from peephole.nn.record import Override, Record
from peephole.nn.sequences import Packing
from peephole.nn.stack import DIRECTIONS, Lane, Stack


def run_stack(
    stack: Stack,
    data: Tensor,
    state: State,
    *,
    packing: Packing | None = None,
    records: list[Record] | None = None,
    grad: bool = False,
    overrides: Sequence[Override] = (),
) -> tuple[Tensor, State]:
    """Runs every layer.

    Args:
        stack: the layers.
        data: inputs, shape (time, batch, input), or packed data (steps, input) with ``packing``.
        state: initial states, each of shape (layers · directions, batch, size), in the caller's order.
        packing: the layout of packed data.
        records: where a list is given, one ``Record`` for each layer and direction is appended.
        grad: whether records keep the autograd graph.
        overrides: what is held fixed, in any layer.

    Returns:
        the last layer's output in the layout of ``data``, and the final states shaped like ``state``.
    """
    if records is None and not overrides and all(ways.choose(e).name == "vendor" for e in stack.equations):
        return vendor.run(stack, data, state, packing)
    finals: list[State] = []
    directions = len(stack.layers[0])
    for depth, lanes in enumerate(stack.layers):
        own = tuple(s[depth * directions : (depth + 1) * directions] for s in state)
        held = [override for override in overrides if override.layer == depth]
        notes = None
        if records is not None:
            notes = [Record(lanes[0].equations.name, depth, d, grad) for d in DIRECTIONS[:directions]]
            records.extend(notes)
        if ways.choose(lanes[0].equations, overridden=bool(held)).name == "vendor":
            layer = Stack((lanes,), training=stack.training)
            output, final = vendor.run(layer, data, own, packing)
            if notes is not None:
                vendor.reconstruct(lanes, data, output, own, packing, notes)
        else:
            output, final = _run_reference(lanes, data, own, packing, notes, held)
        finals.append(final)
        last = depth == len(stack.layers) - 1
        data = output if last or not stack.dropout else F.dropout(output, stack.dropout, stack.training)
    return data, tuple(torch.cat(parts) for parts in zip(*finals, strict=True))


def _run_reference(
    lanes: Sequence[Lane],
    data: Tensor,
    state: State,
    packing: Packing | None,
    notes: Sequence[Record] | None,
    overrides: Sequence[Override],
) -> tuple[Tensor, State]:
    """One layer by the reference, each direction by itself; arguments as in ``run_stack``."""
    x = data if packing is None else packing.pad(data)
    outputs, finals = [], []
    for number, lane in enumerate(lanes):
        output, final = reference.run_lane(
            lane.equations,
            lane.weights,
            x,
            tuple(s[number] for s in state),
            reverse=number == 1,
            lengths=None if packing is None else packing.lengths,
            record=None if notes is None else notes[number],
            overrides=[o for o in overrides if o.direction == DIRECTIONS[number]],
        )
        outputs.append(output)
        finals.append(final)
    output = outputs[0] if len(outputs) == 1 else torch.cat(outputs, -1)
    final = tuple(torch.stack(parts) for parts in zip(*finals, strict=True))
    return (output if packing is None else packing.pack(output)), final
