"""Networks that others trained, from their file to the explorer: `peephole import`, and what the page is then told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from interchange.packages import debian_package, package
from typer.testing import CliRunner

import peephole as ph
from peephole.cli import app

pytestmark = pytest.mark.network

VAD = "silero-vad", "6.2.3", "silero_vad/data"
G2PM = ["--embedding=embedding", "--readout=logit_layer.0", "--readout=logit_layer.2"]
NETWORKS: dict[str, tuple[Callable[[], Path], list[str]]] = {
    "g2pM": (
        lambda: package("g2pM", "0.1.2.5") / "g2pM/np_ckpt.pkl",
        [*G2PM, "--activation=relu", "--activation=identity"],
    ),
    "silero-torchscript": (
        lambda: package(*VAD[:2]) / VAD[2] / "silero_vad.jit",
        ["--layer=_model.decoder.rnn"],
    ),
    "silero-onnx": (lambda: package(*VAD[:2]) / VAD[2] / "silero_vad_16k_sequence.onnx", []),
    "Resemblyzer": (
        lambda: package("Resemblyzer", "0.1.4") / "resemblyzer/pretrained.pt",
        ["--readout=linear", "--activation=relu"],
    ),
    "asmscan": (
        lambda: package("asmscan-bilstm", "1.0.0") / "asmscan/bilstm/resources/model/cvms/bass-model2.h5",
        [],
    ),
    "onnx-peepholes": (
        lambda: (
            debian_package("libonnx-testdata")
            / "usr/share/libonnx-testdata/data/node/test_lstm_with_peepholes/model.onnx"
        ),
        ["--option=tensors={folder}/test_data_set_0"],
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_imported_and_shown(name: str, tmp_path: Path, connect: Callable[..., Any]) -> None:
    find, options = NETWORKS[name]
    file = find()
    given = [option.replace("{folder}", str(file.parent)) for option in options]
    done = CliRunner().invoke(app, ["import", str(file), "-o", str(tmp_path / "run"), *given])
    assert done.exit_code == 0, done.output
    assert "came from" in done.output

    client = connect([tmp_path / "run"])
    page = client.json("/api/runs/run")
    found = client.trace("run", sample=page["samples"] - 1)
    network = ph.open_run(tmp_path / "run").network()
    inputs = (
        torch.from_numpy(found["inputs"])[:, None]
        if page["input"] == "numbers"
        else torch.tensor([[int(symbol)] for symbol in found.facts["symbols"]])
    )
    with torch.no_grad():
        (outputs, _), trace = ph.trace(network, inputs)
    if name == "silero-onnx":  # the probability of speech
        assert page["target"] == "output"
        assert found["output"].shape == (len(inputs), 1)
        np.testing.assert_allclose(found["output"], outputs[:, 0], atol=1e-6)
    records = list(trace)
    told = [(detail, way) for detail in page["layers_detail"] for way in detail["directions"]]
    assert len(records) == len(told)
    for record, (detail, way) in zip(records, told, strict=True):
        assert (record.direction, record.kind) == (way, detail["cell"])
        for quantity in detail["quantities"]:
            place = f"/api/traces/{found.facts['trace']}/{detail['layer']}/{way}/{quantity}"
            np.testing.assert_allclose(
                client.payload(place)["values"], record[quantity][:, 0], rtol=2e-3, atol=2e-3
            )
