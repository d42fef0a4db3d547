"""What travels to the page: the only file that knows both a run with its trace and the bytes on the wire.

Numbers travel as safetensors, the few facts beside them as one JSON string in its metadata, under "json". Steps are
those of all sequences, one after another, without padding.

    trace    surprise F32 (step,), and outputs5 I32 and probabilities5 F32 (step, 5), −1 and 0 where a network has
             fewer outputs, or forecast F32 (step, 1) where it says a number; distribution F32 (step, output)
             where it labels an image; inputs F32 (step, feature) of numbers
    layer    values F16 (step, unit), and F32 (unit,) each field of ``UnitStatistics``
    unit     each quantity F32 (step,) under its name, hist.<quantity> F32 (bin,),
             and for symbols mean_by_symbol F32 (symbol,), counts F32 (symbol,)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from safetensors.numpy import save
from torch import Tensor
from torch.nn import functional

from peephole.analysis.steps import flatten
from peephole.analysis.units import histogram, mean_by_symbol, unit_statistics
from peephole.explorer.material import Material
from peephole.explorer.opened import OpenRun
from peephole.explorer.sessions import Session
from peephole.trace.trace import LayerRecord


def trace_payload(opened: OpenRun, session: Session) -> bytes:
    """A network's reading of a material: what was read, and what was said."""
    material, reading = session.material, session.reading
    tensors = dict(reading.said)
    if "outputs" in tensors:
        tensors["outputs5"] = _five(tensors.pop("outputs"), missing=-1)
        tensors["probabilities5"] = _five(tensors.pop("probabilities"), missing=0)
    if material.inputs.is_floating_point():
        tensors["inputs"] = flatten(material.inputs, material.lengths)
    facts = {
        "trace": session.id,
        "title": material.title,
        "symbols": material.symbols,
        "lengths": material.lengths.tolist(),
        "input": opened.network.config.input,
        "target": opened.target,
        "unknown": material.unknown,
        "predicted": opened.outputs,
    }
    return _pack(tensors, facts)


def layer_payload(record: LayerRecord, quantity: str) -> bytes:
    """One quantity of every unit of a layer and direction, with what it amounts to for each unit."""
    values = flatten(record[quantity], record.lengths)
    return _pack({"values": values.half(), **asdict(unit_statistics(record, quantity))}, {})


def unit_payload(record: LayerRecord, unit: int, material: Material) -> bytes:
    """Every quantity of one unit, how its values spread, and its mean after each symbol.

    The mean is of the cell, or of the hidden value where there is no cell; numbers are read without any.
    """
    tensors: dict[str, Tensor] = {}
    edges: dict[str, tuple[float, float]] = {}
    for quantity, values in record.quantities.items():
        spread = histogram(record, quantity, unit)
        tensors[quantity] = flatten(values[..., unit], record.lengths)
        tensors[f"hist.{quantity}"] = spread.counts
        edges[quantity] = (spread.low, spread.high)
    facts: dict[str, object] = {"edges": edges}
    if not material.inputs.is_floating_point():
        memory = "cell" if "cell" in record.quantities else "hidden"
        by_symbol = mean_by_symbol(record, memory, unit, material.symbols)
        tensors |= {"mean_by_symbol": by_symbol.means, "counts": by_symbol.counts}
        facts["symbols"] = by_symbol.symbols
    return _pack(tensors, facts)


def _five(values: Tensor, *, missing: int) -> Tensor:
    """(step, k ≤ 5) as (step, 5): a row is always as long, also of a network with fewer outputs."""
    return functional.pad(values, (0, 5 - values.shape[1]), value=missing)


def _pack(tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> bytes:
    # ensure_ascii, the default, lets even a lone surrogate through, which is no valid UTF-8.
    arrays = {name: values.contiguous().numpy() for name, values in tensors.items()}
    return save(arrays, metadata={"json": json.dumps(facts)})
