"""The layers of a model that can be watched, numbered from 0 upward across all its recurrent modules."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from peephole.nn.equations import Equations
from peephole.nn.recurrent import RecurrentLayer


@dataclass(frozen=True)
class WatchedLayer:
    """One layer, of one or two directions.

    Attributes:
        number: from 0 in the order in which the model holds its recurrent modules.
        module: the recurrent module's name in the model, as in a record.
        depth: the layer's number within that module, as in a record.
        equations: what a step of it computes.
        directions: ("forward",), ("backward",) or both.
    """

    number: int
    module: str
    depth: int
    equations: Equations
    directions: tuple[str, ...]


def watched_layers(model: nn.Module) -> tuple[WatchedLayer, ...]:
    """Every layer of our recurrent modules in ``model``: of a ``Network`` or a ``Chain`` those that it reads through.

    A BiLSTM of one layer followed by an LSTM of one has the layers 0 and 1, both of depth 0.
    """
    modules = [(name, part) for name, part in model.named_modules() if isinstance(part, RecurrentLayer)]
    places = [(name, part, depth) for name, part in modules for depth in range(part.num_layers)]
    return tuple(
        WatchedLayer(number, name, depth, part.equations[depth], part.directions)
        for number, (name, part, depth) in enumerate(places)
    )
