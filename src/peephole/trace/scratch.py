"""Room for what is computed on the way, used again for every piece: getting fresh pages for each costs more than the
arithmetic on them.
"""

from __future__ import annotations

import torch
from torch import Tensor


class Scratch:
    """Two arrays as large as the largest piece so far, one of numbers and one of int32, for whoever asks next."""

    def __init__(self) -> None:
        self._numbers = torch.empty(0)
        self._integers = torch.empty(0, dtype=torch.int32)

    def numbers(self, like: Tensor) -> Tensor:
        """Room in the shape, dtype and on the device of ``like``; what was in it before is lost."""
        if len(self._numbers) < like.numel() or (self._numbers.dtype, self._numbers.device) != (
            like.dtype,
            like.device,
        ):
            self._numbers = like.new_empty(like.numel())
        return self._numbers[: like.numel()].view(like.shape)

    def integers(self, like: Tensor) -> Tensor:
        """The same for int32."""
        if len(self._integers) < like.numel() or self._integers.device != like.device:
            self._integers = torch.empty(like.numel(), dtype=torch.int32, device=like.device)
        return self._integers[: like.numel()].view(like.shape)
