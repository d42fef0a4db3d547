"""What all endpoints share: the runs and the traces that are open, and the way to each from what was asked."""

from __future__ import annotations

from dataclasses import dataclass

from peephole.explorer.asked import Asked
from peephole.explorer.catalog import Catalog
from peephole.explorer.input_files import InputFiles
from peephole.explorer.missing import no_lane, no_quantity, no_unit
from peephole.explorer.offered import Offered
from peephole.explorer.refusal import Refusal
from peephole.explorer.sessions import Session, Sessions, forgotten
from peephole.explorer.sketch_asked import MomentAsked, SketchAsked
from peephole.explorer.surveyed import SURVEYED_FROM, LongText, Watch, is_long
from peephole.explorer.surveys import Surveys
from peephole.explorer.task import task_in
from peephole.explorer.text_files import TextFiles
from peephole.explorer.words import Words
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
            raise no_quantity(name, self.record.quantities)
        return name

    def unit(self, asked: Asked) -> int:
        """The unit that the path names.

        Raises:
            Refusal: there is no such unit.
        """
        return self.existing(asked.number("unit"))

    def existing(self, unit: int) -> int:
        """A unit that is there.

        Raises:
            Refusal: there is no such unit.
        """
        if unit >= self.units:
            raise no_unit(unit, self.units)
        return unit

    def moment(self, step: int) -> MomentAsked:
        """One of its steps, counted over all sequences.

        Raises:
            Refusal: there is no such step.
        """
        sequence, time = self.session.place(step)
        return MomentAsked(
            network=self.session.network,
            trace=self.session.reading.trace,
            record=self.record,
            sequence=sequence,
            time=time,
            step=time,
            steps=int(self.session.material.lengths[sequence]),
        )


class Desk:
    """The runs, the traces and the long texts that are open.

    Args:
        catalog: the runs.
        files: the texts that are offered besides the runs' own.
        watch: is told how far the survey of each long text is.
        inputs: files of numbers, to networks that read those.
        surveying: False has long texts traced like short ones, as far as they can be.
    """

    def __init__(
        self,
        catalog: Catalog,
        files: TextFiles | None = None,
        watch: Watch = lambda title, share: None,
        *,
        inputs: InputFiles | None = None,
        surveying: bool = True,
    ) -> None:
        self._surveying = surveying
        self.catalog = catalog
        self.files = Offered(files or TextFiles(), inputs or InputFiles())
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
        version = opened.version(task.frame, peepholes=task.peepholes)
        if not (self._surveying and is_long(version, task)):
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
            raise no_lane(key, list(there))
        return SketchAsked(long, there[key])

    def moment(self, asked: Asked) -> MomentAsked:
        """The step of a layer and direction that the path names.

        Raises:
            Refusal: the trace is no longer held or still being read, or has no such layer or step.
        """
        found = self.sketch(asked) if self.is_long(asked) else self.lane(asked)
        return found.moment(asked.number("step"))

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
    there = {(record.layer, record.direction): record for record in session.lanes}
    if (layer, direction) not in there:
        raise no_lane((layer, direction), list(there))
    return LaneAsked(session, there[layer, direction])


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
