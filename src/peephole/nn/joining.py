"""How outputs join: the two directions of a layer, and a layer with the one below it.

    residual   y = x + z
    highway    y = t∘z + (1 − t)∘x,  t = σ(W_t x + b_t)

x is what the layer reads, z what it returns (its directions merged, dropout applied), y what the next layer reads.
Both stand around every layer above the first, whose sizes must be those of the layer below.
Sources: He et al. 2016 and Prakash et al. 2016 (residual); Srivastava, Greff & Schmidhuber 2015 (highway). Knows
nothing of cells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Merge = Literal["concat", "sum", "mean", "product"]
Connection = Literal["residual", "highway"]

#: What b_t starts at: a network of many layers begins near the identity (Srivastava 2015, section 2.2).
HIGHWAY_BIAS = -1.0


def merged(outputs: Sequence[Tensor], how: Merge) -> Tensor:
    """One tensor (…, width) from the outputs of one or two directions, each (…, output)."""
    if len(outputs) == 1:
        return outputs[0]
    forward, backward = outputs
    match how:
        case "concat":
            return torch.cat([forward, backward], -1)
        case "sum":
            return forward + backward
        case "mean":
            return (forward + backward) / 2
        case "product":
            return forward * backward


def merged_size(output: int, *, directions: int, how: Merge) -> int:
    """Features of what ``merged`` returns."""
    return output * directions if how == "concat" else output


def highway_shapes(width: int, *, bias: bool) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a transform gate's parameters."""
    return {"weight_highway": (width, width)} | ({"bias_highway": (width,)} if bias else {})


def initialise_highway(w: Mapping[str, Tensor]) -> None:
    """Draws a transform gate's weight from U(−1/√width, 1/√width) and sets its bias; does nothing where it has none."""
    for name, value in w.items():
        if name == "bias_highway":
            nn.init.constant_(value, HIGHWAY_BIAS)
        else:
            bound = 1.0 / math.sqrt(len(value))
            nn.init.uniform_(value, -bound, bound)


def connected(x: Tensor, z: Tensor, how: Connection, highway: Mapping[str, Tensor]) -> Tensor:
    """What leaves a layer that read ``x`` and returned ``z``, both (…, width)."""
    if how == "residual":
        return x + z
    t = torch.sigmoid(F.linear(x, highway["weight_highway"], highway.get("bias_highway")))
    return t * z + (1 - t) * x
