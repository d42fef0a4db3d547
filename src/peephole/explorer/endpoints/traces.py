"""What a network does with what it reads: everything at once, one quantity of every unit, one unit.

trace     surprise F32 (step,), and outputs5 I32 and probabilities5 F32 (step, 5), −1 and 0 where a network has
          fewer outputs, or forecast F32 (step, 1) where it says a number; inputs F32 (step, feature) of numbers;
          distribution F32 (step, output) where it labels an image; of an imported network output F32 (step, output)
quantity  values F16 (step, unit), and F32 (unit,) each field of ``UnitStatistics``
unit      each quantity F32 (step,) under its name, hist.<quantity> F32 (bin,),
          and for symbols mean_by_symbol F32 (symbol,), counts F32 (symbol,), for numbers with_feature F32 (feature,),
          its correlation with each
"""

from __future__ import annotations

from dataclasses import asdict

from torch import Tensor
from torch.nn import functional

from peephole.analysis.rankings import pearson
from peephole.analysis.steps import flatten
from peephole.analysis.units import histogram, mean_by_symbol, unit_statistics
from peephole.explorer.asked import Asked
from peephole.explorer.desk import Desk
from peephole.explorer.endpoints import long
from peephole.explorer.payload import Json, Payload
from peephole.explorer.surveyed import LongText


def trace(desk: Desk, asked: Asked) -> Payload:
    """What was read, and what was said."""
    session = desk.read_any(asked)
    if isinstance(session, LongText):
        return long.text(session)
    material, opened = session.material, session.opened
    tensors = dict(session.reading.said)
    if "outputs" in tensors:
        tensors["outputs5"] = _five(tensors.pop("outputs"), missing=-1)
        tensors["probabilities5"] = _five(tensors.pop("probabilities"), missing=0)
    if material.inputs.is_floating_point():
        tensors["inputs"] = flatten(material.inputs, material.lengths)
    final = tensors.pop("final", None)
    facts: Json = {
        "trace": session.id,
        "title": None if material.title is None else material.title.to_json(),
        "symbols": material.symbols,
        "lengths": material.lengths.tolist(),
        "input": opened.network.config.input,
        "target": opened.target,
        "unknown": material.unknown,
        "predicted": opened.outputs,
        "frame": session.task.frame,
        "clamps": [held.to_json() for held in session.clamps],
        "final": None if final is None else final.tolist(),
        **long.axis_of(material),
    }
    return Payload(tensors, facts)


def quantity(desk: Desk, asked: Asked) -> Payload:
    """One quantity of every unit of a layer and direction, with what it amounts to for each unit."""
    if desk.is_long(asked):
        return long.quantity(desk, asked)
    found = desk.lane(asked)
    name = found.quantity(asked["quantity"])
    values = flatten(found.record[name], found.record.lengths)
    return Payload({"values": values.half(), **asdict(unit_statistics(found.record, name))})


def unit(desk: Desk, asked: Asked) -> Payload:
    """Every quantity of one unit, how its values spread, and its mean after each symbol.

    The mean is of the cell, or of the hidden value where there is no cell. Where numbers are read it is the cell's
    correlation with each of them instead.
    """
    if desk.is_long(asked):
        return long.unit(desk, asked)
    found = desk.lane(asked)
    number, record, material = found.unit(asked), found.record, found.session.material
    tensors: dict[str, Tensor] = {}
    edges: dict[str, tuple[float, float]] = {}
    for name, values in record.quantities.items():
        spread = histogram(record, name, number)
        tensors[name] = flatten(values[..., number], record.lengths)
        tensors[f"hist.{name}"] = spread.counts
        edges[name] = (spread.low, spread.high)
    facts: Json = {"edges": edges}
    if not material.inputs.is_floating_point():
        by_symbol = mean_by_symbol(record, found.memory, number, material.symbols)
        tensors |= {"mean_by_symbol": by_symbol.means, "counts": by_symbol.counts}
        facts["symbols"] = by_symbol.symbols
    else:
        own = flatten(record[found.memory][..., number], record.lengths).double().unsqueeze(1)
        read = flatten(material.inputs, material.lengths).double()
        tensors["with_feature"] = pearson(own, read).squeeze(0).float()
    return Payload(tensors, facts)


def _five(values: Tensor, *, missing: int) -> Tensor:
    """(step, k ≤ 5) as (step, 5): a row is always as long, also of a network with fewer outputs."""
    return functional.pad(values, (0, 5 - values.shape[1]), value=missing)
