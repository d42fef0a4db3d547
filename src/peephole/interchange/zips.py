"""The length of a zip archive's directory, looked at before it is read: Python's ``zipfile`` reads any that it is told.

For every reader of archives, and for whoever tells what kind of archive it is.
"""

from __future__ import annotations

import os
import struct
import zipfile
from typing import IO

DIRECTORY = 4 << 20
"""Bytes of a directory that are read: some 40,000 entries."""

_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_TAIL = 22 + (1 << 16)  # bytes of the last record, with the longest comment


def bounded_archive(file: IO[bytes]) -> zipfile.ZipFile:
    """An archive whose directory, perhaps of millions of entries, was not read before its length was looked at.

    Raises:
        zipfile.BadZipFile: it is cut off, or its directory is too long; and whatever else ``zipfile.ZipFile`` raises.
    """
    size = file.seek(0, os.SEEK_END)
    tail = _bytes(file, max(0, size - _TAIL), _TAIL)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("its directory, at the end, is missing")
    lengths = _lengths_64(file, size - len(tail) + at)
    short: int = struct.unpack_from("<I", tail, at + 12)[0]
    if not lengths or short != 0xFFFFFFFF:  # which says that it stands in the other record
        lengths.append(short)
    most = min(DIRECTORY, size)
    if max(lengths) > most:
        raise zipfile.BadZipFile(f"its directory claims {max(lengths):,} bytes, at most {most:,} are read")
    file.seek(0)
    return zipfile.ZipFile(file)


def _lengths_64(file: IO[bytes], end: int) -> list[int]:
    """What the record of 64 bits says, both where it must be and where it is said to be; none where there is none."""
    locator = _bytes(file, end - 20, 20)
    if len(locator) < 20 or locator[:4] != _LOCATOR_64:
        return []
    records = [_bytes(file, at, 56) for at in (end - 76, struct.unpack_from("<Q", locator, 8)[0])]
    return [
        struct.unpack_from("<Q", record, 40)[0]
        for record in records
        if len(record) == 56 and record[:4] == _END_64
    ]


def _bytes(file: IO[bytes], at: int, count: int) -> bytes:
    """Some bytes of a file; none where there are none."""
    if not 0 <= at < 1 << 62:
        return b""
    file.seek(at)
    return file.read(count)
