"""What a survey costs: its speed over the plain forward pass, its file over the full trace, a window after a jump.

    python benchmarks/survey_cost.py [--steps 200000] [--rounds 3] [--threads 1 2] [--cells lstm gru]

The network is a character model of 2 layers of 256 units. Plain passes (of 8,192 steps a call, the fastest way to read
a long text without holding its scores) and surveys take turns in this process; the best of each and their ratio are
printed, in seconds of the clock and of the processor. Aims: a survey at least 0.5 times as fast as the plain pass, its
file at most 2 % of the full float16 trace, a window of 2,048 steps under 100 ms.
"""

from __future__ import annotations

import argparse
import statistics
import string
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import peephole as ph

HIDDEN, LAYERS, CALL, WINDOW = 256, 2, 8192, 2048
SYMBOLS = string.printable


@dataclass(frozen=True)
class Took:
    """Seconds of the clock and of the processor (of all threads)."""

    clock: float
    processor: float


def took(action: Callable[[], object]) -> Took:
    """What one call took."""
    clock, processor = time.perf_counter(), time.process_time()
    action()
    return Took(time.perf_counter() - clock, time.process_time() - processor)


def network(cell: Any, *, bidirectional: bool) -> ph.Network:
    """The network that reads."""
    config = ph.NetworkConfig(
        cell=cell,
        input="symbols",
        input_size=len(SYMBOLS),
        output_size=len(SYMBOLS),
        embedding=None,
        hidden=HIDDEN,
        layers=LAYERS,
        bidirectional=bidirectional,
    )
    return ph.Network(config).eval()


def plain(model: ph.Network, text: Tensor) -> None:
    """Reads the text and forgets it; a bidirectional network reads each call's part by itself."""
    state = None
    with torch.no_grad():
        for begin in range(0, len(text), CALL):
            _, after = model(text[begin : begin + CALL].unsqueeze(1), state)
            state = None if model.config.bidirectional else after


def compare(cell: str, text: Tensor, rounds: int, *, bidirectional: bool) -> None:
    """Prints the three figures of one network."""
    torch.manual_seed(0)
    model = network(cell, bidirectional=bidirectional)
    surveys: list[ph.Survey] = []

    def survey() -> None:
        surveys[:] = [ph.survey(model, text, symbols=SYMBOLS, target="next")]

    pairs = [(took(lambda: plain(model, text)), took(survey)) for _ in range(rounds)]
    step = 1e6 / len(text)
    name = f"{'bidirectional ' if bidirectional else ''}{cell}"
    for what in ("clock", "processor"):
        base, ours = (min(getattr(pair[k], what) for pair in pairs) for k in (0, 1))
        print(
            f"  {name:18s} {what:9s}  plain {base * step:6.1f} µs a step, survey {ours * step:6.1f}: "
            f"{base / ours:4.2f} of its speed  (aim 0.50)"
        )
    quantities = sum(len(lane.quantities) for lane in surveys[0].sketches)
    trace = 2 * len(text) * quantities * HIDDEN
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "survey.safetensors")
        surveys[0].save(path)
        size = path.stat().st_size
    print(
        f"  {name:18s} file       {size / 1e6:.1f} MB of {trace / 1e6:.0f} MB: {size / trace:.2%}  (aim 2 %)"
    )
    places = torch.randint(0, len(text) - WINDOW, (8,)).tolist()
    for layer in range(LAYERS):
        times = [
            took(partial(surveys[0].window, start, start + WINDOW, layer=layer)).clock for start in places
        ]
        print(
            f"  {name:18s} window     of {WINDOW} steps of layer {layer}: {statistics.median(times) * 1e3:.0f} ms "
            "(aim 100)"
        )


def main() -> None:
    """Prints the figures of every network and number of threads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=200_000, help="symbols of the text (default 200000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each (default 3)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="torch threads (default 1 2)")
    parser.add_argument("--cells", nargs="+", default=["lstm", "gru"], help="cells (default lstm gru)")
    parser.add_argument("--bidirectional", action="store_true", help="bidirectional ones too")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    text = torch.randint(0, len(SYMBOLS), (arguments.steps,))
    print(f"torch {torch.__version__}; {LAYERS} × {HIDDEN} units, {arguments.steps:,} symbols, float32")
    for threads in arguments.threads:
        torch.set_num_threads(threads)
        print(f"threads={threads}")
        for cell in arguments.cells:
            for bidirectional in (False, True)[: 1 + arguments.bidirectional]:
                compare(cell, text, arguments.rounds, bidirectional=bidirectional)


if __name__ == "__main__":
    main()
