from __future__ import annotations

import math

import pytest

from peephole.errors import OptionError
from peephole.train.options import TrainOptions


def test_options_survive_json() -> None:
    options = TrainOptions(epochs=3, batch=4, patience=2, film=5, devices=2, learning_rate=1e-3)
    assert TrainOptions.from_json(options.to_json()) == options


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"steps": None}, "one of minutes, epochs and steps"),
        ({"epochs": 1}, "epochs and steps"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"steps": None, "minutes": 0.0}, "minutes"),
        ({"steps": None, "minutes": math.nan}, "minutes"),
        ({"batch": 0}, "batch"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"learning_rate": math.inf}, "learning_rate"),
        ({"schedule": "stairs"}, "linear, cosine, constant"),
        ({"precision": "8"}, "32-true, bf16-mixed"),
        ({"warmup": 1.0}, "warmup"),
        ({"clip": -1.0}, "clip"),
        ({"validations": 0}, "validations"),
        ({"patience": 0}, "patience"),
        ({"film": 1}, "film"),
        ({"seed": -1}, "seed"),
        ({"devices": 0}, "devices"),
        ({"nodes": 0}, "nodes"),
        ({"threads": 0}, "threads"),
        ({"batch": 9, "devices": 2}, "multiple of the 2 processes"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(changes: dict[str, object], named: str) -> None:
    with pytest.raises(OptionError, match=named):
        TrainOptions(**{"steps": 10, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data", [None, [], {"steps": 1, "speed": 3}, {"steps": "many"}, {"steps": 1, "batch": None}]
)
def test_json_that_is_no_options_is_refused(data: object) -> None:
    with pytest.raises(OptionError):
        TrainOptions.from_json(data)
