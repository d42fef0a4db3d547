"""Zip archives as PyTorch writes them, with bounds on what their directory may claim.

``torch.save`` (since 1.6) writes ``name/data.pkl`` with its storages as ``name/data/0``, ``name/data/1``, …;
TorchScript writes the same and its code beside it, which is read as text at most. Entries are read one by one, when
they are wanted.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peephole.errors import InterchangeError
from peephole.interchange.pytorch.values import short
from peephole.interchange.zips import bounded_archive

RATIO = 8
"""An archive may unfold to this many times its size; PyTorch compresses nothing, and weights hardly shrink."""

_LOCAL = 30  # bytes before an entry's name


class Archive:
    """The entries of an archive by their names without the folder that stands before all of them."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive = archive
        infos = archive.infolist()
        _check(infos, size)
        self.total = sum(info.file_size for info in infos)
        pickles = [info.filename for info in infos if info.filename.endswith("data.pkl")]
        if not pickles:
            raise InterchangeError("this zip archive has no data.pkl: PyTorch did not write it")
        self._root = min(pickles, key=len).removesuffix("data.pkl")
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            if info.filename.startswith(self._root):
                name = info.filename[len(self._root) :]
                if name in self._infos:
                    raise InterchangeError(f"the archive has two entries {short(info.filename)}")
                self._infos[name] = info

    @property
    def names(self) -> tuple[str, ...]:
        """Of all entries."""
        return tuple(self._infos)

    def read(self, name: str) -> bytes:
        """One entry.

        Raises:
            InterchangeError: there is none of this name, or it is damaged.
        """
        info = self._infos.get(name)
        if info is None:
            raise InterchangeError(f"the archive has no entry {short(self._root + name)}")
        try:
            with self._archive.open(info) as entry:
                data = entry.read(info.file_size)
                entry.read(1)  # the checksum is looked at when the end is reached
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError) as error:
            raise InterchangeError(
                f"the archive's entry {short(info.filename)} is damaged: {short(str(error))}"
            ) from error
        if len(data) != info.file_size:
            raise InterchangeError(f"the archive's entry {short(info.filename)} ends too early")
        return data


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """An archive, open while it is used.

    Raises:
        InterchangeError: it is no archive of PyTorch's, or its directory claims what cannot be.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            archive = bounded_archive(file)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error) as error:
            raise InterchangeError(
                f"this zip archive's directory is damaged or cut off: {short(str(error))}"
            ) from error
        with archive:
            yield Archive(archive, size)


def _check(infos: list[zipfile.ZipInfo], size: int) -> None:
    """Refuses entries that are encrypted, lie over one another or unfold to a multiple of the file.

    Args:
        infos: the directory.
        size: of the file, in bytes.
    """
    end, last = 0, ""
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.flag_bits & 1:
            raise InterchangeError(f"the archive's entry {short(info.filename)} is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InterchangeError(
                f"the archive's entry {short(info.filename)} is compressed by an unusual method"
            )
        if info.header_offset < end:
            raise InterchangeError(f"the archive's entries {short(last)} and {short(info.filename)} overlap")
        end, last = info.header_offset + _LOCAL + info.compress_size, info.filename
    if end > size:
        raise InterchangeError(f"the archive's entry {short(last)} reaches beyond the file's end")
    total = sum(info.file_size for info in infos)
    if total > RATIO * size + (1 << 16):
        raise InterchangeError(
            f"the archive would unfold to {total:,} bytes, more than {RATIO} times its own {size:,}: no weights do"
        )
