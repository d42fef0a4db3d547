"""The Python standard library's own sources, or the prose in them: real text that is on every machine.

Knows nothing of symbols or of training.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import sysconfig
import tokenize
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from peephole.data.prose import prose_of
from peephole.errors import DataError, OptionError

# Not the library's own, not there on every installation (tests), or tables that a program wrote.
_SKIPPED_FOLDERS = frozenset({"site-packages", "dist-packages", "__pycache__", "test", "tests", "idle_test"})
_SKIPPED_PREFIXES = ("encodings/", "pydoc_data/", "_sysconfigdata")
_LONG = 30_000
"""Bytes. Longer modules come last: one of them could fill the whole held-out part, which should be a
mixture."""

Part = Literal["code", "prose"]


def python_sources(
    characters: int, held_out: int, *, part: Part = "code", library: Path | None = None
) -> tuple[str, str]:
    """The standard library's text: ``characters`` to learn from and the next ``held_out`` to test on.

    Whole modules follow one another in the order of a hash of their names, so that neighbours are unrelated,
    the two parts are alike, and one installation always gives one text. Tests, installed packages and
    generated tables are left out; a file that does not decode by the rules of Python sources (PEP 263) is
    skipped. Only as many files are read as are needed.

    part
        "code": the sources as they are. "prose": only the plain paragraphs of their documentation strings.
    library
        The folder or zip file of the library; None: the one of the running Python.

    Raises OptionError for a number below 1, DataError if the sources are not there or too short.
    """
    for name, value in (("characters", characters), ("held_out", held_out)):
        if value < 1:
            raise OptionError(f"{name} must be at least 1, got {value}")
    wanted = characters + held_out
    pieces: list[str] = []
    found = 0
    for piece in _sources(library or _running_library()):
        pieces.append(prose_of(piece) if part == "prose" else piece)
        found += len(pieces[-1])
        if found >= wanted:
            text = "".join(pieces)
            return text[:characters], text[characters:wanted]
    raise DataError(
        f"this Python's library has {found:,} characters of {part}, but {wanted:,} were asked for: ask for fewer "
        "or name a text of your own"
    )


def _running_library() -> Path:
    folder = Path(sysconfig.get_path("stdlib"))
    zipped = (Path(entry) for entry in sys.path if entry.endswith(".zip") and Path(entry).is_file())
    return folder if folder.is_dir() else next(zipped, folder)


def _sources(library: Path) -> Iterator[str]:
    if library.is_file():
        try:
            with zipfile.ZipFile(library) as archive:
                sizes = {info.filename: info.file_size for info in archive.infolist()}
                for name in _ordered(sizes):
                    yield from _decoded(archive.read(name))
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"{library} cannot be read: {error}") from error
    else:
        files = {path.relative_to(library).as_posix(): path for path in _files_below(library)}
        for name in _ordered({name: path.stat().st_size for name, path in files.items()}):
            yield from _decoded(files[name].read_bytes())


def _files_below(library: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(library):
        folders[:] = [name for name in folders if name not in _SKIPPED_FOLDERS]
        yield from (path for name in names if (path := Path(parent, name)).is_file())


def _ordered(sizes: dict[str, int]) -> list[str]:
    """The names of the modules to read, in order, out of all files' names and sizes in bytes."""
    modules = [
        name
        for name in sizes
        if name.endswith(".py")
        and not name.startswith(_SKIPPED_PREFIXES)
        and _SKIPPED_FOLDERS.isdisjoint(name.split("/"))
    ]
    return sorted(modules, key=lambda name: (sizes[name] > _LONG, hashlib.sha256(name.encode()).digest()))


def _decoded(source: bytes) -> Iterator[str]:
    """The text of one module, or nothing if it is not what PEP 263 lets a Python source be."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return
    yield io.IncrementalNewlineDecoder(None, translate=True).decode(text, final=True)
