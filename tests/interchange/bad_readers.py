"""Readers with one fault each: what the harness of damaged files must find."""

from __future__ import annotations

import ctypes
import pickle
import time
from pathlib import Path

from peephole.errors import InterchangeError
from peephole.interchange.found import Found, LeftOut

WHOLE = b"whole"
FOUND = Found(kind="test", parts=())


def good(path: Path) -> Found:
    if path.read_bytes() != WHOLE:
        raise InterchangeError("not whole")
    return FOUND


def raises(path: Path) -> Found:
    if path.read_bytes() != WHOLE:
        raise ValueError("not whole")
    return FOUND


def says_two_lines(path: Path) -> Found:
    if path.read_bytes() != WHOLE:
        raise InterchangeError("not\nwhole")
    return FOUND


def hangs(path: Path) -> Found:
    while path.read_bytes() != WHOLE:
        time.sleep(0.01)
    return FOUND


def crashes(path: Path) -> Found:
    if path.read_bytes() != WHOLE:
        ctypes.string_at(0)
    return FOUND


def floods(path: Path) -> Found:
    return FOUND if path.read_bytes() == WHOLE else Found(kind=str(len(bytearray(1 << 30))), parts=())


def writes(path: Path) -> Found:
    if path.read_bytes() != WHOLE:
        path.with_name("written").write_bytes(b"")
    return FOUND


def looks_up_classes(path: Path) -> Found:
    if path.read_bytes() != WHOLE:
        pickle.loads(pickle.dumps(Path()))
    return FOUND


def shows_control_characters(path: Path) -> Found:
    if path.read_bytes() != WHOLE:
        return Found(kind="test", parts=(), left_out=(LeftOut("\x1b[2J", "", ""),))
    return FOUND
