"""The files that `peephole explore --text` offers to be read. Knows vocabularies, nothing of networks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

from peephole.data.text import read_text
from peephole.data.vocabulary import Vocabulary
from peephole.errors import DataError, DataNotFoundError
from peephole.explorer.material import Material, typed
from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words

MOST_MATERIALS = 4
Stamp = tuple[Path, int, int]


class TextFiles:
    """Some files, each read anew when it has changed.

    Args:
        paths: of the files.

    Raises:
        DataNotFoundError, DataError: one is not there, is no UTF-8 text, or is empty.
    """

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        self._paths = [path.resolve() for path in paths]
        self._materials: OrderedDict[tuple[Stamp, Vocabulary, bool], Material] = OrderedDict()
        self._lock = Lock()
        for path in self._paths:
            if not path.is_file():
                raise DataNotFoundError(f"{path} is no file: --text takes a text file")
            read_text(path)

    @property
    def titles(self) -> list[str]:
        """The files' names."""
        return [path.name for path in self._paths]

    def read(self, index: int, vocabulary: Vocabulary, *, follows: bool) -> Material:
        """One file as it is now, read with a vocabulary.

        Args:
            index: its number.
            vocabulary, follows: as ``material.typed`` takes them.

        Raises:
            Refusal: there is no file of this number, or not any more, or it cannot be read.
        """
        if not 0 <= index < len(self._paths):
            raise Refusal(
                Words(f"there is no file {index}", f"没有文件 {index}"),
                do=Words(
                    "Start `peephole explore` with --text FILE.", "请用 --text FILE 启动 `peephole explore`。"
                ),
                status=404,
            )
        path = self._paths[index]
        try:
            with self._lock:
                return self._material(path, vocabulary, follows)
        except (OSError, DataError) as error:
            raise Refusal(
                Words(str(error), f"无法读取 {path.name}：{error}"),
                do=Words("Choose another text.", "请选择另一个文本。"),
                status=404,
            ) from error

    def _material(self, path: Path, vocabulary: Vocabulary, follows: bool) -> Material:
        state = path.stat()
        known = (path, state.st_mtime_ns, state.st_size), vocabulary, follows
        material = self._materials.pop(known, None)
        if material is None:
            read = typed(read_text(path), vocabulary, follows=follows)
            material = replace(read, title=Words(path.name, path.name))
        self._materials[known] = material
        while len(self._materials) > MOST_MATERIALS:
            self._materials.popitem(last=False)
        return material
