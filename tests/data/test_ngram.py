"""The n-gram yardstick against counting by hand."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from peephole.data import held_out_bits
from peephole.errors import DataError, OptionError


def bits_by_dictionary(training: list[int], held_out: list[int], order: int, size: int) -> float:
    """The definition, one symbol at a time."""
    grams: Counter[tuple[int, ...]] = Counter()
    contexts: Counter[tuple[int, ...]] = Counter()
    for end in range(order - 1, len(training)):
        context = tuple(training[end - order + 1 : end])
        contexts[context] += 1
        grams[*context, training[end]] += 1
    bits = []
    for end in range(order - 1, len(held_out)):
        context = tuple(held_out[end - order + 1 : end])
        bits.append(-math.log2((grams[*context, held_out[end]] + 1) / (contexts[context] + size)))
    return sum(bits) / len(bits)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("size", [3, 100_000])
def test_bits_equal_the_definition(order: int, size: int) -> None:
    random = np.random.default_rng(order)
    training, held_out = random.integers(3, size=400), random.integers(3, size=150)
    training[::7] = held_out[::5] = size - 1
    expected = bits_by_dictionary(training.tolist(), held_out.tolist(), order, size)
    found = held_out_bits(training, held_out, order=order, vocabulary_size=size)
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_large_vocabulary_does_not_overflow() -> None:
    size = 2**40
    ids = np.array([0, size - 1, 5, size - 1, 7] * 4)
    expected = bits_by_dictionary(ids.tolist(), ids.tolist(), 5, size)
    assert held_out_bits(ids, ids, order=5, vocabulary_size=size) == pytest.approx(expected, rel=1e-12)


def test_uniform_guessing_is_the_answer_for_contexts_never_seen() -> None:
    assert held_out_bits(np.zeros(9, int), np.ones(9, int), order=2, vocabulary_size=8) == pytest.approx(3)


def test_what_cannot_be_counted_is_refused() -> None:
    ids = np.array([0, 1, 2])
    with pytest.raises(OptionError, match="order"):
        held_out_bits(ids, ids, order=0, vocabulary_size=3)
    with pytest.raises(DataError, match="held-out part has 3 symbols, an n-gram of order 4"):
        held_out_bits(np.arange(3).repeat(9), ids, order=4, vocabulary_size=3)
    with pytest.raises(DataError, match="outside the vocabulary"):
        held_out_bits(ids, ids, order=2, vocabulary_size=2)
