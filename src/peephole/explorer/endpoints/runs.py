"""What there is to look at: all runs, and one."""

from __future__ import annotations

from peephole import __version__
from peephole.explorer.asked import Asked
from peephole.explorer.cards import gallery_page, home_page, run_page
from peephole.explorer.desk import Desk
from peephole.explorer.payload import Json
from peephole.explorer.siblings import siblings


def home(desk: Desk, asked: Asked) -> Json:
    """The version, a card for each of the user's runs, and one for each shipped network."""
    runs, gallery = home_page(desk.catalog.folders()), gallery_page(desk.catalog.shipped())
    return {"version": __version__, "runs": runs, "gallery": gallery}


def run(desk: Desk, asked: Asked) -> Json:
    """A run's card, what its network is made of, and how its training went."""
    name = asked["run"]
    return run_page(name, desk.catalog.open(name)) | {
        "texts": desk.files.titles,
        "siblings": siblings(name, desk.catalog.everything()),
    }
