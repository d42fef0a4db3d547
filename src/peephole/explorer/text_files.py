"""The files that `peephole explore --text` offers to be read. Knows vocabularies, nothing of networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from peephole.data.text import read_text
from peephole.data.vocabulary import Vocabulary
from peephole.errors import DataError, DataNotFoundError
from peephole.explorer.material import Material, typed
from peephole.explorer.named_files import NamedFiles
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
        self._files = NamedFiles[Material](paths, "--text")
        for path in self._files.paths:
            if not path.is_file():
                raise DataNotFoundError(f"{path} is no file: --text takes a text file")
            read_text(path)

    @property
    def titles(self) -> list[str]:
        """The files' names."""
        return self._files.titles

    def read(self, index: int, vocabulary: Vocabulary, *, follows: bool) -> Material:
        """One file as it is now, read with a vocabulary.

        Args:
            index: its number.
            vocabulary, follows: as ``material.typed`` takes them.

        Raises:
            Refusal: there is no file of this number, or not any more, or it cannot be read.
        """
        path = self._files.path(index)

        def material(path: Path) -> Material:
            read = typed(read_text(path), vocabulary, follows=follows)
            return replace(read, title=Words(path.name, path.name))

        try:
            return self._files.read(path, material, vocabulary, follows)
        except (OSError, DataError) as error:
            raise Refusal(
                Words(str(error), f"无法读取 {path.name}：{error}"),
                do=Words("Choose another text.", "请选择另一个文本。"),
                status=404,
            ) from error
