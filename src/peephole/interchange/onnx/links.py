"""Parts of an ONNX model and the tensors between them, as they become known while the graph is followed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import torch

from peephole.interchange.found import FoundPart
from peephole.interchange.onnx.graphs import Placed
from peephole.interchange.onnx.layouts import Axes, is_features
from peephole.interchange.onnx.values import Value
from peephole.nn.chain import DensePart, EmbeddingPart, RecurrentPart


@dataclass(eq=False)
class Link:
    """One part on the way, as it becomes known.

    Attributes:
        kind: what it will be.
        nodes: the nodes that it is made of; those of layout after it are no part of it.
        width: features that it puts out.
        directions: 1 where it is not recurrent.
        reversed: whether a recurrent one reads from the end only.
        found: the part of a recurrent node.
        weight, bias, activation: of a dense layer, or the table of an embedding.
        before, after: the parts that feed it and that it feeds.
        returns: what is read of it: "sequence", "last", or "both".
        note: how its input lies in the file, where that is not time first.
    """

    kind: Literal["embedding", "recurrent", "dense"]
    nodes: list[Placed]
    width: int
    directions: int = 1
    reversed: bool = False
    found: FoundPart | None = None
    weight: Value | None = None
    bias: Value | None = None
    activation: str = "identity"
    before: Link | None = None
    after: list[Link] = field(default_factory=list)
    returns: str = ""
    note: str = ""

    def part(self) -> FoundPart:
        """The part with its tensors."""
        if self.found is not None:
            made = self.found.part
            if self.returns == "last" and isinstance(made, RecurrentPart):
                return replace(self.found, part=replace(made, returns="last"))
            return self.found
        given = {"weight": self.weight, "bias": self.bias}
        values = {name: value for name, value in given.items() if value is not None}
        tensors = {name: torch.from_numpy(_plain(value.array)) for name, value in values.items()}
        sources = {name: value.source for name, value in values.items()}
        name = self.nodes[0].own_name
        rows, columns = tensors["weight"].shape
        if self.kind == "embedding":
            return FoundPart(EmbeddingPart(name=name, symbols=rows, size=columns), tensors, sources)
        dense = DensePart(
            name=name,
            inputs=columns,
            outputs=rows,
            bias="bias" in tensors,
            activation=self.activation,
        )
        return FoundPart(dense, tensors, sources)


@dataclass(frozen=True, eq=False)
class Stream:
    """A tensor on its way: which part it left (None: the graph's input), its axes, whether it is the end alone."""

    link: Link | None
    axes: Axes
    last: bool = False

    @property
    def whole(self) -> bool:
        """Whether its last axis holds all features."""
        if self.link is None:
            return bool(self.axes) and self.axes[-1] == f"given {len(self.axes) - 1}"
        return bool(self.axes) and is_features(self.axes[-1], self.link.directions)


def _plain(array: np.ndarray) -> np.ndarray:
    """In single or double precision, with memory of its own."""
    return np.array(array, np.result_type(np.float32, array.dtype))
