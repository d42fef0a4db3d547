"""The backward pass of a layer as an opaque operation: the kernels' gradients, each made only where it is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ctypes import pointer
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from peephole.nn import kernel_lanes as lanes
from peephole.nn import kernel_norms, library
from peephole.nn.kernel_lanes import laid_out, large, plane_of, record_planes
from peephole.nn.kernel_op import BACKWARD, Call, define, room_of, run_kernels, unseen


@dataclass
class LaneGradients:
    """What the kernels write of one lane.

    Attributes:
        planes: over all steps by the contract's names, each (time, batch, rows), ``x`` among them.
        state: where those of the states before the first step are written, each (batch, size).
        weights: of the weights by their own names.
        candidate_bias: of a GRU's b_hn with ``reset_after``.
        keeping: gradients from outside that were copied, alive until the call is over.
    """

    planes: dict[str, Tensor]
    state: Sequence[int]
    weights: dict[str, Tensor]
    candidate_bias: Tensor | None
    keeping: list[Tensor] = field(default_factory=list)

    @classmethod
    def empty(
        cls, call: Call, lane: int, state: Sequence[Tensor], *, of_x: bool, names: set[str]
    ) -> LaneGradients:
        """Room for those that are wanted; of states they go into a lane of ``state``, each (lanes, batch, size)."""
        e, x, weights = call.equations, call.x[0], call.named_weights_of(lane)
        rows = len(lanes.rows_of(call.key)) * e.hidden_size
        gru = bool(getattr(e, "reset_after", False))
        sizes = {
            "sums": rows,
            "candidate_product": e.hidden_size if gru else 0,
            "product": rows if e.layer_norm else 0,
            "projected": e.output_size if "weight_hr" in weights else 0,
            "normalised_cell": e.hidden_size if e.layer_norm and e.name == "lstm" else 0,
        }
        planes = {name: large(x.new_empty(*x.shape[:2], size)) for name, size in sizes.items() if size}
        if of_x and not e.layer_norm:
            planes["x"] = room_of(x, x.shape, call.lengths)
        own = {"weight_hh", "weight_hr", "weight_peephole"} | (set() if e.layer_norm else {"weight_ih"})
        found = {name: torch.empty_like(weights[name]) for name in weights if name in names & own}
        if names & {"bias_ih", "bias_hh"}:
            found["bias_ih"] = x.new_empty(rows)
        bias = x.new_empty(e.hidden_size) if gru and "bias_hh" in names else None
        return cls(planes, lanes.addresses(state, lane), found, bias)

    def structure(
        self,
        lane: library.Lane,
        packing: Tensor,
        record: Mapping[str, Tensor | None],
        final: Sequence[Tensor | None],
    ) -> library.Gradient:
        """As the contract has it; ``record`` and ``final`` are the gradients that come from outside."""
        given = library.Gradient(lane=pointer(lane), packed=lanes.address(packing))
        for name, values in record.items():
            if values is not None and name in library.QUANTITIES:
                values = laid_out(values)
                self.keeping.append(values)
                record_planes(given, [(name, plane_of(values))])
        for number, part in enumerate(final):
            if part is not None:
                self.keeping.append(part.contiguous())
                given.final[number] = self.keeping[-1].data_ptr()
        given.initial = tuple(self.state)
        record_planes(given, [(name, plane_of(plane)) for name, plane in self.planes.items()])
        for name, weight in self.weights.items():
            setattr(given, _WEIGHTS[name], weight.data_ptr())
        given.candidate_bias = None if self.candidate_bias is None else self.candidate_bias.data_ptr()
        return given

    def hidden_bias(self) -> Tensor:
        """Of b_hh: what enters beside R's product."""
        bias = self.weights["bias_ih"]
        if self.candidate_bias is None:
            return bias.clone()
        return torch.cat([bias[: -len(self.candidate_bias)], self.candidate_bias])


#: The contract's names of the gradients of weights.
_WEIGHTS = {
    "weight_ih": "ih",
    "weight_hh": "hh",
    "weight_hr": "hr",
    "bias_ih": "bias",
    "weight_peephole": "peephole",
}


def backward(*arguments: Any) -> list[Tensor]:
    """The operation: arguments are those of ``Call``, then as ``gradients``' are."""
    *given, results, grads, wanted = arguments
    return _run(Call(*given), results, grads, wanted)


def _run(
    call: Call, results: Sequence[Tensor], grads: Sequence[Tensor | None], wanted: Sequence[bool]
) -> list[Tensor]:
    """The wanted gradients; arguments as in ``gradients``."""
    call = call.ready()
    if not call.x[0].shape[1]:
        return [part.zero_() for part in _like(call, wanted)]
    e, inputs, states = call.equations, len(call.x), len(call.state)
    output, kept = results[0], results[1:]
    state = [torch.empty_like(part) for part in call.state]
    names = e.weight_names
    found, runs, alive = [], [], []
    for lane in range(call.directions):
        own = wanted[inputs + states + lane * len(names) :]
        wanted_names = {name for name, is_wanted in zip(names, own, strict=False) if is_wanted}
        of_x = wanted[lane if inputs > 1 else 0]
        gradients = LaneGradients.empty(call, lane, state, of_x=of_x, names=wanted_names)
        weights = lanes.weights_of(call.key, call.weights_of(lane))
        purpose = lanes.BACKWARD_TO_INPUT if "x" in gradients.planes else lanes.BACKWARD
        packing = lanes.packed(call.cell, weights, purpose)
        masks, held = call.masks_of(lane), call.held_in(lane)
        forward_lane = lanes.lane_of(
            call.cell,
            weights,
            None,
            reverse=lane == 1,
            span=slice(0, len(call.x[0])),
            batch=call.x[0].shape[1],
            lengths=call.lengths,
            x=None if e.layer_norm else call.input_of(lane),
            sums=None,
            initial=lanes.addresses(call.state, lane),
            final=(),
            masks=masks,
            held=held,
            record=call.planes_of(lane, output, kept, BACKWARD),
        )
        final = [None if part is None else part[lane] for part in grads[1 : 1 + states]]
        runs.append(gradients.structure(forward_lane, packing, _gradients_of(call, lane, grads), final))
        alive.append((packing, weights, forward_lane, masks))
        found.append(gradients)
    run_kernels("backward", library.Gradient, runs)

    of_inputs: list[Tensor | None] = [None] * inputs
    of_weights: list[Tensor | None] = []
    for lane, gradients in enumerate(found):
        if e.layer_norm:
            _around_norms(call, lane, call.record_of(lane, output, kept, BACKWARD), gradients)
        place, own_x = lane if inputs > 1 else 0, gradients.planes.get("x")
        before = of_inputs[place]
        of_inputs[place] = own_x if before is None or own_x is None else before.add_(own_x)
        if "bias_ih" in gradients.weights and "bias_hh" in names:
            gradients.weights["bias_hh"] = gradients.hidden_bias()
        of_weights += [gradients.weights.get(name) for name in names]
    every = [*of_inputs, *state, *of_weights]
    return [part for part, is_wanted in zip(every, wanted, strict=True) if is_wanted and part is not None]


def _gradients_of(call: Call, lane: int, grads: Sequence[Tensor | None]) -> dict[str, Tensor | None]:
    """The gradients with respect to what one lane keeps and returns, by quantity."""
    hidden = None if grads[0] is None else call.output_of(lane, grads[0])
    if all(grad is None for grad in grads[1 + len(call.state) :]):
        return {"hidden": hidden}
    names = list(call.kept_shapes(BACKWARD))
    first = 1 + len(call.state) + lane * len(names)
    own = dict(zip(names, grads[first : first + len(names)], strict=True))
    gates = own.pop("gates", None)
    by_name = {} if gates is None else lanes.gate_planes(call.key, gates)
    return {**own, **by_name, "hidden": hidden}


def _around_norms(call: Call, lane: int, record: Mapping[str, Tensor], gradients: LaneGradients) -> None:
    """Adds what torch makes of a lane's gradients where there are norms: over the steps that there are, as one list."""
    x = call.input_of(lane)
    places = None
    if call.lengths is not None:
        places = (torch.arange(len(x)).unsqueeze(1) < call.lengths).flatten().nonzero().squeeze(1)

    def rows(values: Tensor) -> Tensor:
        values = values.flatten(0, 1)
        return values if places is None else values.index_select(0, places)

    given = {name: rows(plane) for name, plane in gradients.planes.items()}
    of_x, through_input = kernel_norms.into_input(call.equations, call.named_weights_of(lane), rows(x), given)
    gradients.weights |= through_input
    gradients.weights |= kernel_norms.of_recurrence(call.equations, given, lambda name: rows(record[name]))
    if places is not None:
        of_x = x.new_zeros(x.shape).flatten(0, 1).index_copy(0, places, of_x)
    gradients.planes["x"] = of_x.view(x.shape)


def _shapes(*arguments: Any) -> list[Tensor]:
    *given, _, _, wanted = arguments
    return _like(Call(*given), wanted)


def _like(call: Call, wanted: Sequence[bool]) -> list[Tensor]:
    """New tensors of the shapes of the wanted gradients."""
    every = [*call.x, *call.state, *call.weights]
    return [part.new_empty(part.shape) for part, is_wanted in zip(every, wanted, strict=True) if is_wanted]


define("layer_backward", "Tensor[] results, Tensor?[] grads, bool[] wanted", backward, _shapes)


def gradients(
    call: Call, results: Sequence[Tensor], grads: Sequence[Tensor | None], wanted: Sequence[bool]
) -> list[Tensor]:
    """The gradients of a run.

    Args:
        call: its arguments.
        results: its output, and what it kept.
        grads: of the output, the final states, and of what it kept; None for none.
        wanted: of inputs, states and weights, each whether its gradient is made.

    Returns:
        the wanted ones.
    """
    if unseen(call):
        return _run(call, results, grads, wanted)
    return torch.ops.peephole.layer_backward(  # type: ignore[no-any-return]
        *call.arguments, list(results), list(grads), list(wanted)
    )
