"""A call of a recurrent layer as ``torch.nn`` defines it, around a run over (time, batch, feature).

Unbatched and batch-first input, ``PackedSequence``, lengths, missing initial states, every check of the arguments
with torch's own types of errors; then the run, watched or not. Serves our modules and torch's alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from peephole.errors import OptionError
from peephole.nn import states, ways
from peephole.nn.equations import State
from peephole.nn.observe import Watch
from peephole.nn.record import Record
from peephole.nn.run import run_stack
from peephole.nn.sequences import Batch, Lengths, check_lengths
from peephole.nn.stack import Stack
from peephole.nn.states import CallState


def call_stack(
    stack: Stack,
    input: Tensor | PackedSequence,
    hx: Any,
    *,
    batch_first: bool,
    lengths: Lengths | None = None,
    watch: Watch | None,
) -> tuple[Tensor | PackedSequence, CallState]:
    """Calls a stack of layers as ``torch.nn.LSTM`` and its like are called.

    Args:
        stack: the layers.
        input: (time, batch, input), (batch, time, input) with ``batch_first``, (time, input), or packed.
        hx: initial states in the form of ``states.py``; None for learned ones or zeros.
        batch_first: whether batched input and output have the batch first.
        lengths: steps of each sequence, (batch,); None where all have every step.
        watch: who watches this call.

    Returns:
        output and final states as torch returns them.

    Raises:
        ValueError: input of another dtype than the weights, or with another number of dimensions; lengths with packed
            input.
        RuntimeError: sizes, devices or lengths that do not fit.
        TypeError: lengths that are no whole numbers.
    """
    if isinstance(input, PackedSequence):
        if lengths is not None:
            raise OptionError("lengths must be left out with a PackedSequence, which has its own")
        batch = Batch.of_packed(input)
        _check_input(stack, input.data)
        initial = states.read(stack, hx, input.data, _sequences(batch), batched=True)
        result, final = _run(stack, batch, initial, watch)
        data = result.packed().data
        packed = PackedSequence(data, input.batch_sizes, input.sorted_indices, input.unsorted_indices)
        return packed, states.write(stack, final, batched=True)

    x, batched = _time_first(stack, input, 2, batch_first=batch_first)
    if len(x) == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN, got 0")
    _check_input(stack, x)
    initial = states.read(stack, hx, x, x.shape[1], batched=batched)
    result, final = _run(stack, _padded(x, lengths), initial, watch)
    output = result.padded().data
    if not batched:
        output = output.squeeze(1)
    elif batch_first:
        output = output.transpose(0, 1)
    return output, states.write(stack, final, batched=batched)


def step_stack(stack: Stack, input: Tensor, hx: Any, *, watch: Watch | None) -> tuple[Tensor, CallState]:
    """Calls a unidirectional stack on one step of a stream.

    Args:
        stack: the layers.
        input: (batch, input) or (input,).
        hx: the state so far; None at the start.
        watch: who watches this call.

    Returns:
        output, (batch, width) or (width,), and the new states.

    Raises:
        ValueError, RuntimeError: as ``call_stack``.
    """
    x, batched = _time_first(stack, input, 1, batch_first=False)
    _check_input(stack, x)
    initial = states.read(stack, hx, x, x.shape[1], batched=batched)
    result, final = _run(stack, Batch(x), initial, watch, single_step=True)
    output = result.data
    return output[0] if batched else output[0, 0], states.write(stack, final, batched=batched)


def _time_first(stack: Stack, input: Tensor, dims: int, *, batch_first: bool) -> tuple[Tensor, bool]:
    """The input as (time, batch, input), and whether it had a batch; alone it has ``dims`` dimensions."""
    if not isinstance(input, Tensor):
        raise AttributeError(
            f"{_name(stack)}: input must be a tensor"
            + (" or a PackedSequence" if dims == 2 else "")
            + f", got a {type(input).__name__}"
        )
    if input.dim() not in (dims, dims + 1):
        raise ValueError(
            f"{_name(stack)}: Expected input to be {dims}D or {dims + 1}D, got {input.dim()}D instead"
        )
    batched = input.dim() == dims + 1
    x = input if batched else input.unsqueeze(-2)
    if dims == 1:
        return x.unsqueeze(0), batched
    return x.transpose(0, 1) if batch_first and batched else x, batched


def _name(stack: Stack) -> str:
    """The layers' kind, for messages."""
    return stack.layers[0][0].equations.name.upper()


def _padded(x: Tensor, lengths: Lengths | None) -> Batch:
    """Padded sequences with their lengths, checked."""
    if lengths is None:
        return Batch(x)
    time, sequences = x.shape[:2]
    steps, known = check_lengths(lengths, batch=sequences, time=time, device=x.device)
    return Batch(x, steps, known=known)


def _sequences(batch: Batch) -> int:
    """How many sequences a ragged batch has."""
    return 0 if batch.lengths is None else len(batch.lengths)


def _run(
    stack: Stack, batch: Batch, initial: Sequence[State], watch: Watch | None, *, single_step: bool = False
) -> tuple[Batch, Sequence[State]]:
    """The run itself; with a watch, its overrides are passed down and its records delivered."""
    if watch is None:
        return run_stack(stack, batch, initial, single_step=single_step)
    records: list[Record] | None = [] if watch.recording else None
    result = run_stack(
        stack,
        batch,
        initial,
        records=records,
        grad=watch.grad,
        overrides=[o.always() for o in watch.overrides_now()] if single_step else watch.overrides(),
        way=watch.way,
        single_step=single_step,
    )
    if records is not None:
        for record in records:
            record.single_step = single_step
        watch.deliver(records)
    return result


def _check_input(stack: Stack, data: Tensor) -> None:
    """Feature size, dtype and device against the first layer's; ``data`` (…, input)."""
    lane = stack.layers[0][0]
    equations, weight = lane.equations, lane.weights["weight_ih"]
    if data.dtype != weight.dtype and ways.autocast_dtype(data.device) is None:
        raise ValueError(
            f"RNN input dtype ({data.dtype}) does not match weight dtype ({weight.dtype}). "
            f"Convert input: input.to({weight.dtype}), or convert model: model.to({data.dtype})"
        )
    if data.shape[-1] != equations.input_size:
        raise RuntimeError(
            f"input.size(-1) must be equal to input_size. Expected {equations.input_size}, got {data.shape[-1]}"
        )
    if data.device != weight.device:
        raise RuntimeError(
            "Input and parameter tensors are not at the same device, found input tensor at "
            f"{data.device} and parameter tensor at {weight.device}: move one of them with .to(device)"
        )
