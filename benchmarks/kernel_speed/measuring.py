"""Measures jobs, a process for each malloc and number of threads, in which ours and its peers take turns.

A kernel that brings its process down costs the job that it was in; another process goes on with the jobs after it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from kernel_speed.clock import FULL, QUICK, in_turns
from kernel_speed.contests import Contest
from kernel_speed.layers import Entrant
from kernel_speed.machine import Others
from kernel_speed.results import Result, told
from kernel_speed.shapes import Shape
from kernel_speed.works import WORKS
from peephole.nn import ways

TOLERANCE = 1e-4
"""By how much two entrants may differ, as a share of the largest number in the tensor."""

MALLOCS: dict[str, dict[str, str]] = {
    "default": {},
    # What was used once is kept, so that no call pays for new pages: nothing by mmap, nothing given back.
    "tuned": {
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": str(2**40),
        "MALLOC_TOP_PAD_": str(2**26),
    },
}
MARK = "result "


@dataclass(frozen=True)
class Plan:
    """What one process measures.

    Attributes:
        jobs: a work's name and a shape, each.
        threads: for torch and every runtime.
        malloc: a key of ``MALLOCS``.
        quick: fewer samples.
        way: by which our layers run; None for the one that they choose.
    """

    jobs: tuple[tuple[str, str], ...]
    threads: int
    malloc: str
    quick: bool
    way: ways.WayName | None


def measured(plan: Plan) -> Iterator[Result]:
    """The result of every job, in order, each as soon as it is there."""
    left = list(plan.jobs)
    while left:
        for result in _in_a_process(plan, left):
            left.pop(0)
            yield result
        if left:
            fault = "the process died: see above"
            yield Result(*left.pop(0), plan.threads, plan.malloc, fault=fault)


def _in_a_process(plan: Plan, jobs: Sequence[tuple[str, str]]) -> Iterator[Result]:
    """What a process of its own measures before it ends."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    environment |= MALLOCS[plan.malloc]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    asked = json.dumps(asdict(plan) | {"jobs": jobs})
    command = [sys.executable, "-m", "kernel_speed.measuring", asked]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(MARK):
                yield Result(**json.loads(line.removeprefix(MARK)))
            else:
                print(line, end="")


def main() -> None:
    """Measures the plan in the arguments and prints the results, for ``_in_a_process``."""
    plan = Plan(**json.loads(sys.argv[1]))
    torch.set_num_threads(plan.threads)
    with ExitStack() as stack:
        if plan.way is not None:
            stack.enter_context(ways.forced(plan.way))
        for work, shape in plan.jobs:
            result = _measure(work, Shape.parse(shape), plan)
            print(MARK + json.dumps(asdict(result)), flush=True)


def _measure(name: str, shape: Shape, plan: Plan) -> Result:
    """One job."""
    work = next(work for work in WORKS if work.name == name)
    begin = Result(name, str(shape), plan.threads, plan.malloc)
    try:
        contest = work.contest(shape, plan.threads)
        with torch.set_grad_enabled(contest.grad):
            if fault := _difference(contest):
                return _with(begin, fault=fault)
            return _with(begin, **_timed(contest, plan))
    except Exception as error:  # noqa: BLE001 — told in the table; the other jobs go on
        return _with(begin, fault=f"{type(error).__name__}: {error}".splitlines()[0])


def _with(result: Result, **values: object) -> Result:
    return Result(**(asdict(result) | values))


def _timed(contest: Contest, plan: Plan) -> dict[str, object]:
    """The figures of a result."""
    actions = {entrant.name: entrant.run for entrant in (contest.ours, *contest.peers)}
    others = Others()
    timings = in_turns(actions, QUICK if plan.quick else FULL, threads=plan.threads)
    ours = timings.pop(contest.ours.name)
    best = min(timings, key=lambda name: timings[name].seconds)
    peer = timings[best]
    return {
        "way": _way(contest.ours),
        "milliseconds": ours.seconds * 1e3,
        "peer": best,
        "peer_milliseconds": peer.seconds * 1e3,
        "figure": peer.seconds / ours.seconds * contest.factor,
        "fastest": peer.fastest / ours.fastest * contest.factor,
        "scatter": max(ours.scatter, peer.scatter),
        "samples": ours.samples,
        "others": others.cores(),
        "peers": told({name: timing.seconds * 1e3 for name, timing in timings.items()}),
    }


def _way(entrant: Entrant) -> str:
    """How our layer runs: the word that its ``explain`` gives first."""
    explained = str(entrant.layer.explain())  # type: ignore[operator, union-attr]
    return explained.partition(": ")[2].partition(" ")[0]


def _difference(contest: Contest) -> str:
    """Who gives something else than it should, in words; empty where all agree."""
    first = contest.peers[0]
    expected = first.gives()
    for entrant in (contest.ours, *contest.peers):
        should = expected if entrant.should is None else entrant.should()
        gives = expected if entrant is first else entrant.gives()
        if len(gives) < len(should):
            return f"{entrant.name} gives {len(gives)} tensors of {len(should)}"
        worst = max(map(_error, gives, should), default=0.0)
        if not worst <= TOLERANCE:
            return f"{entrant.name} is {worst:.1e} off"
    return ""


def _error(value: Tensor, expected: Tensor) -> float:
    """The largest difference as a share of the largest number."""
    if value.shape != expected.shape:
        return float("inf")
    scale = expected.abs().max().clamp_min(1e-30)
    return float(((value - expected).abs().max() / scale).detach())


if __name__ == "__main__":
    main()
