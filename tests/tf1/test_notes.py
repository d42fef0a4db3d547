"""The lines of people's notes, as they stand there."""

from __future__ import annotations

import torch

from peephole import tf1 as tf

batch_size, n_steps, n_inputs, n_hidden_units, n_classes = 128, 28, 28, 128, 10


def test_mnist_row_by_row() -> None:
    X = torch.rand(batch_size, n_steps, n_inputs)
    weights = {"in": torch.randn(n_inputs, n_hidden_units), "out": torch.randn(n_hidden_units, n_classes)}
    biases = {"in": torch.full((n_hidden_units,), 0.1), "out": torch.full((n_classes,), 0.1)}

    X = tf.reshape(X, [-1, n_inputs])
    X_in = tf.matmul(X, weights["in"]) + biases["in"]
    X_in = tf.reshape(X_in, [-1, n_steps, n_hidden_units])
    lstm_cell = tf.nn.rnn_cell.BasicLSTMCell(n_hidden_units, forget_bias=1.0, state_is_tuple=True)
    init_state = lstm_cell.zero_state(batch_size, dtype=tf.float32)
    outputs, final_state = tf.nn.dynamic_rnn(lstm_cell, X_in, initial_state=init_state, time_major=False)
    results = tf.matmul(final_state[1], weights["out"]) + biases["out"]

    outputs = tf.unstack(tf.transpose(outputs, [1, 0, 2]))
    again = tf.matmul(outputs[-1], weights["out"]) + biases["out"]

    assert results.shape == (batch_size, n_classes)
    assert torch.equal(results, again)
    assert len(outputs) == n_steps
    assert lstm_cell.get_parameter("kernel").shape == (n_hidden_units + n_hidden_units, 4 * n_hidden_units)


def test_mnist_unrolled() -> None:
    x = torch.rand(batch_size, n_steps, n_inputs)
    weights, biases = {"out": torch.randn(n_hidden_units, n_classes)}, {"out": torch.randn(n_classes)}
    rnn = tf.contrib.rnn

    x = tf.unstack(x, n_steps, 1)
    lstm_cell = rnn.BasicLSTMCell(n_hidden_units, forget_bias=1.0)
    outputs, states = rnn.static_rnn(lstm_cell, x, dtype=tf.float32)
    logits = tf.matmul(outputs[-1], weights["out"]) + biases["out"]

    assert logits.shape == (batch_size, n_classes)
    assert torch.equal(outputs[-1], states.h)


def test_the_layers_of_the_word_model() -> None:
    size, keep_prob, num_layers, num_steps = 20, 0.5, 2, 6
    inputs = torch.randn(4, num_steps, size)

    def make_cell() -> tf.nn.rnn_cell.RNNCell:
        cell = tf.contrib.rnn.BasicLSTMCell(size, forget_bias=0.0, state_is_tuple=True, reuse=False)
        return tf.contrib.rnn.DropoutWrapper(cell, output_keep_prob=keep_prob)

    cell = tf.contrib.rnn.MultiRNNCell([make_cell() for _ in range(num_layers)], state_is_tuple=True)
    initial_state = cell.zero_state(4, tf.float32)
    state, outputs = initial_state, []
    for time_step in range(num_steps):
        (cell_output, state) = cell(inputs[:, time_step, :], state)
        outputs.append(cell_output)
    output = tf.reshape(tf.concat(outputs, 1), [-1, size])

    assert output.shape == (4 * num_steps, size)
    assert [type(layer).__name__ for layer in state] == ["LSTMStateTuple"] * num_layers
    assert 0.3 < (output == 0).float().mean() < 0.7
