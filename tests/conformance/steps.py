"""The oracle's step with the options that a layer was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oracles import elman, gru, lstm
from oracles.contract import Step

MAKERS = {"rnn": elman.step_with, "lstm": lstm.step_with, "gru": gru.step_with}

#: what no step knows: options that draw masks, act at the start alone, or stand around the step
OF_MASKS = ("recurrent_dropout", "variational_dropout", "weight_dropout")
AT_THE_START = ("forget_bias", "bias", "learned_state")
OF_THE_LAYER = ("num_layers", "batch_first", "dropout", "bidirectional", "merge", "connection", "reverse")


def step_of(cell: str, options: Mapping[str, Any]) -> Step:
    """The formulas of a cell, "rnn", "lstm" or "gru"."""
    outside = (*OF_MASKS, *AT_THE_START, *OF_THE_LAYER)
    return MAKERS[cell](**{name: value for name, value in options.items() if name not in outside})
