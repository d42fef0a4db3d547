"""What all endpoints share: the runs and the traces that are open, and the way to each from what was asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from peephole.explorer.asked import Asked
from peephole.explorer.catalog import Catalog
from peephole.explorer.refusal import Refusal
from peephole.explorer.sessions import Session, Sessions, forgotten
from peephole.explorer.surveyed import SURVEYED_FROM, LongText, Watch, is_long
from peephole.explorer.surveys import Surveys
from peephole.explorer.task import task_in
from peephole.explorer.text_files import TextFiles
from peephole.explorer.words import Words, joined, lane
from peephole.trace.sketches import QuantitySketch
from peephole.trace.survey import LayerSketch
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
            raise _no_quantity(name, self.record.quantities)
        return name

    def unit(self, asked: Asked) -> int:
        """The unit that the path names.

        Raises:
            Refusal: there is no such unit.
        """
        return _unit(asked, self.units)


@dataclass(frozen=True, eq=False)
class SketchAsked:
    """One layer and direction of a long text's survey."""

    long: LongText
    sketch: LayerSketch

    @property
    def memory(self) -> str:
        """The quantity that carries what the layer remembers."""
        return "cell" if "cell" in self.sketch.quantities else "hidden"

    def quantity(self, name: str) -> QuantitySketch:
        """What one of its quantities amounts to.

        Raises:
            Refusal: it has none of this name.
        """
        if name not in self.sketch.quantities:
            raise _no_quantity(name, self.sketch.quantities)
        return self.sketch[name]

    def unit(self, asked: Asked) -> int:
        """The unit that the path names.

        Raises:
            Refusal: there is no such unit.
        """
        return _unit(asked, len(self.sketch["hidden"].mean))

    def window(self, begin: int, end: int) -> LayerRecord:
        """What it did over a stretch.

        Raises:
            Refusal: there is no such stretch.
        """
        records = self.long.window(self.sketch.layer, begin, end)
        return next(record for record in records if record.direction == self.sketch.direction)


class Desk:
    """The runs, the traces and the long texts that are open.

    Args:
        catalog: the runs.
        files: the texts that are offered besides the runs' own.
        watch: is told how far the survey of each long text is.
    """

    def __init__(
        self, catalog: Catalog, files: TextFiles | None = None, watch: Watch = lambda title, share: None
    ) -> None:
        self.catalog = catalog
        self.files = files or TextFiles()
        self.sessions = Sessions()
        self.surveys = Surveys(watch)

    def read(self, asked: Asked) -> Session:
        """The trace of the task that the body describes, by the run that the path names.

        Raises:
            Refusal: there is no such run, or it cannot do that, or the text is too long for a trace.
        """
        found = self.read_any(asked)
        if isinstance(found, LongText):
            raise _too_long()
        return found

    def read_any(self, asked: Asked) -> Session | LongText:
        """The trace of the task that the body describes, or, of a text too long for one, its survey.

        Raises:
            Refusal: there is no such run, or it cannot do that.
        """
        opened = self.catalog.open(asked["run"])
        task = task_in(opened, self.files, asked)
        version = opened.version(task.frame)
        if not is_long(version, task):
            return self.sessions.read(opened, task)
        if task.clamps:
            raise _too_long()
        return self.surveys.open(opened, version, task)

    def session(self, asked: Asked) -> Session:
        """The open trace that the path names.

        Raises:
            Refusal: it is no longer held, or it is a survey.
        """
        if self.surveys.find(asked["trace"]) is not None:
            raise _too_long()
        return self.sessions.get(asked["trace"])

    def long(self, asked: Asked) -> LongText:
        """The long text that the path names.

        Raises:
            Refusal: it is no longer open.
        """
        found = self.surveys.find(asked["trace"])
        if found is None:
            raise forgotten(asked["trace"])
        return found

    def is_long(self, asked: Asked) -> bool:
        """Whether the path names a long text that is open."""
        return self.surveys.find(asked["trace"]) is not None

    def sketch(self, asked: Asked) -> SketchAsked:
        """The layer and direction of a long text that the path names.

        Raises:
            Refusal: it is no longer open, is still being read, or has no such layer.
        """
        long = self.long(asked)
        there = {(sketch.layer, sketch.direction): sketch for sketch in long.survey.sketches}
        key = asked.number("layer"), asked["direction"]
        if key not in there:
            raise _no_lane(key, list(there))
        return SketchAsked(long, there[key])

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
        raise _no_lane((layer, direction), list(there))
    return LaneAsked(session, there[layer, direction])


def _no_lane(wanted: tuple[int, str], there: list[tuple[int, str]]) -> Refusal:
    wrong, names = lane(*wanted), joined([lane(*key) for key in there])
    return Refusal(
        Words(f"there is no {wrong.en}", f"没有{wrong.zh}"),
        do=Words(f"This network has {names.en}.", f"该网络有：{names.zh}。"),
        status=404,
    )


def _no_quantity(name: str, there: Iterable[str]) -> Refusal:
    names = ", ".join(there)
    return Refusal(
        Words(f"this layer has no {name}", f"该层没有 {name}"),
        do=Words(f"It has {names}.", f"可选：{names}。"),
        status=404,
    )


def _unit(asked: Asked, units: int) -> int:
    unit = asked.number("unit")
    if unit >= units:
        raise Refusal(
            Words(f"there is no unit {unit}", f"没有单元 {unit}"),
            do=Words(f"This layer has units 0 to {units - 1}.", f"该层的单元为 0 到 {units - 1}。"),
            status=404,
        )
    return unit


def _too_long() -> Refusal:
    return Refusal(
        Words(
            "this text is too long for that: it is surveyed, not held",
            "此文本太长：只做了概览，没有保存全部记录",
        ),
        do=Words(
            f"Take a stretch of fewer than {SURVEYED_FROM:,} symbols.",
            f"请取少于 {SURVEYED_FROM:,} 个符号的一段。",
        ),
        status=413,
    )
