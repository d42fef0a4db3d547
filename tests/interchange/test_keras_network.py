"""A network that others trained, from Keras 2.14: against Keras 3's layers with the same arrays."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from interchange.keras_process import Model, layer, run
from interchange.packages import package

from peephole.interchange.assembling import chain_of
from peephole.interchange.keras import reader as keras_reader
from peephole.nn.chain import DensePart

pytestmark = [pytest.mark.network, pytest.mark.slow]

SYMBOLS, UNITS = 26, 8
LAYERS = ("embedding", "bi-lstm", "lstm", "classif")


def _arrays(path: Path, name: str) -> list[np.ndarray]:
    """A layer's arrays in the order of its file, read here by h5py and nothing of this project."""
    with h5py.File(path) as file:
        group = file["model_weights"][name]
        return [group[weight][()] for weight in group.attrs["weight_names"]]


def _widths(path: Path) -> tuple[int, int]:
    """Units of both recurrent layers."""
    return _arrays(path, "bi-lstm")[1].shape[0], _arrays(path, "lstm")[1].shape[0]


def test_every_bilstm_of_asmscan_computes_what_keras_3_does(tmp_path: Path) -> None:
    """Each of the package's six files: embedding, bidirectional LSTM, LSTM, dense."""
    folder = package("asmscan-bilstm", "1.0.0") / "asmscan" / "bilstm" / "resources" / "model" / "cvms"
    files = sorted(folder.glob("*.h5"))
    assert len(files) == 6
    x = np.random.default_rng(0).integers(0, SYMBOLS, size=(16, 40))
    models = []
    for path in files:
        lower, upper = _widths(path)
        hand_built = [
            layer("Embedding", input_dim=SYMBOLS, output_dim=UNITS),
            layer("Bidirectional", layer=layer("LSTM", units=lower, return_sequences=True)),
            layer("LSTM", units=upper),
            layer("Dense", units=1),  # before its sigmoid, which is 0 to seven digits at most random inputs
        ]
        models.append(Model(path.stem, hand_built, x, arrays=[_arrays(path, name) for name in LAYERS]))
    made = run(models, tmp_path)
    for path in files:
        found = keras_reader.read(path)
        assert found.kind == "Keras 2.14.0 whole model (HDF5)"
        assert found.chain == LAYERS
        last = found.parts[-1]
        assert isinstance(last.part, DensePart)
        assert last.part.activation == "sigmoid"
        linear = replace(last, part=replace(last.part, activation="identity"))
        with torch.no_grad():
            y, _ = chain_of([*found.parts[:-1], linear], torch.float32)(torch.as_tensor(x).T)
            p, _ = chain_of(found.parts, torch.float32)(torch.as_tensor(x).T)
        wanted = torch.as_tensor(made[path.stem].output)
        assert wanted.std() > 0.1  # the network tells these inputs apart
        torch.testing.assert_close(y[0], wanted, atol=1e-5, rtol=0)
        torch.testing.assert_close(p[0], wanted.sigmoid(), atol=1e-6, rtol=0)
