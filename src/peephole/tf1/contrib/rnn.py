"""``tf.contrib.rnn``: the cells under their older name, and ``stack_bidirectional_dynamic_rnn``."""

from __future__ import annotations

from peephole.tf1.base import RNNCell
from peephole.tf1.cells import BasicRNNCell, GRUCell
from peephole.tf1.lstm_cells import BasicLSTMCell, LSTMCell
from peephole.tf1.rnn import stack_bidirectional_dynamic_rnn, static_rnn
from peephole.tf1.states import LSTMStateTuple
from peephole.tf1.wrappers import DropoutWrapper, MultiRNNCell

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "DropoutWrapper",
    "GRUCell",
    "LSTMCell",
    "LSTMStateTuple",
    "MultiRNNCell",
    "RNNCell",
    "stack_bidirectional_dynamic_rnn",
    "static_rnn",
]
