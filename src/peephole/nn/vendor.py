"""The vendor way: torch's own operation, and the gates that it hides.

torch's operation returns every hidden state and no gate. Since every previous hidden state is then known, one
product over all steps at once gives back all pre-activations; only an LSTM's cell needs a scan over time, which is
elementwise. Serves plain equations on any device; knows nothing of options that torch has not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.backends import cudnn
from torch.backends.cudnn import rnn as cudnn_rnn

from peephole.nn import opaque
from peephole.nn.equations import Equations, State, Weights
from peephole.nn.record import Record
from peephole.nn.sequences import Batch, alive_steps, previous_step
from peephole.nn.stack import Lane, Stack, by_layer

_LONG, _WIDE = 64, 4096
"""From how many steps on, and up to how many numbers a step, a scan over time goes by stretches."""

_CELL_OPERATIONS: dict[str, Callable[..., Any]] = {
    "lstm": torch.lstm_cell,
    "gru": torch.gru_cell,
    "rnn_tanh": torch.rnn_tanh_cell,
    "rnn_relu": torch.rnn_relu_cell,
}


def run(stack: Stack, batch: Batch, states: Sequence[State]) -> tuple[Batch, Sequence[State]]:
    """Runs a uniform stack by one call of torch's operation; arguments and results as in ``run_stack``."""
    batch = batch.packed()
    data, packing = batch.data, batch.packing if batch.is_packed else None
    equations = stack.equations[0]
    name = str(equations.vendor_operation)
    weights = [weight for lanes in stack.layers for lane in lanes for weight in lane.weights.values()]
    bidirectional = stack.directions == 2
    joined = states[0] if len(states) == 1 else tuple(torch.cat(parts) for parts in zip(*states, strict=True))
    if packing is not None:
        start = tuple(packing.to_packed(part) for part in joined)
        how = (weights, equations.bias, len(states), stack.dropout, stack.training, bidirectional)
        output, *last = opaque.OPERATIONS[name](data, packing.batch_sizes, _as_torch(start), *how)
        final = tuple(packing.to_callers(after, before) for after, before in zip(last, joined, strict=True))
    elif torch.compiler.is_compiling() and not torch.compiler.is_exporting():
        output, final = opaque.run(
            name, data, joined, weights, bias=equations.bias, layers=len(states), bidirectional=bidirectional
        )
    else:
        how = (weights, equations.bias, len(states), stack.dropout, stack.training, bidirectional)
        output, *last = opaque.OPERATIONS[name](data, _as_torch(joined), *how, False)
        final = tuple(last)
    if len(states) == 1:
        return batch.holding(output), [final]
    return batch.holding(output), by_layer(final, stack.directions)


def step(equations: Equations, weights: Weights, x: Tensor, state: State) -> State:
    """One step by torch's cell operation: ``x`` of shape (batch, input), ``state`` each (batch, size)."""
    operation = _CELL_OPERATIONS[str(equations.vendor_operation)]
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    new = operation(x, _as_torch(state), *(weights.get(name) for name in names))
    return new if isinstance(new, tuple) else (new,)


def _as_torch(state: State) -> Tensor | list[Tensor]:
    """A state as torch's operations take it: a tensor, or for an LSTM a list."""
    return state[0] if len(state) == 1 else list(state)


def reconstruct(
    lanes: Sequence[Lane],
    batch: Batch,
    output: Batch,
    state: State,
    records: Sequence[Record],
) -> None:
    """Fills the records of one layer from what torch's operation read and returned.

    Args:
        lanes: the layer's directions.
        batch: what the layer read.
        output: what it returned, its directions side by side.
        state: its initial states, each (directions, batch, size).
        records: one a direction.
    """
    data = batch.packed().padded().data  # without what stood past a length
    outputs = output.padded().data.chunk(len(lanes), -1)
    for number, (lane, record) in enumerate(zip(lanes, records, strict=True)):
        with nullcontext() if record.grad else torch.no_grad():
            record.input = record.keep(data)
            record.initial = {
                name: record.keep(value[number])
                for name, value in zip(lane.equations.state_sizes, state, strict=True)
            }
            record.lengths = batch.lengths
            hidden = record.keep(outputs[number])
            record.quantities = _quantities(
                lane, record.input, hidden, record.initial, reverse=number == 1, lengths=record.lengths
            )


def reconstruct_step(lane: Lane, x: Tensor, new: State, state: State, record: Record) -> None:
    """Fills the record of one step of torch's cell operation: ``x`` (batch, input), states each (batch, size)."""
    before = tuple(s.unsqueeze(0) for s in state)
    reconstruct([lane], Batch(x.unsqueeze(0)), Batch(new[0].unsqueeze(0)), before, [record])
    if "cell" in record.quantities:
        record.quantities["cell"] = record.keep(new[1].unsqueeze(0))


def _quantities(
    lane: Lane,
    x: Tensor,
    hidden: Tensor,
    initial: dict[str, Tensor],
    *,
    reverse: bool,
    lengths: Tensor | None,
) -> dict[str, Tensor]:
    """Every quantity of a lane, (time, batch, unit), from its input and its hidden states.

    The cell's own equations do it, as one step over all times at once. The cell state before each step is the one
    thing not known beforehand: the step starts from an empty cell, so that what it taps as "cell" is what each
    step wrote, and the tap answers with the scan over time.
    """
    alive = alive_steps(lengths, len(x), x.device)
    quantities: dict[str, Tensor] = {}

    def tap(name: str, value: Tensor) -> Tensor:
        if name == "hidden":
            value = hidden
        elif name == "cell":
            value = _scan(quantities["forget_gate"], value, initial["cell"], alive, reverse=reverse)
        quantities[name] = value
        return value

    before = previous_step(hidden, initial["hidden"], reverse=reverse, lengths=lengths)
    empty_cell = (x.new_zeros(()),) if "cell" in initial else ()
    lane.equations.step(lane.equations.from_input(x, lane.weights), (before, *empty_cell), lane.weights, tap)
    quantities = lane.equations.in_order(quantities)
    if alive is None:
        return quantities
    return {name: values.where(alive, 0) for name, values in quantities.items()}


def _scan(kept: Tensor, written: Tensor, c: Tensor, alive: Tensor | None, *, reverse: bool) -> Tensor:
    """c_t = kept_t∘c_{t-1} + written_t over time, each (time, batch, unit); a sequence's end holds its cell."""
    if alive is not None:
        kept, written = kept.where(alive, 1), written.where(alive, 0)
    if reverse:
        return _scan(kept.flip(0), written.flip(0), c, None, reverse=False).flip(0)
    if len(kept) < _LONG or c.numel() > _WIDE:
        cells = []
        for k, w in zip(kept.unbind(0), written.unbind(0), strict=True):
            c = torch.addcmul(w, k, c)
            cells.append(c)
        return torch.stack(cells)
    # A narrow step costs more to start than to compute. So the time is cut into stretches of about √time steps, and
    # all of them are scanned side by side from an empty cell, with what each step lets through of the cell that its
    # stretch starts from; then one scan over the stretches gives those cells.
    length = math.isqrt(len(kept))
    whole = len(kept) - len(kept) % length
    shape = (whole // length, length, *kept.shape[1:])
    kept_in, written_in = kept[:whole].view(shape).unbind(1), written[:whole].view(shape).unbind(1)
    through, cell = [kept_in[0]], [written_in[0]]
    for k, w in zip(kept_in[1:], written_in[1:], strict=True):
        through.append(k * through[-1])
        cell.append(torch.addcmul(w, k, cell[-1]))
    ends = _scan(through[-1], cell[-1], c, None, reverse=False)
    starts = torch.cat([c.unsqueeze(0), ends[:-1]])
    joined = [torch.addcmul(own, let, starts) for own, let in zip(cell, through, strict=True)]
    first = torch.stack(joined, 1).flatten(0, 1)
    if whole == len(kept):
        return first
    return torch.cat([first, _scan(kept[whole:], written[whole:], first[-1], None, reverse=False)])


def flatten_for_cudnn(stack: Stack) -> None:
    """Lays the weights of a plain stack out in one piece, as cuDNN wants them; does nothing on other devices.

    The parameters stay the same objects and keep their values. As in ``torch.nn.RNNBase.flatten_parameters``.
    """
    equations = stack.equations[0]
    weights = [weight for lanes in stack.layers for lane in lanes for weight in lane.weights.values()]
    if any(e.vendor_operation is None for e in stack.equations) or not all(w.is_cuda for w in weights):
        return
    if not torch._use_cudnn_rnn_flatten_weight() or not all(map(cudnn.is_acceptable, weights)):
        return
    if len({w.data_ptr() for w in weights}) != len(weights) or len({w.dtype for w in weights}) != 1:
        return  # shared weights, or mixed dtypes: cuDNN copies them at each call instead
    mode = cudnn_rnn.get_cudnn_mode(str(equations.vendor_operation).upper())  # type: ignore[no-untyped-call]
    with torch.cuda.device(weights[0].device), torch.no_grad():
        torch._cudnn_rnn_flatten_weight(
            weights,
            len(stack.layers[0][0].weights),
            equations.input_size,
            mode,
            equations.hidden_size,
            0 if equations.output_size == equations.hidden_size else equations.output_size,
            len(stack.layers),
            False,
            len(stack.layers[0]) == 2,
        )
