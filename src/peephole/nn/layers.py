"""``RNN``, ``LSTM`` and ``GRU``: time × depth × direction, as drop-ins for ``torch.nn``'s.

Constructors, calls, shapes, defaults, ``state_dict`` keys and types of errors are ``torch.nn``'s, so that replacing
the import is the whole migration and ``load_state_dict`` works both ways. What is new is keyword-only and off by
default. This file holds the options; the call stands in ``recurrent.py``.
"""

from __future__ import annotations

from typing import Any

import torch

from peephole.nn.equations import GRUEquations, LSTMEquations, Peephole, RNNEquations
from peephole.nn.initial import check_forget_bias, set_forget_bias
from peephole.nn.recurrent import RecurrentLayer


def _check_sizes(input_size: Any, hidden_size: Any, num_layers: Any, bias: Any) -> None:
    """What torch checks of a layer's sizes, with torch's types of errors."""
    if not isinstance(bias, bool):
        raise TypeError(f"bias should be of type bool, got: {type(bias).__name__}")
    for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} should be of type int, got: {type(value).__name__}")
        if value <= 0:
            raise ValueError(f"{name} must be greater than zero, got {value}")


def _refuse_projection(proj_size: int) -> None:
    """RNN and GRU name ``proj_size`` only to refuse it as torch does."""
    if proj_size:
        raise ValueError(f"proj_size is only supported for LSTM, not RNN or GRU, got proj_size={proj_size}")


def _layer_inputs(first: int, output: int, layers: int, bidirectional: bool) -> list[int]:
    """How many features each layer reads."""
    return [first, *[output * (2 if bidirectional else 1)] * (layers - 1)]


class RNN(RecurrentLayer):
    """The vanilla RNN (Elman 1990): h_t = φ(W x_t + b_ih + R h_{t-1} + b_hh).

    Args:
        input_size: features of the input.
        hidden_size: units of each layer.
        num_layers: layers, each reading the outputs of the one below.
        nonlinearity: φ, "tanh" or "relu".
        bias: whether there are biases.
        batch_first: whether input and output have the shape (batch, time, feature).
        dropout: probability with which an output of any layer but the last is dropped in training.
        bidirectional: whether each layer also runs from the end to the beginning.
        device, dtype: of the parameters.
        proj_size: an LSTM's; anything but 0 is refused, as in ``torch.nn``.

    Raises:
        TypeError: an argument of another type.
        ValueError: a size that is not positive, a dropout outside 0 … 1, another nonlinearity.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        proj_size: int = 0,
    ) -> None:
        _check_sizes(input_size, hidden_size, num_layers, bias)
        _refuse_projection(proj_size)
        self.nonlinearity = nonlinearity
        inputs = _layer_inputs(input_size, hidden_size, num_layers, bidirectional)
        equations = tuple(
            RNNEquations(input_size=size, hidden_size=hidden_size, bias=bias, nonlinearity=nonlinearity)
            for size in inputs
        )
        super().__init__(
            equations,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            device=device,
            dtype=dtype,
        )

    def _options(self) -> list[tuple[str, Any, Any]]:
        return [*super()._options(), ("nonlinearity", self.nonlinearity, "tanh")]


class LSTM(RecurrentLayer):
    """The LSTM with forget gates (Gers 1999), optionally with peepholes (Gers & Schmidhuber 2000).

    The equations are those of ``LSTMEquations``. The stacked weights are in the order i, f, g, o.

    Args:
        input_size: features of the input.
        hidden_size: units of each layer.
        num_layers: layers, each reading the outputs of the one below.
        bias: whether there are biases.
        batch_first: whether input and output have the shape (batch, time, feature).
        dropout: probability with which an output of any layer but the last is dropped in training.
        bidirectional: whether each layer also runs from the end to the beginning.
        proj_size: size to which the hidden state is projected (Sak 2014); 0 for none.
        device, dtype: of the parameters.
        peephole: "diagonal" lets each gate see its own unit's cell by a weight a unit:
            ``weight_peephole_l{k}[_reverse]``, shape (3 · hidden,), order i, f, o.
        forget_bias: what the forget gate's two biases sum to at the start, in every layer and direction; the
            input bias holds it. None leaves torch's initialisation (Gers 1999, Jozefowicz 2015).

    Raises:
        TypeError: an argument of another type.
        ValueError: a size that is not positive, a dropout outside 0 … 1, a projection that does not shrink.
        OptionError: another kind of peephole, or a forget bias without biases.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        peephole: Peephole | None = None,
        forget_bias: float | None = None,
    ) -> None:
        _check_sizes(input_size, hidden_size, num_layers, bias)
        if proj_size < 0:
            raise ValueError(
                f"proj_size should be a positive integer or zero to disable projections, got {proj_size}"
            )
        if proj_size >= hidden_size:
            raise ValueError(
                f"proj_size has to be smaller than hidden_size, got {proj_size} and {hidden_size}"
            )
        check_forget_bias(forget_bias, bias=bias)
        self.proj_size = proj_size
        self.peephole = peephole
        self.forget_bias = forget_bias
        inputs = _layer_inputs(input_size, proj_size or hidden_size, num_layers, bidirectional)
        equations = tuple(
            LSTMEquations(
                input_size=size, hidden_size=hidden_size, bias=bias, proj_size=proj_size, peephole=peephole
            )
            for size in inputs
        )
        super().__init__(
            equations,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            device=device,
            dtype=dtype,
        )

    def reset_parameters(self) -> None:
        """Draws every parameter anew, then sets the forget gate's biases where ``forget_bias`` says so."""
        super().reset_parameters()
        if self.forget_bias is not None:
            set_forget_bias(self.named_parameters(), self.hidden_size, self.forget_bias)

    def _options(self) -> list[tuple[str, Any, Any]]:
        return [
            ("proj_size", self.proj_size, 0),
            *super()._options(),
            ("peephole", self.peephole, None),
            ("forget_bias", self.forget_bias, None),
        ]


class GRU(RecurrentLayer):
    """The gated recurrent unit (Cho et al. 2014) in torch's form: the reset gate acts after the product.

    The equations are those of ``GRUEquations``. The stacked weights are in the order r, z, n.

    Args:
        input_size: features of the input.
        hidden_size: units of each layer.
        num_layers: layers, each reading the outputs of the one below.
        bias: whether there are biases.
        batch_first: whether input and output have the shape (batch, time, feature).
        dropout: probability with which an output of any layer but the last is dropped in training.
        bidirectional: whether each layer also runs from the end to the beginning.
        device, dtype: of the parameters.
        proj_size: an LSTM's; anything but 0 is refused, as in ``torch.nn``.

    Raises:
        TypeError: an argument of another type.
        ValueError: a size that is not positive, a dropout outside 0 … 1.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        proj_size: int = 0,
    ) -> None:
        _check_sizes(input_size, hidden_size, num_layers, bias)
        _refuse_projection(proj_size)
        inputs = _layer_inputs(input_size, hidden_size, num_layers, bidirectional)
        equations = tuple(
            GRUEquations(input_size=size, hidden_size=hidden_size, bias=bias) for size in inputs
        )
        super().__init__(
            equations,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            device=device,
            dtype=dtype,
        )
