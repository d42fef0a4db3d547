"""``RNN``, ``LSTM`` and ``GRU``: time × depth × direction, as drop-ins for ``torch.nn``'s.

Constructors, calls, shapes, defaults, ``state_dict`` keys and types of errors are ``torch.nn``'s, so that replacing
the import is the whole migration and ``load_state_dict`` works both ways. What is new is keyword-only and off by
default. The file holds parameters and options; how a layer runs is decided in ``ways.py``.
"""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from peephole.errors import OptionError
from peephole.nn import observe, vendor, ways
from peephole.nn.call import call_stack
from peephole.nn.equations import Equations, GRUEquations, LSTMEquations, Peephole, RNNEquations
from peephole.nn.stack import Lane, Stack


class RecurrentLayer(nn.Module):
    """What the three layers share: parameters for every layer and direction, and the call.

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
    def all_weights(self) -> list[list[nn.Parameter]]:
        """The parameters of each layer and direction, as in ``torch.nn.RNNBase``."""
        lanes = [lane for layer in self._names for lane in layer]
        return [[getattr(self, name) for name in lane.values()] for lane in lanes]

    def reset_parameters(self) -> None:
        """Draws every parameter anew; those that torch has come first, so that a seed gives torch's weights."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        parameters = list(self.named_parameters())
        for _, parameter in sorted(parameters, key=lambda named: "peephole" in named[0]):
            nn.init.uniform_(parameter, -bound, bound)

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


def _check_sizes(input_size: Any, hidden_size: Any, num_layers: Any, bias: Any) -> None:
    """What torch checks of a layer's sizes, with torch's types of errors."""
    if not isinstance(bias, bool):
        raise TypeError(f"bias should be of type bool, got: {type(bias).__name__}")
    for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} should be of type int, got: {type(value).__name__}")
        if value <= 0:
            raise ValueError(f"{name} must be greater than zero, got {value}")


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
    ) -> None:
        _check_sizes(input_size, hidden_size, num_layers, bias)
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
        if forget_bias is not None and not bias:
            raise OptionError(f"forget_bias={forget_bias} needs biases: leave out bias=False or forget_bias")
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
        if self.forget_bias is None:
            return
        forget = slice(self.hidden_size, 2 * self.hidden_size)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if name.startswith("bias_"):
                    parameter[forget] = self.forget_bias if name.startswith("bias_ih") else 0.0

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
    ) -> None:
        _check_sizes(input_size, hidden_size, num_layers, bias)
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
