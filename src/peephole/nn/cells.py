"""``RNNCell``, ``LSTMCell`` and ``GRUCell``: one step at a time, as drop-ins for ``torch.nn``'s.

Parameters and options only; the equations are in ``rnn.py``, ``lstm.py`` and ``gru.py``, the call in ``call.py``.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from peephole.errors import OptionError
from peephole.nn import observe
from peephole.nn.activations import Activation
from peephole.nn.call_cell import call_cell
from peephole.nn.equations import TORCH_WEIGHTS, Equations, Weights
from peephole.nn.gru import GRUEquations
from peephole.nn.lstm import LSTMEquations, Peephole
from peephole.nn.masks import Masks
from peephole.nn.rnn import RNNEquations


class RecurrentCell(nn.Module):
    """What the three cells share: parameters named as in ``torch.nn``, drawn from U(−1/√hidden, 1/√hidden)."""

    stepped_by_hand: ClassVar[bool] = True

    def __init__(
        self, equations: Equations, *, device: torch.device | str | None, dtype: torch.dtype | None
    ) -> None:
        super().__init__()
        self.equations = equations
        self.input_size = equations.input_size
        self.hidden_size = equations.hidden_size
        self.bias = equations.bias
        for name, shape in equations.parameter_shapes().items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
        if not equations.bias:
            self.register_parameter("bias_ih", None)
            self.register_parameter("bias_hh", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws every parameter anew; those that torch has come first, so that a seed gives torch's weights."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0.0
        weights = self._weights()
        for name in TORCH_WEIGHTS:
            if name in weights:
                nn.init.uniform_(weights[name], -bound, bound)
        self.equations.initialise(weights)

    def _weights(self) -> Weights:
        """The parameters by the names that the equations give them."""
        return {name: getattr(self, name) for name in self.equations.parameter_shapes()}

    def draw_masks(self, batch: int) -> Masks:
        """Draws the random masks of a sequence, to be given to each of its steps.

        Args:
            batch: sequences.
        """
        weight = self.get_parameter("weight_ih")
        return self.equations.masks(1, batch, weight, training=self.training)

    def forward(self, input: Tensor, hx: Any = None, *, masks: Masks | None = None) -> Any:
        """One step, as ``torch.nn``'s cell of the same name does it.

        Args:
            input: shape (batch, input), or (input,) for one sequence alone.
            hx: previous state, shape (batch, hidden) or (hidden,); for an LSTM the pair (h, c), followed by its
                previous gates with ``full_gate_recurrence``. None for zeros.
            masks: the masks of this sequence as ``draw_masks`` gave them; None draws those of this step alone.

        Returns:
            the new state in the form of ``hx``.

        Raises:
            ValueError: another number of dimensions.
            RuntimeError: a feature, batch or state size that does not fit.
            OptionError: no masks in training, where an option holds one over a sequence.
        """
        equations = self.equations
        if self.training and masks is None and (equations.variational_dropout or equations.weight_dropout):
            raise OptionError(
                "variational_dropout and weight_dropout hold a mask over a sequence, and a cell sees one step: "
                "draw it once by draw_masks(batch) and give it to each step as masks="
            )
        if not self.training and masks is None:
            equations = equations.in_evaluation()
        watch = observe.watch(self)
        return call_cell(
            equations, self._weights(), input, hx, training=self.training, masks=masks, watch=watch
        )

    def extra_repr(self) -> str:
        """The options that differ from their defaults, as in ``torch.nn``."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        parts += [f"{name}={value!r}" for name, value, default in self._options() if value != default]
        return ", ".join(parts)

    def _options(self) -> list[tuple[str, Any, Any]]:
        """Name, value and default of every option, torch's first."""
        return [("bias", self.bias, True), *self.equations.listed]


class RNNCell(RecurrentCell):
    """One step of a vanilla RNN: h' = φ(W x + b_ih + R h + b_hh).

    Args:
        input_size: features of the input.
        hidden_size: units.
        bias: whether there are biases.
        nonlinearity: φ, "tanh", "relu" or another activation by name.
        device, dtype: of the parameters.
        layer_norm, zoneout, variational_dropout, weight_dropout, gate_clip: as in ``RNN``.

    Raises:
        OptionError (a ValueError): an option out of range.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: Activation = "tanh",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        zoneout: float = 0.0,
        variational_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        gate_clip: float | None = None,
    ) -> None:
        equations = RNNEquations(
            input_size=input_size,
            hidden_size=hidden_size,
            bias=bool(bias),  # a cell takes what is true for true, as in torch.nn
            nonlinearity=nonlinearity,
            layer_norm=layer_norm,
            zoneout=zoneout,
            variational_dropout=variational_dropout,
            weight_dropout=weight_dropout,
            gate_clip=gate_clip,
        )
        self.nonlinearity = nonlinearity
        super().__init__(equations, device=device, dtype=dtype)


class LSTMCell(RecurrentCell):
    """One step of an LSTM by ``LSTMEquations``; the stacked weights are in the order i, f, g, o.

    Args:
        input_size: features of the input.
        hidden_size: units.
        bias: whether there are biases.
        device, dtype: of the parameters.
        proj_size: size to which the hidden state is projected; 0 for none.
        peephole: None, "diagonal" or "full", as in ``LSTM``; the parameter is ``weight_peephole``.
        forget_bias: what the forget gate's two biases sum to at the start, as in ``LSTM``.
        coupled, input_gate, forget_gate, output_gate, gate_activation, input_activation, output_activation,
            full_gate_recurrence, layer_norm, zoneout, recurrent_dropout, variational_dropout, weight_dropout,
            proj_clip, cell_clip, gate_clip: as in ``LSTM``.

    Raises:
        OptionError (a ValueError): an option out of range, or options that exclude each other.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        proj_size: int = 0,
        peephole: Peephole | None = None,
        forget_bias: float | None = None,
        coupled: bool = False,
        input_gate: bool = True,
        forget_gate: bool = True,
        output_gate: bool = True,
        gate_activation: Activation = "sigmoid",
        input_activation: Activation = "tanh",
        output_activation: Activation = "tanh",
        full_gate_recurrence: bool = False,
        layer_norm: bool = False,
        zoneout: tuple[float, float] = (0.0, 0.0),
        recurrent_dropout: float = 0.0,
        variational_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        proj_clip: float | None = None,
        cell_clip: float | None = None,
        gate_clip: float | None = None,
    ) -> None:
        equations = LSTMEquations(
            input_size=input_size,
            hidden_size=hidden_size,
            bias=bool(bias),  # a cell takes what is true for true, as in torch.nn
            proj_size=proj_size,
            peephole=peephole,
            forget_bias=forget_bias,
            coupled=coupled,
            input_gate=input_gate,
            forget_gate=forget_gate,
            output_gate=output_gate,
            gate_activation=gate_activation,
            input_activation=input_activation,
            output_activation=output_activation,
            full_gate_recurrence=full_gate_recurrence,
            layer_norm=layer_norm,
            zoneout=zoneout,
            recurrent_dropout=recurrent_dropout,
            variational_dropout=variational_dropout,
            weight_dropout=weight_dropout,
            proj_clip=proj_clip,
            cell_clip=cell_clip,
            gate_clip=gate_clip,
        )
        self.proj_size = proj_size
        super().__init__(equations, device=device, dtype=dtype)

    def _options(self) -> list[tuple[str, Any, Any]]:
        return [("proj_size", self.proj_size, 0), *super()._options()]


class GRUCell(RecurrentCell):
    """One step of a GRU by ``GRUEquations``; the stacked weights are in the order r, z, n.

    Args:
        input_size: features of the input.
        hidden_size: units.
        bias: whether there are biases.
        device, dtype: of the parameters.
        reset_after, gate_activation, input_activation, layer_norm, zoneout, recurrent_dropout, variational_dropout,
            weight_dropout, gate_clip: as in ``GRU``.

    Raises:
        OptionError (a ValueError): an option out of range.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        reset_after: bool = True,
        gate_activation: Activation = "sigmoid",
        input_activation: Activation = "tanh",
        layer_norm: bool = False,
        zoneout: float = 0.0,
        recurrent_dropout: float = 0.0,
        variational_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        gate_clip: float | None = None,
    ) -> None:
        equations = GRUEquations(
            input_size=input_size,
            hidden_size=hidden_size,
            bias=bool(bias),  # a cell takes what is true for true, as in torch.nn
            reset_after=reset_after,
            gate_activation=gate_activation,
            input_activation=input_activation,
            layer_norm=layer_norm,
            zoneout=zoneout,
            recurrent_dropout=recurrent_dropout,
            variational_dropout=variational_dropout,
            weight_dropout=weight_dropout,
            gate_clip=gate_clip,
        )
        super().__init__(equations, device=device, dtype=dtype)
