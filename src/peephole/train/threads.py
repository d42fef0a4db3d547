"""How many threads a training computes with.

Two threads are up to twice as fast as one, unless something else wants the second core: then each step waits for
the thread that the machine put aside. A training that is measured by the clock therefore tries now and then what
pays. One that is measured in steps keeps to one number, so that it can be repeated bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

import torch

from peephole.nn.models import NetworkConfig
from peephole.train.options import TrainOptions

_SMALL = 1_500_000
"""Multiplications in one layer's recurrent product in one step of time, below which a second thread only costs."""

_TRIALS = 3
"""Steps with each number of threads before one is chosen."""

_STANDS = 10.0
"""Seconds for which a choice stands."""


def thread_counts(network: NetworkConfig, options: TrainOptions) -> tuple[int, ...]:
    """The numbers of threads to choose from, the least first; one alone where there is nothing to choose."""
    if options.threads:
        return (options.threads,)
    gates = {"rnn": 1, "lstm": 4, "gru": 3}[network.cell]
    product = options.batch // options.world * network.hidden**2 * gates
    most = torch.get_num_threads()
    if product < _SMALL or most == 1:
        return (1,)
    return (1, most) if options.minutes is not None and options.world == 1 else (most,)


class Threads:
    """Sets torch's threads for each step of a training, and puts them back at the end.

    Used as ``with threads: … with threads.step(): …``. Begins with the least of its counts. More are tried only
    while this process has its core to itself, and given up at the first step that is slower.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        self._counts = counts
        self._before = torch.get_num_threads()
        self._begin_trial()

    def _begin_trial(self) -> None:
        self._trials: dict[int, list[float]] = {count: [] for count in self._counts}
        self._busy = 0.0
        self._use(self._counts[0])

    def _use(self, count: int) -> None:
        self.count, self._since = count, time.monotonic()
        torch.set_num_threads(count)

    def __enter__(self) -> None:
        torch.set_num_threads(self.count)

    def __exit__(self, *exception: object) -> None:
        torch.set_num_threads(self._before)

    @contextmanager
    def step(self) -> Iterator[None]:
        """One step of training, with a number of threads that is on trial or that has been chosen."""
        wall, busy = time.perf_counter(), time.thread_time()
        yield
        if len(self._counts) == 1:
            return
        times = self._trials[self.count]
        if len(times) < _TRIALS:
            times.append(time.perf_counter() - wall)
            self._busy += time.thread_time() - busy
            self._judge()
        elif time.monotonic() - self._since > _STANDS:
            self._begin_trial()

    def _judge(self) -> None:
        """After a step on trial: goes on to the other number of threads, or back to the first."""
        (few, first), (many, second) = self._trials.items()
        if self.count == few:
            # This thread waited for its core: a second one would wait, too, and the first for it.
            crowded = self._busy < 0.9 * sum(first)
            if len(first) == _TRIALS and not crowded:
                self._use(many)
        elif second[-1] > median(first):
            self._use(few)
