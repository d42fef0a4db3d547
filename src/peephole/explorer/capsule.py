"""What a page carries that has no server: networks, what was read, and what they did, as compressed safetensors.

`web/src/file/capsule.ts` opens it. Under "json" of the metadata stand the facts (format, home, templates of the
sentences, and of each run what ``CarriedRun`` says); the tensors are

    RUN/end/WEIGHT, RUN/FRAME/WEIGHT     float32, the network's ``state_dict``, also at frames of its film
    RUN/n/inputs, RUN/n/targets          what its material n reads, and the right outputs as far as they are known
    RUN/n/LAYER.read                     (step, feature), what a layer read that is neither RUN/n/inputs nor what came
                                         out below it
    RUN/n/LAYER.DIRECTION.QUANTITY       (step, unit), rounded as ``rounded.py`` tells, with its .scale
    RUN/n/outputs, …/probabilities,      (step, k), what the readout said of a material whose record is here
    …/forecast, …/output, …/final, …/surprise
    kept/n                               bytes of an answer that was computed beforehand

Knows nothing of where they come from.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from safetensors.numpy import save
from torch import Tensor

from peephole.analysis.moments import TEMPLATES
from peephole.analysis.steps import flatten
from peephole.data.vocabulary import Vocabulary
from peephole.explorer.payload import Json
from peephole.explorer.rounded import Array, Floats, nearly_bytes, rounded, small_integers
from peephole.nn.models import Network
from peephole.trace.ranges import GATES
from peephole.trace.trace import LayerRecord

FORMAT = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class CarriedMaterial:
    """Something that was read; steps are those of its sequences, one after another.

    Attributes:
        title: by language; None for none.
        symbols: what each step reads, as it is to be shown.
        lengths: steps of each sequence.
        unknown: the symbols that the network does not know.
        inputs: (step,) ids or (step, feature) numbers.
        targets: (step,) or (step, 1), the right outputs; None where none is known.
        records: what each layer and direction did; empty where the page runs the network itself.
        read: (step, feature) by layer, what those layers read that read neither ``inputs`` nor what came out below.
        said: what the readout said, as ``Reading.said`` has it; empty likewise.
        kept: answers that were computed beforehand, by the end of their address.
        axis: what is known of the steps and features of numbers, as ``/api/runs/…/trace`` tells it.
    """

    title: Json | None
    symbols: Sequence[str]
    lengths: Sequence[int]
    inputs: Tensor
    targets: Tensor | None
    unknown: Sequence[str] = ()
    records: Sequence[LayerRecord] = ()
    read: Mapping[int, Tensor] = field(default_factory=dict)
    said: Mapping[str, Tensor] = field(default_factory=dict)
    kept: Mapping[str, bytes] = field(default_factory=dict)
    axis: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class CarriedRun:
    """A network, or only what it did.

    Attributes:
        page: what the page begins with, as ``run_page`` tells it.
        input: "symbols" or "numbers".
        target: what the outputs mean.
        predicted: names of the outputs.
        materials: what it read; the page calls them samples.
        network: the network, where the page is to run it.
        vocabulary: its symbols, where it reads symbols.
        frames: the network at frames of its film.
    """

    page: Json
    input: str
    target: str
    predicted: Sequence[str]
    materials: Sequence[CarriedMaterial]
    network: Network | None = None
    vocabulary: Vocabulary | None = None
    frames: Mapping[int, Network] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Capsule:
    """Runs, ready to be carried.

    Attributes:
        home: what the home page begins with.
        runs: the runs by id.
        exact: records stay float32, as where room costs nothing.
    """

    home: Json
    runs: Mapping[str, CarriedRun]
    exact: bool = False

    def to_bytes(self) -> bytes:
        """The capsule, compressed."""
        tensors: dict[str, Array] = {}
        runs = {name: self._run(tensors, name, run) for name, run in self.runs.items()}
        facts = {"format": FORMAT, "home": self.home, "runs": runs, "templates": TEMPLATES}
        return zlib.compress(save(tensors, metadata={"json": json.dumps(facts, allow_nan=False)}), 9)

    def size(self) -> int:
        """Bytes of all its tensors, each number in the type that it has there, before they are compressed."""
        tensors: dict[str, Array] = {}
        for name, run in self.runs.items():
            self._run(tensors, name, run)
        return sum(values.nbytes for values in tensors.values())

    def _run(self, tensors: dict[str, Array], run_id: str, run: CarriedRun) -> Json:
        networks = {str(frame): network for frame, network in run.frames.items()}
        if run.network is not None:
            networks["end"] = run.network
        for when, network in networks.items():
            for name, weight in network.state_dict().items():
                tensors[f"{run_id}/{when}/{name}"] = weight.float().numpy()
        return {
            "page": run.page,
            "input": run.input,
            "target": run.target,
            "predicted": list(run.predicted),
            "network": None if run.network is None else run.network.config.to_json(),
            "vocabulary": None if run.vocabulary is None else run.vocabulary.to_json(),
            "materials": [
                self._material(tensors, f"{run_id}/{number}", material)
                for number, material in enumerate(run.materials)
            ],
            "frames": sorted(run.frames),
        }

    def _material(self, tensors: dict[str, Array], at: str, material: CarriedMaterial) -> Json:
        tensors |= _read(at, material) | _said(at, material.said)
        for record in material.records:
            for name, values in record.quantities.items():
                place = f"{at}/{record.layer}.{record.direction}.{name}"
                tensors |= self._numbers(
                    place, flatten(values, record.lengths).float().numpy(), share=name in GATES
                )
        for layer, vectors in material.read.items():
            tensors |= self._numbers(f"{at}/{layer}.read", vectors.float().numpy(), share=False)
        kept: dict[str, str] = {}
        for end, answer in material.kept.items():
            kept[end] = f"kept/{len(tensors)}"
            tensors[kept[end]] = np.frombuffer(answer, dtype=np.uint8)
        return {
            "title": material.title,
            "symbols": list(material.symbols),
            "lengths": list(material.lengths),
            "unknown": list(material.unknown),
            "features": material.inputs.shape[1] if material.inputs.dim() == 2 else 0,
            "lanes": [_lane(record) for record in material.records],
            "rounded": not self.exact,
            "kept": kept,
            "axis": material.axis,
        }

    def _numbers(self, name: str, values: Floats, *, share: bool) -> dict[str, Array]:
        return {name: values} if self.exact else rounded(name, values, share=share)


def _lane(record: LayerRecord) -> Json:
    return {
        "layer": record.layer,
        "direction": record.direction,
        "kind": record.kind,
        "units": record["hidden"].shape[-1],
        "quantities": list(record.quantities),
    }


def _read(at: str, material: CarriedMaterial) -> dict[str, Array]:
    """The tensors of what was read."""
    tensors: dict[str, Array] = {}
    for name, values in (("inputs", material.inputs), ("targets", material.targets)):
        if values is None:
            continue
        place = f"{at}/{name}"
        if values.is_floating_point():
            tensors |= nearly_bytes(place, values.float().numpy())
        else:
            tensors[place] = small_integers(values.numpy())
    return tensors


def _said(at: str, said: Mapping[str, Tensor]) -> dict[str, Array]:
    """The tensors of what the readout said."""
    tensors: dict[str, Array] = {}
    for name, values in said.items():
        numbers = values.numpy()
        if name == "outputs":
            tensors[f"{at}/{name}"] = small_integers(numbers)
        elif name == "probabilities":
            tensors |= rounded(f"{at}/{name}", numbers, share=True)
        else:
            tensors[f"{at}/{name}"] = numbers.astype(np.float16 if name == "surprise" else np.float32)
    return tensors
