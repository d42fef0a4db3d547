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
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from peephole.nn import kernel_lanes as lanes
from peephole.nn import library, opaque
from peephole.nn.equations import Equations
from peephole.nn.kernel_lanes import MASKS, Held, laid_out, large

if library.is_loaded():  # torch's threads, or a pool beside them
    library.share_threads(Path(torch.__file__).with_name("lib") / "libtorch_cpu.so")

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

    @property
    def equations(self) -> Equations:
        """The lanes' equations."""
        return lanes.equations_of(self.key)

    @property
    def arguments(self) -> tuple[Any, ...]:
        """As the operations take them."""
        lists = (list(part) for part in (self.x, self.state, self.weights, self.masks))
        return (self.key, *lists, self.lengths, list(self.clamped), list(self.held))

    @property
    def directions(self) -> int:
        """Lanes."""
        return int(self.state[0].shape[0])

    @property
    def cell(self) -> library.Cell:
        """The equations as the kernels take them."""
        return lanes.cell_of(self.key, self.x[0].dtype)

    def input_of(self, lane: int) -> Tensor:
        """What a lane reads."""
        return self.x[lane if len(self.x) > 1 else 0]

    def weights_of(self, lane: int) -> Sequence[Tensor]:
        """A lane's weights in the order of ``parameter_shapes``."""
        count = len(self.weights) // self.directions
        return self.weights[lane * count : (lane + 1) * count]

    def named_weights_of(self, lane: int) -> dict[str, Tensor]:
        """A lane's weights by name."""
        return dict(zip(self.equations.weight_names, self.weights_of(lane), strict=True))

    def masks_of(self, lane: int) -> dict[str, Tensor]:
        """A lane's masks by name, each of three dimensions."""
        own = self.masks[lane * len(MASKS) : (lane + 1) * len(MASKS)]
        if all(mask is None for mask in own):
            return {}
        found = {name: mask for name, mask in zip(MASKS, own, strict=True) if mask is not None}
        return {name: mask.unsqueeze(0) if name == "hidden_mask" else mask for name, mask in found.items()}

    def held_in(self, lane: int) -> list[Held]:
        """What is held fixed in a lane."""
        found: list[Held] = []
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
        time, batch = self.x[0].shape[:2]
        kept = lanes.kept_of(self.key, self.x[0].dtype, whole=keep == BACKWARD)
        return {name: (time, batch, *sizes) for name, sizes in kept}

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

    def planes_of(
        self, lane: int, output: Tensor, kept: Sequence[Tensor], keep: int, start: int = 0
    ) -> Iterator[tuple[str, lanes.Plane]]:
        """Where ``record_of`` begins at the input time ``start``, without a tensor made for each."""
        size = output.element_size()
        data, time, batch = lanes.plane_of(output, start)
        yield "hidden", (data + lane * self.equations.output_size * size, time, batch)
        if keep == NOTHING:
            return
        own = kept[len(kept) // self.directions * lane :]
        places = lanes.places_of(self.key, output.dtype, whole=keep == BACKWARD)
        for values, planes in zip(own, places, strict=False):
            time, batch, *_ = values.stride()
            data = values.data_ptr() + start * time * size
            for name, offset in planes:
                yield name, (data + offset, time, batch)

    def output_of(self, lane: int, output: Tensor) -> Tensor:
        """A lane's part of the output."""
        if self.directions == 1:
            return output
        size = self.equations.output_size
        return output[..., lane * size : (lane + 1) * size]

    def ready(self) -> Call:
        """The same with every tensor laid out as the kernels read it.

        Raises:
            RuntimeError: lengths below 0 or beyond the input's time.
        """
        if self._is_ready():
            return self
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

    def _is_ready(self) -> bool:
        """Whether nothing has to be copied or looked at, as it nearly always is."""
        return (
            self.lengths is None
            and all(map(Tensor.is_contiguous, (*self.x, *self.state, *self.weights)))
            and not any(map(Tensor.is_neg, self.x))
            and all(mask is None for mask in self.masks)
        )


def _mask(mask: Tensor) -> Tensor:
    return laid_out(mask) if mask.dim() == 3 else mask.contiguous()


def pieces_of(e: Equations, x: Tensor, *, whole: bool) -> Iterator[slice]:
    """The input times that are run in one go: all, or so few that their sums take little room."""
    time, batch = x.shape[:2]
    if whole:
        yield slice(0, time)
        return
    step = batch * len(e.rows) * e.hidden_size * x.element_size()
    length = max(1, _PIECE // max(1, step))
    for start in range(0, time, length):
        yield slice(start, min(time, start + length))


def forward(*arguments: Any) -> list[Tensor]:
    """The operation: arguments are those of ``Call`` and what is kept, results those of ``_shapes``."""
    *given, keep = arguments
    return _run(Call(*given), keep)


def _run(call: Call, keep: int) -> list[Tensor]:
    """Runs a layer; results are those of ``_shapes``."""
    call = call.ready()
    e, x = call.equations, call.x[0]
    results = _empty(call, keep)
    if not x.shape[1]:
        return results
    states = len(call.state)
    output, final, kept = results[0], results[1 : 1 + states], results[1 + states :]
    before = call.state
    structures = [lanes.weights_of(call.key, call.weights_of(lane)) for lane in range(call.directions)]
    packings = [lanes.packed(call.cell, own, lanes.FORWARD) for own in structures]
    time, batch = x.shape[:2]
    # Layer norm makes its sums over time beforehand: piece by piece where they alone would take much room.
    for piece in pieces_of(e, x, whole=not e.layer_norm or keep != NOTHING):
        spans = (piece, slice(time - piece.stop, time - piece.start))
        # A state may not be read and written in one place.
        after = final if before is call.state else [torch.empty_like(part) for part in final]
        alive: list[Any] = []
        runs = []
        for lane in range(call.directions):
            span = spans[lane]
            sums, lengths = None, call.lengths
            if e.layer_norm:
                sums = e.from_input(call.input_of(lane)[span], call.named_weights_of(lane))
            if lengths is not None and span.stop - span.start < time:
                lengths = (lengths - span.start).clamp(0, span.stop - span.start)
            masks, held = call.masks_of(lane), call.held_in(lane)
            alive += [sums, lengths, masks]
            runs.append(
                lanes.lane_of(
                    call.cell,
                    structures[lane],
                    packings[lane],
                    reverse=lane == 1,
                    span=span,
                    batch=batch,
                    lengths=lengths,
                    x=None if e.layer_norm else call.input_of(lane),
                    sums=sums,
                    initial=lanes.addresses(before, lane),
                    final=lanes.addresses(after, lane),
                    masks=masks,
                    held=held,
                    record=call.planes_of(lane, output, kept, keep, span.start),
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
    count = len(structures)
    array = structures[0] if count == 1 else lanes.array_of(kind, structures)
    room = lanes.aligned(getattr(kernels, f"peephole_{name}_workspace")(array, count, threads))
    getattr(kernels, f"peephole_{name}")(array, count, threads, lanes.address(room))


def _empty(call: Call, keep: int) -> list[Tensor]:
    """Output, final states and what is kept, not yet written; zeros where sequences may end early."""
    x, e = call.x[0], call.equations
    time, batch = x.shape[:2]
    width = call.directions * e.output_size
    final = [part.new_empty(part.shape) for part in call.state]
    kept = [
        room_of(x, shape, call.lengths)
        for _ in range(call.directions)
        for shape in call.kept_shapes(keep).values()
    ]
    return [room_of(x, (time, batch, width), call.lengths), *final, *kept]


def room_of(like: Tensor, shape: Sequence[int], lengths: Tensor | None) -> Tensor:
    """A new tensor (time, batch, …) for the kernels to write; zeros where sequences may end early.

    Zeros only after the system has been told how large it is: ``new_zeros`` would have it by small pages already.
    """
    room = large(like.new_empty(shape))
    return room if lengths is None else room.zero_()


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
        return _run(call, keep)
    return torch.ops.peephole.layer(*call.arguments, keep)  # type: ignore[no-any-return]


def unseen(call: Call) -> bool:
    """Whether no graph, mode or wrapped tensor is there that would have to see the operation: then it is left out."""
    return (
        not torch.compiler.is_compiling()
        and type(call.x[0]) is Tensor
        and torch._C._len_torch_dispatch_stack() == 0
        and not torch._C._are_functorch_transforms_active()
    )
