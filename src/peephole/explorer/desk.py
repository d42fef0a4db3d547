"""What all endpoints share: the runs and the traces that are open, and the way to each from what was asked."""

from __future__ import annotations

from dataclasses import dataclass

from peephole.explorer.asked import Asked
from peephole.explorer.catalog import Catalog
from peephole.explorer.refusal import Refusal
from peephole.explorer.sessions import Session, Sessions
from peephole.explorer.task import task_in
from peephole.explorer.words import Words, joined, lane
from peephole.trace.trace import LayerRecord


@dataclass(frozen=True, eq=False)
class LaneAsked:
    """One layer and direction of an open trace."""

    session: Session
    record: LayerRecord

    @property
    def memory(self) -> str:
        """The quantity that carries what the layer remembers."""
        return "cell" if "cell" in self.record.quantities else "hidden"

    @property
    def units(self) -> int:
        """How many units it has."""
        return int(self.record["hidden"].shape[-1])

    def quantity(self, name: str) -> str:
        """The name of one of its quantities.

        Raises:
            Refusal: it has none of this name.
        """
        if name not in self.record.quantities:
            there = ", ".join(self.record.quantities)
            raise Refusal(
                Words(f"this layer has no {name}", f"该层没有 {name}"),
                do=Words(f"It has {there}.", f"可选：{there}。"),
                status=404,
            )
        return name

    def unit(self, asked: Asked) -> int:
        """The unit that the path names.

        Raises:
            Refusal: there is no such unit.
        """
        unit = asked.number("unit")
        if unit >= self.units:
            last = self.units - 1
            raise Refusal(
                Words(f"there is no unit {unit}", f"没有单元 {unit}"),
                do=Words(f"This layer has units 0 to {last}.", f"该层的单元为 0 到 {last}。"),
                status=404,
            )
        return unit


class Desk:
    """The runs and the traces that are open.

    Args:
        catalog: the runs.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.sessions = Sessions()

    def read(self, asked: Asked) -> Session:
        """The trace of the task that the body describes, by the run that the path names.

        Raises:
            Refusal: there is no such run, or it cannot do that.
        """
        opened = self.catalog.open(asked["run"])
        return self.sessions.read(opened, task_in(opened, asked))

    def session(self, asked: Asked) -> Session:
        """The open trace that the path names.

        Raises:
            Refusal: it is no longer held.
        """
        return self.sessions.get(asked["trace"])

    def lane(self, asked: Asked) -> LaneAsked:
        """The layer and direction that the path names.

        Raises:
            Refusal: the trace is no longer held, or has no such layer.
        """
        session = self.session(asked)
        return lane_of(session, asked.number("layer"), asked["direction"])


def lane_of(session: Session, layer: int, direction: str) -> LaneAsked:
    """One layer and direction of a trace.

    Raises:
        Refusal: the network has no such layer.
    """
    there = {(record.layer, record.direction): record for record in session.reading.trace.records}
    if (layer, direction) not in there:
        wrong, names = lane(layer, direction), joined([lane(*key) for key in there])
        raise Refusal(
            Words(f"there is no {wrong.en}", f"没有{wrong.zh}"),
            do=Words(f"This network has {names.en}.", f"该网络有：{names.zh}。"),
            status=404,
        )
    return LaneAsked(session, there[layer, direction])
