"""``tf.contrib``: where TensorFlow 1 kept the same cells once more, and the stacked bidirectional network."""

from __future__ import annotations

from peephole.tf1.contrib import rnn

__all__ = ["rnn"]
