"""Files that were named when the explorer was started, each read anew when it has changed.

Knows nothing of what is in them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words

MOST_KEPT = 4

Read = TypeVar("Read")


class NamedFiles(Generic[Read]):
    """Some files, numbered from 0, and what was last read of a few of them.

    Attributes:
        paths: of the files.

    Args:
        paths: of the files.
        option: of `peephole explore` by which they are named: "--text".
    """

    def __init__(self, paths: Sequence[Path], option: str) -> None:
        self.paths = tuple(path.resolve() for path in paths)
        self._option = option
        self._kept: OrderedDict[Hashable, Read] = OrderedDict()
        self._lock = Lock()

    @property
    def titles(self) -> list[str]:
        """The files' names."""
        return [path.name for path in self.paths]

    def path(self, index: int) -> Path:
        """The file of a number.

        Raises:
            Refusal: there is none.
        """
        if not 0 <= index < len(self.paths):
            raise Refusal(
                Words(f"there is no file {index}", f"没有文件 {index}"),
                do=Words(
                    f"Start `peephole explore` with {self._option} FILE.",
                    f"请用 {self._option} FILE 启动 `peephole explore`。",
                ),
                status=404,
            )
        return self.paths[index]

    def read(self, path: Path, read: Callable[[Path], Read], *more: Hashable) -> Read:
        """What ``read`` makes of a file, or made of it when the file was as it is now.

        Args:
            path: of the file.
            read: reads it.
            more: what else the result depends on.

        Raises:
            OSError: the file is not there; and whatever ``read`` raises.
        """
        with self._lock:
            state = path.stat()
            known = path, state.st_mtime_ns, state.st_size, *more
            found = self._kept.pop(known) if known in self._kept else read(path)
            self._kept[known] = found
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return found
