"""Keras 3 on its torch backend, in a process of its own: what importing Keras does to a process stays there.

    outputs = run(cases, folder)

Cases give weights in torch's layout, one direction or two, and get back outputs and final states in it.

    gates      LSTM i, f, g, o (as torch)      GRU z, r, n (torch: r, z, n)
    kernels    (input, rows), transposed
    bias       one: the sum of torch's two; the GRU with reset_after keeps both, (2, rows)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray
BLOCKS = {"LSTM": (0, 1, 2, 3), "GRU": (1, 0, 2), "SimpleRNN": (0,)}


@dataclass(frozen=True)
class Case:
    """One layer of Keras.

    Attributes:
        name: unique among the cases of a run.
        layer: "LSTM", "GRU" or "SimpleRNN".
        units: hidden size.
        options: of the layer's constructor.
        merge: None for one direction, else Keras's merge_mode.
        arrays: parameters by torch's names, "x" (time, batch, input) and, where sequences end early, "mask"
            (time, batch), 1 within each.
    """

    name: str
    layer: str
    units: int
    options: Mapping[str, Any] = field(default_factory=dict)
    merge: str | None = None
    arrays: Mapping[str, Array] = field(default_factory=dict)


def run(cases: list[Case], folder: Path) -> dict[str, dict[str, Array]]:
    """Of each case by its name: "output", "state 0", "state 1" …; files pass through ``folder``."""
    np.savez(folder / "in.npz", **{f"{c.name}|{name}": a for c in cases for name, a in c.arrays.items()})
    told = [{k: v for k, v in asdict(c).items() if k != "arrays"} for c in cases]
    (folder / "cases.json").write_text(json.dumps(told), encoding="utf-8")
    environment = {**os.environ, "KERAS_BACKEND": "torch", "KERAS_HOME": str(folder / "home")}
    subprocess.run([sys.executable, "-P", __file__, str(folder)], check=True, env=environment)
    found: dict[str, dict[str, Array]] = {c.name: {} for c in cases}
    with np.load(folder / "out.npz") as arrays:
        for key, value in arrays.items():
            case, name = key.split("|")
            found[case][name] = value
    return found


def weights(case: Case, suffix: str) -> list[Array]:
    """Keras's arrays of one direction, in the order of ``get_weights``."""

    def rows(name: str) -> Array:
        parts = np.split(case.arrays[f"{name}_{suffix}"], len(BLOCKS[case.layer]))
        return np.concatenate([parts[block] for block in BLOCKS[case.layer]])

    kernels = [rows("weight_ih").T, rows("weight_hh").T]
    if not case.options.get("use_bias", True):
        return kernels
    both = np.stack([rows("bias_ih"), rows("bias_hh")])
    keeps_both = case.layer == "GRU" and case.options.get("reset_after", True)
    return [*kernels, both if keeps_both else both.sum(0)]


def _compute(folder: Path) -> None:
    """The other process."""
    import keras

    found = {}
    with np.load(folder / "in.npz") as arrays:
        for told in json.loads((folder / "cases.json").read_text(encoding="utf-8")):
            prefix = f"{told['name']}|"
            own = {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}
            case = Case(**{**told, "arrays": own})
            for name, value in _call(keras, case).items():
                found[f"{prefix}{name}"] = value
    np.savez(folder / "out.npz", **found)


def _call(keras: Any, case: Case) -> dict[str, Array]:
    made = getattr(keras.layers, case.layer)
    layer = made(case.units, return_sequences=True, return_state=True, **case.options)
    given = weights(case, "l0")
    if case.merge is not None:
        layer = keras.layers.Bidirectional(layer, merge_mode=case.merge)
        given = [*given, *weights(case, "l0_reverse")]
    x = case.arrays["x"].swapaxes(0, 1).astype(np.float32)
    mask = case.arrays["mask"].T.astype(bool) if "mask" in case.arrays else None
    layer.build(x.shape)
    layer.set_weights(given)
    output, *states = layer(x, mask=mask)
    tensors = {"output": output, **{f"state {n}": state for n, state in enumerate(states)}}
    found = {name: keras.ops.convert_to_numpy(value) for name, value in tensors.items()}
    return found | {"output": found["output"].swapaxes(0, 1)}


if __name__ == "__main__":
    _compute(Path(sys.argv[1]))
