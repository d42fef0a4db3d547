"""The functions that run a cell over time: ``dynamic_rnn``, its bidirectional forms and ``static_rnn``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from peephole.tf1.base import RNNCell, floating, is_cell
from peephole.tf1.states import checked

Lengths = Tensor | Sequence[int]


def dynamic_rnn(
    cell: RNNCell,
    inputs: Tensor,
    sequence_length: Lengths | None = None,
    initial_state: Any = None,
    dtype: torch.dtype | None = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: str | None = None,
) -> tuple[Tensor, Any]:
    """Runs a cell over sequences.

    Args:
        cell: any cell of ``tf.nn.rnn_cell``.
        inputs: shape [batch, time, input], or [time, batch, input] with ``time_major``.
        sequence_length: steps of each sequence, [batch]; None where all have every step. Past a sequence's end
            outputs are 0 and the state is copied through.
        initial_state: in the form of ``cell.state_size``, as ``cell.zero_state`` makes it.
        dtype: of the zero state; must be given where ``initial_state`` is not.
        time_major: whether inputs and outputs have the time first.
        parallel_iterations, swap_memory, scope: taken for TensorFlow's sake; without a graph they mean nothing.

    Returns:
        outputs, shape [batch, time, output] or [time, batch, output]; and the final state, for an LSTM
        ``LSTMStateTuple(c, h)``: ``final_state[1]`` is the h at each sequence's end.

    Raises:
        TypeError: ``cell`` is no cell.
        ValueError: shapes, dtypes or lengths that do not fit, neither ``initial_state`` nor ``dtype``.
    """
    return _run(cell, "cell", inputs, sequence_length, initial_state, "initial_state", dtype, time_major)


def bidirectional_dynamic_rnn(
    cell_fw: RNNCell,
    cell_bw: RNNCell,
    inputs: Tensor,
    sequence_length: Lengths | None = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: torch.dtype | None = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: str | None = None,
) -> tuple[tuple[Tensor, Tensor], tuple[Any, Any]]:
    """Runs one cell forward, and another from each sequence's end to its beginning.

    Args:
        cell_fw, cell_bw: the cells.
        initial_state_fw, initial_state_bw: their states.
        inputs, sequence_length, dtype, parallel_iterations, swap_memory, time_major, scope: as in ``dynamic_rnn``.

    Returns:
        ``(output_fw, output_bw), (state_fw, state_bw)``; the outputs are not joined, and both stand at the times of
        their inputs.

    Raises:
        TypeError, ValueError: as ``dynamic_rnn``.
    """
    is_cell("cell_fw", cell_fw)
    is_cell("cell_bw", cell_bw)
    how = (dtype, time_major)
    forward = _run(cell_fw, "cell_fw", inputs, sequence_length, initial_state_fw, "initial_state_fw", *how)
    backward = _run(
        cell_bw, "cell_bw", inputs, sequence_length, initial_state_bw, "initial_state_bw", *how, reverse=True
    )
    return (forward[0], backward[0]), (forward[1], backward[1])


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[RNNCell],
    cells_bw: Sequence[RNNCell],
    inputs: Tensor,
    initial_states_fw: Sequence[Any] | None = None,
    initial_states_bw: Sequence[Any] | None = None,
    dtype: torch.dtype | None = None,
    sequence_length: Lengths | None = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: str | None = None,
) -> tuple[Tensor, tuple[Any, ...], tuple[Any, ...]]:
    """Layers of ``bidirectional_dynamic_rnn``, each reading both outputs of the one below side by side.

    Args:
        cells_fw, cells_bw: lists with one cell a layer.
        initial_states_fw, initial_states_bw: lists with one state a layer.
        inputs, dtype, sequence_length, parallel_iterations, time_major, scope: as in ``dynamic_rnn``.

    Returns:
        the last layer's outputs side by side, and the final states of each direction, a tuple with one a layer.

    Raises:
        TypeError, ValueError: as ``dynamic_rnn``; lists that are none, empty, or of different lengths.
    """
    for name, cells in (("cells_fw", cells_fw), ("cells_bw", cells_bw)):
        if not isinstance(cells, list | tuple) or not cells:
            raise ValueError(
                f"{name} must be a list of at least one RNNCell (one per layer), got {cells!r:.80}"
            )
    if len(cells_fw) != len(cells_bw):
        raise ValueError(
            f"forward and backward cells must have the same depth, got {len(cells_fw)} and {len(cells_bw)}"
        )
    states = []
    for name, given in (("initial_states_fw", initial_states_fw), ("initial_states_bw", initial_states_bw)):
        if given is not None and (not isinstance(given, list | tuple) or len(given) != len(cells_fw)):
            raise ValueError(f"{name} must be a list of {len(cells_fw)} states (one per layer)")
        states.append(given or [None] * len(cells_fw))
    outputs, finals = inputs, []
    for cell_fw, cell_bw, state_fw, state_bw in zip(cells_fw, cells_bw, *states, strict=True):
        both, final = bidirectional_dynamic_rnn(
            cell_fw,
            cell_bw,
            outputs,
            sequence_length,
            initial_state_fw=state_fw,
            initial_state_bw=state_bw,
            dtype=dtype,
            time_major=time_major,
        )
        outputs = torch.cat(both, -1)
        finals.append(final)
    return outputs, tuple(fw for fw, _ in finals), tuple(bw for _, bw in finals)


def static_rnn(
    cell: RNNCell,
    inputs: Sequence[Tensor],
    initial_state: Any = None,
    dtype: torch.dtype | None = None,
    sequence_length: Lengths | None = None,
    scope: str | None = None,
) -> tuple[list[Tensor], Any]:
    """``dynamic_rnn`` over a list of steps, such as ``tf.unstack(x, n_steps, 1)``.

    Args:
        cell, initial_state, dtype, sequence_length, scope: as in ``dynamic_rnn``.
        inputs: one tensor [batch, input] a step.

    Returns:
        the list of outputs, one a step, and the final state.

    Raises:
        TypeError: ``inputs`` is no list.
        ValueError: an empty one; as ``dynamic_rnn``.
    """
    is_cell("cell", cell)
    if not isinstance(inputs, list | tuple):
        raise TypeError(f"inputs must be a list of one tensor a step, got a {type(inputs).__name__}")
    if not inputs:
        raise ValueError("inputs must not be empty")
    outputs, final = dynamic_rnn(
        cell, torch.stack(list(inputs)), sequence_length, initial_state, dtype, time_major=True
    )
    return list(outputs.unbind(0)), final


def _run(
    cell: RNNCell,
    cell_name: str,
    inputs: Any,
    sequence_length: Lengths | None,
    initial_state: Any,
    state_name: str,
    dtype: torch.dtype | None,
    time_major: bool,
    *,
    reverse: bool = False,
) -> tuple[Tensor, Any]:
    """One cell in one direction, its arguments checked."""
    is_cell(cell_name, cell)
    x = floating(inputs)
    if x.dim() != 3:
        expected = "[time, batch, features]" if time_major else "[batch, time, features]"
        raise ValueError(f"inputs must have the shape {expected}, got {list(x.shape)}")
    if not time_major:
        x = x.transpose(0, 1)
    time, batch = x.shape[:2]
    if time == 0:
        raise ValueError(f"inputs must have at least one time step, got the shape {list(inputs.shape)}")
    if initial_state is None:
        if dtype is None:
            raise ValueError(f"if there is no {state_name}, you must give a dtype, such as dtype=tf.float32")
        initial_state, state_name = cell.zero_state(batch, dtype), f"the zero state (dtype={dtype})"
    state = checked(cell.state_size, initial_state, x, batch, state_name)
    outputs, final = cell.run(x, state, lengths=_lengths(sequence_length, batch, time), reverse=reverse)
    return (outputs if time_major else outputs.transpose(0, 1)), final


def _lengths(given: Lengths | None, batch: int, time: int) -> Tensor | None:
    """The steps of each sequence, [batch], on the CPU.

    Raises:
        ValueError: no whole numbers, another shape, a length below 0 or beyond the inputs' time.
    """
    if given is None:
        return None
    lengths = torch.as_tensor(given).cpu()
    if lengths.shape != (batch,):
        raise ValueError(
            f"sequence_length must be a vector of length batch_size, [{batch}], but saw shape: {list(lengths.shape)}"
        )
    if batch == 0:
        return lengths.long()
    if lengths.is_floating_point() or lengths.dtype == torch.bool:
        raise ValueError(f"sequence_length must be whole numbers, got {lengths.dtype}")
    if not 0 <= int(lengths.min()) <= int(lengths.max()) <= time:
        raise ValueError(
            f"sequence_length must be from 0 to the inputs' {time} time steps, got {int(lengths.min())} to "
            f"{int(lengths.max())}"
        )
    return lengths.long()
