"""Correlations against NumPy's, rankings by them, and the sentence they are said in."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

import peephole as ph
from peephole.analysis.indicators import indicator
from peephole.analysis.rankings import Correlations, Follows, correlations, silence
from peephole.errors import MissingQuantityError, OptionError, TraceError

LENGTHS = torch.tensor([6, 1, 4])


def record_of(**quantities: Tensor) -> ph.LayerRecord:
    padding = torch.arange(6)[:, None] >= LENGTHS
    poisoned = {name: values.masked_fill(padding[..., None], 1e9) for name, values in quantities.items()}
    return ph.LayerRecord("", 0, 0, "forward", "lstm", poisoned, {}, torch.zeros(6, 3, 1), LENGTHS)


def steps(values: Tensor) -> np.ndarray:
    return np.concatenate([values[:length, j].numpy() for j, length in enumerate(LENGTHS.tolist())])


def test_correlations_are_numpys_over_the_real_steps() -> None:
    cell = torch.randn(6, 3, 4)
    tracks = torch.randn(2, 11, dtype=torch.float64)
    found = correlations(record_of(cell=cell), "cell", [indicator("x", tracks[0]), indicator("y", tracks[1])])
    expected = np.corrcoef(np.vstack([steps(cell).T.astype(np.float64), tracks.numpy()]))[:4, 4:]
    np.testing.assert_allclose(found.r, expected, rtol=0, atol=1e-12)


def test_a_great_offset_costs_no_digits() -> None:
    cell = torch.randn(6, 3, 1, dtype=torch.float64)
    track = torch.randn(11, dtype=torch.float64)
    plain, moved = (
        correlations(record_of(cell=cell + offset), "cell", [indicator("x", track)]).r
        for offset in (0.0, 1e6)
    )
    torch.testing.assert_close(plain, moved, rtol=0, atol=1e-9)


def test_what_never_changes_correlates_with_nothing_and_is_not_ranked() -> None:
    cell = torch.stack([torch.randn(6, 3), torch.full((6, 3), 0.1)], -1)
    found = correlations(
        record_of(cell=cell), "cell", [indicator("x", torch.randn(11)), indicator("constant", [0.1] * 11)]
    )
    assert found.r.isnan().tolist() == [[False, True], [True, True]]
    assert [follows.unit for follows in found.ranking("x")] == [0]
    assert found.ranking("constant") == []
    assert found.best(1) is None
    assert len(found.telling()) == 1


@pytest.fixture
def known() -> Correlations:
    names = [
        indicator("inside_quotes", [0.0], name="inside quotes", chinese="引号内"),
        indicator("digit", [0.0]),
    ]
    return Correlations("cell", tuple(names), torch.tensor([[0.5, 0.2], [-0.93, 0.1], [0.1, 0.6]]))


def test_the_ranking_goes_by_magnitude_and_keeps_the_sign(known: Correlations) -> None:
    assert [(f.unit, round(f.r, 2)) for f in known.ranking("inside_quotes")] == [
        (1, -0.93),
        (0, 0.5),
        (2, 0.1),
    ]
    assert [(f.unit, f.key) for f in known.telling()] == [
        (1, "inside_quotes"),
        (2, "digit"),
        (0, "inside_quotes"),
    ]


def test_the_sentence_is_ready_in_both_languages(known: Correlations) -> None:
    best = known.best(1)
    assert best is not None
    assert best.sentence() == "follows: inside quotes (r −.93)"
    assert best.sentence("zh") == "跟随：引号内（r −.93）"


@pytest.mark.parametrize(("r", "text"), [(0.934, ".93"), (1.0, "1.00"), (-0.999, "−1.00"), (-0.001, ".00")])
def test_correlations_are_printed_without_their_leading_zero(r: float, text: str) -> None:
    assert Follows(0, "x", "x", "x", r).sentence() == f"follows: x (r {text})"


def test_a_unit_that_counts_is_found_and_a_unit_that_does_not_is_not() -> None:
    count = torch.arange(6.0)[:, None].expand(6, 3)
    cell = torch.stack([torch.randn(6, 3), 3 - 2 * count, torch.randn(6, 3)], -1)
    found = correlations(record_of(cell=cell), "cell", [indicator("count", steps(count).tolist())])
    assert found.ranking("count")[0].unit == 1
    assert found.ranking("count")[0].r == pytest.approx(-1)


def test_silence_is_what_is_held_and_not_shown() -> None:
    gate, cell = torch.rand(6, 3, 4), 2 * torch.randn(6, 3, 4)
    found = silence(record_of(output_gate=gate, cell=cell))
    expected = ((1 - steps(gate)) * np.abs(np.tanh(steps(cell)))).mean(0)
    np.testing.assert_allclose(found.scores, expected, rtol=1e-6)
    assert list(found.units) == np.argsort(-expected).tolist()


def test_mistakes_are_named(known: Correlations) -> None:
    with pytest.raises(OptionError, match="no indicator 'mood'; there are inside_quotes, digit"):
        known.ranking("mood")
    with pytest.raises(OptionError, match="unit 3: the units are 0 to 2"):
        known.best(3)
    record = record_of(cell=torch.randn(6, 3, 4))
    with pytest.raises(TraceError, match="3 values of x for 11 recorded steps"):
        correlations(record, "cell", [indicator("x", [1.0, 2.0, 3.0])])
    with pytest.raises(OptionError, match="key of its own"):
        correlations(record, "cell", [indicator("x", range(11)), indicator("x", range(11))])
    with pytest.raises(MissingQuantityError, match="output_gate"):
        silence(record)
