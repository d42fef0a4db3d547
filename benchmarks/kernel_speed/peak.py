"""The most that this machine's cores do: fused multiply-adds in registers, nothing else.

A loop in C, compiled for this machine and called through ctypes (which lets go of Python's lock). Where there is no
compiler, torch's best product of two large matrices stands in, which is a little less.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from kernel_speed.clock import Action

SOURCE = """
#if defined(__AVX512F__)
enum { BYTES = 64, SUMS = 16 };
#elif defined(__AVX2__)
enum { BYTES = 32, SUMS = 12 };
#else
enum { BYTES = 16, SUMS = 16 };
#endif
typedef float vector __attribute__((vector_size(BYTES)));

double multiply_add(long rounds) { /* gives the operations that it did */
  vector sums[SUMS], a = {0}, b = {0};
  for (int lane = 0; lane < BYTES / 4; lane++) a[lane] = 0.5f, b[lane] = 1.0f;
  for (int k = 0; k < SUMS; k++) sums[k] = b * (float)k;
  for (long round = 0; round < rounds; round++) {
    for (int k = 0; k < SUMS; k++) sums[k] = sums[k] * a + b;
    __asm__ volatile("" : "+" CLASS (a)); /* the product is not known beforehand */
  }
  for (int k = 1; k < SUMS; k++) sums[0] += sums[k];
  volatile float kept = sums[0][0];
  (void)kept;
  return 2.0 * rounds * SUMS * (BYTES / 4);
}
"""
ROUNDS = 4_000_000
SIDE = 2048


@dataclass(frozen=True)
class Peak:
    """What to time, the operations in one call of it, and what it is."""

    run: Action
    operations: float
    what: str


@cache
def _loop() -> Callable[[int], float] | None:
    """The compiled loop; None without a compiler."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "peak.c"), Path(folder, "peak.so")
        source.write_text(SOURCE)
        for register in ("v", "x", "w"):  # of AVX-512, AVX and Arm, as constraints name them
            command = [compiler, "-O3", "-march=native", "-ffp-contract=fast", f'-DCLASS="{register}"']
            done = subprocess.run([*command, "-shared", "-fPIC", "-o", library, source], capture_output=True)
            if done.returncode == 0:
                function = ctypes.CDLL(str(library)).multiply_add
                function.argtypes, function.restype = [ctypes.c_long], ctypes.c_double
                return function
    return None


@cache
def peak(threads: int) -> Peak:
    """Of so many threads at once."""
    loop = _loop()
    if loop is None:
        a = torch.randn(SIDE, SIDE)
        return Peak(lambda: a @ a, 2.0 * SIDE**3, "sgemm")
    if threads == 1:
        return Peak(lambda: loop(ROUNDS), loop(ROUNDS), "FMA peak")
    pool = ThreadPoolExecutor(threads)
    return Peak(lambda: list(pool.map(loop, [ROUNDS] * threads)), loop(ROUNDS) * threads, "FMA peak")
