"""``RecurrentLayer``: what RNN, LSTM and GRU share: parameters for every layer and direction, and the call.

How a layer runs is decided in ``ways.py``; what a step computes stands in ``equations.py``.
"""

from __future__ import annotations

import numbers
import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from peephole.nn import observe, vendor, ways
from peephole.nn.call import call_stack
from peephole.nn.equations import Equations
from peephole.nn.initial import draw
from peephole.nn.stack import Lane, Stack


class RecurrentLayer(nn.Module):
    """Layers × directions of one kind of cell.

    Parameters are named as in ``torch.nn``: ``weight_ih_l{k}[_reverse]`` and so on, and are drawn from
    U(−1/√hidden, 1/√hidden) in torch's order, so that the same seed gives the same weights.
    """

    equations: tuple[Equations, ...]
    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int = 0
    _names: list[list[dict[str, str]]]

    def __init__(
        self,
        equations: tuple[Equations, ...],
        *,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
    ) -> None:
        super().__init__()
        if not isinstance(batch_first, bool):
            raise TypeError(f"batch_first should be of type bool, got: {type(batch_first).__name__}")
        if not isinstance(dropout, numbers.Real) or dropout is True or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being "
                f"zeroed, got {dropout!r}"
            )
        if dropout > 0 and len(equations) == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers=1",
                stacklevel=3,
            )
        self.equations = equations
        suffixes = ("", "_reverse") if bidirectional else ("",)
        # [layer][direction]: the cell's name of each weight to this module's.
        self._names = [
            [{name: f"{name}_l{layer}{suffix}" for name in e.parameter_shapes()} for suffix in suffixes]
            for layer, e in enumerate(equations)
        ]
        self.input_size = equations[0].input_size
        self.hidden_size = equations[0].hidden_size
        self.num_layers = len(equations)
        self.bias = equations[0].bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        for layer, names in enumerate(self._names):
            shapes = list(equations[layer].parameter_shapes().values())
            for lane in names:
                for name, shape in zip(lane.values(), shapes, strict=True):
                    self.register_parameter(
                        name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
                    )
        self.reset_parameters()
        self.flatten_parameters()

    @property
    def mode(self) -> str:
        """The kind of layer under the name that ``torch.nn.RNNBase`` gives it: "LSTM", "GRU", "RNN_TANH", …."""
        return self.equations[0].mode

    @property
    def all_weights(self) -> list[list[nn.Parameter]]:
        """The parameters of each layer and direction, as in ``torch.nn.RNNBase``."""
        lanes = [lane for layer in self._names for lane in layer]
        return [[getattr(self, name) for name in lane.values()] for lane in lanes]

    def reset_parameters(self) -> None:
        """Draws every parameter anew; the same seed gives torch's weights."""
        draw(self.named_parameters(), self.hidden_size)

    def flatten_parameters(self) -> None:
        """Lays plain weights out as cuDNN wants them; does nothing elsewhere. Called again after a move."""
        vendor.flatten_for_cudnn(self._stack())

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        module = super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.flatten_parameters()
        return module

    def _stack(self) -> Stack:
        """This layer as a description that can be run."""
        layers = tuple(
            tuple(Lane(equations, {name: getattr(self, own) for name, own in lane.items()}) for lane in names)
            for equations, names in zip(self.equations, self._names, strict=True)
        )
        return Stack(layers, self.dropout, self.training)

    def forward(self, input: Tensor | PackedSequence, hx: Any = None) -> tuple[Any, Any]:
        """Runs the whole sequence, as ``torch.nn``'s layer of the same name does.

        Args:
            input: shape (time, batch, input), (batch, time, input) with ``batch_first``, (time, input) for one
                sequence alone, or a ``PackedSequence``.
            hx: initial state, shape (layers · directions, batch, hidden); for an LSTM the pair (h, c), whose h has
                the projected size where there is a projection. None for zeros.

        Returns:
            output of the last layer, shape (time, batch, directions · hidden) or as the input was laid out, and
            the final state in the form of ``hx``.

        Raises:
            ValueError: another number of dimensions or another dtype than the layer's.
            RuntimeError: a feature, batch or state size that does not fit.
        """
        watch = observe.watch(self)
        return call_stack(self._stack(), input, hx, batch_first=self.batch_first, watch=watch)

    def explain(self) -> str:
        """How each layer runs and why, a line a layer."""
        lines = []
        for number, equations in enumerate(self.equations):
            way = ways.choose(equations)
            lines.append(f"layer {number}: {way.name} — {way.reason}")
        return "\n".join(lines)

    def extra_repr(self) -> str:
        """The options that differ from their defaults, as in ``torch.nn``."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        parts += [f"{name}={value!r}" for name, value, default in self._options() if value != default]
        return ", ".join(parts)

    def _options(self) -> list[tuple[str, Any, Any]]:
        """Name, value and default of every option, in the constructor's order."""
        return [
            ("num_layers", self.num_layers, 1),
            ("bias", self.bias, True),
            ("batch_first", self.batch_first, False),
            ("dropout", self.dropout, 0.0),
            ("bidirectional", self.bidirectional, False),
        ]
