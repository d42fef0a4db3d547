"""The works that are measured: what each does, beside whom, at which shapes, and what is to be reached.

A figure is the peer's time over ours. For the share of the peak it is the operations a second that ours does over
those that the machine can do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch

from kernel_speed import contests
from kernel_speed.contests import Contest
from kernel_speed.shapes import ONE_STEP, SHAPES, Shape


@dataclass(frozen=True)
class Aim:
    """What is to be reached: by the geometric mean over shapes or at the worst of them, under one malloc or both."""

    by: Literal["mean", "worst"]
    least: float
    malloc: str | None = None


@dataclass(frozen=True)
class Work:
    """One line of the table."""

    name: str
    what: str
    peer: str
    aims: tuple[Aim, ...]
    contest: Callable[[Shape, int], Contest]
    shapes: tuple[Shape, ...] = SHAPES


VARIANTS: dict[str, dict[str, Any]] = {
    "peephole": {"peephole": "diagonal"},
    "coupled": {"coupled": True},
    "no-input-gate": {"input_gate": False},
    "no-forget-gate": {"forget_gate": False},
    "no-output-gate": {"output_gate": False},
    "layer-norm": {"layer_norm": True},
}


def _variants() -> Iterator[Work]:
    for name, options in VARIANTS.items():
        for how, grad in (("forward", False), ("train", True)):
            what = f"LSTM, {name.replace('-', ' ')}, {'forward + backward' if grad else 'forward'}"
            least = 0.5 if name == "layer-norm" else 0.92
            contest = partial(contests.variant, options=options, grad=grad)
            yield Work(f"{name}-{how}", what, "our plain LSTM", (Aim("mean", least),), contest)


_LARGE = tuple(shape for shape in SHAPES if shape.hidden >= 256 and shape.batch >= 32)
_BATCHES = tuple(shape for shape in SHAPES if shape.batch > 1)
_BEST = "fastest of nn.LSTM, ONNX Runtime, OpenVINO"
_TRAIN = "forward + backward"
_PEAK = "the machine's FMA peak"
_TRIPLE = (Aim("mean", 3.0), Aim("worst", 1.3))

WORKS = (
    Work(
        "recorded",
        "LSTM forward, all gates recorded",
        "nn.LSTM, which records none",
        (Aim("mean", 1.35), Aim("worst", 1.0)),
        contests.recorded_forward,
    ),
    Work(
        "forward",
        "LSTM forward, nothing recorded",
        _BEST,
        (Aim("mean", 1.15), Aim("worst", 0.95)),
        contests.forward,
    ),
    Work(
        "train",
        f"LSTM {_TRAIN}",
        "nn.LSTM",
        (Aim("mean", 1.5, "default"), Aim("mean", 1.25, "tuned"), Aim("worst", 1.0)),
        contests.train,
    ),
    Work(
        "recorded-train",
        f"LSTM {_TRAIN}, gates kept",
        "a plain loop that keeps them",
        (Aim("worst", 4.0),),
        contests.recorded_train,
    ),
    *_variants(),
    Work("gru", f"GRU {_TRAIN}", "nn.GRU", _TRIPLE, partial(contests.train, kind="GRU")),
    Work("rnn", f"RNN {_TRAIN}", "nn.RNN", _TRIPLE, partial(contests.train, kind="RNN")),
    Work(
        "ragged",
        f"LSTM {_TRAIN}, ragged",
        "nn.LSTM, packed",
        (Aim("mean", 3.0),),
        contests.ragged_train,
        _BATCHES,
    ),
    Work(
        "float64",
        f"LSTM {_TRAIN}, float64",
        "nn.LSTM",
        (Aim("mean", 2.0),),
        partial(contests.train, dtype=torch.float64),
    ),
    Work(
        "bfloat16",
        "LSTM forward, bfloat16 weights",
        "nn.LSTM in float32",
        (Aim("worst", 2.0),),
        contests.bfloat16,
        (Shape(400, 1, 512, 512),),
    ),
    Work(
        "lstm-step",
        "LSTM, one step",
        "nn.LSTM, T = 1",
        (Aim("worst", 3.0),),
        partial(contests.step, kind="LSTM"),
        (ONE_STEP,),
    ),
    Work(
        "gru-step",
        "GRU, one step",
        "nn.GRU, T = 1",
        (Aim("worst", 2.0),),
        partial(contests.step, kind="GRU"),
        (ONE_STEP,),
    ),
    Work(
        "peak-forward",
        "LSTM forward, share of peak",
        _PEAK,
        (Aim("worst", 0.8),),
        partial(contests.share, grad=False),
        _LARGE,
    ),
    Work(
        "peak-train",
        f"LSTM {_TRAIN}, share of peak",
        _PEAK,
        (Aim("worst", 0.75),),
        partial(contests.share, grad=True),
        _LARGE,
    ),
)
