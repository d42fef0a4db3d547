"""A description of a stack of recurrent layers: equations and weights of every layer and direction.

Our layers describe themselves by one, and so do the adapters around ``torch.nn``'s modules; whatever runs a stack
cannot tell them apart. Knows nothing of how it is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from peephole.nn.equations import Equations, State, Weights
from peephole.nn.joining import Connection, Merge

DIRECTIONS = ("forward", "backward")


@dataclass(frozen=True)
class Lane:
    """One layer in one direction.

    Attributes:
        equations: its equations, as they act now.
        weights: its weights by the equations' names.
        initial: the state before the first step by name, each of shape (size,), where it is learned.
    """

    equations: Equations
    weights: Weights
    initial: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Stack:
    """All layers from the lowest up; each has one lane (forward or backward) or two (forward, backward).

    Attributes:
        layers: the lanes of each layer.
        dropout: probability with which an output of any layer but the last is dropped in training.
        training: whether noise acts, as ``torch.nn.Module.training``.
        merge: how the outputs of two directions become one.
        connection: what a layer's input adds to its output, around every layer above the first.
        highways: the transform gate of each layer above the first; empty where the connection has none.
        state_per_layer: whether the caller's states are a tuple with one entry a layer.
        torchs: whether it is a module of ``torch.nn``, which computes what it always does unless somebody asks.
        reverse: whether its one direction is the backward one.
    """

    layers: tuple[tuple[Lane, ...], ...]
    dropout: float = 0.0
    training: bool = False
    merge: Merge = "concat"
    connection: Connection | None = None
    highways: tuple[Weights, ...] = ()
    state_per_layer: bool = False
    torchs: bool = False
    reverse: bool = False

    @property
    def equations(self) -> tuple[Equations, ...]:
        """Each layer's equations."""
        return tuple(lanes[0].equations for lanes in self.layers)

    @property
    def directions(self) -> int:
        """1, or 2 where each layer also runs backwards."""
        return len(self.layers[0])

    @property
    def names(self) -> tuple[str, ...]:
        """The direction of each lane of a layer."""
        return DIRECTIONS[1:] if self.reverse else DIRECTIONS[: self.directions]

    @property
    def uniform(self) -> bool:
        """Whether it is what one call of torch's operation can run: layers of one width, simply on one another."""
        first = self.equations[0]
        return (
            self.connection is None
            and (self.merge == "concat" or self.directions == 1)
            and all(
                (e.vendor_operation, e.hidden_size, e.output_size)
                == (first.vendor_operation, first.hidden_size, first.output_size)
                for e in self.equations
            )
        )

    def layer(self, depth: int) -> Stack:
        """One layer by itself."""
        return Stack((self.layers[depth],), training=self.training)

    def initial_states(self, batch: int, like: Tensor) -> tuple[State, ...]:
        """The state of each layer, each (directions, batch, size), where the caller gives none: learned or zero."""
        return tuple(
            tuple(
                _initial(lanes, name, batch, size, like)
                for name, size in lanes[0].equations.state_sizes.items()
            )
            for lanes in self.layers
        )


def by_layer(state: State, directions: int) -> list[State]:
    """One state a layer from states of all layers, each (layers · directions, batch, size)."""
    lanes = range(0, len(state[0]), directions)
    return [tuple(part[first : first + directions] for part in state) for first in lanes]


def _initial(lanes: tuple[Lane, ...], name: str, batch: int, size: int, like: Tensor) -> Tensor:
    """One tensor of a layer's first state, shape (directions, batch, size)."""
    if not lanes[0].initial:
        return like.new_zeros(len(lanes), batch, size)
    learned = torch.stack([lane.initial[name] for lane in lanes])
    return learned.unsqueeze(1).expand(-1, batch, -1)
