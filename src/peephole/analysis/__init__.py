"""What a record says of the network: each function takes a trace, or what it needs of a network, and returns a value.

    import peephole.analysis as pa

    pa.sensitivities(model, trace, pa.Output(3), step=40)       what an output rests on, exactly, roads apart
    pa.correlations(record, "cell", pa.text_indicators(text))   which unit follows what
    pa.moment(record, unit=7, step=40).sentence()               what one unit did at one step, in a sentence

Nothing here knows how results are shown.
"""

from __future__ import annotations

from peephole.analysis.ablation import Ablations, ablations
from peephole.analysis.clamping import Clamp, Comparison, Continuations, compare, continuations, holding
from peephole.analysis.gaps import apart
from peephole.analysis.indicators import (
    Indicator,
    indicator,
    left_to_count,
    number_indicators,
    seen,
    text_indicators,
)
from peephole.analysis.lag import LagCurve, gate_products, lag_curve
from peephole.analysis.moments import Moment, Part, moment
from peephole.analysis.outputs import Output, Unit
from peephole.analysis.phrases import Match, PatternUnit, Phrases, find_phrases
from peephole.analysis.preactivations import Sum, sums
from peephole.analysis.predictions import Predictions, entropy, surprise
from peephole.analysis.rankings import Correlations, Follows, Ranking, correlations, silence
from peephole.analysis.sensitivity import LayerSensitivity, Sensitivities, loss_sensitivities, sensitivities
from peephole.analysis.symbols import BySymbol, by_symbol
from peephole.analysis.thresholds import Thresholds, best_thresholds
from peephole.analysis.units import (
    Histogram,
    SymbolMeans,
    UnitStatistics,
    histogram,
    mean_by_symbol,
    rank_units,
    unit_statistics,
)

__all__ = [
    "Ablations",
    "BySymbol",
    "Clamp",
    "Comparison",
    "Continuations",
    "Correlations",
    "Follows",
    "Histogram",
    "Indicator",
    "LagCurve",
    "LayerSensitivity",
    "Match",
    "Moment",
    "Output",
    "Part",
    "PatternUnit",
    "Phrases",
    "Predictions",
    "Ranking",
    "Sensitivities",
    "Sum",
    "SymbolMeans",
    "Thresholds",
    "Unit",
    "UnitStatistics",
    "ablations",
    "apart",
    "best_thresholds",
    "by_symbol",
    "compare",
    "continuations",
    "correlations",
    "entropy",
    "find_phrases",
    "gate_products",
    "histogram",
    "holding",
    "indicator",
    "lag_curve",
    "left_to_count",
    "loss_sensitivities",
    "mean_by_symbol",
    "moment",
    "number_indicators",
    "rank_units",
    "seen",
    "sensitivities",
    "silence",
    "sums",
    "surprise",
    "text_indicators",
    "unit_statistics",
]
