"""The files that `peephole explore --text` offers to be read. Knows nothing of networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from peephole.data.text import read_text
from peephole.errors import DataError, DataNotFoundError
from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words


class TextFiles:
    """Some files, each read anew when it has changed.

    Args:
        paths: of the files.

    Raises:
        DataNotFoundError, DataError: one is not there, is no UTF-8 text, or is empty.
    """

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        self._paths = [path.resolve() for path in paths]
        self._read: dict[Path, tuple[tuple[int, int], str]] = {}
        for path in self._paths:
            if not path.is_file():
                raise DataNotFoundError(f"{path} is no file: --text takes a text file")
            self._text(path)

    @property
    def titles(self) -> list[str]:
        """The files' names."""
        return [path.name for path in self._paths]

    def read(self, index: int) -> str:
        """The text of one file as it is now.

        Raises:
            Refusal: there is no file of this number, or not any more.
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
            return self._text(path)
        except (OSError, DataError) as error:
            raise Refusal(
                Words(str(error), f"无法读取 {path.name}：{error}"),
                do=Words("Choose another text.", "请选择另一个文本。"),
                status=404,
            ) from error

    def _text(self, path: Path) -> str:
        state = path.stat()
        stamp = state.st_mtime_ns, state.st_size
        if path not in self._read or self._read[path][0] != stamp:
            self._read[path] = stamp, read_text(path)
        return self._read[path][1]
