"""Reads text that a user names: a file, a folder or a glob.

Knows nothing of symbols or of training. Text is UTF-8, strictly: a guess at another encoding would be learned
like the rest. Line ends become newlines, a byte order mark is dropped.
"""

from __future__ import annotations

import glob
import io
import os
from pathlib import Path

from peephole.errors import DataError, DataNotFoundError

_PROBE = 8192
"""So many bytes of each file of a folder tell whether it is text."""


def read_text(source: str | Path) -> str:
    """The text that ``source`` names.

    A file is read as it is. A folder stands for all text files below it, a glob (``*``, ``?``, ``[…]``,
    ``**``) for the files that it matches, both in the order of their paths, each made to end with a newline.
    In a folder, hidden files and folders are skipped and so are files that hold a zero byte near their start
    (images, archives); a glob's files must all be text.

    Raises DataNotFoundError where nothing is there, DataError where it is not UTF-8 text, is empty or cannot
    be read.
    """
    path = Path(source)
    try:
        if path.is_dir():
            files = [file for file in _files_below(path) if not _is_binary(file)]
            if not files:
                raise DataError(f"folder {source} holds no text files: name a file, or a folder with some")
        elif not path.exists() and glob.has_magic(str(path)):
            matches = glob.glob(str(path), recursive=True)  # noqa: PTH207, Path.glob would not skip hidden files
            files = sorted(file for file in map(Path, matches) if file.is_file())
            if not files:
                raise DataNotFoundError(f"{source} matches no file: check the pattern")
        else:
            return _require_text(read_file(path), source)
        return _require_text("".join(map(_with_line_end, map(read_file, files))), source)
    except DataError:
        raise
    except OSError as error:
        raise _unreadable(error, source) from error


def read_file(path: Path) -> str:
    """The text of one file, which may be empty. Raises what ``read_text`` raises."""
    try:
        if not path.exists():
            raise DataNotFoundError(f"{path} is not there: check the name")
        if not path.is_file():
            raise DataError(f"{path} is not a regular file: save the text to a file first")
        data = path.read_bytes()
    except DataError:
        raise
    except OSError as error:
        raise _unreadable(error, path) from error
    return decode_text(data, path)


def decode_text(data: bytes, source: str | Path) -> str:
    """The text that the bytes of ``source`` are. Raises DataError where they are not UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        raise DataError(
            f"{source} is not UTF-8 text but UTF-16 or binary: convert it to UTF-8 or leave it out"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{source} is not UTF-8 text: byte 0x{data[error.start]:02x} at position {error.start}; convert it to "
            "UTF-8 (iconv -f ITS_ENCODING -t UTF-8) or leave it out"
        ) from error
    return io.IncrementalNewlineDecoder(None, translate=True).decode(text, final=True)


def _files_below(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise error  # os.walk would leave an unreadable folder out without a word

    files: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(parent, name) for name in names if not name.startswith(".")]
    return sorted(file for file in files if file.is_file())


def _is_binary(path: Path) -> bool:
    with path.open("rb") as file:
        return b"\0" in file.read(_PROBE)


def _with_line_end(text: str) -> str:
    return text if text.endswith("\n") or not text else text + "\n"


def _require_text(text: str, source: str | Path) -> str:
    if not text:
        raise DataError(f"{source} is empty: there is nothing to learn from")
    return text


def _unreadable(error: OSError, source: str | Path) -> DataError:
    return DataError(f"{error.filename or source} cannot be read: {error.strerror or error}")
