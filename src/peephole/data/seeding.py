"""Random numbers that depend on a seed and a key alone, the same on every machine and in every process."""

from __future__ import annotations

import numpy as np

from peephole.errors import OptionError


def require_seed(seed: int) -> None:
    """Raise OptionError for a seed below 0."""
    if seed < 0:
        raise OptionError(f"seed must not be below 0, got {seed}")


def generator(seed: int, *key: int) -> np.random.Generator:
    """A generator of its own for every ``key`` (such as epoch and step): to skip one, nothing need be
    drawn.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, *key))))
