"""Reads one column of numbers from a CSV file, strictly.

Knows nothing of training.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from peephole.data.csv_rows import finite_number, opened_rows, rows_without_gaps
from peephole.data.text import read_file
from peephole.errors import DataError


def read_series(path: str | Path, column: str) -> npt.NDArray[np.float64]:
    """The numbers (time,) of ``column`` in a CSV file with a header, separated by comma, semicolon or tab.

    Raises DataNotFoundError for a missing file and DataError, with the line, for a gap, a cell that is no
    finite number, a row of another length than the header, a missing or repeated column, or broken CSV.
    """
    text = read_file(Path(path))
    with opened_rows(text, path) as reader:
        header = [name.strip() for name in next(reader, [])]
        place = _place(header, column, path)
        values: list[float] = []
        for line, row in rows_without_gaps(reader, path):
            where = f"{path}, line {line}"
            if len(row) != len(header):
                raise DataError(
                    f"{where} has {len(row)} fields, its header has {len(header)}: repair the line"
                )
            values.append(finite_number(row[place], f"{where}, column {column!r}"))
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
