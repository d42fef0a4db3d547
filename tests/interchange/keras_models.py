"""Whole Keras 3 models on its torch backend, in a process of their own: weights and outputs of each.

    answers = run({"name": Model([["Embedding", {...}], ["Bidirectional", {...}, "LSTM", {...}], ...], x)}, folder)

A model is a list of layers, each a class's name with its arguments; a wrapper is followed by what it wraps. Weights
are drawn at random, biases too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Model:
    """layers: as above; x: what it reads, (batch, time) ids or (batch, time, feature)."""

    layers: list[list[Any]]
    x: Array


@dataclass(frozen=True)
class Answer:
    """output: the model's; weights: of each layer in order, as ``get_weights`` gives them."""

    output: Array
    weights: list[list[Array]]


def run(models: Mapping[str, Model], folder: Path) -> dict[str, Answer]:
    """Runs all models in one process; files pass through ``folder``."""
    np.savez(folder / "in.npz", **{name: model.x for name, model in models.items()})
    told = {name: model.layers for name, model in models.items()}
    (folder / "models.json").write_text(json.dumps(told), encoding="utf-8")
    environment = {**os.environ, "KERAS_BACKEND": "torch", "KERAS_HOME": str(folder / "home")}
    subprocess.run([sys.executable, "-P", __file__, str(folder)], check=True, env=environment)
    with np.load(folder / "out.npz") as arrays:
        return {
            name: Answer(
                arrays[f"{name}|output"],
                [
                    [
                        arrays[key]
                        for number in range(99)
                        if (key := f"{name}|{layer}|{number}") in arrays.files
                    ]
                    for layer in range(len(model.layers))
                ],
            )
            for name, model in models.items()
        }


def _main(folder: Path) -> None:
    import keras

    keras.utils.set_random_seed(7)
    told = json.loads((folder / "models.json").read_text(encoding="utf-8"))
    rng = np.random.default_rng(7)
    found = {}
    with np.load(folder / "in.npz") as given:
        for name, layers in told.items():
            made = [_layer(keras, entry) for entry in layers]
            model = keras.Sequential(made)
            model(given[name])
            for place, layer in enumerate(made):
                weights = [rng.uniform(-0.8, 0.8, w.shape).astype("float32") for w in layer.get_weights()]
                layer.set_weights(weights)
                found |= {f"{name}|{place}|{number}": w for number, w in enumerate(weights)}
            found[f"{name}|output"] = keras.ops.convert_to_numpy(model(given[name]))
    np.savez(folder / "out.npz", **found)


def _layer(keras: Any, entry: list[Any]) -> Any:
    kind, options, *wrapped = entry
    if wrapped:
        return getattr(keras.layers, kind)(_layer(keras, wrapped), **options)
    return getattr(keras.layers, kind)(**options)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
