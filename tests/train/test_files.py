from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from peephole.errors import TrainingError
from peephole.train.files import replace_bytes, replace_json


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    replace_bytes(path, b"old")
    replace_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = tmp_path / "a"
    replace_bytes(path, b"old")

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(TrainingError, match="could not be written"):
        replace_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_keeps_letters_of_every_script(tmp_path: Path) -> None:
    replace_json(tmp_path / "a", {"名": "é"})
    assert "名" in (tmp_path / "a").read_text(encoding="utf-8")
