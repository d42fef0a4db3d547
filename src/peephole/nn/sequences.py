"""Where each sequence of a batch ends, and the two layouts of a ragged batch: padded and packed.

Padded tensors are (time, batch, feature) in the caller's order of sequences; packed ones are torch's
``PackedSequence`` data, sorted by falling length. Knows nothing of cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


@dataclass(frozen=True)
class Packing:
    """How a ``PackedSequence`` is laid out, without its data."""

    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None

    @property
    def lengths(self) -> Tensor:
        """Steps of each sequence in the caller's order, shape (batch,), on the CPU."""
        per_rank = torch.arange(int(self.batch_sizes[0]))
        lengths = (self.batch_sizes.unsqueeze(1) > per_rank).sum(0)
        return lengths if self.unsorted_indices is None else lengths[self.unsorted_indices.cpu()]

    def with_data(self, data: Tensor) -> PackedSequence:
        """A ``PackedSequence`` of this layout around ``data``."""
        return PackedSequence(data, self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def pad(self, data: Tensor) -> Tensor:
        """Packed data as (time, batch, feature), zero past each length."""
        return pad_packed_sequence(self.with_data(data))[0]

    def pack(self, padded: Tensor) -> Tensor:
        """The inverse of ``pad``."""
        if self.sorted_indices is not None:
            padded = padded.index_select(1, self.sorted_indices)
        lengths = self.lengths if self.sorted_indices is None else self.lengths[self.sorted_indices.cpu()]
        return pack_padded_sequence(padded, lengths).data

    def to_sorted(self, state: Tensor) -> Tensor:
        """A state of shape (…, batch, size) from the caller's order into the packed one."""
        return state if self.sorted_indices is None else state.index_select(-2, self.sorted_indices)

    def to_unsorted(self, state: Tensor) -> Tensor:
        """The inverse of ``to_sorted``."""
        return state if self.unsorted_indices is None else state.index_select(-2, self.unsorted_indices)


def alive_steps(lengths: Tensor | None, time: int, device: torch.device) -> Tensor | None:
    """True within each sequence's length, shape (time, batch, 1); None where all have the full length."""
    if lengths is None:
        return None
    return (torch.arange(time, device=device).unsqueeze(1) < lengths.to(device)).unsqueeze(-1)


def previous_step(values: Tensor, initial: Tensor, *, reverse: bool, lengths: Tensor | None) -> Tensor:
    """The state that each step started from.

    Args:
        values: the state after each step, shape (time, batch, unit), zero past each length.
        initial: the state before the first step, shape (batch, unit).
        reverse: True for the backward direction, whose previous step of t is t + 1.
        lengths: steps of each sequence, shape (batch,), or None.

    Returns:
        shape (time, batch, unit).
    """
    if not reverse:
        return torch.cat([initial.unsqueeze(0), values[:-1]])
    shifted = torch.cat([values[1:], initial.unsqueeze(0)])
    if lengths is None:
        return shifted
    time = torch.arange(len(values), device=values.device).unsqueeze(1)
    starts = (time == lengths.to(values.device) - 1).unsqueeze(-1)
    return torch.where(starts, initial, shifted)
