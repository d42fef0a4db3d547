"""A trace without a run: what any model did, ready to be carried into a page. Knows nothing of who made the trace.

A page shows layers by number and direction. The recurrent modules of a model, and their calls, follow one another as
layers where they went through the same steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from peephole import __version__
from peephole.analysis.predictions import predictions
from peephole.analysis.steps import flatten, lengths_of
from peephole.errors import TraceError
from peephole.explorer.capsule import Capsule, CarriedMaterial, CarriedRun
from peephole.explorer.models import plain
from peephole.explorer.payload import Json
from peephole.nn.stack import DIRECTIONS
from peephole.trace.trace import LayerRecord, Trace

ID = "trace"
"""The page's address of the one thing that it shows."""
MOST_NUMBERS = 2**26
"""Most recorded numbers that one page holds."""

_LABELS = "labels= takes one name for each step, sequence after sequence"


def carried_trace(
    trace: Trace,
    *,
    labels: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    module: str | None = None,
    title: str = "trace",
    exact: bool = False,
) -> Capsule:
    """A trace as the one thing that a page shows.

    Args:
        trace: of any model.
        labels: what each step read, sequence after sequence without padding: characters, words. Without them ids are
            shown by the trace's symbols, or as numbers, and numbers as they are.
        outputs: names of the readout's outputs, where the trace holds predictions.
        module: the recurrent module that is shown; None for all.
        title: what the page calls it.
        exact: the records are not rounded.

    Raises:
        TraceError: there is nothing of this module, its modules went through different steps, the trace is too
            large, or there are not as many labels as steps.
    """
    records = _layers(trace, module)
    first = records[0]
    lengths = lengths_of(first)
    material = _material(trace, records, lengths, labels)
    said, predicted = _said(trace, lengths, outputs)
    is_text = not material.inputs.is_floating_point()
    page: Json = {
        **_page(records, title),
        "input": "symbols" if is_text else "numbers",
        "target": "value" if "forecast" in said else "tag",
        "samples": 1,
    }
    run = CarriedRun(
        page=page,
        input=str(page["input"]),
        target=str(page["target"]),
        predicted=predicted,
        materials=[replace(material, said=said)],
    )
    home: Json = {"version": __version__, "runs": [page], "gallery": []}
    return Capsule(home, {ID: run}, exact=exact)


def _layers(trace: Trace, module: str | None) -> list[LayerRecord]:
    """The records that are shown, numbered as the layers of one network."""
    records = [record for record in trace if module in (None, record.module)]
    if not records:
        there = sorted({record.module for record in trace})
        raise TraceError(f"nothing was recorded of module {module!r}; the trace has {there}")
    steps = {tuple(lengths_of(record).tolist()) for record in records}
    if len(steps) > 1:
        names = sorted({record.module for record in records})
        raise TraceError(f"modules {names} went through different steps, and a page shows one: say module=…")
    numbers = sum(values.numel() for record in records for values in record.quantities.values())
    if numbers > MOST_NUMBERS:
        raise TraceError(
            f"this trace has {numbers:,} numbers and a page holds at most {MOST_NUMBERS:,}: trace a shorter stretch"
        )
    places: dict[tuple[str, int, int], int] = {}
    for record in records:
        places.setdefault((record.module, record.call, record.layer), len(places))
    return [
        replace(plain(record), layer=places[record.module, record.call, record.layer]) for record in records
    ]


def _page(records: Sequence[LayerRecord], title: str) -> Json:
    """What the page begins with, as ``run_page`` tells it of a run."""
    layers: dict[int, list[LayerRecord]] = {}
    for record in records:
        layers.setdefault(record.layer, []).append(record)
    kinds = {record.kind for record in records}
    both = any(record.direction == DIRECTIONS[1] for record in records)
    unknown = dict.fromkeys(
        ("problem", "unit", "parameters", "peephole", "result", "modified", "error", "vocabulary", "labels")
    )
    return {
        **unknown,
        "id": ID,
        "name": title,
        "bare": True,
        "cell": kinds.pop() if len(kinds) == 1 else None,
        "layers": len(layers),
        "hidden": records[-1]["hidden"].shape[-1],
        "bidirectional": both,
        "causal": not both,
        "film": [],
        "siblings": [],
        "metrics": [],
        "layers_detail": [
            {
                "layer": number,
                "directions": [record.direction for record in lanes],
                "units": lanes[0]["hidden"].shape[-1],
                "quantities": list(lanes[0].quantities),
            }
            for number, lanes in layers.items()
        ],
    }


def _material(
    trace: Trace, records: Sequence[LayerRecord], lengths: Tensor, labels: Sequence[str] | None
) -> CarriedMaterial:
    """What was read, as far as the trace knows."""
    ids = _ids(trace.inputs, records[0])
    steps = int(lengths.sum())
    if labels is not None:
        if len(labels) != steps:
            raise TraceError(f"{len(labels)} labels for {steps} steps: {_LABELS}")
        symbols, inputs = [str(label) for label in labels], torch.zeros(steps, dtype=torch.long)
    elif ids is not None:
        inputs = flatten(ids, lengths)
        names = trace.symbols
        symbols = [str(number) if names is None else names[number] for number in inputs.tolist()]
    else:
        inputs = flatten(records[0].input, lengths).float().detach().cpu()
        symbols = [""] * steps  # numbers are called by their step
    return CarriedMaterial(
        title=None,
        symbols=symbols,
        lengths=lengths.tolist(),
        inputs=inputs,
        targets=None,
        records=[_detached(record) for record in records],
        # What stands between a model's modules is not known, so each layer's input goes along.
        read={record.layer: flatten(record.input, lengths).detach().cpu() for record in reversed(records)},
    )


def _ids(inputs: Tensor | None, record: LayerRecord) -> Tensor | None:
    """The ids that a model was given, (time, batch); None where it was given something else."""
    if inputs is None or inputs.is_floating_point() or inputs.dtype == torch.bool:
        return None
    time, batch = record["hidden"].shape[:2]
    if tuple(inputs.shape) == (time,) and batch == 1:
        return inputs.cpu().unsqueeze(1)
    if tuple(inputs.shape) == (time, batch):
        return inputs.cpu()
    return inputs.cpu().T if tuple(inputs.shape) == (batch, time) else None


def _said(
    trace: Trace, lengths: Tensor, outputs: Sequence[str] | None
) -> tuple[dict[str, Tensor], Sequence[str]]:
    """What the readout said, and the names of its outputs."""
    if trace.predictions is None:
        return {}, ()
    scores = flatten(trace.predictions, lengths).detach().cpu()
    count = scores.shape[-1]
    if count == 1:
        return {"forecast": scores.float()}, ()
    names = outputs or trace.symbols or [str(output) for output in range(count)]
    if len(names) != count:
        raise TraceError(f"{len(names)} outputs are named, and the readout has {count}: name them all")
    likeliest = predictions(scores)
    return {"outputs": likeliest.outputs, "probabilities": likeliest.probabilities}, names


def _detached(record: LayerRecord) -> LayerRecord:
    return replace(record, quantities={name: v.detach().cpu() for name, v in record.quantities.items()})
