"""A survey as a file: one safetensors file, without the network.

Its tensors are named

    {lane}/{quantity}/{figure}   lane = 0, 1, …, in order; the figures of ``QuantitySketch``
    keyframes/{state}            (segment, lane, size)
    said/{name}                  outputs, probabilities, forecast, surprise, where there are any
    inputs, counts               of the text

and its metadata has two entries: ``format`` = "peephole-survey 1", and ``survey``, a JSON object with ``lanes``, a list
of {module, layer, direction, kind, quantities}, and every, steps, symbols, tracks, digest.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from peephole.errors import TraceError
from peephole.trace import containers
from peephole.trace.keyframes import SEGMENTS, Keyframes
from peephole.trace.said import Said
from peephole.trace.sketches import QuantitySketch
from peephole.trace.subject import Subject
from peephole.trace.survey import LayerSketch, Survey

FORMAT = "peephole-survey 1"


def save(survey: Survey, path: Path) -> None:
    """Writes ``survey`` to ``path``, whole or not at all."""
    tensors: dict[str, Tensor] = {"counts": survey.counts}
    ids = not survey.inputs.is_floating_point()
    tensors["inputs"] = survey.inputs.int() if ids else survey.inputs
    for number, lane in enumerate(survey.sketches):
        for quantity, sketch in lane.quantities.items():
            tensors |= {f"{number}/{quantity}/{name}": values for name, values in sketch.tensors().items()}
    tensors |= {f"keyframes/{name}": values for name, values in survey.keyframes.states.items()}
    tensors |= {f"said/{name}": values for name, values in survey.said.tensors().items()}
    facts = {
        "lanes": [
            {
                "module": lane.module,
                "layer": lane.layer,
                "direction": lane.direction,
                "kind": lane.kind,
                "quantities": list(lane.quantities),
            }
            for lane in survey.sketches
        ],
        "states": list(survey.keyframes.states),
        "every": survey.keyframes.every,
        "steps": len(survey),
        "symbols": survey.symbols,
        "tracks": survey.tracks,
        "digest": survey.digest,
    }
    metadata = {"format": FORMAT, "survey": json.dumps(facts)}
    plain = {n: v.detach().cpu().contiguous() for n, v in tensors.items()}
    containers.write(path, plain, metadata, what="survey")


def load(path: Path, subject: Subject) -> Survey:
    """Reads a survey of ``subject``."""
    metadata, tensors = containers.read(path, wanted=FORMAT, what="survey")
    try:
        survey = _survey(json.loads(metadata["survey"]), tensors, subject)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TraceError(f"{path} is damaged: {type(error).__name__}: {error}") from error
    if survey.digest != subject.digest():
        raise TraceError(f"{path} is the survey of a network with other weights; survey the text again")
    return survey


def _survey(facts: dict[str, Any], tensors: dict[str, Tensor], subject: Subject) -> Survey:
    """The survey from the file's facts and tensors, which must belong together."""

    def below(prefix: str) -> dict[str, Tensor]:
        return {
            name.removeprefix(prefix): values for name, values in tensors.items() if name.startswith(prefix)
        }

    inputs, steps, every = tensors["inputs"], int(facts["steps"]), int(facts["every"])
    states = {str(name): tensors[f"keyframes/{name}"] for name in facts["states"]}
    stack = subject.stack
    lanes = len(stack.layers) * subject.directions
    if every not in SEGMENTS:
        raise ValueError(f"its segments of {every} steps are none of {SEGMENTS}")
    wanted = {
        name: (-(-steps // every), lanes, size) for name, size in stack.equations[0].state_sizes.items()
    }
    if {name: tuple(values.shape) for name, values in states.items()} != wanted:
        raise ValueError("its keyframes are not those of this network and text")
    said = below("said/")
    if {steps} != {len(values) for values in (inputs, *said.values())} or len(facts["lanes"]) != lanes:
        raise ValueError(f"it has {len(inputs)} of {steps} steps and {len(facts['lanes'])} of {lanes} lanes")
    sketches = tuple(
        LayerSketch(
            module=str(lane["module"]),
            layer=int(lane["layer"]),
            direction=str(lane["direction"]),
            kind=str(lane["kind"]),
            quantities={
                str(quantity): QuantitySketch(**below(f"{number}/{quantity}/"))
                for quantity in lane["quantities"]
            },
        )
        for number, lane in enumerate(facts["lanes"])
    )
    return Survey(
        sketches=sketches,
        keyframes=Keyframes(every, steps, states),
        said=Said(**said),
        inputs=inputs if inputs.is_floating_point() else inputs.long(),
        symbols=tuple(map(int, facts["symbols"])),
        counts=tensors["counts"],
        tracks=tuple(map(str, facts["tracks"])),
        digest=str(facts["digest"]),
        _subject=subject,
    )
