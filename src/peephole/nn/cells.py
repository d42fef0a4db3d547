"""``RNNCell``, ``LSTMCell`` and ``GRUCell``: one step at a time, as drop-ins for ``torch.nn``'s.

Parameters and options only; the equations are in ``equations.py``, the call in ``call.py``.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from peephole.nn import observe
from peephole.nn.call import call_cell
from peephole.nn.equations import Equations, GRUEquations, LSTMEquations, Peephole, RNNEquations
from peephole.nn.initial import check_forget_bias, draw, set_forget_bias


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
        """Draws every parameter anew."""
        draw(self.named_parameters(), self.hidden_size)

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        """One step, as ``torch.nn``'s cell of the same name does it.

        Args:
            input: shape (batch, input), or (input,) for one sequence alone.
            hx: previous state, shape (batch, hidden) or (hidden,); for an LSTM the pair (h, c). None for zeros.

        Returns:
            the new state in the form of ``hx``.

        Raises:
            ValueError: another number of dimensions.
            RuntimeError: a feature, batch or state size that does not fit.
        """
        weights = {name: getattr(self, name) for name in self.equations.parameter_shapes()}
        return call_cell(self.equations, weights, input, hx, watch=observe.watch(self))

    def extra_repr(self) -> str:
        """The options that differ from their defaults, as in ``torch.nn``."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        parts += [f"{name}={value!r}" for name, value, default in self._options() if value != default]
        return ", ".join(parts)

    def _options(self) -> list[tuple[str, Any, Any]]:
        """Name, value and default of every option, in the constructor's order."""
        return [("bias", self.bias, True)]


class RNNCell(RecurrentCell):
    """One step of a vanilla RNN: h' = φ(W x + b_ih + R h + b_hh).

    Args:
        input_size: features of the input.
        hidden_size: units.
        bias: whether there are biases.
        nonlinearity: φ, "tanh" or "relu".
        device, dtype: of the parameters.

    Raises:
        ValueError: another nonlinearity.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        equations = RNNEquations(
            input_size=input_size, hidden_size=hidden_size, bias=bias, nonlinearity=nonlinearity
        )
        self.nonlinearity = nonlinearity
        super().__init__(equations, device=device, dtype=dtype)

    def _options(self) -> list[tuple[str, Any, Any]]:
        return [*super()._options(), ("nonlinearity", self.nonlinearity, "tanh")]


class LSTMCell(RecurrentCell):
    """One step of an LSTM by ``LSTMEquations``; the stacked weights are in the order i, f, g, o.

    Args:
        input_size: features of the input.
        hidden_size: units.
        bias: whether there are biases.
        device, dtype: of the parameters.
        peephole: None or "diagonal", as in ``LSTM``; the parameter is ``weight_peephole``, shape (3 · hidden,).
        forget_bias: what the forget gate's two biases sum to at the start, as in ``LSTM``.

    Raises:
        OptionError: another kind of peephole, or a forget bias without biases.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        peephole: Peephole | None = None,
        forget_bias: float | None = None,
    ) -> None:
        check_forget_bias(forget_bias, bias=bias)
        self.peephole = peephole
        self.forget_bias = forget_bias
        equations = LSTMEquations(
            input_size=input_size, hidden_size=hidden_size, bias=bias, peephole=peephole
        )
        super().__init__(equations, device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draws every parameter anew, then sets the forget gate's biases where ``forget_bias`` says so."""
        super().reset_parameters()
        if self.forget_bias is not None:
            set_forget_bias(self.named_parameters(), self.hidden_size, self.forget_bias)

    def _options(self) -> list[tuple[str, Any, Any]]:
        return [
            *super()._options(),
            ("peephole", self.peephole, None),
            ("forget_bias", self.forget_bias, None),
        ]


class GRUCell(RecurrentCell):
    """One step of a GRU by ``GRUEquations``; the stacked weights are in the order r, z, n.

    Args:
        input_size: features of the input.
        hidden_size: units.
        bias: whether there are biases.
        device, dtype: of the parameters.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        equations = GRUEquations(input_size=input_size, hidden_size=hidden_size, bias=bias)
        super().__init__(equations, device=device, dtype=dtype)
