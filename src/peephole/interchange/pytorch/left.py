"""The table of what was left out: one row for the largest piece of a file that holds nothing of the network."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence

from peephole.interchange.found import LeftOut
from peephole.interchange.pytorch.tree import Named, floats

ROWS = 60
_OPTIMIZER = re.compile(r"optim|exp_avg|momentum_buffer|square_avg|step_size", re.IGNORECASE)


def rows(left: Sequence[Named], used: Collection[str], troubles: Mapping[str, str]) -> list[LeftOut]:
    """Rows for all tensors that were not used.

    Args:
        left: those tensors, in the order of the file.
        used: paths of the others.
        troubles: path to reason, for those that look like the network's and could not be used.
    """
    ancestors = {
        ".".join(parts[:n]) for path in used for parts in [path.split(".")] for n in range(1, len(parts))
    }
    groups: dict[tuple[str, str], list[Named]] = {}
    for named in left:
        key = _highest(named.path, ancestors)
        groups.setdefault((key, troubles.get(named.path, "")), []).append(named)
    table = [
        LeftOut(name, _what(members), trouble or _reason(members))
        for (name, trouble), members in groups.items()
    ]
    if len(table) > ROWS:
        more = len(table) - ROWS + 1
        table = [*table[: ROWS - 1], LeftOut("…", f"{more} more pieces of the file", "as those above")]
    return table


def _highest(path: str, ancestors: Collection[str]) -> str:
    """The shortest beginning of a path under which nothing was used."""
    parts = path.split(".")
    for n in range(1, len(parts)):
        if (start := ".".join(parts[:n])) not in ancestors:
            return start
    return path


def _what(members: Sequence[Named]) -> str:
    if len(members) == 1:
        return members[0].what
    numbers = sum(math.prod(named.held.shape) for named in members)
    what = "the optimizer's state, " if _OPTIMIZER.search(members[0].path) else ""
    return f"{what}{len(members)} tensors, {numbers:,} numbers"


def _reason(members: Sequence[Named]) -> str:
    first = members[0]
    if any(_OPTIMIZER.search(named.path) for named in members):
        return "training's, not the network's"
    if trouble := next((named.held.trouble for named in members if named.held.trouble), ""):
        return trouble
    if not any(floats(named.held.dtype) for named in members):
        return "no weights: whole numbers, complex ones or bits"
    kinds = {named.owner.made_by.rpartition(".")[2] for named in members if named.owner is not None}
    if len(kinds) == 1:
        return f"{kinds.pop()[:100]} is neither recurrent, embedding nor linear"
    if len(first.held.shape) == 2 and len(members) == 1:
        return "a matrix that nothing says the use of"
    return "neither recurrent, embedding nor linear"
