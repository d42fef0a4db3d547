"""Files in the layout of Keras 2, written by h5py: no Keras 2 runs where these tests do.

The layout is that of ``keras/saving/legacy/hdf5_format.py``; the files of ``asmscan-bilstm``, which Keras 2.14 wrote,
show it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np


@dataclass(frozen=True)
class Layer:
    """One layer: Keras's class, its configuration with a name, and its weights by their names."""

    kind: str
    config: dict[str, Any]
    weights: Sequence[tuple[str, np.ndarray]] = field(default=())

    @property
    def name(self) -> str:
        return str(self.config["name"])


def architecture(layers: Sequence[Layer], *, functional: bool = False) -> dict[str, Any]:
    """What ``model_config`` says."""
    entries: list[dict[str, Any]] = []
    for number, layer in enumerate(layers):
        entry: dict[str, Any] = {"class_name": layer.kind, "config": layer.config}
        if functional:
            inbound = [[[layers[number - 1].name, 0, 0, {}]]] if number else []
            entry |= {"name": layer.name, "inbound_nodes": inbound}
        entries.append(entry)
    if not functional:
        return {"class_name": "Sequential", "config": {"name": "sequential", "layers": entries}}
    ends = {"input_layers": [[layers[0].name, 0, 0]], "output_layers": [[layers[-1].name, 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "model", "layers": entries, **ends}}


def write(
    path: Path,
    layers: Sequence[Layer],
    *,
    version: str = "2.14.0",
    whole: bool = True,
    described: dict[str, Any] | None = None,
) -> Path:
    """Writes a whole model, or weights alone.

    Args:
        described: the architecture, if it is not that of ``layers`` one after another.
    """
    with h5py.File(path, "w") as file:
        if whole:
            file.attrs["keras_version"] = version
            file.attrs["backend"] = "tensorflow"
            file.attrs["model_config"] = json.dumps(described or architecture(layers))
        root = file.create_group("model_weights") if whole else file
        root.attrs["keras_version"] = version
        root.attrs["backend"] = "tensorflow"
        root.attrs["layer_names"] = [layer.name.encode() for layer in layers]
        for layer in layers:
            group = root.create_group(layer.name)
            group.attrs["weight_names"] = [name.encode() for name, _ in layer.weights]
            for name, array in layer.weights:
                group.create_dataset(name, data=array)
    return path
