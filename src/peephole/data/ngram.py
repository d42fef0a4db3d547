"""What counting reaches: n-gram models with add-one smoothing, the yardstick beside a network's bits.

Knows nothing of text or networks; ids in, bits out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from peephole.errors import DataError, OptionError


def held_out_bits(
    training: npt.NDArray[np.int64], held_out: npt.NDArray[np.int64], *, order: int, vocabulary_size: int
) -> float:
    """Mean bits per symbol of ``held_out`` (time,) under an n-gram model counted on ``training`` (time,).

    The model is

        p(symbol | context) = (count(context, symbol) + 1) / (count(context) + vocabulary_size)

    with the ``order`` − 1 symbols before as the context. The first ``order`` − 1 held-out symbols have no
    whole context and are not scored; contexts never cross from one part into the other. Raises OptionError
    for an order below 1, DataError for a part shorter than the order or ids outside the vocabulary.
    """
    if order < 1:
        raise OptionError(f"order must be at least 1, got {order}")
    for name, ids in (("training", training), ("held-out", held_out)):
        if ids.size < order:
            raise DataError(
                f"the {name} part has {ids.size} symbols, an n-gram of order {order} needs {order}"
            )
        if ids.min() < 0 or ids.max() >= vocabulary_size:
            raise DataError(f"the {name} part has ids outside the vocabulary (0 to {vocabulary_size - 1})")

    # (window, order), those of the training part first.
    windows = np.concatenate([sliding_window_view(training, order), sliding_window_view(held_out, order)])
    seen = training.size - order + 1
    contexts = np.zeros(len(windows), dtype=np.int64)
    for symbols in windows[:, :-1].T:
        # Contexts are numbered anew with each symbol, so that no vocabulary is too large to pack into 64
        # bits.
        contexts = np.unique(contexts * vocabulary_size + symbols, return_inverse=True)[1]
    grams = np.unique(contexts * vocabulary_size + windows[:, -1], return_inverse=True)[1]

    context_counts = np.bincount(contexts[:seen], minlength=int(contexts.max()) + 1)
    gram_counts = np.bincount(grams[:seen], minlength=int(grams.max()) + 1)
    probabilities = (gram_counts[grams[seen:]] + 1) / (context_counts[contexts[seen:]] + vocabulary_size)
    return float(-np.log2(probabilities).mean())
