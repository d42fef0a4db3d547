"""Reads one column of numbers from a CSV file, strictly.

Knows nothing of training. A gap is an error and never filled in: what to put there is the user's decision.
"""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from peephole.data.text import read_file
from peephole.errors import DataError


def read_series(path: str | Path, column: str) -> npt.NDArray[np.float64]:
    """The numbers (time,) of ``column`` in a CSV file with a header, separated by comma, semicolon or tab.

    Raises DataNotFoundError for a missing file and DataError, with the line, for a gap, a cell that is no
    finite number, a row of another length than the header, a missing or repeated column, or broken CSV.
    """
    text = read_file(Path(path))
    separator = max(",;\t", key=text.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        place = _place(header, column, path)
        values: list[float] = []
        blank = 0
        for row in rows:
            where = f"{path}, line {rows.line_num}"
            if not row:
                blank = blank or rows.line_num
                continue
            if blank:
                raise DataError(f"{path}, line {blank} is blank: fill the gap or cut the file there")
            if len(row) != len(header):
                raise DataError(
                    f"{where} has {len(row)} fields, its header has {len(header)}: repair the line"
                )
            values.append(_number(row[place], f"{where}, column {column!r}"))
    except csv.Error as error:
        raise DataError(f"{path}, line {rows.line_num} is not valid CSV: {error}") from error
    if not values:
        raise DataError(f"{path} has a header but no numbers below it")
    return np.array(values)


def _place(header: list[str], column: str, path: str | Path) -> int:
    if not header:
        raise DataError(f"{path} is empty: a CSV file with a header was expected")
    if header.count(column) > 1:
        raise DataError(f"{path} has {header.count(column)} columns named {column!r}: rename all but one")
    if column not in header:
        names = ", ".join(repr(name) for name in header[:12]) + (", …" if len(header) > 12 else "")
        raise DataError(f"{path} has no column {column!r}: its header names {names}")
    return header.index(column)


def _number(cell: str, where: str) -> float:
    text = cell.strip()
    if not text:
        raise DataError(f"{where} is empty: fill the gap or cut the file there")
    try:
        value = float(text) if "_" not in text else math.nan  # Python reads 1_000 as a number, CSV does not
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{where} is {text[:40]!r}, not a finite number: repair it or cut the file there")
    return value
