"""Rows and numbers of a CSV file, strictly: separated by comma, semicolon or tab, without gaps.

What the rows are for is the caller's. A gap is an error and never filled in: what to put there is the user's decision.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from peephole.errors import DataError

if TYPE_CHECKING:
    from _csv import Reader


@contextmanager
def opened_rows(text: str, name: str | Path) -> Iterator[Reader]:
    """A reader of the rows of ``text``, which is what the file ``name`` holds.

    Raises:
        DataError: within the context, where a row is broken CSV.
    """
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield reader
    except csv.Error as error:
        raise DataError(f"{name}, line {reader.line_num} is not valid CSV: {error}") from error


def rows_without_gaps(reader: Reader, name: str | Path) -> Iterator[tuple[int, list[str]]]:
    """Each further row with its line; blank lines may stand at the end alone.

    Raises:
        DataError: a row follows a blank line.
    """
    blank = 0
    for row in reader:
        if not row:
            blank = blank or reader.line_num
            continue
        if blank:
            raise DataError(f"{name}, line {blank} is blank: fill the gap or cut the file there")
        yield reader.line_num, row


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, finite or not."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # Python reads 1_000 as a number, CSV does not


def finite_number(cell: str, where: str) -> float:
    """The number in a cell.

    Raises:
        DataError: it is empty, or holds no finite number.
    """
    text = cell.strip()
    if not text:
        raise DataError(f"{where} is empty: fill the gap or cut the file there")
    if not is_number(text) or not math.isfinite(value := float(text)):
        raise DataError(f"{where} is {text[:40]!r}, not a finite number: repair it or cut the file there")
    return value
