"""What to train with where nothing was said: values that learn each problem well in a minute or two on two cores.

Found by trial; knows nothing of how training works.
"""

from __future__ import annotations

from dataclasses import dataclass

from peephole.data.batches import Problem


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A network's size and a training's length for one kind of problem; see ``NetworkConfig``, ``TrainOptions``.

    chunk
        Steps of a text or series that are learned from at once.
    """

    hidden: int
    layers: int
    embedding: int | None
    batch: int
    learning_rate: float
    chunk: int = 64
    minutes: float | None = None
    steps: int | None = None


TEXT = Preset(hidden=128, layers=2, embedding=50, batch=16, learning_rate=5e-3, minutes=1)
TASK = Preset(hidden=16, layers=1, embedding=None, batch=32, learning_rate=1e-2, steps=2000)
DIGITS = Preset(hidden=64, layers=1, embedding=None, batch=32, learning_rate=1e-2, steps=2000)
SERIES = Preset(hidden=32, layers=1, embedding=None, batch=8, learning_rate=5e-3, steps=2000)

_PRESETS = {"text": TEXT, "digits": DIGITS, "series": SERIES}


def preset_for(problem: Problem) -> Preset:
    """The preset of the problem's kind."""
    return _PRESETS.get(problem.name, TASK)
