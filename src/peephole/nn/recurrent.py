"""``RecurrentLayer``: what RNN, LSTM and GRU share: parameters for every layer and direction, and the calls.

How a layer runs is decided in ``ways.py``; what a step computes stands in ``rnn.py``, ``lstm.py`` and ``gru.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.nn.utils.weight_norm import WeightNorm

from peephole.errors import OptionError
from peephole.nn import checks, observe, vendor, ways
from peephole.nn.call import call_stack, step_stack
from peephole.nn.equations import TORCH_WEIGHTS, Equations, Weights
from peephole.nn.joining import Connection, Merge, highway_shapes, initialise_highway, merged_size
from peephole.nn.sequences import Lengths
from peephole.nn.stack import DIRECTIONS, Lane, Stack
from peephole.nn.states import CallState
from peephole.nn.stream import Stream, StreamWeights


class RecurrentLayer(nn.Module):
    """Layers × directions of one kind of cell.

    Parameters are named as in ``torch.nn``: ``weight_ih_l{k}[_reverse]`` and so on (without ``_reverse`` in a layer of
    one direction, whichever it is), and are drawn from U(−1/√hidden, 1/√hidden) in torch's order, so that the same
    seed gives the same weights. Those that torch has not:

    initial_{state}_l{k}[_reverse]   ``learned_state``: (size,), zero at first; state is hidden, cell, …
    weight_highway_l{k}              ``connection="highway"``: (width, width), for every layer above the first
    bias_highway_l{k}                (width,), −1 at first: most of the input passes; absent with ``bias=False``

    On the CPU a layer runs our own kernels (one step alone: torch's cell), elsewhere torch's own operation where it has
    one, and the reference for the rest (``explain`` tells which):

    transforms    ``torch.func`` and forward-mode differentiation run the reference.
    compilation   A layer on the kernels, and a plain one anywhere, is one node of the graph, whatever the number of
                  steps; every other is unrolled over time, so keep its sequences short. Ragged batches need
                  ``lengths``, not a ``PackedSequence``. ``torch.export`` gives torch's operations alone. A recording
                  runs the uncompiled module.
    precision     A bfloat16 or float16 layer computes and returns its own dtype. Under autocast a plain layer does
                  what torch's does (on the CPU an RNN or LSTM returns the lower dtype, a GRU float32); in the
                  reference the products have the lower dtype and the sums over time, the cell for one, float32.
    """

    equations: tuple[Equations, ...]
    input_size: int
    hidden_size: int | tuple[int, ...]
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int = 0
    merge: Merge
    connection: Connection | None
    learned_state: bool
    reverse: bool
    # A cell's name of each weight, and of each learned state, to this module's: [layer][direction].
    _names: list[list[dict[str, str]]]
    _initial_names: list[list[dict[str, str]]]
    # The transform gates' names to this module's: [layer − 1].
    _highway_names: list[dict[str, str]]

    def __init__(
        self,
        make: Callable[..., Equations],
        input_size: int,
        hidden_size: int | Sequence[int],
        num_layers: int,
        *,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        merge: Merge,
        connection: Connection | None,
        learned_state: bool,
        reverse: bool,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
    ) -> None:
        """``make`` gives the equations of a layer: ``make(input_size=…, hidden_size=…)``."""
        super().__init__()
        widths = checks.layer_widths(input_size, hidden_size, num_layers)
        checks.layer_options(
            layers=len(widths),
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            merge=merge,
            connection=connection,
            learned_state=learned_state,
            reverse=reverse,
        )
        self.input_size = input_size
        self.hidden_size = hidden_size if isinstance(hidden_size, int) else tuple(widths)
        self.num_layers = len(widths)
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.merge = merge
        self.connection = connection
        self.learned_state = learned_state
        self.reverse = reverse
        self.equations = self._made(make, widths)
        suffixes = ("", "_reverse") if bidirectional else ("",)
        self._names = [
            [{name: f"{name}_l{layer}{suffix}" for name in e.parameter_shapes()} for suffix in suffixes]
            for layer, e in enumerate(self.equations)
        ]
        self._initial_names = [
            [{name: f"initial_{name}_l{layer}{suffix}" for name in e.state_sizes} for suffix in suffixes]
            for layer, e in enumerate(self.equations)
        ]
        self._highway_names = [
            {name: f"{name}_l{layer}" for name in self._highway_shapes(e)}
            for layer, e in enumerate(self.equations)
            if layer > 0
        ]
        for name, shape in self._parameter_shapes():
            self.register_parameter(name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
        self.reset_parameters()
        self.flatten_parameters()

    def _made(self, make: Callable[..., Equations], widths: Sequence[int]) -> tuple[Equations, ...]:
        """The equations of every layer; each reads what the one below it returns."""
        layers: list[Equations] = []
        for width in widths:
            below = self._width(layers[-1]) if layers else self.input_size
            layers.append(make(input_size=below, hidden_size=width))
        if self.connection is not None:
            checks.connection_fits(self.connection, [self._width(equations) for equations in layers])
        return tuple(layers)

    def _width(self, equations: Equations) -> int:
        """Features of what a layer returns."""
        directions = 2 if self.bidirectional else 1
        return merged_size(equations.output_size, directions=directions, how=self.merge)

    def _highway_shapes(self, equations: Equations) -> dict[str, tuple[int, ...]]:
        """The parameters of one layer's transform gate; none where the connection has none."""
        if self.connection != "highway":
            return {}
        return highway_shapes(self._width(equations), bias=self.bias)

    def _parameter_shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Name and shape of every parameter, torch's in torch's order."""
        for equations, lanes in zip(self.equations, self._names, strict=True):
            for names in lanes:
                yield from zip(names.values(), equations.parameter_shapes().values(), strict=True)
        if self.learned_state:
            for equations, lanes in zip(self.equations, self._initial_names, strict=True):
                for names in lanes:
                    yield from ((names[state], (size,)) for state, size in equations.state_sizes.items())
        for equations, names in zip(self.equations[1:], self._highway_names, strict=True):
            yield from zip(names.values(), self._highway_shapes(equations).values(), strict=True)

    @property
    def directions(self) -> tuple[str, ...]:
        """The directions of each layer: ("forward",), ("backward",) with ``reverse``, or both."""
        return DIRECTIONS[1:] if self.reverse else DIRECTIONS[: 1 + self.bidirectional]

    @property
    def mode(self) -> str:
        """The kind of layer under the name that ``torch.nn.RNNBase`` gives it: "LSTM", "GRU", "RNN_TANH", …."""
        return self.equations[0].mode

    @property
    def all_weights(self) -> list[list[nn.Parameter]]:
        """The cells' parameters of each layer and direction, as in ``torch.nn.RNNBase``."""
        lanes = [lane for layer in self._names for lane in layer]
        return [[getattr(self, name) for name in lane.values()] for lane in lanes]

    def reset_parameters(self) -> None:
        """Draws every parameter anew; those that torch has come first, so that a seed gives torch's weights."""
        stack = self._stack()
        for equations, lanes in zip(self.equations, stack.layers, strict=True):
            bound = 1.0 / math.sqrt(equations.hidden_size)
            for lane in lanes:
                for name in TORCH_WEIGHTS:
                    if name in lane.weights:
                        nn.init.uniform_(lane.weights[name], -bound, bound)
        for lanes in stack.layers:
            for lane in lanes:
                lane.equations.initialise(lane.weights)
                for initial in lane.initial.values():
                    nn.init.zeros_(initial)
        for highway in stack.highways:
            initialise_highway(highway)

    def flatten_parameters(self) -> None:
        """Lays plain weights out as cuDNN wants them; does nothing elsewhere. Called again after a move."""
        vendor.flatten_for_cudnn(self._stack())

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        module = super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.flatten_parameters()
        return module

    def _stack(self) -> Stack:
        """This layer as a description that can be run now."""
        layers = tuple(
            tuple(
                Lane(
                    equations if self.training else equations.in_evaluation(),
                    self._own(names),
                    self._own(initial) if self.learned_state else {},
                )
                for names, initial in zip(self._names[layer], self._initial_names[layer], strict=True)
            )
            for layer, equations in enumerate(self.equations)
        )
        return Stack(
            layers,
            self.dropout,
            self.training,
            self.merge,
            self.connection,
            tuple(map(self._own, self._highway_names)),
            not isinstance(self.hidden_size, int),
            reverse=self.reverse,
        )

    def _own(self, names: Mapping[str, str]) -> Weights:
        """The parameters that these names of this module stand for, as they are now."""
        return {name: getattr(self, own) for name, own in names.items()}

    def forward(
        self, input: Tensor | PackedSequence, hx: Any = None, *, lengths: Lengths | None = None
    ) -> tuple[Any, CallState]:
        """Runs whole sequences, as ``torch.nn``'s layer of the same name does.

        Args:
            input: shape (time, batch, input), (batch, time, input) with ``batch_first``, (time, input) for one
                sequence alone, or a ``PackedSequence``.
            hx: the state before the first step; None for zeros, or for the learned ones. Its form is torch's: a
                tensor of shape (layers · directions, batch, hidden) for an RNN or GRU, the pair (h, c) of such
                tensors for an LSTM, whose h has the projected size where there is a projection. Full gate recurrence
                adds the previous gates: (h, c, i, f, o), those that the variant has. Where ``hidden_size`` was given
                as a sequence, it is a tuple with one entry a layer, each in the form above for that layer alone:
                shape (directions, batch, hidden of the layer). Without a batch its dimension is left out.
            lengths: steps of each sequence, (batch,) whole numbers from 0 to time; None where all are full. What
                stands past them is not read, outputs there are 0, final states are those at each sequence's end, and
                the backward direction starts there. A sequence without a step keeps its initial state.

        Returns:
            output of the last layer, shape (time, batch, width) or as the input was laid out, width being
            directions · hidden, or hidden where ``merge`` is not "concat"; and the final state in the form of ``hx``.

        Raises:
            ValueError: another number of dimensions or another dtype than the layer's, ``lengths`` with a
                ``PackedSequence``.
            RuntimeError: a feature, batch or state size, a device or a length that does not fit.
            TypeError: lengths that are no whole numbers.
        """
        watch = observe.watch(self)
        return call_stack(
            self._stack(), input, hx, batch_first=self.batch_first, lengths=lengths, watch=watch
        )

    def step(self, input: Tensor, hx: Any = None) -> tuple[Tensor, CallState]:
        """Reads one step of a stream: steps one after another give what ``forward`` gives for the whole.

            for x_t in stream:
                output, state = layer.step(x_t, state)

        Noise that is drawn anew at each step (dropout between layers, recurrent dropout, zoneout) acts in training as
        in ``forward``. Masks that are held over a sequence cannot: a step does not know where one begins.

        Args:
            input: shape (batch, input), or (input,) for one sequence alone.
            hx: the state so far, in the form that ``forward`` takes and returns; None at the start.

        Returns:
            output of the last layer, shape (batch, width) or (width,), and the new state.

        Raises:
            OptionError: a layer that reads from the end, or one with variational or weight dropout in training.
            ValueError, RuntimeError: as ``forward``.
        """
        for name in ("bidirectional", "reverse"):
            if getattr(self, name):
                raise OptionError(
                    f"a layer with {name}=True cannot be stepped: its backward direction begins at the sequence's "
                    f"end. Call it on the whole sequence, or make it with {name}=False"
                )
        for name in ("variational_dropout", "weight_dropout"):
            if self.training and (p := getattr(self.equations[0], name)):
                raise OptionError(
                    f"{name}={p} holds one mask over a sequence, whose beginning a step does not know: call eval() "
                    "before stepping, or call the layer on the whole sequence"
                )
        for hook in self._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm):  # the older weight_norm makes its weight in a hook of forward
                hook(self, (input,))
        return step_stack(self._stack(), input, hx, watch=observe.watch(self))

    def stream(self, *, batch: int = 1, weights: StreamWeights | None = None) -> Stream:
        """A stream that reads without end: weights packed once, the state held, no gradients.

            stream = layer.stream(batch=1)
            output = stream.step(x_t)     # (batch, input) to (batch, width), with next to no overhead
            output = stream(chunk)        # (time, batch, input) to (time, batch, width)

        ``stream.state`` is the state so far, ``stream.reset()`` begins anew, ``stream.refresh()`` takes the weights
        as they have become.

        Args:
            batch: sequences that are read side by side.
            weights: "bfloat16" rounds the matrices, which halves what a step has to read; sums and states stay
                float32. None keeps them as they are.

        Raises:
            OptionError: a layer that reads from the end, one in training with noise, or one that the kernels do not
                serve.
        """
        return Stream(self._stack, batch=batch, weights=weights)

    def explain(self) -> str:
        """How each layer runs here and now, and why, a line a layer."""
        lines = []
        for number, lanes in enumerate(self._stack().layers):
            lane = lanes[0]
            way = ways.choose(lane.equations, like=lane.weights["weight_ih"])
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
            ("merge", self.merge, "concat"),
            ("connection", self.connection, None),
            ("learned_state", self.learned_state, False),
            ("reverse", self.reverse, False),
        ]
