"""What runs from the end to the beginning, as a run from the beginning in a mirror.

Each sequence is turned round within its length, and so is what was recorded. Knows nothing of layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from peephole.nn.record import Override, Record
from peephole.nn.sequences import mirrored


def mirror_record(record: Record, lengths: Tensor | None) -> None:
    """Turns round, in place, what was recorded in the mirror: the index is again the time of the input."""
    record.direction = "backward"
    record.quantities = {name: mirrored(values, lengths) for name, values in record.quantities.items()}
    record.masks = {
        name: mirrored(mask, lengths) if mask.dim() == 3 else mask for name, mask in record.masks.items()
    }
    record.input = mirrored(record.input, lengths)


def mirror_overrides(
    overrides: Sequence[Override], *, time: int, batch: int, lengths: Tensor | None
) -> list[Override]:
    """What is held, as the run in the mirror takes it.

    A time of the input is another time in the mirror for each length, so that one override may become several.

    Args:
        overrides: with times of the input; all of them of the backward direction.
        time, batch: of the input.
        lengths: steps of each sequence, (batch,); None where all are full.
    """
    return [other for own in overrides for other in _in_mirror(own, time, batch, lengths)]


def _in_mirror(override: Override, time: int, batch: int, lengths: Tensor | None) -> list[Override]:
    forward = replace(override, direction="forward")
    if override.steps is None:
        return [forward]
    times = [t for t in range(time) if override.at(t, time)]
    if lengths is None:
        return [replace(forward, steps=frozenset(time - 1 - t for t in times))]
    values = torch.as_tensor(override.value)
    each = values.expand(batch) if values.dim() == 0 else values
    each = each if each.is_floating_point() else each.double()
    return [
        replace(
            forward,
            value=torch.where(lengths.to(each.device) == length, each, torch.nan),
            steps=frozenset(length - 1 - t for t in times if t < length),
        )
        for length in sorted(set(lengths.tolist()))
    ]
