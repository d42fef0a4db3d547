"""TensorFlow 1's recurrent face over our cells, so that the lines in people's notes run as they stand.

    from peephole import tf1 as tf

    lstm_cell = tf.nn.rnn_cell.BasicLSTMCell(n_hidden_units, forget_bias=1.0, state_is_tuple=True)
    init_state = lstm_cell.zero_state(batch_size, dtype=tf.float32)
    outputs, final_state = tf.nn.dynamic_rnn(lstm_cell, X_in, initial_state=init_state, time_major=False)

Names, arguments, layouts, states and errors are those of TensorFlow 1.15; tensors are torch's, and what it computes is
computed by the equations in ``peephole.nn``. There is no graph and no session: a line runs when it is reached. What
is here is what the recurrent lines need: the cells, the wrappers, the functions that run them, a few array functions
around them and the dtypes. ``docs/tensorflow1.md`` says what is not.
"""

from __future__ import annotations

from torch import bfloat16, float16, float32, float64, int32, int64

from peephole.tf1 import contrib, nn
from peephole.tf1.arrays import concat, matmul, reshape, stack, transpose, unstack
from peephole.tf1.functions import identity, sigmoid, tanh

__all__ = [
    "bfloat16",
    "concat",
    "contrib",
    "float16",
    "float32",
    "float64",
    "identity",
    "int32",
    "int64",
    "matmul",
    "nn",
    "reshape",
    "sigmoid",
    "stack",
    "tanh",
    "transpose",
    "unstack",
]
