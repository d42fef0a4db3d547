"""Tens of thousands of damaged Keras files: none does more than be read or refused."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from interchange.hostile import campaign
from interchange.keras2_files import Layer, architecture, write
from interchange.test_keras_hostile_files import _archive, _whole

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]

ALLOWED = ("subprocess.", "os.posix_spawn", "os.fork")
READ = "peephole.interchange.keras.reader:read"
EACH = 6_000  # mutations of each half; every read is a process, and two run at a time


def _other(folder: Path) -> Path:
    """Weights alone, compressed, with a long list of names."""
    config = {"name": "gru", "units": 3, "activation": "tanh", "recurrent_activation": "sigmoid"}
    arrays = [np.ones((2, 9), "f4"), np.ones((3, 9), "f4"), np.ones((2, 9), "f4")]
    names = ["gru/gru_cell/kernel:0", "gru/gru_cell/recurrent_kernel:0", "gru/gru_cell/bias:0"]
    layers = [Layer("GRU", {**config, "reset_after": True}, list(zip(names, arrays, strict=True)))]
    path = write(folder / "other.h5", layers)
    with h5py.File(path, "r+") as file:
        root = file["model_weights/gru/gru/gru_cell"]
        kernel = root["kernel:0"][()]
        del root["kernel:0"]
        root.create_dataset(
            "kernel:0", data=kernel, chunks=(1, 9), compression="gzip", shuffle=True, fletcher32=True
        )
        file.attrs["model_config"] = json.dumps(architecture(layers, functional=True))
    return path


def test_no_damage_to_a_keras_file_does_more_than_be_refused(tmp_path: Path) -> None:
    seeds = {
        path.name: path.read_bytes() for path in (_whole(tmp_path), _archive(tmp_path), _other(tmp_path))
    }

    def half(name: str, own: dict[str, bytes]) -> None:
        work = tmp_path / name
        work.mkdir()
        campaign(READ, own, work, mutations=EACH, allowed=ALLOWED)

    halves = [
        {"model.h5": seeds["model.h5"], "other.h5": seeds["other.h5"]},
        {"model.keras": seeds["model.keras"]},
    ]
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(half, str(number), own) for number, own in enumerate(halves)]:
            done.result()
