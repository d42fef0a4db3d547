"""Nodes that are layers of one stack, and nodes that share their weights: exporters write one node a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from peephole.interchange.found import FoundPart
from peephole.nn.chain import RecurrentPart


def shared(parts: Sequence[FoundPart]) -> list[str]:
    """Words about recurrent parts that hold the same tensors, as the branches of an If do."""
    same: dict[tuple[str, ...], list[str]] = {}
    for part in parts:
        if isinstance(part.part, RecurrentPart):
            same.setdefault(tuple(part.sources.values()), []).append(part.part.name)
    return [f"{' and '.join(names)} hold the same tensors" for names in same.values() if len(names) > 1]


def stacked(parts: Sequence[FoundPart]) -> tuple[tuple[FoundPart, ...], list[str]]:
    """Recurrent parts of a chain that differ in nothing but their inputs as one part of several layers, and words."""
    runs: list[list[FoundPart]] = []
    for part in parts:
        if runs and _goes_on(runs[-1], part):
            runs[-1].append(part)
        else:
            runs.append([part])
    notes = []
    for run in runs:
        if len(run) > 1:
            names = [part.part.name for part in run]
            notes.append(f"{', '.join(names)} are the layers of one part, {names[0]}")
    return tuple(_one(run) for run in runs), notes


def _goes_on(run: Sequence[FoundPart], following: FoundPart) -> bool:
    """Whether a part is the next layer of those before it."""
    first, last, part = run[0].part, run[-1].part, following.part
    if not (
        isinstance(first, RecurrentPart)
        and isinstance(last, RecurrentPart)
        and isinstance(part, RecurrentPart)
    ):
        return False
    return (
        (part.cell, _but_inputs(part.options)) == (first.cell, _but_inputs(first.options))
        and last.returns == "sequence"
        and run[0].tensors["weight_hh_l0"].dtype == following.tensors["weight_hh_l0"].dtype
    )


def _but_inputs(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "input_size"}


def _one(run: Sequence[FoundPart]) -> FoundPart:
    """Parts as the layers of one."""
    first, last = run[0].part, run[-1].part
    if len(run) == 1 or not (isinstance(first, RecurrentPart) and isinstance(last, RecurrentPart)):
        return run[0]
    tensors: dict[str, Tensor] = {}
    sources: dict[str, str] = {}
    for layer, part in enumerate(run):
        for name, tensor in part.tensors.items():
            own = name.replace("_l0", f"_l{layer}")
            tensors[own], sources[own] = tensor, part.sources[name]
    options = {**first.options, "num_layers": len(run)}
    return FoundPart(replace(first, options=options, returns=last.returns), tensors, sources)
