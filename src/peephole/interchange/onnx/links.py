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
from peephole.nn.activations import Activation
from peephole.nn.chain import ActivationPart, DensePart, EmbeddingPart, RecurrentPart


@dataclass(eq=False)
class Link:
    """One part on the way, as it becomes known.

    Attributes:
        kind: what it will be.
        nodes: the nodes that it is made of; those of layout after it are no part of it.
        width: features that it puts out.
        directions: 1 where it is not recurrent; those of the part before a function.
        reversed: whether a recurrent one reads from the end only.
        found: the part of a recurrent node.
        weight, bias: of a dense layer, or the table of an embedding.
        activation: of a dense layer, or the function that it is.
        before, after: the parts that feed it and that it feeds.
        returns: what is read of it: "sequence", "last", or "both".
        note: how its input lies in the file, where that is not time first.
    """

    kind: Literal["embedding", "recurrent", "dense", "activation"]
    nodes: list[Placed]
    width: int
    directions: int = 1
    reversed: bool = False
    found: FoundPart | None = None
    weight: Value | None = None
    bias: Value | None = None
    activation: Activation = "identity"
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
        name = self.nodes[0].own_name
        if self.kind == "activation":
            return FoundPart(ActivationPart(name=name, size=self.width, activation=self.activation), {}, {})
        given = {"weight": self.weight, "bias": self.bias}
        values = {name: value for name, value in given.items() if value is not None}
        tensors = {name: torch.from_numpy(_plain(value.array)) for name, value in values.items()}
        sources = {name: value.source for name, value in values.items()}
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
        return bool(self.axes) and self.holds(len(self.axes) - 1)

    def holds(self, place: int) -> bool:
        """Whether this axis holds all features; of the graph's input that is the last one."""
        if self.link is None:
            return place == len(self.axes) - 1 and self.axes[place] == f"given {place}"
        return is_features(self.axes[place], self.link.directions)


def _plain(array: np.ndarray) -> np.ndarray:
    """In single or double precision, with memory of its own."""
    return np.array(array, np.result_type(np.float32, array.dtype))
