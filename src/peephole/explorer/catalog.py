"""The runs that the explorer shows, each under an id that can stand in an address: the shipped ones and the user's.

Looks at the disk anew each time it is asked, so that runs may come, change and go. Knows nothing of traces or HTTP.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from peephole.errors import RunNotFoundError
from peephole.explorer.opened import OpenRun, weights_digest
from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words
from peephole.train.run import Run, is_run
from peephole.zoo import gallery

MOST_NETWORKS = 8
SHIPPED = "zoo:"
"""What a shipped network's id begins with."""


class Catalog:
    """Runs by id, and the networks that are in memory, the most recently used kept.

    Args:
        paths: each a run, or a folder that holds runs right inside. The shipped networks are there without.

    Raises:
        RunNotFoundError: a path is not there, or is neither.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        for path in paths:
            if not path.is_dir():
                raise RunNotFoundError(
                    f"{path} is not there: name a run that `peephole train` made, or a folder of runs"
                )
            if not _runs_at(path):
                raise RunNotFoundError(f"{path} is no run and holds none: make one with `peephole train`")
        self._paths = [path.resolve() for path in paths]
        self._opened: OrderedDict[Path, OpenRun] = OrderedDict()
        self._lock = Lock()

    def folders(self) -> Mapping[str, Path]:
        """The folder of each of the user's runs by its id: the folder's name, numbered where two have the same."""
        folders: dict[str, Path] = {}
        shipped = self.shipped()
        for folder in dict.fromkeys(folder for path in self._paths for folder in _runs_at(path)):
            name, number = folder.name, 2
            while name in folders or name in shipped:
                name, number = f"{folder.name}-{number}", number + 1
            folders[name] = folder
        return folders

    def shipped(self) -> Mapping[str, Path]:
        """The folder of each shipped network by its id."""
        return {SHIPPED + name: gallery.folder(name) for name in gallery.names()}

    def everything(self) -> Mapping[str, Path]:
        """The folder of each network by its id, the user's first."""
        return {**self.folders(), **self.shipped()}

    @property
    def only_run(self) -> str | None:
        """The id of the run that was named by itself, if that is all there is; None for a folder or several."""
        return next(iter(self.folders())) if len(self._paths) == 1 and is_run(self._paths[0]) else None

    def open(self, id: str) -> OpenRun:
        """The run of this id with its network, loaded anew if its weights have changed.

        Raises:
            Refusal: there is no such run, or not any more.
            RunError: it is damaged or of another version.
        """
        folder = self.everything().get(id)
        if folder is None:
            raise Refusal(
                Words(f"the run {id!r} is not there", f"运行“{id}”不存在"),
                do=Words("Go to the home page and choose one that is.", "请回到首页选择一个。"),
                status=404,
            )
        with self._lock:
            run = Run.open(folder)
            opened = self._opened.pop(folder, None)
            if opened is None or opened.digest != weights_digest(run):
                opened = OpenRun(run)
            self._opened[folder] = opened
            if len(self._opened) > MOST_NETWORKS:
                self._opened.popitem(last=False)
            return opened


def _runs_at(path: Path) -> list[Path]:
    """The run that ``path`` is, or the runs right inside; none if it has been deleted."""
    if is_run(path):
        return [path]
    return sorted(filter(is_run, path.iterdir())) if path.is_dir() else []
