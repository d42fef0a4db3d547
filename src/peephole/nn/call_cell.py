"""A call of one step as ``torch.nn.LSTMCell`` and its like define it: checks, the step itself, its record.

Serves our cells and torch's alike. Knows nothing of time, depth and direction.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from peephole.nn import kernel, reference, states, vendor, ways
from peephole.nn.equations import Equations, State, Weights
from peephole.nn.masks import Masks
from peephole.nn.observe import Watch
from peephole.nn.record import Record
from peephole.nn.stack import Lane
from peephole.nn.states import CallState


def call_cell(
    equations: Equations,
    weights: Weights,
    input: Tensor,
    hx: Any,
    *,
    watch: Watch | None,
    training: bool = False,
    masks: Masks | None = None,
    torchs: bool = False,
) -> CallState:
    """Calls one step as ``torch.nn.LSTMCell`` and its like are called.

    Args:
        equations, weights: the cell.
        input: (batch, input) or (input,).
        hx: previous state as torch takes it: a tensor, for an LSTM a pair; None for zeros.
        watch: who watches this call.
        training: whether dropouts act and zoneout is random.
        masks: the random masks of this step; drawn here where None.
        torchs: whether the cell is ``torch.nn``'s.

    Returns:
        the new state: a tensor, for an LSTM a pair.

    Raises:
        ValueError: input or state with another number of dimensions.
        RuntimeError: sizes, dtypes or devices that do not fit.
    """
    name = f"{equations.name.upper()}Cell"
    if not isinstance(input, Tensor):
        raise AttributeError(f"{name}: input must be a tensor, got a {type(input).__name__}")
    if input.dim() not in (1, 2):
        raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
    batched = input.dim() == 2
    x = input if batched else input.unsqueeze(0)
    if x.shape[1] != equations.input_size:
        raise RuntimeError(
            f"{name}: input has inconsistent input_size: got {x.shape[1]} expected {equations.input_size}"
        )
    state = states.read_cell(equations, hx, x, batched=batched)
    _check_cell_kind(name, x, weights["weight_ih"])
    new = _step(equations, weights, x, state, watch, training, masks, torchs)
    return states.write_cell(new, batched=batched)


def _step(
    equations: Equations,
    weights: Weights,
    x: Tensor,
    state: State,
    watch: Watch | None,
    training: bool,
    masks: Masks | None,
    torchs: bool,
) -> State:
    """One step by the fitting way; with a watch, held quantities are held and the step is recorded."""
    overrides = [override.always() for override in watch.overrides_now()] if watch else []
    record = None
    if watch is not None and watch.recording:
        record = Record(equations.name, 0, "forward", watch.grad, single_step=True)
    way = ways.choose(
        equations,
        like=x,
        overrides=overrides,
        single_step=True,
        wanted=None if watch is None else watch.way,
        torchs=torchs,
    )
    if way.name == "kernel":
        if masks is None:
            masks = equations.masks(1, len(x), x, training=training)
        _, after = kernel.run(
            [Lane(equations, weights)],
            x.unsqueeze(0),
            tuple(part.unsqueeze(0) for part in state),
            records=None if record is None else [record],
            overrides=overrides,
            masks=[masks],
        )
        new = tuple(part[0] for part in after)
    elif way.name == "vendor":
        new = vendor.step(equations, weights, x, state)
        if record is not None:
            vendor.reconstruct_step(Lane(equations, weights), x, new, state, record)
    else:  # a sequence of one step
        _, new = reference.run_lane(
            equations,
            weights,
            x.unsqueeze(0),
            state,
            training=training,
            masks=masks,
            record=record,
            overrides=overrides,
        )
    if watch is not None and record is not None:
        watch.deliver([record])
    return new


def _check_cell_kind(name: str, x: Tensor, weight: Tensor) -> None:
    """Dtype and device of a cell's input against its weights'."""
    if x.device != weight.device:
        raise RuntimeError(
            f"{name}: input is at {x.device} and the weights are at {weight.device}: move one of them with .to(device)"
        )
    if x.dtype != weight.dtype and ways.autocast_dtype(x.device) is None:
        raise RuntimeError(
            f"{name}: input has the dtype {x.dtype} and the weights have {weight.dtype}: convert one of them with .to()"
        )
