"""Where each sequence of a batch ends, and the two layouts of a ragged batch: padded and packed.

Padded tensors are (time, batch, feature) in the caller's order of sequences; packed ones hold the steps alone, as
``PackedSequence`` does: all first steps, then all second ones, and so on, the longest sequence first. Knows nothing
of cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

Lengths = Tensor | Sequence[int]


@dataclass(frozen=True)
class Packing:
    """How ragged sequences are packed.

    Attributes:
        batch_sizes: how many sequences are still there at each step, shape (longest,), on the CPU.
        lengths: steps of each sequence in the caller's order, shape (batch,), on the CPU.
        order: the caller's number of each packed sequence, longest first, shape (batch_sizes[0],), on the data's
            device; sequences without a step are not among them.
        time: steps of the padded layout, at least the longest length.
    """

    batch_sizes: Tensor
    lengths: Tensor
    order: Tensor
    time: int

    @classmethod
    def of_lengths(cls, lengths: Tensor, time: int, device: torch.device) -> Packing:
        """The packing of padded sequences; at least one must have a step."""
        ordered, order = lengths.sort(descending=True, stable=True)
        steps = torch.arange(int(ordered[0]))
        batch_sizes = (ordered > steps.unsqueeze(1)).sum(1)
        return cls(batch_sizes, lengths, order[: int(batch_sizes[0])].to(device), time)

    @classmethod
    def of_packed(cls, packed: PackedSequence) -> Packing:
        """The packing that a ``PackedSequence`` has."""
        batch = int(packed.batch_sizes[0])
        lengths = (packed.batch_sizes.unsqueeze(1) > torch.arange(batch)).sum(0)
        if packed.sorted_indices is None or packed.unsorted_indices is None:
            order = torch.arange(batch, device=packed.data.device)
        else:
            lengths, order = lengths[packed.unsorted_indices.cpu()], packed.sorted_indices
        return cls(packed.batch_sizes, lengths, order, len(packed.batch_sizes))

    @cached_property
    def _places(self) -> tuple[Tensor, Tensor]:
        """Step and sequence (the caller's number) of each packed row."""
        sizes = self.batch_sizes
        steps = torch.arange(len(sizes)).repeat_interleave(sizes)
        begins = (sizes.cumsum(0) - sizes).repeat_interleave(sizes)
        ranks = torch.arange(len(steps)) - begins
        return steps.to(self.order.device), self.order[ranks.to(self.order.device)]

    def pad(self, data: Tensor) -> Tensor:
        """Packed data as (time, batch, feature), zero past each length."""
        padded = data.new_zeros(self.time, len(self.lengths), data.shape[-1])
        return padded.index_put(self._places, data)

    def pack(self, padded: Tensor) -> Tensor:
        """The steps alone of (time, batch, feature): whatever stands past a length is left behind."""
        return padded[self._places]

    def to_packed(self, state: Tensor) -> Tensor:
        """A state of shape (…, batch, size) from the caller's order into the packed one."""
        return state.index_select(-2, self.order)

    def to_callers(self, state: Tensor, initial: Tensor) -> Tensor:
        """The inverse of ``to_packed``; a sequence without a step keeps its ``initial`` state."""
        return initial.to(state.dtype).index_copy(-2, self.order, state)


@dataclass(frozen=True)
class Batch:
    """A batch between two layers, in the layout in which the way of the last one left it.

    Attributes:
        data: (time, batch, feature), or (steps, feature) where it is packed. What stands past a length is not read.
        lengths: steps of each sequence, (batch,); None where all are full.
        packing: how it is packed, or would be again; None where nobody has asked yet.
        is_packed: whether it is packed now.
        known: whether the lengths can be looked at.
    """

    data: Tensor
    lengths: Tensor | None = None
    packing: Packing | None = None
    is_packed: bool = False
    known: bool = True

    @classmethod
    def of_packed(cls, packed: PackedSequence) -> Batch:
        """What a ``PackedSequence`` holds."""
        packing = Packing.of_packed(packed)
        return cls(packed.data, packing.lengths, packing, is_packed=True)

    @property
    def packable(self) -> bool:
        """Whether torch's operation, which wants ragged batches packed, can read it: somebody must have a step."""
        return self.lengths is None or (self.known and bool(self.lengths.any()))

    def padded(self) -> Batch:
        """The same as (time, batch, feature)."""
        if self.packing is None or not self.is_packed:
            return self
        return replace(self, data=self.packing.pad(self.data), is_packed=False)

    def packed(self) -> Batch:
        """The same packed where it is ragged; for batches that are ``packable``."""
        if self.lengths is None or self.is_packed:
            return self
        packing = self.packing or Packing.of_lengths(self.lengths, len(self.data), self.data.device)
        return replace(self, data=packing.pack(self.data), packing=packing, is_packed=True)

    def holding(self, data: Tensor) -> Batch:
        """The same batch with other features, in the same layout."""
        return Batch(data, self.lengths, self.packing, self.is_packed, self.known)


def check_lengths(lengths: Any, *, batch: int, time: int, device: torch.device) -> tuple[Tensor | None, bool]:
    """What the caller gave as ``lengths``, checked.

    Args:
        lengths: one whole number a sequence, from 0 to ``time``.
        batch, time: sizes of the input.
        device: of the input.

    Returns:
        the lengths, shape (batch,), or None where every sequence has all steps; and whether their values can be
        looked at. They cannot under compilation, transforms and fake tensors; then they are on ``device`` and
        unchecked, else on the CPU.

    Raises:
        TypeError: no whole numbers.
        RuntimeError: another number of sequences, a negative length, or one beyond the input's time.
    """
    given = _as_tensor(lengths)
    if given.dtype == torch.bool or given.is_floating_point() or given.is_complex():
        raise TypeError(f"lengths must be whole numbers, one a sequence, got {given.dtype}")
    if given.shape != (batch,):
        raise RuntimeError(
            f"lengths must have the shape ({batch},), one length a sequence of the batch, got {tuple(given.shape)}"
        )
    if torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active():
        return given.to(device), False
    if type(given) is not Tensor or given.is_meta:
        return given.to(device), False
    given = given.to("cpu", torch.int64)
    if batch and int(given.min()) < 0:
        raise RuntimeError(f"lengths must be at least 0, got {int(given.min())}")
    if batch and int(given.max()) > time:
        raise RuntimeError(f"lengths must be at most the input's {time} time steps, got {int(given.max())}")
    return (None if bool((given == time).all()) else given), True


def _as_tensor(lengths: Any) -> Tensor:
    """What the caller gave as a tensor, of whatever shape and dtype it has."""
    if isinstance(lengths, Tensor):
        return lengths
    try:
        given = torch.as_tensor(lengths)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"lengths must be whole numbers, one a sequence, got {lengths!r}") from error
    return given if given.numel() else given.long()


def alive_steps(lengths: Tensor | None, time: int, device: torch.device) -> Tensor | None:
    """True within each sequence's length, shape (time, batch, 1); None where all have the full length."""
    if lengths is None:
        return None
    return (torch.arange(time, device=device).unsqueeze(1) < lengths.to(device)).unsqueeze(-1)


def mirrored(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Every sequence from its end to its beginning; what stands past its length stays there.

    Args:
        x: shape (time, batch, …).
        lengths: steps of each sequence, shape (batch,); None where all are full.
    """
    if lengths is None:
        return x.flip(0)
    time = torch.arange(len(x), device=x.device).unsqueeze(1)
    ends = lengths.to(x.device)
    index = torch.where(time < ends, ends - 1 - time, time)
    return x.gather(0, index.view(*index.shape, *[1] * (x.dim() - 2)).expand_as(x))


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
