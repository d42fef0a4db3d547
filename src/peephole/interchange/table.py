"""What was understood, as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from peephole.interchange.understood import Understood

_MOST = 40
"""Tensors and parts left out that are listed; of more there is a count."""


def show(understood: Understood, console: Console) -> None:
    """Prints the parts, where each tensor came from, what was left out, and the notes."""
    for number, renderable in enumerate(_all(understood)):
        if number:
            console.print()
        console.print(renderable)


def _all(understood: Understood) -> Iterator[RenderableType]:
    yield _text(f"{understood.file}: {understood.kind}", style="bold")
    yield _parts(understood)
    yield _sources(understood)
    if understood.left_out:
        yield _left_out(understood)
    if understood.notes:
        yield Group(*(_text(f"Note: {note}") for note in understood.notes))


def _columns(*names: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold", header_style="dim")
    return table


def _parts(understood: Understood) -> Table:
    table = _columns("layer", "cell", "sizes", "options")
    for row in understood.rows:
        table.add_row(_text(row.name), _text(row.kind), _text(row.sizes), _text(row.options))
    return table


def _sources(understood: Understood) -> Table:
    table = _columns("tensor", "came from")
    every = [(row.name, name, source) for row in understood.rows for name, source in row.sources.items()]
    for layer, name, source in every[:_MOST]:
        table.add_row(_text(f"{layer}: {name}"), _text(source))
    if len(every) > _MOST:
        table.add_row(Text(f"and {len(every) - _MOST} more"), Text(""))
    return table


def _left_out(understood: Understood) -> Table:
    table = _columns("left out", "what", "why")
    for entry in understood.left_out[:_MOST]:
        table.add_row(_text(entry.name), _text(entry.what), _text(entry.reason))
    if len(understood.left_out) > _MOST:
        table.add_row(Text(f"and {len(understood.left_out) - _MOST} more"), Text(""), Text(""))
    return table


def _text(words: str, style: str = "") -> Text:
    """A file's own words, in which nothing that is not printable reaches the terminal."""
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in words)
    return Text("".join(shown), style=style)
