"""``tf.nn.rnn_cell``: the cells, their wrappers and their state."""

from __future__ import annotations

from peephole.tf1.base import RNNCell
from peephole.tf1.cells import BasicRNNCell, GRUCell
from peephole.tf1.lstm_cells import BasicLSTMCell, LSTMCell
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
]
