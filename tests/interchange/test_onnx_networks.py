"""Other people's ONNX models: silero-vad's networks, and the node tests of the standard."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from interchange.onnx_models import chain_of, close, layer_of, session
from interchange.packages import debian_package, package
from onnx import numpy_helper

from peephole.errors import InterchangeError
from peephole.interchange.onnx.graphs import graphs_of
from peephole.interchange.onnx.reader import read
from peephole.nn.chain import RecurrentPart

pytestmark = pytest.mark.network

HIDDEN = 128


def silero(name: str) -> Path:
    return package("silero-vad", "6.2.3") / "silero_vad" / "data" / name


def with_its_lstm_shown(path: Path) -> tuple[bytes, list[str]]:
    """The model with the input, the output and the final states of its one LSTM among its outputs."""
    model = onnx.load(path)
    (node,) = (node for node in model.graph.node if node.op_type == "LSTM")
    names = [node.input[0], *node.output]
    there = {value.name for value in model.graph.output}
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        for name in names
        if name not in there
    )
    return model.SerializeToString(), names


def a_voice() -> np.ndarray:
    """Somebody speaking, between two stretches of silence, shape (samples,), 16,000 a second."""
    folder = debian_package("asterisk-core-sounds-en-wav") / "usr/share/asterisk/sounds"
    (path,) = folder.rglob("conf-adminmenu.wav")
    with wave.open(str(path)) as file:
        assert file.getframerate() == 8000
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 2**15
    spectrum = np.fft.rfft(samples)
    samples = 2 * np.fft.irfft(np.pad(spectrum, (0, len(samples) + 1 - len(spectrum))), 2 * len(samples))
    return np.pad(samples, (16_000, 16_000 + -len(samples) % 512)).astype(np.float32)


def windows_of(samples: np.ndarray) -> np.ndarray:
    """As silero's networks read them: 512 samples a step, behind the last 64 of the step before."""
    frames = samples[: len(samples) // 512 * 512].reshape(-1, 512)
    before = np.pad(frames[:-1, -64:], ((1, 0), (0, 0)))
    return np.concatenate([before, frames], axis=1)


def test_the_lstm_of_sileros_sequence_model_is_onnxruntimes() -> None:
    path = silero("silero_vad_16k_sequence.onnx")
    found = read(path)
    part = found.parts[0]
    assert part.part.options == {"input_size": HIDDEN, "hidden_size": HIDDEN}
    assert {entry.what for entry in found.left_out} >= {"Conv ×5", "Relu ×4"}
    model, names = with_its_lstm_shown(path)
    opened = session(model)
    states = {name: np.zeros((1, 1, HIDDEN), np.float32) for name in ("h", "c")}
    # Four seconds. Over twenty the runtime itself is 2.3e-6 away from the same weights in double precision.
    x, y, h, c = opened.run(names, {"input": windows_of(a_voice())[:130]} | states)
    assert np.abs(y).max() > 0.1
    for dtype in (torch.float64, torch.float32):
        given, before_h, before_c = (torch.from_numpy(v).to(dtype) for v in (x, states["h"], states["c"]))
        output, (final_h, final_c) = layer_of(part).to(dtype)(given, (before_h, before_c))
        for ours, theirs in ((output.unsqueeze(1), y), (final_h, h)):
            assert np.abs(ours.detach().numpy() - theirs).max() <= 2e-6
        close(final_c, c, "Y_c", 2e-6)  # as a share of cells that reach 25


def test_what_sileros_chain_says_is_the_files_probability_of_speech() -> None:
    path = silero("silero_vad_16k_sequence.onnx")
    found = read(path)
    network = chain_of(found)
    assert [part.kind for part in network.config.parts] == ["recurrent", "activation", "dense"]
    assert (network.config.output_size, network.config.output_activation) == (1, "sigmoid")
    model, (read_by_lstm, *_) = with_its_lstm_shown(path)
    zeros = np.zeros((1, 1, HIDDEN), np.float32)
    inputs = {"input": windows_of(a_voice()), "h": zeros, "c": zeros}
    x, said = session(model).run([read_by_lstm, "speech_probs"], inputs)
    with torch.no_grad():
        outputs, _ = network(torch.from_numpy(x))
    assert said.min() < 0.1
    assert said.max() > 0.9
    assert outputs.numel() == said.size
    assert np.abs(outputs.flatten().numpy() - said).max() <= 2e-6


def test_a_mean_behind_sileros_readout_ends_the_chain_before_it() -> None:
    path = silero("silero_vad_openvino_16k.onnx")
    found = read(path)
    network = chain_of(found)
    assert [part.kind for part in network.config.parts] == ["recurrent", "activation", "dense"]
    (mean,) = [entry for entry in found.left_out if entry.what == "ReduceMean"]
    assert "what the chain puts out" in mean.reason
    model, (read_by_lstm, *_) = with_its_lstm_shown(path)
    opened = session(model)
    state = np.random.default_rng(2).normal(0, 0.5, (2, 1, HIDDEN)).astype(np.float32)
    h, c = torch.from_numpy(state).split(1)
    for window in windows_of(a_voice())[::20]:
        inputs = {"input": window[None], "state": state}
        x, said = opened.run([read_by_lstm, opened.get_outputs()[0].name], inputs)
        with torch.no_grad():
            outputs, _ = network(torch.from_numpy(x), (h, c))
        assert outputs.numel() == said.size == 1  # of one step the mean is itself
        assert abs(float(outputs) - said.item()) <= 2e-6


@pytest.mark.parametrize(
    ("name", "nodes"),
    [
        ("silero_vad.onnx", 4),
        ("silero_vad_16k_op15.onnx", 2),
        ("silero_vad_half.onnx", 2),
        ("silero_vad_openvino_16k.onnx", 1),
    ],
)
def test_sileros_nodes_are_found_in_the_bodies_of_its_branches(name: str, nodes: int) -> None:
    found = read(silero(name))
    parts = [part.part for part in found.parts if isinstance(part.part, RecurrentPart)]
    assert len(parts) == nodes
    assert all(part.options == {"input_size": HIDDEN, "hidden_size": HIDDEN} for part in parts)
    shared = [note for note in found.notes if "hold the same tensors" in note]
    assert len(shared) == nodes // 2


def test_the_gates_that_an_exporter_cut_and_joined_are_those_of_the_original() -> None:
    whole = read(silero("silero_vad_16k_sequence.onnx")).parts[0]
    cut = read(silero("silero_vad_16k_op15.onnx")).parts[0]
    model = onnx.load(silero("silero_vad_16k_op15.onnx"))
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for side in ("ih", "hh"):
        for kind in ("weight", "bias"):
            # The file holds them as torch does; the graph reorders them for the node, the reader puts them back.
            np.testing.assert_array_equal(
                cut.tensors[f"{kind}_{side}_l0"].numpy(), stored[f"model.decoder.rnn.{kind}_{side}"]
            )
    assert set(cut.tensors) == set(whole.tensors)


def test_an_lstm_that_was_taken_apart_is_refused_in_words() -> None:
    with pytest.raises(
        InterchangeError, match=r"no LSTM, GRU or RNN node .* taken apart .* is not recognised"
    ):
        read(silero("silero_vad_op18_ifless.onnx"))


NODE_TESTS = [
    *(f"lstm_{name}" for name in ("defaults", "with_initial_bias", "with_peepholes", "batchwise")),
    *(f"gru_{name}" for name in ("defaults", "with_initial_bias", "seq_length", "batchwise")),
    *(f"simple_rnn_{name}" for name in ("defaults", "with_initial_bias", "batchwise")),
    "rnn_seq_length",
]


@pytest.mark.parametrize("name", NODE_TESTS)
def test_the_standards_own_node_tests_come_out(name: str) -> None:
    folder = debian_package("libonnx-testdata") / "usr/share/libonnx-testdata/data/node" / f"test_{name}"
    data = folder / "test_data_set_0"
    with pytest.raises(
        InterchangeError, match="is given to the graph when it runs; give its values by tensors="
    ):
        read(folder / "model.onnx")
    found = read(folder / "model.onnx", tensors=data)
    (part,) = found.parts
    model = onnx.load(folder / "model.onnx")
    _, (placed,) = graphs_of(model)
    batch_first = bool(placed.attributes().get("layout", 0))

    def stored(kind: str, index: int) -> np.ndarray:
        return numpy_helper.to_array(onnx.load_tensor(data / f"{kind}_{index}.pb"))

    x = torch.from_numpy(stored("input", 0).copy())
    output, final = layer_of(part)(x.transpose(0, 1) if batch_first else x)
    h = final[0] if isinstance(final, tuple) else final
    ours = {"Y": output.unsqueeze(1), "Y_h": h}
    if batch_first:
        ours = {"Y": output.transpose(0, 1).unsqueeze(2), "Y_h": h.transpose(0, 1)}
    names = [name for name in placed.node.output if name]
    assert names
    for index, name in enumerate(names):
        role = ("Y", "Y_h")[list(placed.node.output).index(name)]
        close(ours[role], stored("output", index), role)


def test_no_node_test_of_a_recurrent_operation_is_forgotten() -> None:
    folder = debian_package("libonnx-testdata") / "usr/share/libonnx-testdata/data/node"
    there = {entry.name.removeprefix("test_") for entry in folder.iterdir()}
    recurrent = {name for name in there if any(word in name.split("_") for word in ("lstm", "gru", "rnn"))}
    assert recurrent == set(NODE_TESTS)
