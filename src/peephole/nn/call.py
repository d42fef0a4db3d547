"""A call of a recurrent layer or cell as ``torch.nn`` defines it, around a run over (time, batch, feature).

Unbatched and batch-first input, ``PackedSequence``, missing initial states, every check of the arguments with
torch's own types of errors; then the run, watched or not. Serves our modules and torch's alike.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from peephole.nn import reference, vendor, ways
from peephole.nn.equations import Equations, State, Weights
from peephole.nn.observe import Watch
from peephole.nn.record import Record
from peephole.nn.run import run_stack
from peephole.nn.sequences import Packing
from peephole.nn.stack import Lane, Stack


def call_stack(
    stack: Stack, input: Tensor | PackedSequence, hx: Any, *, batch_first: bool, watch: Watch | None
) -> tuple[Tensor | PackedSequence, Any]:
    """Calls a stack of layers as ``torch.nn.LSTM`` and its like are called.

    Args:
        stack: the layers.
        input: (time, batch, input), (batch, time, input) with ``batch_first``, (time, input), or packed.
        hx: initial states as torch takes them: a tensor, for an LSTM a pair; None for zeros.
        batch_first: whether batched input and output have the batch first.
        watch: who watches this call.

    Returns:
        output and final states as torch returns them.

    Raises:
        ValueError: input of another dtype than the weights, or with another number of dimensions.
        RuntimeError: sizes of input or states that do not fit.
    """
    if isinstance(input, PackedSequence):
        packing = Packing(input.batch_sizes, input.sorted_indices, input.unsorted_indices)
        _check_input(stack, input.data)
        state = _initial_state(stack, hx, int(input.batch_sizes[0]), input.data, batched=True)
        data, final = _run(stack, input.data, state, packing, watch)
        return packing.with_data(data), _as_torch(final)

    name = stack.equations[0].name.upper()
    if input.dim() not in (2, 3):
        raise ValueError(f"{name}: Expected input to be 2D or 3D, got {input.dim()}D instead")
    batched = input.dim() == 3
    batch_dim = 0 if batch_first and batched else 1
    x = input if batched else input.unsqueeze(1)
    x = x.transpose(0, 1) if batch_dim == 0 else x
    if len(x) == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN, got 0")
    _check_input(stack, x)
    state = _initial_state(stack, hx, x.shape[1], x, batched=batched)
    output, final = _run(stack, x, state, None, watch)
    if not batched:
        return output.squeeze(1), _as_torch(tuple(s.squeeze(1) for s in final))
    return output.transpose(0, 1) if batch_dim == 0 else output, _as_torch(final)


def _run(
    stack: Stack, data: Tensor, state: State, packing: Packing | None, watch: Watch | None
) -> tuple[Tensor, State]:
    """The run itself; with a watch, its overrides are passed down and its records delivered."""
    if watch is None:
        return run_stack(stack, data, state, packing=packing)
    records: list[Record] | None = [] if watch.recording else None
    result = run_stack(
        stack, data, state, packing=packing, records=records, grad=watch.grad, overrides=watch.overrides()
    )
    if records is not None:
        watch.deliver(records)
    return result


def call_cell(equations: Equations, weights: Weights, input: Tensor, hx: Any, *, watch: Watch | None) -> Any:
    """Calls one step as ``torch.nn.LSTMCell`` and its like are called.

    Args:
        equations, weights: the cell.
        input: (batch, input) or (input,).
        hx: previous state as torch takes it: a tensor, for an LSTM a pair; None for zeros.
        watch: who watches this call.

    Returns:
        the new state: a tensor, for an LSTM a pair.

    Raises:
        ValueError: input or state with another number of dimensions.
        RuntimeError: sizes that do not fit.
    """
    name = f"{equations.name.upper()}Cell"
    if input.dim() not in (1, 2):
        raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
    batched = input.dim() == 2
    x = input if batched else input.unsqueeze(0)
    if x.shape[1] != equations.input_size:
        raise RuntimeError(
            f"{name}: input has {x.shape[1]} features, but the cell was made for input_size={equations.input_size}"
        )
    if hx is None:
        state: State = tuple(x.new_zeros(len(x), size) for size in equations.state_sizes.values())
    else:
        state = _as_state(equations, hx)
        for (part, size), given in zip(equations.state_sizes.items(), state, strict=True):
            if given.dim() not in (1, 2):
                raise ValueError(f"{name}: Expected {part} to be 1D or 2D, got {given.dim()}D instead")
            if given.shape[-1] != size or (batched and given.shape[0] != len(x)):
                expected = (len(x), size) if batched else (size,)
                raise RuntimeError(f"{name}: Expected {part} size {expected}, got {tuple(given.shape)}")
        state = state if batched else tuple(s.unsqueeze(0) for s in state)
    new = _step(equations, weights, x, state, watch)
    return _as_torch(new if batched else tuple(s.squeeze(0) for s in new))


def _step(equations: Equations, weights: Weights, x: Tensor, state: State, watch: Watch | None) -> State:
    """One step by the fitting way; with a watch, held quantities are held and the step is recorded."""
    overrides = [override.always() for override in watch.overrides_now()] if watch else []
    record = None
    if watch is not None and watch.recording:
        record = Record(equations.name, 0, "forward", watch.grad, single_step=True)
    if ways.choose(equations, overridden=bool(overrides)).name == "vendor":
        new = vendor.step(equations, weights, x, state)
        if record is not None:
            vendor.reconstruct_step(Lane(equations, weights), x, new, state, record)
    elif record is None and not overrides:
        new = equations.step(equations.from_input(x, weights), state, weights)
    else:  # the same, as a sequence of one step
        _, new = reference.run_lane(
            equations, weights, x.unsqueeze(0), state, record=record, overrides=overrides
        )
    if watch is not None and record is not None:
        watch.deliver([record])
    return new


def _check_input(stack: Stack, data: Tensor) -> None:
    """Feature size and dtype against the first layer's; ``data`` (…, input)."""
    equations = stack.equations[0]
    weight = stack.layers[0][0].weights["weight_ih"]
    if data.dtype != weight.dtype and not torch.is_autocast_enabled(data.device.type):
        raise ValueError(
            f"input dtype ({data.dtype}) does not match weight dtype ({weight.dtype}). "
            f"Convert input: input.to({weight.dtype}), or convert model: model.to({data.dtype})"
        )
    if data.shape[-1] != equations.input_size:
        raise RuntimeError(
            f"input.size(-1) must be equal to input_size. Expected {equations.input_size}, got {data.shape[-1]}"
        )


def _initial_state(stack: Stack, hx: Any, batch: int, like: Tensor, *, batched: bool) -> State:
    """The initial states, each (layers · directions, batch, size), given or zero."""
    if hx is None:
        return stack.zero_state(batch, like)
    state = _as_state(stack.equations[0], hx)
    expected = stack.state_shapes(batch)
    for given, shape in zip(state, expected.values(), strict=True):
        if given.dim() != (3 if batched else 2):
            kind = "batched 3-D" if batched else "unbatched 2-D"
            raise RuntimeError(
                f"For {kind} input, the initial state should also be {3 if batched else 2}-D, of shape "
                f"{shape if batched else (shape[0], shape[2])}, but got a {given.dim()}-D tensor"
            )
    state = state if batched else tuple(s.unsqueeze(1) for s in state)
    for (part, shape), given in zip(expected.items(), state, strict=True):
        if given.shape != shape:
            raise RuntimeError(f"Expected {part} size {shape}, got {list(given.shape)}")
    return state


def _as_state(equations: Equations, hx: Any) -> State:
    """A state as torch takes it (a tensor, or a pair) as a tuple of tensors."""
    names = list(equations.state_sizes)
    parts = (hx,) if isinstance(hx, Tensor) else tuple(hx)
    if len(parts) != len(names) or not all(isinstance(part, Tensor) for part in parts):
        wanted = "a tensor" if len(names) == 1 else f"a tuple of tensors ({', '.join(names)})"
        received = [tuple(p.shape) if isinstance(p, Tensor) else type(p).__name__ for p in parts]
        raise RuntimeError(f"the state of an {equations.name} is {wanted}, got {received}")
    return parts


def _as_torch(state: State) -> Any:
    """A state as torch returns it: a tensor, or a tuple of them."""
    return state[0] if len(state) == 1 else state
