"""The kernels as two opaque operations of torch: a layer's run and its gradients.

    peephole::layer           output, final states, and the record that a backward pass or a person wants
    peephole::layer_backward  from the same record the gradients of inputs, states and weights

A layer is one lane, or both directions side by side. What each argument is stands in ``Call``. The operations pack the
weights at each call, so a change of weights by whatever means is seen at once. They have no derivative of their own:
``kernel_function.py`` gives them one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from peephole.nn import kernel_lanes as lanes
from peephole.nn import library, opaque
from peephole.nn.equations import Equations
from peephole.nn.kernel_lanes import MASKS, Held, laid_out, large

NOTHING, RECORD, BACKWARD = range(3)
"""What is kept of a run: nothing, every quantity, or whatever the backward pass reads."""

_PIECE = 2 << 20
"""Bytes of the sums over time that a run with layer norm makes at once, where nothing is kept."""


@dataclass(frozen=True)
class Call:
    """The arguments of a run, which are those of the operation.

    Attributes:
        key: the equations, as ``Equations.key``.
        x: what the lanes read, (time, batch, input): one tensor for all, or one a lane.
        state: the states before the first step, each (lanes, batch, size).
        weights: of each lane in turn, in the order of ``parameter_shapes``.
        masks: of each lane in turn, in the order of ``MASKS``; those over time are (time, batch, size),
            ``hidden_mask`` is (batch, output).
        lengths: steps of each sequence, (batch,), or None.
        clamped: lane, place in ``QUANTITIES`` and unit (−1: all) of whatever is held.
        held: values and steps of whatever is held, in the form of ``Held``.
    """

    key: str
    x: Sequence[Tensor]
    state: Sequence[Tensor]
    weights: Sequence[Tensor]
    masks: Sequence[Tensor | None]
    lengths: Tensor | None
    clamped: Sequence[int]
    held: Sequence[Tensor | None]

    @cached_property
    def equations(self) -> Equations:
        """The lanes' equations."""
        return lanes.equations_of(self.key)

    @property
    def fields(self) -> tuple[Any, ...]:
        """What it was made of."""
        return (
            self.key,
            self.x,
            self.state,
            self.weights,
            self.masks,
            self.lengths,
            self.clamped,
            self.held,
        )

    @property
    def arguments(self) -> tuple[Any, ...]:
        """As the operations take them."""
        lists = (list(part) for part in (self.x, self.state, self.weights, self.masks))
        return (self.key, *lists, self.lengths, list(self.clamped), list(self.held))

    @property
    def directions(self) -> int:
        """Lanes."""
        return int(self.state[0].shape[0])

    @cached_property
    def cell(self) -> library.Cell:
        """The equations as the kernels take them."""
        return lanes.cell_of(self.key, self.x[0].dtype)

    def input_of(self, lane: int) -> Tensor:
        """What a lane reads."""
        return self.x[lane if len(self.x) > 1 else 0]

    def weights_of(self, lane: int) -> dict[str, Tensor]:
        """A lane's weights by name."""
        names = lanes.names_of(self.key)
        return dict(zip(names, self.weights[lane * len(names) :], strict=False))

    def masks_of(self, lane: int) -> dict[str, Tensor]:
        """A lane's masks by name, each of three dimensions."""
        own = self.masks[lane * len(MASKS) : (lane + 1) * len(MASKS)]
        found = {name: mask for name, mask in zip(MASKS, own, strict=True) if mask is not None}
        return {name: mask.unsqueeze(0) if name == "hidden_mask" else mask for name, mask in found.items()}

    def held_in(self, lane: int) -> list[Held]:
        """What is held fixed in a lane."""
        found = []
        for number in range(len(self.clamped) // 3):
            own, quantity, unit = self.clamped[3 * number : 3 * number + 3]
            values, steps = self.held[2 * number : 2 * number + 2]
            if own == lane and values is not None:
                found.append(Held(library.QUANTITIES[quantity], unit, values, values.dim() == 1, steps))
        return found

    def kept_shapes(self, keep: int) -> dict[str, tuple[int, ...]]:
        """What one lane keeps by name, with its shape; ``gates`` holds all rows as (time, batch, gates, hidden)."""
        if keep == NOTHING:
            return {}
        e = self.equations
        time, batch = self.x[0].shape[:2]
        shapes: dict[str, tuple[int, ...]] = {}
        if e.name != "rnn":
            shapes["gates"] = (time, batch, len(lanes.rows_of(self.key)), e.hidden_size)
        shapes |= {name: (time, batch, size) for name, size in lanes.kept_of(self.key)}
        if keep == BACKWARD:
            rows = len(lanes.rows_of(self.key)) * e.hidden_size
            if library.kernels().peephole_keeps_before_activation(self.cell):
                shapes["before_activation"] = (time, batch, rows)
            if e.layer_norm:
                shapes["product"] = (time, batch, rows)
            if getattr(e, "reset_after", False):
                shapes["candidate_product"] = (time, batch, e.hidden_size)
        return shapes

    def record_of(self, lane: int, output: Tensor, kept: Sequence[Tensor], keep: int) -> dict[str, Tensor]:
        """What one lane keeps by the names of the contract, each (time, batch, unit), the output among them.

        Args:
            lane: which.
            output: of the layer, (time, batch, lanes · output).
            kept: what all lanes keep, lane by lane as ``kept_shapes`` says; also gradients of it, None for none.
            keep: what is kept.
        """
        names = list(self.kept_shapes(keep))
        own = dict(zip(names, kept[lane * len(names) : (lane + 1) * len(names)], strict=True))
        gates = own.pop("gates", None)
        return {
            **({} if gates is None else lanes.gate_planes(self.key, gates)),
            **own,
            "hidden": self.output_of(lane, output),
        }

    def output_of(self, lane: int, output: Tensor) -> Tensor:
        """A lane's part of the output."""
        size = self.equations.output_size
        return output[..., lane * size : (lane + 1) * size]

    def ready(self) -> Call:
        """The same with every tensor laid out as the kernels read it.

        Raises:
            RuntimeError: lengths below 0 or beyond the input's time.
        """
        lengths = self.lengths
        if lengths is not None:
            lengths = lengths.to(torch.int64).contiguous()
            if lengths.numel() and not 0 <= int(lengths.min()) <= int(lengths.max()) <= len(self.x[0]):
                raise RuntimeError(
                    f"lengths must lie between 0 and the input's {len(self.x[0])} time steps, got {lengths.tolist()}"
                )
        return Call(
            self.key,
            [laid_out(x) for x in self.x],
            [state.contiguous() for state in self.state],
            [weight.contiguous() for weight in self.weights],
            [None if mask is None else _mask(mask) for mask in self.masks],
            lengths,
            self.clamped,
            self.held,
        )


def _mask(mask: Tensor) -> Tensor:
    return laid_out(mask) if mask.dim() == 3 else mask.contiguous()


def pieces_of(e: Equations, x: Tensor, *, whole: bool) -> Iterator[slice]:
    """The input times that are run in one go: all, or so few that their sums take little room."""
    time, batch = x.shape[:2]
    step = batch * len(e.rows) * e.hidden_size * x.element_size()
    length = time if whole else max(1, _PIECE // max(1, step))
    for start in range(0, time, length):
        yield slice(start, min(time, start + length))


def forward(*arguments: Any) -> list[Tensor]:
    """Runs a layer; arguments are those of ``Call`` and what is kept, results those of ``_shapes``."""
    *given, keep = arguments
    call = Call(*given).ready()
    results = _empty(call, keep)
    if not call.x[0].shape[1]:
        return results
    states = len(call.state)
    output, final, kept = results[0], results[1 : 1 + states], results[1 + states :]
    before = call.state
    weights = [call.weights_of(lane) for lane in range(call.directions)]
    structures = [lanes.weights_of(call.equations, own) for own in weights]
    packings = [lanes.packed(call.cell, own, lanes.FORWARD) for own in structures]
    time = len(call.x[0])
    # Layer norm makes its sums over time beforehand: piece by piece where they alone would take much room.
    for piece in pieces_of(call.equations, call.x[0], whole=not call.equations.layer_norm or keep != NOTHING):
        spans = (piece, slice(time - piece.stop, time - piece.start))
        # A state may not be read and written in one place.
        after = final if before is call.state else [torch.empty_like(part) for part in final]
        alive: list[Any] = []
        runs = []
        for lane in range(call.directions):
            span = spans[lane]
            x, sums, lengths = call.input_of(lane), None, call.lengths
            if call.equations.layer_norm:
                sums, x = call.equations.from_input(x[span], weights[lane]), None  # type: ignore[assignment]
            if lengths is not None and span.stop - span.start < time:
                lengths = (lengths - span.start).clamp(0, span.stop - span.start)
            alive += [sums, lengths]
            runs.append(
                lanes.lane_of(
                    call.cell,
                    structures[lane],
                    packings[lane],
                    reverse=lane == 1,
                    span=span,
                    lengths=lengths,
                    x=x,
                    sums=sums,
                    initial=[part[lane] for part in before],
                    final=[part[lane] for part in after],
                    masks=call.masks_of(lane),
                    held=call.held_in(lane),
                    record=call.record_of(lane, output, kept, keep),
                )
            )
        run_kernels("forward", library.Lane, runs)
        before = after
    for part, last in zip(final, before, strict=True):
        if part is not last:
            part.copy_(last)
    return results


def run_kernels(name: str, kind: Any, structures: Sequence[Any]) -> None:
    """Calls ``peephole_forward`` or ``peephole_backward`` with its workspace and torch's number of threads."""
    kernels, threads = library.kernels(), torch.get_num_threads()
    array, count = lanes.array_of(kind, structures), len(structures)
    room = lanes.aligned(getattr(kernels, f"peephole_{name}_workspace")(array, count, threads))
    getattr(kernels, f"peephole_{name}")(array, count, threads, lanes.address(room))


def _empty(call: Call, keep: int) -> list[Tensor]:
    """Output, final states and what is kept, not yet written; zeros where sequences may end early."""
    x, e = call.x[0], call.equations
    make = x.new_empty if call.lengths is None else x.new_zeros
    width = call.directions * e.output_size
    final = [part.new_empty(part.shape) for part in call.state]
    kept = [large(make(shape)) for _ in range(call.directions) for shape in call.kept_shapes(keep).values()]
    return [large(make((x.shape[0], x.shape[1], width))), *final, *kept]


def _shapes(*arguments: Any) -> list[Tensor]:
    *given, keep = arguments
    return _empty(Call(*given), keep)


_CALL = (
    "str key, Tensor[] x, Tensor[] state, Tensor[] weights, Tensor?[] masks, Tensor? lengths, int[] clamped, "
    "Tensor?[] held"
)


def define(name: str, more: str, function: Any, shapes: Any) -> None:
    """Registers one operation whose first arguments are those of ``Call``."""
    opaque.define(name, f"({_CALL}, {more}) -> Tensor[]", function, shapes)


define("layer", "int keep", forward, _shapes)


def run_layer(call: Call, keep: int) -> list[Tensor]:
    """Runs a layer: output, final states, and what is kept, lane by lane as ``Call.kept_shapes`` says."""
    if unseen(call):
        return forward(*call.fields, keep)
    return torch.ops.peephole.layer(*call.arguments, keep)  # type: ignore[no-any-return]


def unseen(call: Call) -> bool:
    """Whether no graph, mode or wrapped tensor is there that would have to see the operation: then it is left out."""
    return (
        not torch.compiler.is_compiling()
        and type(call.x[0]) is Tensor
        and torch._C._len_torch_dispatch_stack() == 0
        and not torch._C._are_functorch_transforms_active()
    )
