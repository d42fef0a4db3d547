"""The long texts that are open: each is surveyed once, one at a time, in a thread of its own.

Knows nothing of what a survey holds.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Lock

from peephole.explorer.opened import OpenRun, Version
from peephole.explorer.surveyed import LongText, Watch
from peephole.explorer.task import Task

MOST_SURVEYS = 4


class Surveys:
    """The open surveys, the most recently used kept. Safe to use from several threads.

    Args:
        watch: is told how far each survey is.
    """

    def __init__(self, watch: Watch = lambda title, share: None) -> None:
        self._watch = watch
        self._held: OrderedDict[str, LongText] = OrderedDict()
        self._lock = Lock()
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="peephole-reader")

    def open(self, opened: OpenRun, version: Version, task: Task) -> LongText:
        """The text of a task, whose survey is begun if this is the first time that it is asked for."""
        name = sha256(f"{version.digest} {task.digest}".encode()).hexdigest()[:16]
        found = self.find(name)
        if found is not None:
            return found
        text = LongText(name, opened, version, task)
        with self._lock:
            if name in self._held:
                return self._held[name]
            self._held[name] = text
            while len(self._held) > MOST_SURVEYS:
                _, forgotten = self._held.popitem(last=False)
                forgotten.stop()
            text.begin(self._reader, self._watch)
        return text

    def find(self, id: str) -> LongText | None:
        """The text of this id, if it is open."""
        with self._lock:
            if id in self._held:
                self._held.move_to_end(id)
            return self._held.get(id)

    def close(self) -> None:
        """Ends the surveys that are under way."""
        with self._lock:
            for text in self._held.values():
                text.stop()
        self._reader.shutdown(cancel_futures=True)
