"""Files that are either whole or not there.

Every file of a run is written under a temporary name and then takes its final name in one step, so that neither a
kill nor a full disk leaves half a file or harms the one before. Knows nothing of what the files hold.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peephole.errors import TrainingError

_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "it is too big",
}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns any OSError of the block into a TrainingError that names ``path`` and what to do."""
    try:
        yield
    except OSError as error:
        reason = _FULL.get(error.errno or 0) or error.strerror or str(error)
        raise TrainingError(
            f"{path} could not be written: {reason}; what the run wrote before is intact: make room or rights "
            "there, then go on with --resume"
        ) from error


def replace_bytes(path: Path, data: bytes) -> None:
    """Make ``path`` hold ``data``, in one step. Raises TrainingError if it cannot be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with writing(path):
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Make ``path`` hold ``text`` in UTF-8, in one step. Raises TrainingError if it cannot be written."""
    replace_bytes(path, text.encode("utf-8", "surrogatepass"))


def replace_json(path: Path, data: object) -> None:
    """Make ``path`` hold ``data`` as indented JSON, in one step. Raises TrainingError if it cannot be written."""
    replace_text(path, json.dumps(data, ensure_ascii=False, indent=2) + "\n")
