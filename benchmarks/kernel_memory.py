"""What reading a long sequence takes beyond its input and its output: at most 64 MiB, however long it is.

    python benchmarks/kernel_memory.py [--steps 100000 1000000] [--threads 1] [--way kernel]

One LSTM of 512 units reads one sequence without gradients, each length in a process of its own. Before the call the
input is there and the highest mark of resident memory is set back; after it, what the mark has risen by less the
output is printed. A million steps take minutes, since each step reads all recurrent weights.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import get_args

import torch

import peephole as ph
from peephole.nn import ways

FEATURES, HIDDEN = 64, 512
LIMIT = 64.0
EQUAL = 1.0
"""MiB by which two lengths may differ: the allocator rounds to pages, and so does the kernel."""
MIB = 2**20


def resident(mark: str) -> int:
    """Bytes, of a line of this process's status: ``VmRSS`` is now, ``VmHWM`` the highest so far."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(mark))


def measure(cell: str, steps: int, threads: int, way: ways.WayName | None) -> None:
    """Prints the bytes beyond input and output, the seconds, and how the layer ran."""
    torch.set_num_threads(threads)
    layer = getattr(ph, cell)(FEATURES, HIDDEN)
    with torch.no_grad(), ways.forced(way) if way else nullcontext():
        layer(torch.randn(64, 1, FEATURES))  # what the first call loads is no part of it
        x = torch.randn(steps, 1, FEATURES)
        before = resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the highest mark begins anew
        begin = time.perf_counter()
        output, _ = layer(x)
        took = time.perf_counter() - begin
        beyond = resident("VmHWM") - before - output.nbytes
        print(beyond, took, layer.explain().partition(": ")[2].partition(" ")[0])


def main() -> int:
    """Prints a line for each length, and whether both aims are reached."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--steps", type=int, nargs="+", default=[100_000, 1_000_000], help="lengths")
    parser.add_argument("--threads", type=int, default=2, help="torch threads (default 2)")
    parser.add_argument("--cell", default="LSTM", choices=["LSTM", "GRU", "RNN"], help="default LSTM")
    parser.add_argument(
        "--way", choices=get_args(ways.WayName), help="how the layer runs (default: as it chooses)"
    )
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure(options.cell, options.steps[0], options.threads, options.way)
        return 0
    print(f"{options.cell} of {HIDDEN} units on {FEATURES} features, one sequence, {options.threads} threads")
    beyond = []
    for steps in options.steps:
        command = [sys.executable, __file__, *sys.argv[1:], "--one", "--steps", str(steps)]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
        beyond.append(int(told[0]) / MIB)
        print(
            f"  {steps:9,} steps: {beyond[-1]:8.1f} MiB beyond input and output  ({float(told[1]):.1f} s, {told[2]})"
        )
    for claim, reached in (
        (f"at most {LIMIT:g} MiB", max(beyond) <= LIMIT),
        ("equal for all lengths", max(beyond) - min(beyond) <= EQUAL),
    ):
        print(f"  {claim}: {'reached' if reached else 'MISSED'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
