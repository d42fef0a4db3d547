"""`dynamic_rnn` and its kin: layouts, lengths, defaults, and the errors of TensorFlow 1."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from peephole import tf1 as tf
from peephole.errors import OptionError

X = torch.randn(3, 5, 2)


stacked = tf.contrib.rnn.stack_bidirectional_dynamic_rnn


def run(cell: Any, x: Any = X, *args: Any, **kwargs: Any) -> Any:
    return tf.nn.dynamic_rnn(cell, x, *args, **({"dtype": tf.float32} | kwargs))


def lstm(**options: Any) -> Any:
    return tf.nn.rnn_cell.BasicLSTMCell(4, **options)


def test_time_major_changes_the_layout_alone() -> None:
    cell = lstm()
    outputs, final = tf.nn.dynamic_rnn(cell, X, dtype=tf.float32)
    turned, last = tf.nn.dynamic_rnn(cell, tf.transpose(X, [1, 0, 2]), dtype=tf.float32, time_major=True)
    assert outputs.shape == (3, 5, 4)
    assert torch.equal(turned.transpose(0, 1), outputs)
    assert all(map(torch.equal, final, last))


@pytest.mark.parametrize("as_lengths", [list, torch.tensor, lambda n: torch.tensor(n, dtype=tf.int32)])
def test_past_a_sequences_end_outputs_are_zero_and_the_state_is_copied_through(as_lengths: Any) -> None:
    cell = lstm()
    state = tf.nn.rnn_cell.LSTMStateTuple(torch.randn(3, 4), torch.randn(3, 4))
    outputs, final = tf.nn.dynamic_rnn(cell, X, as_lengths([3, 0, 5]), initial_state=state)
    alone, last = tf.nn.dynamic_rnn(
        cell, X[:1, :3], initial_state=tf.nn.rnn_cell.LSTMStateTuple(*(part[:1] for part in state))
    )
    assert not outputs[0, 3:].any()
    assert not outputs[1].any()
    torch.testing.assert_close(outputs[:1, :3], alone)
    torch.testing.assert_close(final.c[:1], last.c)
    assert torch.equal(final.c[1], state.c[1])
    assert torch.equal(final.h[1], state.h[1])


def test_what_stands_in_the_padding_reaches_nothing() -> None:
    cell = tf.nn.rnn_cell.DropoutWrapper(lstm(), state_keep_prob=0.999999999)  # stepped, as state dropout is
    for run in (cell, cell.wrapped_cell):
        x = X.clone()
        x[0, 3:] = float("nan")
        outputs, final = tf.nn.dynamic_rnn(run, x, [3, 5, 5], dtype=tf.float32)
        assert torch.isfinite(outputs).all()
        (outputs.sum() + final.c.sum()).backward()
        assert torch.isfinite(cell.wrapped_cell.get_parameter("kernel").grad).all()


def test_static_rnn_is_dynamic_rnn_over_a_list_of_steps() -> None:
    cell = lstm()
    outputs, final = tf.nn.static_rnn(cell, tf.unstack(X, 5, 1), dtype=tf.float32)
    expected, last = tf.nn.dynamic_rnn(cell, X, dtype=tf.float32)
    assert torch.equal(tf.stack(outputs, 1), expected)
    assert torch.equal(final[1], last[1])


def test_the_stacked_bidirectional_network_feeds_both_outputs_to_the_next_layer() -> None:
    forward, backward = [lstm(), tf.nn.rnn_cell.GRUCell(3)], [lstm(), tf.nn.rnn_cell.GRUCell(3)]
    lengths = [5, 2, 3]
    outputs, fw, bw = stacked(forward, backward, X, dtype=tf.float32, sequence_length=lengths)
    below, (fw_0, bw_0) = tf.nn.bidirectional_dynamic_rnn(
        forward[0], backward[0], X, lengths, dtype=tf.float32
    )
    above, (fw_1, bw_1) = tf.nn.bidirectional_dynamic_rnn(
        forward[1], backward[1], tf.concat(below, 2), lengths, dtype=tf.float32
    )
    assert torch.equal(outputs, tf.concat(above, 2))
    assert torch.equal(fw[0].c, fw_0.c)
    assert torch.equal(bw[0].h, bw_0.h)
    assert torch.equal(fw[1], fw_1)
    assert torch.equal(bw[1], bw_1)


def test_the_stacked_bidirectional_network_takes_initial_states() -> None:
    cells = [[tf.nn.rnn_cell.BasicRNNCell(2)], [tf.nn.rnn_cell.BasicRNNCell(2)]]
    states = [[torch.randn(3, 2)], [torch.randn(3, 2)]]
    outputs, fw, bw = stacked(*cells, X, *states, sequence_length=[0, 5, 5])
    assert not outputs[0].any()
    assert torch.equal(fw[0][0], states[0][0][0])
    assert torch.equal(bw[0][0], states[1][0][0])


def test_one_tensor_of_state_is_c_and_h_side_by_side() -> None:
    whole, parts = lstm(state_is_tuple=False), lstm()
    whole.build(X.shape)
    parts.load_state_dict(whole.state_dict())
    state = torch.randn(3, 8)
    _, final = tf.nn.dynamic_rnn(whole, X, initial_state=state)
    _, (c, h) = tf.nn.dynamic_rnn(parts, X, initial_state=(state[:, :4], state[:, 4:]))
    assert whole.state_size == 8
    assert torch.equal(final, tf.concat([c, h], 1))


def test_the_array_functions_have_tensorflows_argument_orders() -> None:
    assert tf.reshape(X, [-1, 2]).shape == (15, 2)
    assert tf.transpose(X).shape == (2, 5, 3)
    assert [part.shape for part in tf.unstack(X, 5, 1)] == [(3, 2)] * 5
    assert torch.equal(tf.stack(tf.unstack(X, axis=1), axis=1), X)
    assert torch.equal(tf.matmul(X[0], X[0].T), X[0] @ X[0].T)
    with pytest.raises(ValueError, match="num=4 and axis=1"):
        tf.unstack(X, 4, 1)


ZERO = (torch.zeros(3, 4), torch.zeros(3, 4))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: tf.nn.dynamic_rnn(lstm(), X), ValueError, "you must give a dtype"),
        (lambda: run(torch.nn.LSTMCell(2, 4)), TypeError, "'cell' is not an RNNCell but a LSTMCell"),
        (lambda: tf.nn.bidirectional_dynamic_rnn(lstm(), None, X, dtype=tf.float32), TypeError, "cell_bw"),
        (lambda: run(lstm(), X[0]), ValueError, r"\[batch, time, features\], got \[5, 2\]"),
        (lambda: run(lstm(), X[:, :0]), ValueError, "at least one time step"),
        (lambda: run(lstm(), X.long()), ValueError, "floating point inputs"),
        (lambda: run(lstm(), dtype=tf.float64), ValueError, "float64 and the inputs are .*float32"),
        (lambda: run(lstm(), X, [[1, 2, 3]]), ValueError, r"saw shape: \[1, 3\]"),
        (lambda: run(lstm(), X, [1, 2]), ValueError, r"saw shape: \[2\]"),
        (lambda: run(lstm(), X, [1, 2, 6]), ValueError, "0 to the inputs' 5 .* got 1 to 6"),
        (lambda: run(lstm(), X, [1, -2, 5]), ValueError, "got -2 to 5"),
        (lambda: run(lstm(), X, [1.0, 2, 3]), ValueError, "whole numbers"),
        (lambda: run(lstm(), X, None, ZERO[0]), ValueError, r"tuple of 2.*got a tensor \[3, 4\]"),
        (lambda: run(lstm(), X, None, lstm().zero_state(2, tf.float32)), ValueError,
         r"initial_state.c must have the shape \[3, 4\] .*got \[2, 4\]"),
        (lambda: run(tf.nn.rnn_cell.LSTMCell(4, num_proj=3), X, None, (torch.zeros(3, 3), ZERO[0])),
         ValueError, r"must be \(c, h\), of sizes 4 and 3; this looks like \(h, c\)"),
        (lambda: run(tf.nn.rnn_cell.GRUCell(4), X, None, ZERO), ValueError, "must be a tensor"),
        (lambda: tf.nn.static_rnn(lstm(), X, dtype=tf.float32), TypeError, "list of one tensor a step"),
        (lambda: tf.nn.static_rnn(lstm(), [], dtype=tf.float32), ValueError, "must not be empty"),
        (lambda: lstm()(X, ZERO), ValueError, r"\[batch, features\], got \[3, 5, 2\]"),
        (lambda: stacked([], [lstm()], X, dtype=tf.float32), ValueError, "cells_fw"),
        (lambda: stacked([lstm()], [lstm(), lstm()], X, dtype=tf.float32),
         ValueError, "same depth, got 1 and 2"),
        (lambda: stacked([lstm()], [lstm()], X, initial_states_bw=[ZERO, ZERO]),
         ValueError, "initial_states_bw must be a list of 1"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_the_error_of_tensorflow_and_says_what_it_got(
    call: Any, error: Any, words: str
) -> None:
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tf.nn.rnn_cell.BasicLSTMCell(0), "num_units must be a whole number of at least 1, got 0"),
        (lambda: tf.nn.rnn_cell.GRUCell(4.0), "num_units .* got 4.0"),
        (lambda: tf.nn.rnn_cell.LSTMCell(4, num_proj=4), "below num_units=4, got 4"),
        (lambda: tf.nn.rnn_cell.LSTMCell(4, cell_clip=-1.0), "cell_clip must be a positive number"),
        (lambda: tf.nn.rnn_cell.LSTMCell(4, num_unit_shards=2), "leave them out"),
        (lambda: tf.nn.rnn_cell.GRUCell(4, activation="swish"), "activation must be one of .*got 'swish'"),
        (lambda: tf.nn.rnn_cell.GRUCell(4, activation=abs), "activation must be one of"),
        (lambda: tf.nn.rnn_cell.BasicRNNCell(4, reuse=True), "use that cell's object itself"),
    ],
)
def test_a_wrong_option_is_refused_by_its_name(make: Any, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        make()


def test_a_cell_is_of_one_input_size() -> None:
    cell = lstm()
    tf.nn.dynamic_rnn(cell, X, dtype=tf.float32)
    with pytest.raises(ValueError, match=r"inputs of 7 features, and its kernel \[6, 16\] was made for 2"):
        tf.nn.dynamic_rnn(cell, torch.randn(3, 5, 7), dtype=tf.float32)
