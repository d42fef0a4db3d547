"""``layer.stream``: a layer that reads without end, step by step or chunk by chunk, on packed weights of its own.

Packing the weights costs more than a step does. So a stream packs them once, holds the state, and prepares a call of
the kernels in which only the input's and the output's addresses change. It is a snapshot: weights that change later
are seen after ``refresh``. No gradients, no noise, one direction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from peephole.errors import OptionError
from peephole.nn import kernel_lanes, library, states
from peephole.nn.equations import Equations
from peephole.nn.joining import connected
from peephole.nn.kernel_op import pieces_of
from peephole.nn.stack import Lane, Stack
from peephole.nn.states import CallState

StreamWeights = Literal["bfloat16"]


class Stream:
    """Reads a stream through a layer; made by ``layer.stream``.

        stream = layer.stream(batch=1)
        for x_t in arriving:
            output = stream.step(x_t)

    Attributes:
        batch: sequences that are read side by side.
    """

    def __init__(
        self, describe: Callable[[], Stack], *, batch: int = 1, weights: StreamWeights | None = None
    ) -> None:
        """``describe`` gives the layers as they are now.

        Raises:
            OptionError: a layer that cannot be streamed, as the message says.
        """
        if batch < 1:
            raise OptionError(f"batch must be a number of sequences from 1 on, got {batch!r}")
        if weights not in (None, "bfloat16"):
            raise OptionError(
                f"weights must be None, for the layer's own dtype, or 'bfloat16'; got {weights!r}"
            )
        self.batch = batch
        self._describe, self._weights = describe, weights
        self.refresh()
        self.reset()

    def refresh(self) -> None:
        """Takes the layer's weights as they are now; the state stays.

        Raises:
            OptionError: the layer has become one that cannot be streamed.
        """
        stack = self._describe()
        _check(stack, self._weights)
        before = getattr(self, "_layers", None)
        self._stack, self._set = stack, library.changes()
        self._layers = [_Layer(lanes[0], self.batch, self._weights) for lanes in stack.layers]
        if before is not None:
            for layer, old in zip(self._layers, before, strict=True):
                layer.start(old.state)
        self._shape, self._dtype = (self.batch, stack.equations[0].input_size), self._layers[0].dtype

    @torch.no_grad()
    def reset(self, hx: Any = None) -> None:
        """Begins anew, from the layer's learned states, zeros, or ``hx`` in the form that the layer takes.

        Raises:
            RuntimeError: a state that does not fit.
        """
        like = torch.empty(self.batch, 1, dtype=self._dtype)
        initial = states.read(self._stack, hx, like, self.batch, batched=True)
        for layer, state in zip(self._layers, initial, strict=True):
            layer.start([part[0] for part in state])

    @property
    def state(self) -> CallState:
        """The state so far, a copy in the form that the layer returns."""
        own = [tuple(part.clone().unsqueeze(0) for part in layer.state) for layer in self._layers]
        return states.write(self._stack, own, batched=True)

    def step(self, x: Tensor) -> Tensor:
        """Reads one step.

        Args:
            x: shape (batch, input).

        Returns:
            output of the last layer, (batch, width).

        Raises:
            RuntimeError: another shape, dtype or device, or an input that wants a gradient.
        """
        if x.shape != self._shape or x.dtype != self._dtype or x.requires_grad or not x.is_cpu:
            self._refuse(x, self._shape)
        if self._set != library.changes():
            self.refresh()
        if not x.is_contiguous():
            x = x.contiguous()
        connection = self._stack.connection
        for depth, layer in enumerate(self._layers):
            output = layer.step(x)
            if connection is not None and depth:
                output = self._connected(x, output, depth)
            x = output
        return output

    @torch.no_grad()
    def __call__(self, x: Tensor) -> Tensor:
        """Reads a chunk.

        Args:
            x: shape (time, batch, input).

        Returns:
            output of the last layer, (time, batch, width).

        Raises:
            RuntimeError: as ``step``.
        """
        fits = x.dim() == 3 and x.shape[1:] == self._shape and x.dtype == self._dtype
        if not fits or x.requires_grad or not x.is_cpu:
            self._refuse(x, ("time", *self._shape))
        if self._set != library.changes():
            self.refresh()
        for depth, layer in enumerate(self._layers):
            output = layer.chunk(x)
            if self._stack.connection is not None and depth:
                output = self._connected(x, output, depth)
            x = output
        return x

    @torch.no_grad()
    def _connected(self, x: Tensor, z: Tensor, depth: int) -> Tensor:
        how = self._stack.connection
        return z if how is None else connected(x, z, how, self._stack.highways[depth - 1])

    def _refuse(self, x: Tensor, wanted: Sequence[Any]) -> None:
        if x.requires_grad:
            raise RuntimeError("a stream makes no gradients: give it x.detach(), or use layer.step")
        raise RuntimeError(
            f"this stream reads tensors of the shape ({', '.join(map(str, wanted))}) and {self._dtype} on the CPU, got "
            f"{tuple(x.shape)}, {x.dtype}, {x.device}: its batch is set by layer.stream(batch={self.batch})"
        )


def _check(stack: Stack, weights: StreamWeights | None) -> None:
    """Whether these layers can be streamed."""
    if "backward" in stack.names:
        option = "reverse" if stack.reverse else "bidirectional"
        raise OptionError(
            f"a layer with {option}=True cannot be streamed: its backward direction begins at the sequence's end. "
            f"Call it on the whole sequence, or make it with {option}=False"
        )
    if not library.available():
        raise OptionError("a stream runs Peephole's kernels, which could not be loaded; use layer.step")
    dropped = stack.dropout or any(
        getattr(e, name, 0.0)
        for e in stack.equations
        for name in ("recurrent_dropout", "variational_dropout", "weight_dropout")
    )
    if stack.training and (dropped or any(e.zoneouts for e in stack.equations)):
        raise OptionError("a stream has no noise: call eval() on the layer before stream()")
    weight = stack.layers[0][0].weights["weight_ih"]
    for equations in stack.equations:
        if (refusal := kernel_lanes.refusal(equations)) is not None:
            raise OptionError(f"a stream runs Peephole's kernels, and {refusal}; use layer.step")
    if not weight.is_cpu or weight.dtype not in kernel_lanes.DTYPES:
        raise OptionError(
            f"a stream runs on the CPU in float32 or float64; the layer is {weight.dtype} on {weight.device}: use "
            "layer.step, or move the layer"
        )
    if weights is not None and weight.dtype != torch.float32:
        raise OptionError(f"weights={weights!r} goes with a float32 layer, this one is {weight.dtype}")


@dataclass
class _Prepared:
    """A call of the kernels for one step, from one half of the state's room into the other."""

    array: Any
    x: library.Plane
    sums: library.Plane
    hidden: library.Plane


class _Layer:
    """One layer: its packed weights, its state, and the prepared calls."""

    def __init__(self, lane: Lane, batch: int, weights: StreamWeights | None) -> None:
        self.equations: Equations = lane.equations.in_evaluation()
        e = self.equations
        self.weights = {name: w.detach().clone().contiguous() for name, w in lane.weights.items()}
        self.dtype = self.weights["weight_ih"].dtype
        self._cell = kernel_lanes.cell_of(e.key, self.dtype, bfloat16=weights == "bfloat16")
        self._structure = kernel_lanes.weights_of(e.key, [self.weights[name] for name in e.weight_names])
        self._packing = kernel_lanes.packed(self._cell, self._structure, kernel_lanes.FORWARD)
        like = self.weights["weight_ih"]
        self._masks = {
            name: like.new_full((1, 1, e.state_sizes[state]), p)
            for state, p in e.zoneouts.items()
            for name in [f"{state}_zoneout_mask"]
        }
        # The state is read from one half and written to the other.
        self._halves = [[like.new_zeros(batch, size) for size in e.state_sizes.values()] for _ in range(2)]
        self._half = 0
        self._output = like.new_empty(batch, e.output_size)
        self._threads, self._room = 0, torch.empty(0)
        self._prepared = [self._prepare(half, batch) for half in (0, 1)]
        self._forward = library.kernels().peephole_forward

    @property
    def state(self) -> list[Tensor]:
        """The state so far, each (batch, size); the next step writes elsewhere, the one after it here."""
        return self._halves[self._half]

    def start(self, state: Sequence[Tensor]) -> None:
        """Sets the state."""
        for own, given in zip(self.state, state, strict=True):
            own.copy_(given)

    def _lane(
        self, time: int, x: Tensor | None, sums: Tensor | None, output: Tensor, half: int
    ) -> library.Lane:
        return kernel_lanes.lane_of(
            self._cell,
            self._structure,
            self._packing,
            reverse=False,
            span=slice(0, time),
            batch=len(output[0]),
            lengths=None,
            x=x,
            sums=sums,
            initial=[state.data_ptr() for state in self._halves[half]],
            final=[state.data_ptr() for state in self._halves[1 - half]],
            masks={name: mask.expand(time, len(output[0]), -1) for name, mask in self._masks.items()},
            held=(),
            record=[("hidden", kernel_lanes.plane_of(output))],
        )

    def _prepare(self, half: int, batch: int) -> _Prepared:
        e = self.equations
        x = self._output.new_empty(1, batch, e.input_size)
        sums = self._output.new_empty(1, batch, len(e.rows) * e.hidden_size) if e.layer_norm else None
        lane = self._lane(1, None if e.layer_norm else x, sums, self._output.unsqueeze(0), half)
        array = kernel_lanes.array_of(library.Lane, [lane])
        own = array[0]
        return _Prepared(array, own.x, own.sums, own.record[library.QUANTITIES.index("hidden")])

    def step(self, x: Tensor) -> Tensor:
        """One step of contiguous ``x``, (batch, input)."""
        prepared = self._prepared[self._half]
        if self.equations.layer_norm:
            with torch.no_grad():
                sums = self.equations.from_input(x, self.weights)
            prepared.sums.data = sums.data_ptr()
        else:
            prepared.x.data = x.data_ptr()
        output = torch.empty_like(self._output)
        prepared.hidden.data = output.data_ptr()
        threads = torch.get_num_threads()
        if threads != self._threads:
            self._make_room(prepared.array, threads)
        self._forward(prepared.array, 1, threads, self._address)
        self._half = 1 - self._half
        return output

    def _make_room(self, array: Any, threads: int) -> None:
        """The workspace of a step by so many threads."""
        self._room = kernel_lanes.aligned(library.kernels().peephole_forward_workspace(array, 1, threads))
        self._threads, self._address = threads, kernel_lanes.address(self._room)

    def chunk(self, x: Tensor) -> Tensor:
        """Several steps of ``x``, (time, batch, input)."""
        e, threads, kernels = self.equations, torch.get_num_threads(), library.kernels()
        output = x.new_empty(*x.shape[:2], e.output_size)
        x = kernel_lanes.laid_out(x)
        for span in pieces_of(e, x, whole=not e.layer_norm):
            sums = e.from_input(x[span], self.weights) if e.layer_norm else None
            part = None if e.layer_norm else x[span]
            lane = self._lane(span.stop - span.start, part, sums, output[span], self._half)
            array = kernel_lanes.array_of(library.Lane, [lane])
            room = kernel_lanes.aligned(kernels.peephole_forward_workspace(array, 1, threads))
            kernels.peephole_forward(array, 1, threads, kernel_lanes.address(room))
            self._half = 1 - self._half
        return output
