"""What a survey says of each unit, in the terms of a trace's statistics. Knows nothing of texts."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from peephole.analysis.indicators import NAMES, Indicator
from peephole.analysis.rankings import Correlations
from peephole.analysis.units import HELD, UnitStatistics
from peephole.trace.sketches import QuantitySketch
from peephole.trace.survey import Survey


def sketched_statistics(sketch: QuantitySketch, quantity: str) -> UnitStatistics:
    """The statistics of one quantity of every unit over a surveyed text.

    All are the survey's own exact figures but ``telling``, which of a cell is about its tanh: how that deviates is
    taken from the histogram, and it is held as long as the cell itself.
    """
    deviation = _tanh_deviation(sketch) if quantity == "cell" else sketch.deviation
    held = (sketch.deviation / sketch.turnover).nan_to_num(0.0, posinf=0.0)
    return UnitStatistics(
        minimum=sketch.minimum,
        maximum=sketch.maximum,
        mean=sketch.mean,
        deviation=sketch.deviation,
        saturated_low=sketch.saturated_low,
        saturated_high=sketch.saturated_high,
        turnover=sketch.turnover,
        telling=deviation * (held / HELD).clamp(max=1.0),
    )


def _tanh_deviation(sketch: QuantitySketch) -> Tensor:
    """The deviation of each unit's tanh, as if every value stood in the middle of its bin."""
    bins = sketch.histogram.shape[1]
    middles = (torch.arange(bins) + 0.5) / bins
    low, high = sketch.histogram_low.unsqueeze(1), sketch.histogram_high.unsqueeze(1)
    values = (low + middles * (high - low)).tanh()
    shares = sketch.histogram / sketch.histogram.sum(1, keepdim=True)
    mean = (shares * values).sum(1, keepdim=True)
    return (shares * (values - mean).square()).sum(1).sqrt()


TRACKS = {
    "inside quotes": "inside_quotes",
    "inside comment": "inside_comment",
    "bracket depth": "bracket_depth",
    "indentation": "indentation",
    "position in line": "line_position",
    "position in word": "word_position",
    "position in text": "text_position",
    "letter": "letter",
    "uppercase": "uppercase",
    "digit": "digit",
    "space": "space",
    "newline": "line_end",
    "punctuation": "punctuation",
}
"""A survey's tracks that are indicators too, by the indicators' keys."""


def sketched_correlations(
    survey: Survey, quantity: str, *, layer: int = 0, direction: str = "forward"
) -> Correlations:
    """How closely every unit follows the tracks of its text that are indicators; their values are not held.

    Raises:
        TraceError: no such layer.
        MissingQuantityError: the layer has no such quantity.
    """
    known = [name for name in survey.tracks if name in TRACKS]
    indicators = tuple(Indicator(TRACKS[name], *NAMES[TRACKS[name]], torch.empty(0)) for name in known)
    found = survey.layer(layer, direction)[quantity]
    r = found.correlations[[survey.tracks.index(name) for name in known]].T.double()
    return Correlations(
        quantity, indicators, r.masked_fill(r == 0, math.nan)
    )  # what never changes follows nothing
