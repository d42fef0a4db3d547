"""What there is to look at: all runs, one, and the images over which one changes its mind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from peephole import __version__
from peephole.explorer.asked import Asked
from peephole.explorer.cards import gallery_page, home_page, run_page
from peephole.explorer.changes import Change
from peephole.explorer.desk import Desk
from peephole.explorer.payload import Json
from peephole.explorer.siblings import siblings

MOST_CHANGES = 60
"""So many images are told."""


def home(desk: Desk, asked: Asked) -> Json:
    """The version, a card for each of the user's runs, and one for each shipped network."""
    runs, gallery = home_page(desk.catalog.folders()), gallery_page(desk.catalog.shipped())
    return {"version": __version__, "runs": runs, "gallery": gallery}


def run(desk: Desk, asked: Asked) -> Json:
    """A run's card, what its network is made of, and how its training went."""
    name = asked["run"]
    opened = desk.catalog.open(name)
    return run_page(name, opened) | {
        "texts": desk.files.titles(opened),
        "opens_files": opened.vocabulary is None and opened.target != "class",
        "siblings": siblings(name, desk.catalog.everything()),
    }


def changes(desk: Desk, asked: Asked) -> Json:
    """The held-out images over which a network changes its mind, the latest to settle first.

    With ``label`` and ``mistaken`` in the query those that are the one and were taken for the other.
    """
    opened = desk.catalog.open(asked["run"])
    found = [_named(change, opened.outputs) for change in opened.changes()]
    wanted = {name: asked.query[name] for name in ("label", "mistaken") if name in asked.query}
    told = [change for change in found if all(change[name] == value for name, value in wanted.items())]
    return {"samples": told[:MOST_CHANGES]}


def _named(change: Change, outputs: Sequence[str]) -> Json:
    """A change with the names of its labels in place of their numbers."""
    mistaken = None if change.mistaken is None else outputs[change.mistaken]
    return asdict(change) | {"label": outputs[change.label], "mistaken": mistaken}
