"""`MultiRNNCell` and `DropoutWrapper`: what is stacked, what is dropped, and what never is."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor

from peephole import tf1 as tf
from peephole.errors import OptionError

X = torch.randn(3, 40, 5, dtype=torch.float64)
CELLS = tf.nn.rnn_cell


def run(cell: Any, x: Tensor = X, lengths: Any = None) -> tuple[Tensor, Any]:
    return tf.nn.dynamic_rnn(cell, x, lengths, dtype=tf.float64)


def test_a_stack_is_its_cells_one_after_the_other() -> None:
    cells = [CELLS.BasicLSTMCell(4), CELLS.GRUCell(3), CELLS.BasicRNNCell(2)]
    stack = CELLS.MultiRNNCell(cells)
    outputs, final = run(stack, lengths=[40, 0, 7])
    x = X
    for cell, state in zip(cells, final, strict=True):
        x, expected = run(cell, x, [40, 0, 7])
        assert all(map(torch.equal, state, expected))
    assert torch.equal(outputs, x)
    assert stack.state_size == ((4, 4), 3, 2)
    assert stack.output_size == 2


def test_a_stack_steps_by_hand() -> None:
    stack = CELLS.MultiRNNCell([CELLS.BasicLSTMCell(4), CELLS.GRUCell(3)])
    expected, final = run(stack)
    state = stack.zero_state(3, tf.float64)
    for x_t in tf.unstack(X, axis=1):
        output, state = stack(x_t, state)
    torch.testing.assert_close(output, expected[:, -1])
    torch.testing.assert_close(state, final)


def test_a_stack_can_hold_its_state_in_one_tensor() -> None:
    cells = [CELLS.GRUCell(4), CELLS.BasicRNNCell(3)]
    whole, parts = CELLS.MultiRNNCell(cells, state_is_tuple=False), CELLS.MultiRNNCell(cells)
    state = torch.randn(3, 7, dtype=tf.float64)
    _, final = tf.nn.dynamic_rnn(whole, X, initial_state=state)
    _, states = tf.nn.dynamic_rnn(parts, X, initial_state=(state[:, :4], state[:, 4:]))
    assert whole.state_size == 7
    assert torch.equal(final, tf.concat(states, 1))
    with pytest.raises(ValueError, match="needs cells whose states are tensors"):
        CELLS.MultiRNNCell([CELLS.BasicLSTMCell(4)], state_is_tuple=False)


def test_a_cell_that_stands_twice_shares_its_variables() -> None:
    cell = CELLS.BasicRNNCell(5)
    stack = CELLS.MultiRNNCell([cell] * 2)
    outputs, _ = run(stack)
    assert len(list(stack.parameters())) == 2
    assert torch.equal(outputs, run(cell, run(cell)[0])[0])


@pytest.mark.parametrize(
    ("cells", "error"),
    [([], ValueError), (CELLS.GRUCell(2), TypeError), ([torch.nn.GRUCell(2, 2)], TypeError)],
)
def test_what_is_no_stack_is_refused(cells: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="cell"):
        CELLS.MultiRNNCell(cells)


def kept(values: Tensor, whole: Tensor) -> Tensor:
    """Which values a mask left, each being the whole one divided by 0.25; the others are 0."""
    left = values != 0
    torch.testing.assert_close(values, (whole / 0.25).where(left, 0))
    return left


def test_output_dropout_scales_what_it_keeps_and_leaves_the_recurrent_h_whole() -> None:
    cell = CELLS.BasicLSTMCell(30)
    whole, final = run(cell)
    outputs, dropped = run(CELLS.DropoutWrapper(cell, output_keep_prob=0.25))
    left = kept(outputs, whole)
    assert 0.2 < left.double().mean() < 0.3
    assert torch.equal(dropped.h, final.h)
    assert torch.equal(dropped.c, final.c)
    assert not torch.equal(left[:, 0], left[:, 1])


def test_input_dropout_acts_on_what_the_cell_reads() -> None:
    seen = []

    class Reads(CELLS.BasicRNNCell):  # type: ignore[misc, name-defined]
        def run(self, x: Tensor, *args: Any, **kwargs: Any) -> Any:
            seen.append(x)
            return super().run(x, *args, **kwargs)

    run(CELLS.DropoutWrapper(Reads(3), input_keep_prob=0.25))
    left = kept(seen[0].transpose(0, 1), X)
    assert 0.2 < left.double().mean() < 0.3


@pytest.mark.parametrize("kind", ["BasicRNNCell", "GRUCell", "BasicLSTMCell"])
@pytest.mark.parametrize("by_hand", [False, True], ids=["dynamic_rnn", "by hand"])
def test_state_dropout_acts_on_the_outgoing_h_and_never_on_c(kind: str, by_hand: bool) -> None:
    cell = getattr(CELLS, kind)(30)
    wrapped = CELLS.DropoutWrapper(cell, state_keep_prob=0.25)
    x = X[:, :1]
    output, state = wrapped(x[:, 0], wrapped.zero_state(3, tf.float64)) if by_hand else run(wrapped, x)
    whole, after = cell(x[:, 0], cell.zero_state(3, tf.float64))
    output = output if by_hand else output[:, 0]
    torch.testing.assert_close(output, whole)
    h = state.h if kind == "BasicLSTMCell" else state
    assert 0.1 < kept(h, whole).double().mean() < 0.4
    if kind == "BasicLSTMCell":
        torch.testing.assert_close(state.c, after.c)


def test_the_next_step_reads_the_dropped_state() -> None:
    cell = CELLS.GRUCell(6)
    wrapped = CELLS.DropoutWrapper(cell, state_keep_prob=0.5, seed=3)
    outputs, _ = run(wrapped, X[:, :2])
    _, first = run(CELLS.DropoutWrapper(cell, state_keep_prob=0.5, seed=3), X[:, :1])
    expected, _ = cell(X[:, 1], first)
    torch.testing.assert_close(outputs[:, 1], expected)


def test_state_dropout_runs_ragged_sequences_from_either_end() -> None:
    cell = CELLS.BasicLSTMCell(4)
    almost = CELLS.DropoutWrapper(
        cell, state_keep_prob=1 - 1e-16 * 2
    )  # the stepped way, with nothing dropped
    almost.state_keep_prob = 1 - 1e-15
    lengths = [40, 0, 7]
    for reverse in (False, True):
        state = cell.zero_state(3, tf.float64)
        x = X.transpose(0, 1)
        outputs, final = almost.run(x, state, lengths=torch.tensor(lengths), reverse=reverse)
        expected, last = cell.run(x, state, lengths=torch.tensor(lengths), reverse=reverse)
        torch.testing.assert_close(outputs, expected)
        torch.testing.assert_close(tuple(final), tuple(last))


def test_variational_masks_are_held_over_time_and_shared_by_the_sequences() -> None:
    cell = CELLS.BasicLSTMCell(30)
    wrapped = CELLS.DropoutWrapper(cell, output_keep_prob=0.25, variational_recurrent=True, dtype=tf.float64)
    whole, _ = run(cell)
    left = kept(run(wrapped)[0], whole)
    assert torch.equal(left, left[:1, :1].expand_as(left))
    assert 0 < left.double().mean() < 1
    again = kept(run(wrapped)[0], whole)
    assert not torch.equal(left, again)


def test_a_variational_state_mask_is_the_same_at_every_step() -> None:
    cell = CELLS.BasicRNNCell(30)
    cell.build(X.shape, dtype=tf.float64)
    wrapped = CELLS.DropoutWrapper(
        cell, state_keep_prob=0.5, variational_recurrent=True, dtype=tf.float64, seed=1
    )
    _, final = run(wrapped, X[:, :3])
    mask = (final[:1] != 0) / 0.5
    _, state = run(
        CELLS.DropoutWrapper(cell, state_keep_prob=0.5, variational_recurrent=True, dtype=tf.float64, seed=1),
        X[:, :1],
    )
    for t in (1, 2):
        output, _ = cell(X[:, t], state)
        state = output * mask
    assert 0 < mask.sum() / 60 < 1
    torch.testing.assert_close(state, final)


def test_after_eval_everything_is_kept() -> None:
    cell = CELLS.BasicLSTMCell(4)
    wrapped = CELLS.DropoutWrapper(
        cell, 0.3, 0.3, 0.3, variational_recurrent=True, input_size=5, dtype=tf.float64
    )
    expected, final = run(cell)
    outputs, last = run(wrapped.eval())
    assert torch.equal(outputs, expected)
    assert all(map(torch.equal, final, last))
    output, _ = wrapped(X[:, 0], cell.zero_state(3, tf.float64))
    torch.testing.assert_close(output, expected[:, 0])


def test_a_seed_gives_the_same_masks() -> None:
    cell = CELLS.BasicRNNCell(8)
    first, second = (run(CELLS.DropoutWrapper(cell, output_keep_prob=0.5, seed=7))[0] for _ in range(2))
    other = run(CELLS.DropoutWrapper(cell, output_keep_prob=0.5, seed=8))[0]
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_a_variational_wrapper_is_not_stepped_by_hand_in_training() -> None:
    wrapped = CELLS.DropoutWrapper(CELLS.GRUCell(2), variational_recurrent=True, dtype=tf.float64)
    with pytest.raises(OptionError, match="run the cell by dynamic_rnn"):
        wrapped(X[:, 0], wrapped.zero_state(3, tf.float64))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"input_keep_prob": 1.5}, "input_keep_prob must be above 0 and at most 1, got 1.5"),
        ({"state_keep_prob": 0.0}, "state_keep_prob must be above 0"),
        ({"output_keep_prob": torch.tensor(-1.0)}, "output_keep_prob"),
        ({"variational_recurrent": True}, "dtype must be provided"),
        (
            {"variational_recurrent": True, "dtype": tf.float32, "input_keep_prob": 0.5},
            "input_size must be provided",
        ),
    ],
)
def test_a_wrong_option_of_the_wrapper_is_a_value_error(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CELLS.DropoutWrapper(CELLS.GRUCell(2), **options)


def test_cells_are_copied_pickled_saved_and_loaded_as_modules_are() -> None:
    make = lambda: CELLS.MultiRNNCell(  # noqa: E731
        [
            CELLS.DropoutWrapper(CELLS.LSTMCell(4, use_peepholes=True), output_keep_prob=0.5, seed=1),
            CELLS.GRUCell(3),
        ]
    )
    cell = make()
    run(cell)  # the seed's generator is there now
    cell.eval()
    expected, _ = run(cell)
    fresh = make().eval()
    fresh.load_state_dict(cell.state_dict())  # before its first call
    for other in (copy.deepcopy(cell), pickle.loads(pickle.dumps(cell)), fresh):
        assert torch.equal(run(other)[0], expected)
