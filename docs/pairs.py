"""Writes ``pairs.md``, the matrix of option pairs, from the table of options: ``python docs/pairs.py``.

A test compares the page with what this file makes of the table, so that neither changes without the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from peephole.nn import options
from peephole.nn.options import SET, Option, Refusal

PAGE = Path(__file__).with_suffix(".md")
CELLS = ("lstm", "gru", "rnn")

_HEAD = """\
# Pairs of options

<!-- Made by `python docs/pairs.py` from src/peephole/nn/options.py: change that, not this. -->

Can two options be had together? For every pair the answer is one of two:

- ✓ the pair is tested: at every value listed here, forwards and in both directions, with sequences of different
  lengths, in training too where it draws masks. Outputs, states and the whole record are what the papers' formulas
  give, to 1e-10;
- ✗ the pair has no meaning and is refused when the layer is made. The error names both options and why:

```python
import peephole as ph

try:
    ph.LSTM(50, 60, coupled=True, forget_bias=1.0)
except ph.errors.OptionError as error:
    print(error)
else:
    raise AssertionError("the pair is refused")
```

What the options mean stands in [options.md](options.md). The tests are
[test_pairs_of_options.py](../tests/nn/test_pairs_of_options.py).
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for cell in CELLS for line in _section(cell))])


def _section(cell: str) -> Iterator[str]:
    """A cell's counts, its options, its matrix and what it refuses."""
    rows = list(options.of_cell(cell).values())
    matrix = {(below.name, row.name): _refusals(cell, below, row) for row, below in _pairs(rows)}
    refused = [refusals for refusals in matrix.values() if any(refusals)]
    known = [refusal for refusal in options.REFUSALS if refusal.of == cell]
    reasons = [refusal for refusal in known if any(refusal in refusals for refusals in refused)]

    yield f"## {cell.upper()}\n"
    counts = (
        f"{len(rows)} options, {len(matrix)} pairs, {sum(map(len, matrix.values()))} combinations of values"
    )
    yield f"{counts}; {len(refused) or 'no'} pairs refused.\n"
    yield "| | option | default | tested at | beside |"
    yield "| --- | --- | --- | --- | --- |"
    for number, row in enumerate(rows, 1):
        beside = ", ".join(f"`{name}={value!r}`" for name, value in row.needs.items())
        tested = ", ".join(f"`{value!r}`" for value in row.values)
        yield f"| {number} | `{row.name}` | `{row.default!r}` | {tested} | {beside} |"
    yield ""

    columns = rows[:-1]
    yield f"| | | {' | '.join(str(number) for number, _ in enumerate(columns, 1))} |"
    yield f"| --- | --- {'| :-: ' * len(columns)}|"
    for number, row in enumerate(rows[1:], 2):
        marks = [_mark(matrix[below.name, row.name], reasons) for below in columns[: number - 1]]
        marks += [""] * (len(columns) - len(marks))
        yield f"| {number} | `{row.name}` | {' | '.join(marks)} |"
    yield ""

    if reasons:
        yield "Refused:\n"
        yield from (f"{number}. {_told(refusal)}" for number, refusal in enumerate(reasons, 1))
        yield ""
    if others := [refusal for refusal in known if refusal not in reasons]:
        yield "Refused too, beyond these pairs:\n"
        yield from (f"- {_told(refusal)}" for refusal in others)
        yield ""


def _pairs(rows: list[Option]) -> Iterator[tuple[Option, Option]]:
    """Each option with each that stands before it, in the order in which the matrix is read."""
    for number, row in enumerate(rows):
        yield from ((row, below) for below in rows[:number])


def _refusals(cell: str, first: Option, second: Option) -> list[Refusal | None]:
    """Why a pair is refused, at each of its values; None where it is not."""
    return [
        options.refusal(cell, {**first.needs, **second.needs, first.name: a, second.name: b})
        for a, b in product(first.values, second.values)
    ]


def _mark(refusals: list[Refusal | None], reasons: list[Refusal]) -> str:
    """One place of the matrix: ✓, ✗ with the number of its reason, or both where only some values are refused."""
    numbers = sorted({reasons.index(refusal) + 1 for refusal in refusals if refusal})
    return " ".join((["✓"] if None in refusals else []) + [f"✗<sup>{number}</sup>" for number in numbers])


def _told(refusal: Refusal) -> str:
    """What is refused and why; an option without a value stands for each of its values but the default."""
    named = [f"`{name}`" if value is SET else f"`{name}={value!r}`" for name, value in refusal.when.items()]
    return f"{' and '.join(named)}: {refusal.why}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
