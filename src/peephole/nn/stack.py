"""A description of a stack of recurrent layers: equations and weights of every layer and direction.

Our layers describe themselves by one, and so do the adapters around ``torch.nn``'s modules; whatever runs a stack
cannot tell them apart. Knows nothing of how it is run.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from peephole.nn.equations import Equations, State, Weights

DIRECTIONS = ("forward", "backward")


@dataclass(frozen=True)
class Lane:
    """One layer in one direction."""

    equations: Equations
    weights: Weights


@dataclass(frozen=True)
class Stack:
    """All layers from the lowest up; each has one lane (forward) or two (forward, backward).

    Attributes:
        layers: the lanes of each layer.
        dropout: probability with which an output of any layer but the last is dropped in training.
        training: whether dropout acts, as ``torch.nn.Module.training``.
    """

    layers: tuple[tuple[Lane, ...], ...]
    dropout: float = 0.0
    training: bool = False

    @property
    def equations(self) -> tuple[Equations, ...]:
        """Each layer's equations."""
        return tuple(lanes[0].equations for lanes in self.layers)

    def state_shapes(self, batch: int) -> dict[str, tuple[int, int, int]]:
        """Shape of each state, (layers · directions, batch, size), by name."""
        lanes = len(self.layers) * len(self.layers[0])
        return {name: (lanes, batch, size) for name, size in self.equations[0].state_sizes.items()}

    def zero_state(self, batch: int, like: Tensor) -> State:
        """The state before the first step where none is given."""
        return tuple(like.new_zeros(shape) for shape in self.state_shapes(batch).values())
