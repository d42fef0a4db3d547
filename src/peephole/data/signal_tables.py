"""Reads a table of numbers from the bytes of a CSV file, strictly. Knows nothing of what it is for.

Separated by comma, semicolon or tab. A first row that is no row of numbers names the columns; a first column that
holds no numbers labels the steps.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from peephole.data.csv_rows import finite_number, is_number, opened_rows, rows_without_gaps
from peephole.data.text import decode_text
from peephole.errors import DataError

if TYPE_CHECKING:
    from _csv import Reader

MOST_BYTES = 2**26
"""Of a table."""


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of numbers.

    Attributes:
        values: (row, column) float64.
        names: of the columns; None without a header.
        labels: of the rows; None where the first column holds numbers.
    """

    values: npt.NDArray[np.float64]
    names: tuple[str, ...] | None
    labels: tuple[str, ...] | None


def read_table(content: bytes, name: str) -> Table:
    """The table that ``content``, the bytes of the file ``name``, is.

    Raises:
        DataError: with line and column, for a gap, a cell that is no finite number, a row of another length than the
            first, broken CSV; and for what is no text, is too large, or holds no numbers.
    """
    if len(content) > MOST_BYTES:
        raise DataError(
            f"{name} has {len(content):,} bytes and a table may have {MOST_BYTES:,}: save it as .npy"
        )
    text = decode_text(content, name)
    with opened_rows(text, name) as reader:
        return _table(reader, name)


def _table(reader: Reader, name: str) -> Table:
    rows = rows_without_gaps(reader, name)
    begin = list(islice(rows, 2))
    if not begin:
        raise DataError(f"{name} is empty: a table of numbers was expected")
    (_, first), (_, below) = begin[0], begin[-1]
    # The first row may be names: what a column holds, the row below it tells.
    labelled = len(first) > 1 and not is_number(below[0])
    headed = not all(map(is_number, first[labelled:]))
    names = tuple(cell.strip() for cell in first[labelled:])
    numbers, labels = array("d"), []
    for line, row in chain(begin[headed:], rows):
        if len(row) != len(first):
            raise DataError(
                f"{name}, line {line} has {len(row)} fields, its first line has {len(first)}: repair the line"
            )
        labels.append(row[0].strip())
        for place in range(labelled, len(row)):
            column = repr(names[place - labelled]) if headed else str(place + 1)
            numbers.append(finite_number(row[place], f"{name}, line {line}, column {column}"))
    if not labels:
        raise DataError(f"{name} has a header but no numbers below it")
    values = np.frombuffer(numbers, dtype=np.float64).reshape(len(labels), -1)
    return Table(values, names if headed else None, tuple(labels) if labelled else None)
