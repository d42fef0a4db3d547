"""Keras 3 on its torch backend, in a process of its own: makes models, saves them, and says what they compute.

    made = run([Model("a", layers=[layer("LSTM", units=3)], x=x, save=["keras"])], folder)
    made["a"].output, made["a"].files["keras"]

Weights are drawn by NumPy, biases too, unless they are given. Arrays are batch first, as Keras has them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Spec = dict[str, Any]
SUFFIXES = {"keras": ".keras", "h5": ".h5", "weights": ".weights.h5"}


def layer(kind: str, **config: Any) -> Spec:
    """A layer; ``layers`` of a model, ``layer`` of a wrapper and ``cells`` of an RNN are layers themselves."""
    inner = {key: config.pop(key) for key in ("layers", "layer", "cells", "backward_layer") if key in config}
    return {"kind": kind, "config": config, **inner}


@dataclass(frozen=True)
class Model:
    """One model.

    Attributes:
        name: unique in a run.
        layers: one after another.
        x: what it reads, batch first; whole numbers for symbols.
        save: formats of ``SUFFIXES``.
        functional: whether it is built by the functional interface.
        arrays: its weights for each layer; None draws them.
        dtype: of the weights.
    """

    name: str
    layers: Sequence[Spec]
    x: np.ndarray
    save: Sequence[str] = ()
    functional: bool = False
    arrays: Sequence[Sequence[np.ndarray]] | None = None
    dtype: str = "float32"


@dataclass(frozen=True)
class Made:
    """What came of a model: its outputs, its files by format, its description, its weights by layer."""

    output: np.ndarray
    files: dict[str, Path]
    architecture: str
    weights: dict[str, list[np.ndarray]]


def run(models: Sequence[Model], folder: Path) -> dict[str, Made]:
    """Makes the models in another process; files are left in ``folder``."""
    arrays: dict[str, np.ndarray] = {}
    told = []
    for model in models:
        arrays[f"{model.name}|x"] = model.x
        for n, given in enumerate(model.arrays or []):
            arrays |= {f"{model.name}|{n}|{k}": array for k, array in enumerate(given)}
        counts = None if model.arrays is None else [len(given) for given in model.arrays]
        about = {"save": list(model.save), "functional": model.functional, "dtype": model.dtype}
        told.append({"name": model.name, "layers": list(model.layers), "counts": counts, **about})
    np.savez(folder / "in.npz", **arrays)
    (folder / "models.json").write_text(json.dumps(told), encoding="utf-8")
    environment = {**os.environ, "KERAS_BACKEND": "torch", "KERAS_HOME": str(folder / "home")}
    subprocess.run(
        [sys.executable, "-P", __file__, str(folder)], check=True, env=environment, capture_output=True
    )
    found: dict[str, Made] = {}
    with np.load(folder / "out.npz") as out:
        for model in models:
            files = {kind: folder / f"{model.name}{SUFFIXES[kind]}" for kind in model.save}
            weights: dict[str, list[np.ndarray]] = {}
            for key in out.files:
                owner, _, rest = key.partition("|")
                if owner == model.name and rest != "y":
                    weights.setdefault(rest.rpartition("|")[0], []).append(out[key])
            architecture = (folder / f"{model.name}.architecture").read_text(encoding="utf-8")
            found[model.name] = Made(out[f"{model.name}|y"], files, architecture, weights)
    return found


def _work(folder: Path) -> None:
    """The other process."""
    import keras

    def build(spec: Spec) -> Any:
        kind, config = spec["kind"], dict(spec["config"])
        if kind == "Sequential":
            return keras.Sequential([build(inner) for inner in spec["layers"]], **config)
        if "layer" in spec:
            config["layer"] = build(spec["layer"])
        if "backward_layer" in spec:
            config["backward_layer"] = build(spec["backward_layer"])
        if "cells" in spec:
            cells = [build(inner) for inner in spec["cells"]]
            config["cell"] = cells[0] if len(cells) == 1 else cells
        return getattr(keras.layers, kind)(**config)

    out: dict[str, np.ndarray] = {}
    given = np.load(folder / "in.npz")
    for told in json.loads((folder / "models.json").read_text(encoding="utf-8")):
        keras.utils.clear_session()
        keras.config.set_floatx(told["dtype"])
        name = told["name"]
        x = given[f"{name}|x"]
        layers = [build(spec) for spec in told["layers"]]
        start = keras.Input((None, *x.shape[2:]))
        if told["functional"]:
            y = start
            for made in layers:
                y = made(y)
            model = keras.Model(start, y)
        else:
            model = keras.Sequential([start, *layers])
            model.build((None, None, *x.shape[2:]))
        if told["counts"] is None:
            chance = np.random.default_rng(sum(name.encode()))
            model.set_weights(
                [chance.normal(0, 0.6, w.shape).astype(told["dtype"]) for w in model.get_weights()]
            )
        else:
            for n, (made, count) in enumerate(zip(layers, told["counts"], strict=True)):
                made.set_weights([given[f"{name}|{n}|{k}"] for k in range(count)])
        y = model(x)
        out[f"{name}|y"] = keras.ops.convert_to_numpy(y)
        for made in layers:
            for k, array in enumerate(made.get_weights()):
                out[f"{name}|{made.name}|{k:03}"] = array
        (folder / f"{name}.architecture").write_text(model.to_json(), encoding="utf-8")
        for kind in told["save"]:
            path = folder / f"{name}{SUFFIXES[kind]}"
            if kind == "weights":
                model.save_weights(path)
            else:
                model.save(path)
    np.savez(folder / "out.npz", **out)


if __name__ == "__main__":
    _work(Path(sys.argv[1]))
