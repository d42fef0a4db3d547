"""A trace as a file.

One safetensors file. Its tensors are named

    {record}/{quantity}        record = 0, 1, …, in order; shape (time, batch, unit)
    {record}/initial/{state}   shape (batch, unit)
    {record}/masks/{mask}      shape (time, batch, unit), or that of a mask held over the run; only where there are any
    {record}/input             shape (time, batch, input)
    {record}/lengths           shape (batch,), only where sequences differ in length
    inputs, predictions        of the whole model, where the trace has them

and its metadata has two entries: ``format`` = "peephole-trace 1", and ``records``, a JSON object with a list
``records`` of {module, call, layer, direction, kind, quantities, initial, masks, absent} and the lists ``symbols`` and
``labels``, each of them or null. Any safetensors reader opens it; nothing in it is executed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from torch import Tensor

from peephole.errors import TraceError
from peephole.trace import containers
from peephole.trace.trace import LayerRecord

if TYPE_CHECKING:
    from peephole.trace.trace import Trace

FORMAT = "peephole-trace 1"
T = TypeVar("T")


def save(trace: Trace, path: Path) -> None:
    """Writes ``trace`` to ``path``, whole or not at all."""
    tensors: dict[str, Tensor] = {}
    facts: list[dict[str, Any]] = []
    for number, record in enumerate(trace.records):
        tensors |= {f"{number}/{name}": values for name, values in record.quantities.items()}
        tensors |= {f"{number}/initial/{name}": values for name, values in record.initial.items()}
        tensors |= {f"{number}/masks/{name}": values for name, values in record.masks.items()}
        tensors[f"{number}/input"] = record.input
        if record.lengths is not None:
            tensors[f"{number}/lengths"] = record.lengths
        names = ("module", "call", "layer", "direction", "kind")
        facts.append(
            {
                **{n: getattr(record, n) for n in names},
                "quantities": list(record.quantities),
                "initial": list(record.initial),
                "masks": list(record.masks),
                "absent": dict(record.absent),
            }
        )
    for name in ("inputs", "predictions"):
        if (values := getattr(trace, name)) is not None:
            tensors[name] = values
    told = {"records": facts, "symbols": trace.symbols, "labels": trace.labels}
    metadata = {"format": FORMAT, "records": json.dumps(told)}
    plain = {n: v.detach().cpu().contiguous().clone() for n, v in tensors.items()}
    containers.write(path, plain, metadata, what="trace")


def load(kind: type[T], path: Path) -> T:
    """Reads a trace of class ``kind``."""
    metadata, tensors = containers.read(path, wanted=FORMAT, what="trace")
    try:
        facts = json.loads(metadata["records"])
        records = tuple(_record(number, fact, tensors) for number, fact in enumerate(facts["records"]))
        # Files from before there were labels have none.
        symbols, labels = (
            None if facts.get(name) is None else tuple(map(str, facts[name]))
            for name in ("symbols", "labels")
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TraceError(f"{path} is damaged: {type(error).__name__}: {error}") from error
    return kind(records, tensors.get("inputs"), tensors.get("predictions"), symbols, labels)  # type: ignore[call-arg]


def _record(number: int, fact: dict[str, Any], tensors: dict[str, Tensor]) -> LayerRecord:
    """One record from its facts and the file's tensors."""
    return LayerRecord(
        module=str(fact["module"]),
        call=int(fact["call"]),
        layer=int(fact["layer"]),
        direction=str(fact["direction"]),
        kind=str(fact["kind"]),
        quantities={name: tensors[f"{number}/{name}"] for name in fact["quantities"]},
        initial={name: tensors[f"{number}/initial/{name}"] for name in fact["initial"]},
        input=tensors[f"{number}/input"],
        lengths=tensors.get(f"{number}/lengths"),
        masks={name: tensors[f"{number}/masks/{name}"] for name in fact["masks"]},
        absent={str(name): str(reason) for name, reason in dict(fact["absent"]).items()},
    )
