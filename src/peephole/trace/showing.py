"""The way from a trace or a run to who shows it. Knows nothing of how that is done.

A trace is asked to show itself (``trace.explore()``), but what shows it lies above it, where imports must not lead
from here. So whoever binds the package together says here, once, where the hosts are found (``peephole/__init__``),
and they are imported when somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from peephole.explorer.widget import Explorer
    from peephole.trace.trace import Trace
    from peephole.train.run import Run


class Hosts(Protocol):
    """What can show a trace or a run: a notebook's widget, and a file."""

    def explore_trace(
        self,
        trace: Trace,
        *,
        labels: Sequence[str] | None,
        outputs: Sequence[str] | None,
        module: str | None,
        height: int,
    ) -> Explorer:
        """See ``Trace.explore``."""

    def save_trace(
        self,
        trace: Trace,
        path: Path,
        *,
        labels: Sequence[str] | None,
        outputs: Sequence[str] | None,
        module: str | None,
    ) -> None:
        """See ``Trace.save_html``."""

    def explore_run(self, run: Run, *, height: int) -> Explorer:
        """See ``Run.explore``."""

    def save_run(self, run: Run, path: Path, *, text: str | None) -> None:
        """See ``Run.save_html``."""


_found: list[Callable[[], Hosts]] = []


def shown_by(hosts: Callable[[], Hosts]) -> None:
    """Say where the hosts are found; the last to say so is believed."""
    _found[:] = [hosts]


def hosts() -> Hosts:
    """The hosts, imported now."""
    return _found[-1]()
