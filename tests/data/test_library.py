"""The Python library's own sources as text."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from peephole.data import python_sources
from peephole.errors import DataError, OptionError


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of twenty modules of 100 characters, with files that must not be read beside them."""
    for number in range(20):
        path = tmp_path / ("package" if number % 2 else ".") / f"module{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"# {number:02}".ljust(99, "x") + "\n", encoding="utf-8")
    for name in ("test", "site-packages", "package/tests", "encodings"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "no.py").write_text("no" * 500, encoding="utf-8")
    (tmp_path / "no.txt").write_text("no" * 500, encoding="utf-8")
    (tmp_path / "undeclared.py").write_bytes(b"no = '\xe9'" * 500)
    (tmp_path / "unheard_of.py").write_bytes(b"# coding: klingon\n" + b"no" * 500)
    return tmp_path


def test_the_running_library_gives_as_many_characters_as_asked_for() -> None:
    training, held_out = python_sources(200_000, 10_000)
    assert (len(training), len(held_out)) == (200_000, 10_000)
    assert "import" in training
    assert python_sources(200_000, 10_000) == (training, held_out)


def test_the_held_out_part_goes_on_where_the_training_part_ends() -> None:
    assert "".join(python_sources(50_000, 20_000)) == "".join(python_sources(60_000, 10_000))


def test_all_modules_are_read_whole_but_tests_packages_and_tables_are_not(library: Path) -> None:
    training, held_out = python_sources(1_900, 100, library=library)
    lines = (training + held_out).splitlines(keepends=True)
    assert sorted(line[:4] for line in lines) == [f"# {number:02}" for number in range(20)]
    assert {len(line) for line in lines} == {100}
    assert [line[:4] for line in lines] != sorted(line[:4] for line in lines)


def test_too_little_text_is_refused_with_how_much_there_is(library: Path) -> None:
    with pytest.raises(DataError, match="2,000 characters of code, but 2,001"):
        python_sources(2_000, 1, library=library)


def test_a_declared_encoding_is_followed(tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes(b"# coding: latin-1\n# caf\xe9\r\n")
    assert python_sources(24, 1, library=tmp_path) == ("# coding: latin-1\n# café", "\n")


def test_a_zipped_library_gives_the_same_text(
    library: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive = tmp_path_factory.mktemp("zip") / "library.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for parent, _, names in os.walk(library):
            for name in names:
                path = Path(parent, name)
                file.write(path, path.relative_to(library).as_posix())
    assert python_sources(1_900, 100, library=archive) == python_sources(1_900, 100, library=library)


def test_a_long_module_comes_after_the_others(library: Path) -> None:
    (library / "long.py").write_text("L" * 40_000, encoding="utf-8")
    training, held_out = python_sources(2_000, 40_000, library=library)
    assert "L" not in training
    assert held_out == "L" * 40_000


@pytest.mark.parametrize("sizes", [(0, 1), (1, 0)])
def test_sizes_below_one_are_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(OptionError, match="must be at least 1, got 0"):
        python_sources(*sizes)


def test_a_library_that_is_neither_folder_nor_zip_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has 0 characters"):
        python_sources(1, 1, library=tmp_path / "nowhere")
    (tmp_path / "library.zip").write_text("no archive", encoding="utf-8")
    with pytest.raises(DataError, match=r"library\.zip cannot be read"):
        python_sources(1, 1, library=tmp_path / "library.zip")
