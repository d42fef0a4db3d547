"""What looking costs: tracing `torch.nn.LSTM` over its plain forward, and `ph.LSTM` over `torch.nn.LSTM`.

    python benchmarks/trace_cost.py [--rounds 15] [--threads 1 2]

Each pair runs in this process, taking turns call by call so that both meet the same machine; the medians and their
ratio are printed. Aims: tracing at most 2.0 times the plain forward, ours 1.0 times torch's.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

import peephole as ph

HIDDEN, BATCH, TIME = 256, 32, 100
INPUTS = (128, 256)


@dataclass(frozen=True)
class Pair:
    """Two ways of doing the same: the one measured, and the one that it is measured by."""

    name: str
    measured: Callable[[], object]
    base: Callable[[], object]
    aim: float


def seconds(action: Callable[[], object]) -> float:
    """Of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def medians(pair: Pair, rounds: int) -> tuple[float, float]:
    """Median seconds of both, taking turns; the first two rounds warm up and do not count."""
    times = [(seconds(pair.measured), seconds(pair.base)) for _ in range(rounds + 2)][2:]
    measured, base = zip(*times, strict=True)
    return statistics.median(measured), statistics.median(base)


def pairs(features: int) -> list[Pair]:
    """What is compared, for inputs of this many features."""
    torch.manual_seed(0)
    theirs = torch.nn.LSTM(features, HIDDEN)
    ours = ph.LSTM(features, HIDDEN)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(TIME, BATCH, features)

    def without_graph(action: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            with torch.no_grad():
                return action()

        return run

    def trained(layer: torch.nn.Module) -> Callable[[], object]:
        def run() -> None:
            layer.zero_grad(set_to_none=True)
            layer(x)[0].sum().backward()

        return run

    plain, own = without_graph(lambda: theirs(x)), without_graph(lambda: ours(x))
    return [
        Pair("tracing torch.nn.LSTM / its forward", without_graph(lambda: ph.trace(theirs, x)), plain, 2.0),
        Pair("tracing ph.LSTM       / its forward", without_graph(lambda: ph.trace(ours, x)), own, 2.0),
        Pair("ph.LSTM / torch.nn.LSTM, forward", own, plain, 1.0),
        Pair("ph.LSTM / torch.nn.LSTM, forward and backward", trained(ours), trained(theirs), 1.0),
    ]


def main() -> None:
    """Prints one line for each pair, input size and number of threads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="timed calls of each (default 15)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="torch threads (default 1 2)")
    arguments = parser.parse_args()
    print(
        f"torch {torch.__version__}; H={HIDDEN}, B={BATCH}, T={TIME}, float32; medians of {arguments.rounds}"
    )
    for threads in arguments.threads:
        torch.set_num_threads(threads)
        for features in INPUTS:
            for pair in pairs(features):
                measured, base = medians(pair, arguments.rounds)
                print(
                    f"threads={threads} I={features:3d}  {pair.name:46s} {measured * 1e3:8.2f} ms "
                    f"/ {base * 1e3:8.2f} ms = {measured / base:5.2f}  (aim {pair.aim:.1f})"
                )


if __name__ == "__main__":
    main()
