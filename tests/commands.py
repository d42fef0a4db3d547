"""Runs the command line as a process of its own, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without what an earlier training in it may have left, and with ``changes``."""
    kept = {name: value for name, value in os.environ.items() if name not in {"LOCAL_RANK", "WORLD_SIZE"}}
    return {**kept, "OMP_NUM_THREADS": "1", "COLUMNS": "120", **changes}


def start(
    *arguments: str | Path,
    cwd: Path,
    before: Callable[[], None] | None = None,
    **changes: str,
) -> subprocess.Popen[str]:
    """``peephole`` with these arguments, running.

    before
        Called in the new process before Python starts.
    changes
        Of its environment.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "peephole.cli", *map(str, arguments)],
        cwd=cwd,
        env=environment(**changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )


def run(
    *arguments: str | Path, cwd: Path, before: Callable[[], None] | None = None, **changes: str
) -> subprocess.CompletedProcess[str]:
    """``peephole`` with these arguments, ended."""
    with start(*arguments, cwd=cwd, before=before, **changes) as process:
        try:
            out, err = process.communicate(timeout=240)
        finally:
            process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
