"""Layers that between them have every kind of plane that the kernels read and write, and a run on both ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

import peephole as ph
from peephole.nn import ways

DOUBLE: dict[str, Any] = {"dtype": torch.float64}
LENGTHS = (6, 0, 3)
MODELS: dict[str, Any] = {
    "lstm": lambda **how: ph.LSTM(3, 4, bidirectional=True, **how),
    "peephole": lambda **how: ph.LSTM(3, 4, peephole="diagonal", proj_size=2, cell_clip=0.3, **how),
    "layer_norm": lambda **how: ph.LSTM(3, 4, layer_norm=True, zoneout=(0.1, 0.2), bidirectional=True, **how),
    "gru": lambda **how: ph.GRU(3, 4, 2, bidirectional=True, **how),
    "reset_before": lambda **how: ph.GRU(3, 4, reset_after=False, layer_norm=True, **how),
    "rnn": lambda **how: ph.RNN(3, 4, layer_norm=True, bidirectional=True, **how),
}


def close(a: Any, b: Any, within: float = 1e-10) -> None:
    torch.testing.assert_close(tree_leaves(a), tree_leaves(b), rtol=within, atol=within)


def on_both(make_result: Callable[[], Any]) -> tuple[Any, Any]:
    """The same on the kernels and on the reference, from one seed."""
    found = []
    for way in ("kernel", "reference"):
        torch.manual_seed(3)
        with ways.forced(way):
            found.append(make_result())
    return found[0], found[1]
