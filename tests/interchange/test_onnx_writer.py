"""What cannot be written for ONNX is refused with the reason, and nothing is left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from interchange.onnx_models import HIDDEN, INPUT, close, run
from torch import nn

import peephole as ph
from peephole.errors import InterchangeError, OptionError
from peephole.interchange.loading import load
from peephole.interchange.onnx.writer import export_onnx
from peephole.nn.chain import ChainConfig, EmbeddingPart, RecurrentPart
from peephole.nn.chain_network import Chain

REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (ph.LSTM, {"proj_size": 2}, "proj_size=2 .* runs through the projection"),
    (ph.LSTM, {"proj_size": 2, "proj_clip": 0.5}, "proj_size=2 .* runs through the projection"),
    (ph.LSTM, {"cell_clip": 1.0}, "cell_clip=1.0 .* on the gates' sums, not on the cell"),
    (ph.LSTM, {"full_gate_recurrence": True}, "full_gate_recurrence=True .* do not see the previous gates"),
    (ph.LSTM, {"layer_norm": True}, "layer_norm=True .* does not normalise"),
    (ph.GRU, {"layer_norm": True}, "layer_norm=True .* does not normalise"),
    (ph.LSTM, {"zoneout": (0.1, 0.0)}, r"zoneout=\(0.1, 0.0\) .* expected part of its state"),
    (ph.RNN, {"zoneout": 0.1}, "zoneout=0.1 .* expected part of its state"),
    (ph.LSTM, {"peephole": "full"}, "peephole='full' .* one number a unit"),
    (ph.LSTM, {"input_gate": False}, "input_gate=False .* none is 1 whatever its input"),
    (ph.LSTM, {"forget_gate": False}, "forget_gate=False .* none is 1 whatever its input"),
    (ph.LSTM, {"output_gate": False}, "output_gate=False .* none is 1 whatever its input"),
    (ph.LSTM, {"input_activation": "gelu"}, "input_activation='gelu' has no counterpart"),
    (ph.GRU, {"gate_activation": "hard_tanh"}, "gate_activation='hard_tanh' has no counterpart"),
    (ph.RNN, {"nonlinearity": "silu"}, "nonlinearity='silu' has no counterpart"),
]


@pytest.mark.parametrize(("kind", "options", "words"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_the_nodes_cannot_compute_is_refused_with_the_reason(
    kind: Any, options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(InterchangeError, match=words):
        export_onnx(kind(INPUT, HIDDEN, **options), tmp_path / "m.onnx")
    assert not any(tmp_path.iterdir())


def test_masked_steps_are_refused(tmp_path: Path) -> None:
    parts = (
        EmbeddingPart(name="e", symbols=5, size=4, masked=0),
        RecurrentPart(name="r", cell="lstm", options={"input_size": 4, "hidden_size": 3}),
    )
    with pytest.raises(InterchangeError, match="'e' has masked=0"):
        export_onnx(Chain(ChainConfig(parts)), tmp_path / "m.onnx")


def test_another_module_is_refused_by_its_class(tmp_path: Path) -> None:
    with pytest.raises(
        InterchangeError, match=r"an RNN, LSTM or GRU, or a network of this package, got Sequential$"
    ):
        export_onnx(nn.Sequential(ph.LSTM(3, 4)), tmp_path / "m.onnx")


@pytest.mark.parametrize("path", [".", "..", "", "/"])
def test_a_folder_is_no_file_to_write(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InterchangeError, match="is a folder: name the file in it"):
        export_onnx(ph.LSTM(3, 4), path)
    assert not any(tmp_path.iterdir())


def test_a_network_whose_wiring_is_not_known_is_refused_with_its_layers(tmp_path: Path) -> None:
    network = load(nn.ModuleDict({"one": nn.LSTM(3, 4), "two": nn.LSTM(3, 4)}))
    with pytest.raises(
        InterchangeError, match=r"its recurrent layers 'one', 'two' are wired: choose by layer="
    ):
        export_onnx(network, tmp_path / "m.onnx")


@pytest.mark.parametrize("opset", [12, 1000, 0, "17"])
def test_operator_sets_that_are_not_known_are_refused(opset: Any, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=f"opset must be from 13 to .*, got {opset!r}"):
        export_onnx(ph.LSTM(3, 4), tmp_path / "m.onnx", opset=opset)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InterchangeError, match=r"nowhere.*could not be written: .*No such file"):
        export_onnx(ph.LSTM(3, 4), tmp_path / "nowhere" / "m.onnx")


def test_a_file_that_is_there_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"x" * 100_000)
    export_onnx(ph.GRU(3, 4), path)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.onnx"]


def test_time_and_batch_are_open_and_inputs_have_their_names(tmp_path: Path) -> None:
    export_onnx(ph.LSTM(3, 4, 2), tmp_path / "m.onnx", lengths=True, state=True)
    graph = onnx.load(tmp_path / "m.onnx").graph

    def told(values: Any) -> dict[str, list[Any]]:
        return {
            value.name: [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
            for value in values
        }

    state = [2, "batch", 4]
    assert told(graph.input) == {
        "input": ["time", "batch", 3],
        "sequence_lens": ["batch"],
        "initial_h": state,
        "initial_c": state,
    }
    assert told(graph.output) == {"output": ["time", "batch", 4], "final_h": state, "final_c": state}


def test_nothing_stands_in_the_graph_that_no_output_rests_on(tmp_path: Path) -> None:
    export_onnx(ph.LSTM(3, 4, 2, bidirectional=True), tmp_path / "m.onnx")
    graph = onnx.load(tmp_path / "m.onnx").graph
    read = {name for node in graph.node for name in node.input} | {value.name for value in graph.output}
    assert all(read & set(node.output) for node in graph.node)
    assert {tensor.name for tensor in graph.initializer} <= read


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_precisions_are_written_single(dtype: torch.dtype, tmp_path: Path) -> None:
    layer = ph.GRU(3, 4, dtype=dtype)
    export_onnx(layer, tmp_path / "m.onnx")
    x = torch.randn(5, 2, 3)
    close(layer.float()(x)[0], run(tmp_path / "m.onnx", {"input": x.numpy()})["output"])


def test_a_layer_in_training_is_written_as_it_computes_in_evaluation(tmp_path: Path) -> None:
    layer = ph.LSTM(3, 4, 2, dropout=0.9, recurrent_dropout=0.9)
    export_onnx(layer.train(), tmp_path / "m.onnx")
    x = torch.randn(5, 2, 3)
    close(layer.eval()(x)[0], run(tmp_path / "m.onnx", {"input": x.numpy()})["output"])


def test_an_imported_network_is_written_again(tmp_path: Path) -> None:
    export_onnx(ph.LSTM(3, 4, 2), tmp_path / "a.onnx")
    network = load(tmp_path / "a.onnx")
    export_onnx(network, tmp_path / "b.onnx")
    x = torch.randn(5, 2, 3).numpy()
    first, second = (run(tmp_path / name, {"input": x}) for name in ("a.onnx", "b.onnx"))
    assert (first["output"] == second["output"]).all()
