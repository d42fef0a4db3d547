"""The kernels' operation with its derivatives, as torch's autograd wants them.

First derivatives are the kernels'. Where they shall be differentiated again (``create_graph=True``) or are asked for
under a transform (``is_grads_batched=True``), those of the reference stand in, which run anew from the same arguments.
Forward-mode derivatives and functorch's transforms do not come here: ``ways.py`` sends them to the reference.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from peephole.nn import reference
from peephole.nn.kernel_gradients import gradients
from peephole.nn.kernel_op import BACKWARD, Call, run_layer
from peephole.nn.library import QUANTITIES
from peephole.nn.masks import Masks
from peephole.nn.record import Override, Record
from peephole.nn.stack import DIRECTIONS


class Layer(torch.autograd.Function):
    """One layer; arguments are how many tensors of each kind there are, then those of ``Call``, flat."""

    @staticmethod
    def forward(
        key: str, counts: tuple[int, ...], clamped: tuple[int, ...], looked_at: bool, *flat: Any
    ) -> Any:
        """Output, final states and the whole record."""
        return tuple(run_layer(_call(key, counts, clamped, flat), BACKWARD))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Saves everything: the record is what the backward pass reads."""
        ctx.key, ctx.counts, ctx.clamped, looked_at, *flat = inputs
        states = ctx.counts[1]
        if not looked_at:
            ctx.mark_non_differentiable(*output[1 + states :])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*flat, output[0], *output[1 + states :])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        """The gradients that are wanted."""
        flat = ctx.saved_tensors[: sum(ctx.counts) + 1]
        results = ctx.saved_tensors[sum(ctx.counts) + 1 :]
        inputs = sum(ctx.counts[:3])
        wanted = list(ctx.needs_input_grad[4 : 4 + inputs])
        call = _call(ctx.key, ctx.counts, ctx.clamped, flat)
        if not torch.compiler.is_compiling() and (torch.is_grad_enabled() or any(map(_batched, grads))):
            found = _by_reference(call, grads, wanted)
        else:
            found = gradients(call, results, grads, wanted)
        rest = iter(found)
        spread = [next(rest) if is_wanted else None for is_wanted in wanted]
        return None, None, None, None, *spread, *([None] * (len(flat) - inputs))

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *arguments: Any) -> Any:
        """One run after another; every result has the new dimension first."""
        runs = []
        for number in range(info.batch_size):
            own = (
                a.select(dim, number) if isinstance(a, Tensor) and dim is not None else a
                for a, dim in zip(arguments, in_dims, strict=True)
            )
            runs.append(Layer.apply(*own))  # type: ignore[no-untyped-call]
        results = tuple(torch.stack(parts) for parts in zip(*runs, strict=True))
        return results, (0,) * len(results)


# torch binds the arguments to it at each call, which otherwise takes longer than a short sequence.
Layer.forward.__signature__ = inspect.signature(lambda *arguments: None)  # type: ignore[attr-defined]


def _batched(grad: Tensor | None) -> bool:
    """Whether a gradient stands for many, under ``torch.func``'s vmap or autograd's own older one."""
    return grad is not None and (
        torch._C._functorch.is_batchedtensor(grad) or torch._C._functorch.is_legacy_batchedtensor(grad)
    )


def _call(key: str, counts: Sequence[int], clamped: Sequence[int], flat: Sequence[Any]) -> Call:
    """The arguments from flat tensors."""
    parts: list[Any] = []
    first = 0
    for count in counts:
        parts.append(list(flat[first : first + count]))
        first += count
    x, state, weights, masks, held = parts
    return Call(key, x, state, weights, masks, flat[first], clamped, held)


def run(call: Call, keep: int, *, looked_at: bool) -> Sequence[Tensor]:
    """Runs a layer: output, final states, and what is kept of each lane in the order of ``Call.kept_shapes``.

    Args:
        call: the arguments.
        keep: what is kept; ``BACKWARD`` where anything wants a gradient.
        looked_at: whether losses may stand on the record.
    """
    if keep != BACKWARD:
        return run_layer(call, keep)
    groups = (call.x, call.state, call.weights, call.masks, call.held)
    flat = [part for group in groups for part in group]
    counts = tuple(len(group) for group in groups)
    return Layer.apply(call.key, counts, tuple(call.clamped), looked_at, *flat, call.lengths)  # type: ignore[no-any-return, no-untyped-call]


def _by_reference(call: Call, grads: Sequence[Tensor | None], wanted: Sequence[bool]) -> list[Tensor]:
    """The wanted gradients by the reference; where gradients are recorded, they can be differentiated again."""
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        # Each argument under a name of its own: what one of them owes to another is not this layer's business.
        named = [part.view_as(part) for part in (*call.x, *call.state, *call.weights)]
        sources = [part for part, is_wanted in zip(named, wanted, strict=True) if is_wanted]
        inputs, states = len(call.x), len(call.state)
        anew = Call(
            call.key,
            named[:inputs],
            named[inputs : inputs + states],
            named[inputs + states :],
            call.masks,
            call.lengths,
            call.clamped,
            call.held,
        )
        results = _reference_results(anew, any(grad is not None for grad in grads[1 + states :]))
        pairs = [(r, g) for r, g in zip(results, grads, strict=False) if g is not None and r.requires_grad]
        found: Sequence[Tensor | None] = torch.autograd.grad(
            [result for result, _ in pairs],
            sources,
            [grad for _, grad in pairs],
            create_graph=again,
            allow_unused=True,
        )
    return [
        torch.zeros_like(source) if own is None else own for source, own in zip(sources, found, strict=True)
    ]


def _reference_results(call: Call, looked_at: bool) -> list[Tensor]:
    """What the operation returns, by the reference; of the record only what can be looked at."""
    e = call.equations
    outputs, finals, kept = [], [], []
    for lane in range(call.directions):
        masks = call.masks_of(lane)
        hidden_mask = masks.pop("hidden_mask", None)
        record = Record(e.name, 0, DIRECTIONS[lane], grad=True) if looked_at else None
        output, final = reference.run_lane(
            e,
            call.named_weights_of(lane),
            call.input_of(lane),
            tuple(part[lane] for part in call.state),
            reverse=lane == 1,
            lengths=call.lengths,
            masks=Masks({} if hidden_mask is None else {"hidden_mask": hidden_mask[0]}, masks),
            record=record,
            overrides=_overrides(call, lane),
        )
        outputs.append(output)
        finals.append(final)
        if record is not None:
            kept += _as_kept(call, record)
    return [torch.cat(outputs, -1), *(torch.stack(parts) for parts in zip(*finals, strict=True)), *kept]


def _as_kept(call: Call, record: Record) -> list[Tensor]:
    """A record of the reference in the order of what the operation keeps."""
    found = []
    for name, shape in call.kept_shapes(BACKWARD).items():
        if name == "gates":
            found.append(torch.stack([record.quantities[row] for row in call.equations.rows], 2))
        else:  # what only the backward pass reads has no gradient
            found.append(record.quantities.get(name, torch.zeros(shape)))
    return found


def _overrides(call: Call, lane: int) -> list[Override]:
    """What is held in a lane, as the reference takes it."""
    found = []
    for held in call.held_in(lane):
        steps = None if held.steps is None else frozenset(held.steps.nonzero().flatten().tolist())
        unit = None if held.unit < 0 else held.unit
        found.append(Override(0, DIRECTIONS[lane], held.quantity, unit, held.values, steps))
    return found


def clamps_of(overrides: Sequence[Override], lane: int, x: Tensor) -> tuple[list[int], list[Tensor | None]]:
    """What is held fixed in one lane that reads ``x``, as ``Call`` has it: ``clamped`` and ``held``."""
    time, batch = x.shape[:2]
    numbers: list[int] = []
    held: list[Tensor | None] = []
    for override in (single for given in overrides for single in given.singly()):
        values = torch.as_tensor(override.value, dtype=x.dtype, device=x.device).detach()
        if values.dim() == 1:
            values = values.expand(batch).contiguous()
        steps = None
        if override.steps is not None:
            steps = torch.tensor([override.at(t, time) for t in range(time)], dtype=torch.uint8)
        numbers += [lane, QUANTITIES.index(override.quantity), -1 if override.unit is None else override.unit]
        held += [values, steps]
    return numbers, held
