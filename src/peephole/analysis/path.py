"""A model's recurrent layers beside their records: the path on which an output's causes are sought.

Finds the layers that made a trace and checks that they belong to it. Knows nothing of what is asked.
"""

from __future__ import annotations

import torch
from torch import nn

from peephole.analysis.backward import StepBack, step_back
from peephole.analysis.steps import lengths_of
from peephole.errors import TraceError
from peephole.nn.foreign import stack_of
from peephole.nn.observe import plain_name
from peephole.nn.recurrent import RecurrentLayer
from peephole.nn.stack import Stack
from peephole.trace.trace import LayerRecord, Trace

Key = tuple[int, str]
"""A layer and its direction."""


class Path:
    """The way back through every layer and direction of one recurrent module.

    Args:
        model: the model that was traced, with the weights that it had.
        trace: its trace.
        module: the recurrent module's name in the model; may be left out where only one was recorded.
        call: which of the module's calls.

    Attributes:
        model: the model.
        module: the recurrent module's name in it.
        lanes: the way back through each layer and direction.
        depth: number of layers.
        directions: ("forward",), ("backward",) or ("forward", "backward").
        lengths: (batch,) steps in each sequence.

    Raises:
        TraceError: the trace is not of this model, or a layer did not read what the one below it put out.
    """

    def __init__(self, model: nn.Module, trace: Trace, *, module: str | None = None, call: int = 0) -> None:
        self.model = model
        # A layer may read backwards alone.
        first = next((r.direction for r in trace.records if module in (None, r.module)), "forward")
        self.module = trace.layer(0, first, module=module, call=call).module
        stack = stack_in(model, self.module)
        layers = stack.layers
        self.depth = len(layers)
        self.directions = stack.names
        self.lanes: dict[Key, StepBack] = {
            (depth, direction): step_back(trace.layer(depth, direction, module=self.module, call=call), lane)
            for depth, lanes in enumerate(layers)
            for direction, lane in zip(self.directions, lanes, strict=True)
        }
        for depth in range(1, self.depth):
            self._check_joint(depth)
        self.lengths = lengths_of(self.record(0, self.directions[0]))

    def record(self, layer: int, direction: str = "forward") -> LayerRecord:
        """The record of one layer and direction."""
        return self.lanes[layer, direction].record

    @property
    def time(self) -> int:
        """Steps of the longest sequence."""
        return len(self.record(0, self.directions[0]).input)

    @property
    def last(self) -> int:
        """The last layer, which the readout reads."""
        return self.depth - 1

    def widths(self, layer: int) -> list[int]:
        """Units that leave the layer in each direction."""
        return [self.record(layer, direction)["hidden"].shape[-1] for direction in self.directions]

    def _check_joint(self, depth: int) -> None:
        """Between two layers nothing but the record may stand: no dropout, no connection around a layer."""
        below = torch.cat([self.record(depth - 1, direction)["hidden"] for direction in self.directions], -1)
        read = self.record(depth, self.directions[0]).input
        if below.shape != read.shape or not torch.allclose(below, read, rtol=1e-4, atol=1e-6):
            raise TraceError(
                f"layer {depth} did not read what layer {depth - 1} put out (dropout in training, or a connection "
                "around a layer), and the records do not tell the way between them; trace the model in eval mode"
            )


def stack_in(model: nn.Module, name: str) -> Stack:
    """The layers of the module that a trace names.

    Raises:
        TraceError: the model has no such module, or there is no way back through it.
    """
    # A compiled model's modules are named without the wrapper in a trace.
    modules = {plain_name(n): m for n, m in model.named_modules()}
    module = modules.get(name)
    if isinstance(module, RecurrentLayer | nn.RNNBase):
        stack = stack_of(module)
        if stack.merge != "concat" or stack.connection is not None:
            raise TraceError(
                f"there is no way back yet through directions that are joined by {stack.merge!r} or connections "
                f"around layers ({stack.connection!r}): record with grad=True and use torch.autograd instead"
            )
        return stack
    if module is None:
        raise TraceError(
            f"the trace is not of this model: it has no module {name!r}, it has {sorted(modules)}"
        )
    raise TraceError(
        f"module {name!r} is a {type(module).__name__}: there is a way back through recurrent layers only, not "
        "through cells that a model steps by hand, which may feed a step's output to the next step's input"
    )
