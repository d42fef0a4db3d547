"""Shows in the terminal how far the long texts are read. Knows nothing of how that is done."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn


class Reader:
    """Within its context, ``watch`` draws a bar for each text; away from a terminal, one line when a text is read."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("reading {task.description}", markup=False),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def watch(self, title: str, share: float) -> None:
        """A text has been read as far as ``share``, 0 to 1."""
        if not self._console.is_terminal:
            if share >= 1:
                self._console.print(f"read {title}", markup=False, highlight=False, soft_wrap=True)
            return
        if title not in self._tasks:
            self._tasks[title] = self._bars.add_task(title, total=1.0)
            self._bars.start()
        self._bars.update(self._tasks[title], completed=share)
        if share >= 1:
            self._bars.remove_task(self._tasks.pop(title))
            if not self._tasks:
                self._bars.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._tasks:
            self._bars.stop()
