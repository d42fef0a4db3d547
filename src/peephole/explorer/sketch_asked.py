"""What is asked of a long text: a layer and direction of its survey, or one moment. Knows nothing of which are open."""

from __future__ import annotations

from dataclasses import dataclass

from peephole.explorer.asked import Asked
from peephole.explorer.missing import no_moment, no_quantity, no_unit
from peephole.explorer.models import Model
from peephole.explorer.surveyed import LongText
from peephole.trace.sketches import QuantitySketch
from peephole.trace.survey import LayerSketch
from peephole.trace.trace import LayerRecord, Trace


@dataclass(frozen=True, eq=False)
class MomentAsked:
    """One step of one layer and direction.

    Attributes:
        network: what read.
        trace: of all layers, over some steps that have this one among them.
        record: the layer and direction in it.
        sequence, time: where the step is in the record.
        step, steps: where it is in its sequence, and how long that is.
    """

    network: Model
    trace: Trace
    record: LayerRecord
    sequence: int
    time: int
    step: int
    steps: int

    @property
    def first(self) -> bool:
        """Whether the direction begins with this step."""
        return self.step == (self.steps - 1 if self.record.direction == "backward" else 0)

    def unit(self, unit: int) -> int:
        """A unit that is there.

        Raises:
            Refusal: there is no such unit.
        """
        units = int(self.record["hidden"].shape[-1])
        if unit >= units:
            raise no_unit(unit, units)
        return unit


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
            raise no_quantity(name, self.sketch.quantities)
        return self.sketch[name]

    def unit(self, asked: Asked) -> int:
        """The unit that the path names.

        Raises:
            Refusal: there is no such unit.
        """
        unit, units = asked.number("unit"), len(self.sketch["hidden"].mean)
        if unit >= units:
            raise no_unit(unit, units)
        return unit

    def window(self, begin: int, end: int) -> LayerRecord:
        """What it did over a stretch.

        Raises:
            Refusal: there is no such stretch.
        """
        records = self.long.window(self.sketch.layer, begin, end)
        return next(record for record in records if record.direction == self.sketch.direction)

    def moment(self, step: int) -> MomentAsked:
        """One of its steps, run again.

        Raises:
            Refusal: there is no such step.
        """
        if step >= len(self.long):
            raise no_moment(step, len(self.long))
        trace = self.long.survey.window(step, step + 1)
        return MomentAsked(
            network=self.long.network,
            trace=trace,
            record=trace.layer(self.sketch.layer, self.sketch.direction),
            sequence=0,
            time=0,
            step=step,
            steps=len(self.long),
        )
