"""One step of one layer: what every unit did, and what one unit did, taken apart and said in a sentence.

layer  every quantity F32 (unit,) under its name; before.cell and before.hidden F32 (unit,), the state that the step
       started from; input F32 (feature,), what the layer read
"""

from __future__ import annotations

from dataclasses import asdict

from peephole.analysis.moments import Moment, moment
from peephole.analysis.preactivations import Sum, sums
from peephole.analysis.steps import state_before
from peephole.errors import TraceError
from peephole.explorer.asked import Asked
from peephole.explorer.desk import Desk
from peephole.explorer.models import layers_of
from peephole.explorer.payload import Json, Payload

LANGUAGES = ("en", "zh")


def layer(desk: Desk, asked: Asked) -> Payload:
    """What every unit of a layer and direction did."""
    found = desk.moment(asked)
    record, time, sequence = found.record, found.time, found.sequence
    tensors = {name: values[time, sequence] for name, values in record.quantities.items()}
    tensors |= {f"before.{state}": state_before(record, state, time, sequence) for state in record.initial}
    tensors["input"] = record.input[time, sequence]
    return Payload(tensors, {"kind": record.kind, "step": found.step, "first": found.first})


def unit(desk: Desk, asked: Asked) -> Json:
    """What one unit did: its numbers, printed and exact, its sentence, and the sum inside each gate."""
    found = desk.moment(asked)
    number, record = found.unit(asked.number("unit")), found.record
    said = moment(record, number, found.time, sequence=found.sequence)
    layer = layers_of(found.network)[record.layer]
    try:
        inside = sums(
            found.network,
            found.trace,
            number,
            found.time,
            layer=layer.depth,
            module=layer.module,
            direction=record.direction,
            sequence=found.sequence,
        )
    except TraceError:
        inside = ()  # an imported layer may have options whose sums nobody has taken apart; the rest is there
    return {
        "sentence": {language: _sentence(said, language) for language in LANGUAGES},
        "printed": said.printed(),
        "values": asdict(said),
        "sums": {part.quantity: _sum(part) for part in inside},
    }


def _sentence(said: Moment, language: str) -> list[Json]:
    return [{"text": part.text, "mark": part.mark} for part in said.parts("zh" if language == "zh" else "en")]


def _sum(part: Sum) -> Json:
    return {
        "input": part.input,
        "hidden": part.hidden,
        "peephole": part.peephole,
        "bias": part.bias,
        "sum": part.total,
        "activation": part.activation,
    }
