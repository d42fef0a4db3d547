"""``tf.nn``: the names that recurrent networks need."""

from __future__ import annotations

from peephole.tf1 import rnn_cell
from peephole.tf1.functions import elu, relu, selu, sigmoid, softplus, softsign, tanh
from peephole.tf1.rnn import bidirectional_dynamic_rnn, dynamic_rnn, static_rnn

__all__ = [
    "bidirectional_dynamic_rnn",
    "dynamic_rnn",
    "elu",
    "relu",
    "rnn_cell",
    "selu",
    "sigmoid",
    "softplus",
    "softsign",
    "static_rnn",
    "tanh",
]
