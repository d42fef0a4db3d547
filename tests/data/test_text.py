"""Reading text: files, folders and globs, and what is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from peephole.data import Vocabulary, load_digits, read_series, read_text
from peephole.errors import DataError, DataNotFoundError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with text, hidden and binary files; the text is in the order a, b/c, d."""
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "d.md").write_text("last", encoding="utf-8")
    (tmp_path / "a.txt").write_text("first", encoding="utf-8")
    (tmp_path / "b" / "c.txt").write_text("second\n", encoding="utf-8")
    (tmp_path / "empty.txt").touch()
    (tmp_path / ".hidden.txt").write_text("hidden", encoding="utf-8")
    (tmp_path / ".git" / "config").write_text("hidden", encoding="utf-8")
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    return tmp_path


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("天地\nend without newline", encoding="utf-8")
    assert read_text(tmp_path / "t.txt") == "天地\nend without newline"


def test_line_ends_become_newlines_and_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")
    assert read_text(str(tmp_path / "t.txt")) == "a\nb\nc\n"


def test_a_folder_gives_its_text_files_in_the_order_of_their_paths(folder: Path) -> None:
    assert read_text(folder) == "first\nsecond\nlast\n"


def test_a_glob_gives_the_files_that_match(folder: Path) -> None:
    assert read_text(f"{folder}/**/*.txt") == "first\nsecond\n"
    assert read_text(folder / "[d]*") == "last\n"


def test_a_file_whose_name_looks_like_a_glob_is_read(tmp_path: Path) -> None:
    (tmp_path / "a[1].txt").write_text("one", encoding="utf-8")
    assert read_text(tmp_path / "a[1].txt") == "one"


@pytest.mark.parametrize("name", ["missing.txt", "*.rst"])
def test_what_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataNotFoundError) as caught:
        read_text(tmp_path / name)
    assert name in str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.txt").touch()
    with pytest.raises(DataError, match=r"t\.txt is empty"):
        read_text(tmp_path / "t.txt")


def test_a_folder_without_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"\0\1")
    with pytest.raises(DataError, match="holds no text files"):
        read_text(tmp_path)


def test_a_file_that_is_not_utf8_is_refused_with_the_byte_and_its_place(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("café".encode("latin-1"))
    with pytest.raises(DataError, match=r"latin\.txt is not UTF-8 text: byte 0xe9 at position 3"):
        read_text(tmp_path / "latin.txt")
    with pytest.raises(DataError, match=r"latin\.txt is not UTF-8"):
        read_text(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_utf16_is_told_apart_from_broken_utf8(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "t.txt").write_bytes("plain text".encode(encoding))
    with pytest.raises(DataError, match="UTF-16 or binary"):
        read_text(tmp_path / "t.txt")


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="not a regular file"):
        read_text(tmp_path / "pipe")


@pytest.mark.parametrize(
    "read",
    [read_text, lambda path: read_series(path, "x"), load_digits, Vocabulary.load],
    ids=["text", "series", "digits", "vocabulary"],
)
def test_a_path_the_system_refuses_is_one_line_for_every_reader(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    with pytest.raises(DataError, match="cannot be read") as caught:
        read(tmp_path / ("x" * 5000))
    assert "\n" not in str(caught.value)
