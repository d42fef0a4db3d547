"""Which runs can be laid side by side: they learned the same problem and read the same symbols."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from peephole.errors import RunError
from peephole.train.run import Run


def siblings(id: str, folders: Mapping[str, Path]) -> list[str]:
    """The other runs that can read what a run reads, and are asked the same. What cannot be opened is left out.

    Args:
        id: the run.
        folders: every run by its id.
    """
    run = Run.open(folders[id])
    if run.imported:  # nobody knows what is asked of it
        return []
    own = _asked_of(run)
    return [other for other, folder in folders.items() if other != id and _is_asked(own, folder)]


def _is_asked(own: object, folder: Path) -> bool:
    try:
        return _asked_of(Run.open(folder)) == own
    except RunError:
        return False  # its card on the home page says why


def _asked_of(run: Run) -> object:
    """What is asked of a network: equal where networks can be compared on the same input."""
    vocabulary, about = run.vocabulary(), run.description
    return (
        [about.get(name) for name in ("kind", "task", "column")],
        run.config.input_size,
        run.config.output_size,
        None if vocabulary is None else (vocabulary.unit, vocabulary.symbols),
    )
