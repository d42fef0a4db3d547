"""The order of the gates in stacked weights: each framework has its own.

An order is one letter a gate, as the field writes them: i, f, o and the candidate for an LSTM, r, z and the candidate
for a GRU. The candidate goes by several letters: g (PyTorch), c (ONNX and Keras) and j (TensorFlow 1) in an LSTM, n
(PyTorch) and h (ONNX and Keras) in a GRU.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import numpy as np
from torch import Tensor

from peephole.errors import InterchangeError

Array = TypeVar("Array", Tensor, np.ndarray)

OURS = {"rnn": "h", "lstm": "ifgo", "gru": "rzn"}
"""This project's orders, which are PyTorch's: of the rows of weights and biases."""

PEEPHOLES = "ifo"
"""The order of an LSTM's peepholes here."""

_CANDIDATE = {"lstm": ("g", "cj"), "gru": ("n", "hgc"), "rnn": ("h", "")}


def rows(array: Array, order: str, cell: Literal["rnn", "lstm", "gru"] = "lstm") -> Array:
    """Weights or biases with their gates in this project's order.

    Args:
        array: stacked along the first axis, shape (gates · size, …): a weight (gates · hidden, inputs), a bias
            (gates · hidden,).
        order: the gates' order in it: "iofc" (ONNX), "ifco" (Keras), "ijfo" (TensorFlow 1), "zrh" (ONNX, Keras).
        cell: "lstm", "gru" or "rnn".

    Returns:
        A new array or tensor of the same kind and shape, in the order i, f, g, o or r, z, n.

    Raises:
        InterchangeError: an order that isn't one of the cell's, or a first axis that does not divide by its gates.
    """
    return reorder(array, spelled(order, cell), OURS[cell])


def spelled(order: str, cell: Literal["rnn", "lstm", "gru"]) -> str:
    """An order with this project's letter for the candidate; some gates may be absent, as in an LSTM without one.

    Raises:
        InterchangeError: a letter that is no gate of the cell, or one twice.
    """
    letter, others = _CANDIDATE[cell]
    if not isinstance(order, str):
        raise InterchangeError(f"an order of the gates is a word, got {order!r}")
    plain = "".join(letter if name in others else name for name in order.lower())
    if len(set(plain)) != len(plain) or not set(plain) <= set(OURS[cell]) or not plain:
        candidates = ", ".join([letter, *others])
        raise InterchangeError(
            f"an order of the gates of {cell.upper()} is a word of {OURS[cell]!r}'s letters, each once (the candidate "
            f"may be written {candidates}), got {order!r}"
        )
    return plain


def reorder(array: Array, have: str, want: str) -> Array:
    """The blocks of the first axis in another order; both orders name the same blocks by the same letters.

    Raises:
        InterchangeError: orders of different letters, or a first axis that does not divide by their number.
    """
    if sorted(have) != sorted(want):
        raise InterchangeError(
            f"gates {have!r} cannot be put in the order {want!r}: these are not the same gates"
        )
    length = array.shape[0]
    if length % len(have):
        raise InterchangeError(
            f"an axis of {length} does not divide into the {len(have)} gates {have!r}, got shape {tuple(array.shape)}"
        )
    size = length // len(have)
    blocks = array.reshape(len(have), size, *array.shape[1:])
    return blocks[[have.index(name) for name in want]].reshape(array.shape)
