"""Times several ways of doing the same, in turns.

One turn is one sample of every way, so that all of them meet the same machine. Medians are told; where the samples
scatter (torch's oneDNN stalls now and then), more turns are taken.

With several threads, each way begins its turn with calls that do not count. The workers of torch's OpenMP spin for
10 ms after the last call that used them; the thread of another library that is called meanwhile finds its core taken,
and takes up to twice as long as when it is called again and again.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Action = Callable[[], object]

SAMPLE = 1e-3
"""Seconds that one sample lasts at least."""
SETTLE = 15e-3
"""Seconds of calls that do not count, with several threads."""
SCATTER = 0.1
"""Share of the median within which half of the samples should lie."""
OFTEN = 201


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Attributes:
        seconds: for each way.
        least: samples of each way, however long they take.
        again: how often all turns are taken anew at most, where samples scatter.
    """

    seconds: float
    least: int
    again: int


FULL = Effort(1.0, 7, 3)
QUICK = Effort(0.25, 3, 1)


@dataclass(frozen=True)
class Timing:
    """Seconds of a call: median and fastest; the share within which half of the samples lie; their number."""

    seconds: float
    fastest: float
    scatter: float
    samples: int


@dataclass
class _Runner:
    action: Action
    calls: int
    turns: int
    settle: float
    samples: list[float] = field(default_factory=list)

    def take(self) -> None:
        """One sample."""
        begin = time.perf_counter()
        while time.perf_counter() - begin < self.settle:
            self.action()
        action = self.action
        begin = time.perf_counter()
        for _ in range(self.calls):
            action()
        self.samples.append((time.perf_counter() - begin) / self.calls)

    def timing(self) -> Timing:
        low, middle, high = statistics.quantiles(self.samples, n=4)
        return Timing(middle, min(self.samples), (high - low) / middle, len(self.samples))


def _runner(action: Action, effort: Effort, *, threads: int) -> _Runner:
    """Warmed up, with as many calls a sample and samples as its time allows."""
    action()
    once = _seconds(action)
    if once < SAMPLE:
        once = min(_seconds(action) for _ in range(5))
    calls = max(1, round(SAMPLE / once))
    settle = SETTLE if threads > 1 else 0.0
    turn = calls * once + (max(settle, once) if settle else 0.0)
    return _Runner(action, calls, min(OFTEN, max(effort.least, int(effort.seconds / turn))), settle)


def _seconds(action: Action) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def in_turns(actions: Mapping[str, Action], effort: Effort, *, threads: int) -> dict[str, Timing]:
    """Times every action; a slow one takes part in fewer turns."""
    runners = {name: _runner(action, effort, threads=threads) for name, action in actions.items()}
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for _ in range(1 + effort.again):
            for turn in range(max(runner.turns for runner in runners.values())):
                # There and back, so that none always follows the same one.
                for runner in list(runners.values())[:: -1 if turn % 2 else 1]:
                    if turn < runner.turns:
                        runner.take()
            timings = {name: runner.timing() for name, runner in runners.items()}
            if all(timing.scatter < SCATTER for timing in timings.values()):
                break
    finally:
        if collecting:
            gc.enable()
    return timings
