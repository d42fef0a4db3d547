"""`peephole.analysis` exports what its files make public, and the page on it tells of every function."""

from __future__ import annotations

from pathlib import Path
from types import FunctionType

import peephole.analysis as pa

PAGE = Path(__file__).parent.parent.parent / "docs" / "analysis.md"


def test_every_exported_name_is_there_once_and_in_order() -> None:
    assert len(set(pa.__all__)) == len(pa.__all__)
    assert all(getattr(pa, name).__module__.startswith("peephole.analysis.") for name in pa.__all__)


def test_no_export_hides_a_file() -> None:
    folder = Path(str(pa.__file__)).parent
    assert {path.stem for path in folder.glob("*.py")} & set(pa.__all__) == set()


def test_the_page_tells_of_every_new_question() -> None:
    page = PAGE.read_text(encoding="utf-8")
    told_elsewhere = {"entropy", "surprise", "histogram", "mean_by_symbol", "rank_units", "unit_statistics"}
    functions = {name for name in pa.__all__ if isinstance(getattr(pa, name), FunctionType)}
    assert {name for name in functions - told_elsewhere if name not in page} == set()
