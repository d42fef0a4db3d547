"""Images moved a little: every image shifted, turned, sheared and scaled by its own random amounts.

What a digit says does not change by that, so a few thousand images stand for many more. Knows nothing of labels.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

SHIFT = 2.0
"""Pixels, at most, in both directions."""
TURN = math.radians(12)
"""Either way, at most."""
SHEAR = 0.15
"""Columns a row, at most, either way."""
STRETCH = 0.1
"""How much taller or wider, smaller or thinner, at most."""

Bytes = npt.NDArray[np.uint8]


def warped(images: Bytes, random: np.random.Generator) -> Bytes:
    """Each image (image, row, column) under a small affine map of its own, bilinear; what comes into view is paper.

    The same numbers from the same generator, whatever else is drawn from it later.
    """
    count, rows, columns = images.shape
    turn, shear, tall, wide, down, right = random.uniform(-1, 1, size=(6, count))
    turn, shear = turn * TURN, shear * SHEAR
    tall, wide = 1 + tall * STRETCH, 1 + wide * STRETCH
    # From a place in the result to the place in the image that is seen there, both −1 to 1: turn ∘ shear ∘ stretch.
    maps = np.empty((count, 2, 3), dtype=np.float32)
    maps[:, 0] = np.stack([np.cos(turn) / wide, (shear * np.cos(turn) - np.sin(turn)) / tall, right], -1)
    maps[:, 1] = np.stack([np.sin(turn) / wide, (shear * np.sin(turn) + np.cos(turn)) / tall, down], -1)
    maps[:, :, 2] *= 2 * SHIFT / np.array([columns, rows], dtype=np.float32)
    grid = functional.affine_grid(torch.from_numpy(maps), [count, 1, rows, columns], align_corners=False)
    seen = functional.grid_sample(torch.from_numpy(images)[:, None].float(), grid, align_corners=False)
    moved: Bytes = seen[:, 0].round().to(torch.uint8).numpy()
    return moved
