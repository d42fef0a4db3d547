"""The forms in which a sequence can be handed to a layer, and the layer's answer brought back to one form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

#: what a state may carry, in its order: an LSTM with full gate recurrence carries all of it
STATES = ("hidden", "cell", "input_gate", "forget_gate", "output_gate")
SORTED, UNSORTED = (5, 3, 1), (3, 5, 1)
TIME, BATCH = 5, 3


@dataclass(frozen=True)
class Form:
    """One form; everything is made from and brought back to (time, batch, feature)."""

    name: str
    batch_first: bool = False
    alone: bool = False
    lengths: tuple[int, ...] | None = None
    enforce_sorted: bool = True
    padded: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def batch(self) -> int:
        return 1 if self.alone else BATCH

    def arguments(self) -> dict[str, Any]:
        return {"batch_first": True} if self.batch_first else {}

    def give(self, x: Tensor) -> Tensor | PackedSequence:
        """x (time, batch, input) in this form; what a layer must not read is no number."""
        if self.padded:
            within = torch.arange(len(x))[:, None] < torch.tensor(self.lengths)
            return torch.where(within[..., None], x, float("nan"))
        if self.lengths is not None:
            return pack_padded_sequence(x, torch.tensor(self.lengths), enforce_sorted=self.enforce_sorted)
        if self.alone:
            return x[:, 0]
        return x.transpose(0, 1) if self.batch_first else x

    def keywords(self) -> dict[str, Any]:
        """What a call is given beside input and state."""
        return {"lengths": self.lengths} if self.padded else {}

    def give_state(self, initial: Mapping[str, Tensor]) -> Tensor | tuple[Tensor, ...]:
        """States by name, (layers · directions, batch, unit), as torch takes them."""
        values = tuple(value[:, 0] if self.alone else value for value in initial.values())
        return values[0] if len(values) == 1 else values

    def take(self, output: Tensor | PackedSequence) -> Tensor:
        """A layer's output as (time, batch, feature), zero past the lengths."""
        if isinstance(output, PackedSequence):
            return pad_packed_sequence(output)[0]
        if self.alone:
            return output[:, None]
        return output.transpose(0, 1) if self.batch_first else output

    def take_state(self, state: Tensor | tuple[Tensor, ...]) -> dict[str, Tensor]:
        """A layer's final state by name, (layers · directions, batch, unit)."""
        values = state if isinstance(state, tuple) else (state,)
        if self.alone:
            values = tuple(value[:, None] for value in values)
        return dict(zip(STATES, values, strict=False))


BATCHED = Form("batched")
PACKED = Form("packed_unsorted", lengths=UNSORTED, enforce_sorted=False)
PADDED = Form("padded", lengths=UNSORTED, padded=True)
#: torch's forms; PADDED is ours alone
FORMS = (
    BATCHED,
    Form("batch_first", batch_first=True),
    Form("alone", alone=True),
    Form("alone_batch_first", alone=True, batch_first=True),
    Form("packed", lengths=SORTED),
    Form("packed_sorted_by_torch", lengths=SORTED, enforce_sorted=False),
    PACKED,
    Form("packed_batch_first", lengths=UNSORTED, enforce_sorted=False, batch_first=True),
)


def in_forms(cases: Iterable[tuple[Any, ...]], *, ours: bool = False) -> list[tuple[Any, ...]]:
    """Each case, whose first part is a `Subject`, with each form that tells something new about it.

    Two layers of two directions go through all forms; what others add is depth, which a batch and a pack show.

    Args:
        cases: the parameters of a test.
        ours: whether no layer of torch's is among them.
    """
    every = (*FORMS, PADDED) if ours else FORMS
    return [(*case, form) for case in cases for form in (every if telling(case[0]) else (BATCHED, PACKED))]


def telling(subject: Any) -> bool:
    """Whether it has everything in which a form could go wrong."""
    return subject.layers == 2 and subject.bidirectional
