"""The files of numbers that `peephole explore --input` offers to be read, and those that are opened on the page.

Knows signals, nothing of networks.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path

from peephole.data.signals import Signal, read_signal, signal_from
from peephole.errors import DataError
from peephole.explorer.named_files import NamedFiles
from peephole.explorer.refusal import Refusal
from peephole.explorer.words import RELOAD, Words

MOST_SENT = 8 * 2**20
"""Bytes of a file that is opened on the page; one that is named on the command line may be larger."""


class InputFiles:
    """Some files, each read anew when it has changed.

    Args:
        paths: of the files.

    Raises:
        DataNotFoundError, DataError: one is not there or holds no numbers.
    """

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        self._files = NamedFiles[Signal](paths, "--input")
        for path in self._files.paths:
            self._read(path)

    @property
    def titles(self) -> list[str]:
        """The files' names."""
        return self._files.titles

    def signal(self, index: int) -> Signal:
        """One file as it is now.

        Raises:
            Refusal: there is no file of this number, or not any more, or it holds no numbers.
        """
        path = self._files.path(index)
        try:
            return self._read(path)
        except (OSError, DataError) as error:
            raise unreadable(path.name, error, status=404) from error

    def _read(self, path: Path) -> Signal:
        if not path.is_file():
            return read_signal(path)  # which says what is wrong
        return self._files.read(path, read_signal)


def sent_signal(name: object, content: object) -> Signal:
    """A file that was opened on the page.

    Args:
        name: what it is called.
        content: its bytes, in base64.

    Raises:
        Refusal: it is too large, or holds no numbers.
    """
    if not isinstance(name, str) or not isinstance(content, str):
        raise Refusal(
            Words('"opened" must have a "name" and a "content"', "“opened”须含“name”和“content”"), do=RELOAD
        )
    if len(content) > MOST_SENT * 4 // 3 + 4:
        raise Refusal(
            Words(f"{name} is larger than {MOST_SENT:,} bytes", f"{name} 超过 {MOST_SENT:,} 字节"),
            do=Words(
                "Take a shorter stretch, or start `peephole explore` with --input FILE.",
                "请取较短的一段，或用 --input FILE 启动 `peephole explore`。",
            ),
            status=413,
        )
    try:
        return signal_from(base64.b64decode(content, validate=True), name)
    except binascii.Error as error:
        raise Refusal(Words("the file's content is not base64", "文件内容不是 base64"), do=RELOAD) from error
    except DataError as error:
        raise unreadable(name, error, status=422) from error


def unreadable(name: str, error: Exception, *, status: int) -> Refusal:
    """The refusal of a file that cannot be read, or not by this network."""
    said = str(error)
    return Refusal(
        Words(said if name in said else f"{name}: {said}", f"无法读取 {name}：{said}"),
        do=Words("Choose another file.", "请选择另一个文件。"),
        status=status,
    )
