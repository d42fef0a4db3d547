"""Recurrent lines as people wrote them for TensorFlow 1: they take `tf`, and whoever calls them says which.

`record.py` ran them with TensorFlow's own; the tests run them with ours. A case makes its cells by their scope, and
runs them on `x` (batch 3, time 5, features 2) with the sequences' `lengths`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

BATCH, TIME, FEATURES = 3, 5, 2
LENGTHS = [5, 0, 3]


@dataclass(frozen=True)
class Case:
    make: Callable[[Any], dict[str, Any]]
    run: Callable[[Any, dict[str, Any], Any, Any], Any]


def from_zero_state(tf: Any, cells: dict[str, Any], X_in: Any, lengths: Any) -> Any:
    """The lines of the notes."""
    lstm_cell = cells["rnn"]
    init_state = lstm_cell.zero_state(BATCH, dtype=tf.float64)
    outputs, final_state = tf.nn.dynamic_rnn(lstm_cell, X_in, initial_state=init_state, time_major=False)
    return outputs, final_state


def ragged(tf: Any, cells: dict[str, Any], x: Any, lengths: Any) -> Any:
    return tf.nn.dynamic_rnn(cells["rnn"], x, sequence_length=lengths, dtype=tf.float64)


def time_major(tf: Any, cells: dict[str, Any], x: Any, lengths: Any) -> Any:
    x = tf.transpose(x, [1, 0, 2])
    return tf.nn.dynamic_rnn(cells["rnn"], x, lengths, dtype=tf.float64, time_major=True)


def unrolled(tf: Any, cells: dict[str, Any], x: Any, lengths: Any) -> Any:
    return tf.nn.static_rnn(cells["rnn"], tf.unstack(x, TIME, 1), dtype=tf.float64)


def both_ways(tf: Any, cells: dict[str, Any], x: Any, lengths: Any) -> Any:
    fw, bw = cells["bidirectional_rnn/fw"], cells["bidirectional_rnn/bw"]
    return tf.nn.bidirectional_dynamic_rnn(fw, bw, x, sequence_length=lengths, dtype=tf.float64)


def both_ways_full(tf: Any, cells: dict[str, Any], x: Any, lengths: Any) -> Any:
    fw, bw = cells["bidirectional_rnn/fw"], cells["bidirectional_rnn/bw"]
    outputs, states = tf.nn.bidirectional_dynamic_rnn(fw, bw, x, dtype=tf.float64)
    return tf.concat(outputs, 2), states


def _both(make: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    return lambda tf: {f"bidirectional_rnn/{way}": make(tf) for way in ("fw", "bw")}


def _one(make: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    return lambda tf: {"rnn": make(tf)}


def _peepholes(tf: Any, **more: Any) -> Any:
    return tf.nn.rnn_cell.LSTMCell(
        4, use_peepholes=True, cell_clip=0.3, num_proj=3, proj_clip=0.2, forget_bias=0.5, **more
    )


def _stacked(tf: Any) -> Any:
    layers = [tf.nn.rnn_cell.LSTMCell(4, use_peepholes=True), tf.nn.rnn_cell.BasicLSTMCell(3)]
    layers.append(tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(2), output_keep_prob=1.0))
    return tf.nn.rnn_cell.MultiRNNCell(layers, state_is_tuple=True)


CASES = {
    "the notes": Case(
        _one(lambda tf: tf.nn.rnn_cell.BasicLSTMCell(4, forget_bias=1.0, state_is_tuple=True)),
        from_zero_state,
    ),
    "basic lstm, ragged": Case(_one(lambda tf: tf.nn.rnn_cell.BasicLSTMCell(4)), ragged),
    "basic lstm, one tensor of state": Case(
        _one(lambda tf: tf.nn.rnn_cell.BasicLSTMCell(4, state_is_tuple=False)), ragged
    ),
    "basic lstm, relu": Case(
        _one(lambda tf: tf.nn.rnn_cell.BasicLSTMCell(4, activation=tf.nn.relu)), unrolled
    ),
    "lstm, every option": Case(_one(_peepholes), time_major),
    "lstm, every option, one tensor of state": Case(
        _one(lambda tf: _peepholes(tf, state_is_tuple=False)), ragged
    ),
    "basic rnn": Case(_one(lambda tf: tf.nn.rnn_cell.BasicRNNCell(4)), from_zero_state),
    "basic rnn, elu": Case(_one(lambda tf: tf.nn.rnn_cell.BasicRNNCell(4, activation=tf.nn.elu)), ragged),
    "gru": Case(_one(lambda tf: tf.nn.rnn_cell.GRUCell(4)), from_zero_state),
    "gru, softsign": Case(_one(lambda tf: tf.nn.rnn_cell.GRUCell(4, activation=tf.nn.softsign)), time_major),
    "stack": Case(_one(_stacked), ragged),
    "named": Case(_one(lambda tf: tf.nn.rnn_cell.LSTMCell(4, name="mine")), from_zero_state),
    "both ways": Case(_both(lambda tf: tf.nn.rnn_cell.LSTMCell(4)), both_ways),
    "both ways, full": Case(_both(lambda tf: tf.nn.rnn_cell.GRUCell(4)), both_ways_full),
    "both ways, stacks": Case(_both(_stacked), both_ways),
}
