"""A histogram that grows counts as one whose range was known beforehand."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from peephole.trace.histograms import Histogram
from peephole.trace.scratch import Scratch

numbers = st.one_of(
    st.floats(-300, 300, width=32),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -4.0, 64.0, 2.0**-20, -(2.0**-30)]),
)


def counted(pieces: list[torch.Tensor], bounds: tuple[float, float] | None = None) -> Histogram:
    histogram, scratch = Histogram(pieces[0].shape[1], bounds, pieces[0]), Scratch()
    for piece in pieces:
        histogram.update(piece, piece.amin(0), piece.amax(0), scratch)
    return histogram


@given(st.lists(st.lists(numbers, min_size=1, max_size=9), min_size=1, max_size=6))
def test_growing_counts_as_if_the_range_had_been_known(pieces: list[list[float]]) -> None:
    histogram = counted([torch.tensor(piece).unsqueeze(1) for piece in pieces])
    values = np.array([value for piece in pieces for value in piece], np.float64)
    edges = np.linspace(float(histogram.low), float(histogram.high), 65)
    assert np.abs(values).max() < edges[-1]
    assert histogram.counts[0].tolist() == np.histogram(values, edges)[0].tolist()


def test_each_unit_has_a_range_of_its_own() -> None:
    histogram = counted([torch.tensor([[0.1, 3.0]]), torch.tensor([[0.2, -40.0]])])
    assert histogram.high.tolist() == [0.25, 64.0]
    assert histogram.low.tolist() == [-0.25, -64.0]


def test_a_bounded_quantity_keeps_its_bounds_and_counts_both() -> None:
    histogram = counted([torch.tensor([[0.0, 1.0], [1.0, 1.0]])], (0.0, 1.0))
    assert histogram.counts[0].nonzero().squeeze(-1).tolist() == [0, 63]
    assert histogram.counts[1].tolist() == [0] * 63 + [2]
    assert counted([torch.tensor([[-1.0], [1.0]])], (-1.0, 1.0)).counts[0, [0, 63]].tolist() == [1, 1]
