"""The reference way: a plain loop over time around one cell's equations.

Any option, any device, any dtype, any transform. Slow, and the oracle for everything faster.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from peephole.nn.equations import Equations, State, Weights, untapped
from peephole.nn.masks import Masks
from peephole.nn.record import Override, Record, tap_of
from peephole.nn.sequences import alive_steps


def run_lane(
    equations: Equations,
    weights: Weights,
    x: Tensor,
    state: State,
    *,
    reverse: bool = False,
    lengths: Tensor | None = None,
    training: bool = False,
    masks: Masks | None = None,
    record: Record | None = None,
    overrides: Sequence[Override] = (),
) -> tuple[Tensor, State]:
    """Runs one layer in one direction.

    Args:
        equations: the cell's equations.
        weights: its weights.
        x: inputs, shape (time, batch, input).
        state: initial state, each of shape (batch, size).
        reverse: True runs from each sequence's last step to its first.
        lengths: steps of each sequence, shape (batch,); None where all have the full length.
        training: whether dropouts act and zoneout is random.
        masks: the random masks of this run; drawn here where None.
        record: filled where one is given.
        overrides: what is held fixed in this layer and direction.

    Returns:
        the hidden states, shape (time, batch, output), zero past each length, and the state after the last step.
    """
    alive = alive_steps(lengths, len(x), x.device)
    if alive is not None:
        x = x.where(alive, 0)  # what stands in the padding must reach neither a value nor a gradient
    if masks is None:
        masks = equations.masks(len(x), x.shape[1], x, training=training)
    tap = tap_of(overrides, record, len(x))
    if record is not None:
        record.initial = {
            name: record.keep(value) for name, value in zip(equations.state_sizes, state, strict=True)
        }
        record.input = record.keep(x)
        record.lengths = lengths
        record.absent = equations.absent
        record.masks = masks.recorded(alive)

    weights = masks.on_weights(weights)
    a = equations.from_input(masks.on_input(x), weights).unbind(0)
    outputs: dict[int, Tensor] = {}
    for t in reversed(range(len(x))) if reverse else range(len(x)):
        if tap is not None:
            tap.time = t
        new = equations.step(a[t], state, weights, tap or untapped, masks.at(t))
        if alive is None:
            state, outputs[t] = new, new[0]
        else:
            state = tuple(
                torch.where(alive[t], after, before) for after, before in zip(new, state, strict=True)
            )
            outputs[t] = new[0].where(alive[t], 0)

    if record is not None and tap is not None:
        noted = equations.in_order(tap.quantities(alive))
        record.quantities = {
            name: values if record.grad else values.detach() for name, values in noted.items()
        }
    return torch.stack([outputs[t] for t in range(len(x))]), state
