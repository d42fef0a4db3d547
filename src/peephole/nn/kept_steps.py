"""Steps that a recurrent layer skips wherever they stand in a sequence, as Keras does with masks.

At a skipped step the state stays as it was. A layer of one direction repeats its output of the step before, in the
direction of reading (zeros where there is none); a bidirectional one puts out zeros there. The kept steps are moved to
the sequence's beginning in their order, read there as a ragged batch, and each step is then given its output. Knows
nothing of symbols and layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class KeptSteps:
    """Which steps of a batch are read.

    Attributes:
        kept: True where a step is read, shape (time, batch).
    """

    kept: Tensor

    @property
    def lengths(self) -> Tensor:
        """How many steps of each sequence are read, shape (batch,)."""
        return self.kept.sum(0)

    @cached_property
    def _order(self) -> Tensor:
        """The times of the kept steps in their order, then those of the others, shape (time, batch)."""
        return self.kept.logical_not().long().argsort(dim=0, stable=True)

    @cached_property
    def _counts(self) -> Tensor:
        """How many steps are read up to and with each, shape (time, batch)."""
        return self.kept.long().cumsum(0)

    def together(self, x: Tensor) -> Tensor:
        """The kept steps of ``x``, (time, batch, feature), at the beginning of each sequence, then the others."""
        return x.gather(0, self._order.unsqueeze(-1).expand_as(x))

    def repeated(self, outputs: Tensor, *, backward: bool) -> Tensor:
        """The output at each step of one direction, which repeats at a skipped step what it put out last.

        Args:
            outputs: of the steps as ``together`` has them, (time, batch, unit), zero past each sequence's ``lengths``.
            backward: whether the direction reads from the end.

        Returns:
            shape (time, batch, unit); zeros where nothing was read yet.
        """
        # Forward, the last kept step up to here; backward, the first from here on. Outside they find the zeros.
        place = self._counts - self.kept.long() if backward else self._counts - 1
        return self._at(outputs, place, (place >= 0) & (place < self.lengths))

    def spread(self, outputs: Tensor) -> Tensor:
        """The output at each step, zeros at skipped ones; ``outputs`` as in ``repeated``, of one direction or two."""
        return self._at(outputs, self._counts - 1, self.kept)

    def _at(self, outputs: Tensor, place: Tensor, found: Tensor) -> Tensor:
        """Each step's output from its place among the kept ones, (time, batch), where there is one."""
        index = place.clamp(0, len(outputs) - 1).unsqueeze(-1).expand_as(outputs)
        return torch.where(found.unsqueeze(-1), outputs.gather(0, index), 0)
