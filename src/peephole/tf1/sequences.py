"""Whole sequences through one cell's equations, forward or from the end.

Forward is a call of a stack of one layer, as our own layers make it. From the end is the same call on the reversed
sequences, and its record is put back to the times of the inputs. Knows nothing of TensorFlow's layouts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from peephole.nn import reference
from peephole.nn.call import call_stack
from peephole.nn.equations import Equations, Weights
from peephole.nn.observe import Watch
from peephole.nn.record import Record
from peephole.nn.stack import Lane, Stack


def run(
    equations: Equations,
    weights: Weights,
    x: Tensor,
    state: Any,
    *,
    lengths: Tensor | None,
    reverse: bool,
    watch: Watch | None,
) -> tuple[Tensor, Any]:
    """Runs sequences.

    Args:
        equations, weights: the cell.
        x: inputs, shape (time, batch, input).
        state: before the first step: a tensor (batch, hidden), for an LSTM the pair (h, c) of them.
        lengths: steps of each sequence, (batch,); None where all have every step.
        reverse: True runs from each sequence's last step to its first.
        watch: who watches.

    Returns:
        the hidden states, (time, batch, output), each at the time of its input; and the final state like ``state``.
    """
    if reverse and watch is not None and watch.overrides():
        return _run_held(equations, weights, x, state, lengths, watch)
    initial = state.unsqueeze(0) if isinstance(state, Tensor) else tuple(part.unsqueeze(0) for part in state)
    stack = Stack(((Lane(equations, weights),),))
    if reverse:
        x = reversed_steps(x, lengths)
        watch = watch and _FromTheEnd(watch.module, watch.observers, lengths)
    output, final = call_stack(stack, x, initial, batch_first=False, lengths=lengths, watch=watch)
    if reverse:
        output = reversed_steps(output, lengths)  # type: ignore[arg-type]
    last = final.squeeze(0) if isinstance(final, Tensor) else tuple(part.squeeze(0) for part in final)  # type: ignore[union-attr]
    return output, last  # type: ignore[return-value]


def _run_held(
    equations: Equations, weights: Weights, x: Tensor, state: Any, lengths: Tensor | None, watch: Watch
) -> tuple[Tensor, Any]:
    """Runs from the end while something is held: by the reference, which knows the times of the inputs."""
    record = Record(equations.name, 0, "backward", watch.grad) if watch.recording else None
    output, final = reference.run_lane(
        equations,
        weights,
        x,
        (state,) if isinstance(state, Tensor) else state,
        reverse=True,
        lengths=lengths,
        record=record,
        overrides=watch.overrides(),
    )
    if record is not None:
        watch.deliver([record])
    return output, final[0] if isinstance(state, Tensor) else final


@dataclass(frozen=True)
class _FromTheEnd(Watch):
    """Watches a run over reversed sequences, and hands its records on as those of a backward direction."""

    lengths: Tensor | None

    def deliver(self, records: Sequence[Record]) -> None:
        """Puts every step back to the time of its input."""
        super().deliver([self._turned(record) for record in records])

    def _turned(self, record: Record) -> Record:
        quantities = {
            name: reversed_steps(values, self.lengths) for name, values in record.quantities.items()
        }
        read = reversed_steps(record.input, self.lengths)
        return replace(record, direction="backward", quantities=quantities, input=read)


def reversed_steps(values: Tensor, lengths: Tensor | None) -> Tensor:
    """Each sequence's own steps in the opposite order; what stands past its end stays there.

    Args:
        values: shape (time, batch, feature).
        lengths: steps of each sequence, (batch,), or None.
    """
    if lengths is None:
        return values.flip(0)
    time = torch.arange(len(values), device=values.device).unsqueeze(1)
    ends = lengths.to(values.device)
    source = torch.where(time < ends, ends - 1 - time, time)
    return values[source, torch.arange(values.shape[1], device=values.device)]
