"""The networks that the explorer opens with: trained from the recipes here, shipped as ordinary run folders.

    from peephole import zoo

    zoo.names()                     counter, counter-rnn, …
    zoo.open_run("counter")         a Run, as ph.open_run gives for a folder
    zoo.cards()                     what each is called, and what to look for in it

``make zoo`` trains them again (``python -m peephole.zoo.retrain``).
"""

from __future__ import annotations

from peephole.zoo.gallery import Card, cards, names, open_run

__all__ = ["Card", "cards", "names", "open_run"]
