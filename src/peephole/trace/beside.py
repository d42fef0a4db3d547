"""A second thread for what may be done while the first goes on, one job at a time and in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import ParamSpec

import torch

P = ParamSpec("P")


class Beside:
    """Within its context, ``do`` runs jobs in a second thread, without gradients.

    At most one job is under way, so that no more than one piece of work is ever held in waiting. What a job raises
    comes out of the next call, or of the end of the context.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="peephole-survey")
        self._job: Future[None] | None = None

    def do(self, job: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Waits for the job before, then starts this one."""

        def run() -> None:
            with torch.no_grad():  # which is a matter of each thread
                job(*args, **kwargs)

        self.wait()
        self._job = self._pool.submit(run)

    def wait(self) -> None:
        """Waits for the job under way, and raises what it raised."""
        job, self._job = self._job, None
        if job is not None:
            job.result()

    def __enter__(self) -> Beside:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._pool:  # however the context ends, no job outlives it
            if error is None:
                self.wait()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keeps torch from sharing single operations among threads: one step of one sequence is too little to share."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
