"""Networks that others trained with PyTorch, opened from their packages' files, against what the originals compute."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from interchange.packages import package
from torch import Tensor, nn

from peephole.interchange.found import Found, FoundPart
from peephole.interchange.pytorch import reader as torch_reader
from peephole.nn.chain import RecurrentPart
from peephole.nn.ways import forced

pytestmark = pytest.mark.network


def part_of(found: Found, name: str) -> FoundPart:
    (part,) = [part for part in found.parts if part.part.name == name]
    return part


def layer_of(part: FoundPart) -> Any:
    assert isinstance(part.part, RecurrentPart)
    layer = part.part.layer()
    layer.load_state_dict(dict(part.tensors))
    return layer.eval()


def _module(path: Path) -> Any:
    """A Python file of a package as a module."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_g2pm_computes_what_its_own_numpy_cell_computes() -> None:
    folder = package("g2pM", "0.1.2.5") / "g2pM"
    found = torch_reader.read(folder / "np_ckpt.pkl")
    assert found.left_out == ()
    part = part_of(found, "lstm")
    assert part.part.options == {"input_size": 64, "hidden_size": 32, "bidirectional": True}  # type: ignore[union-attr]
    theirs = _module(folder / "g2pM.py").G2pM()
    ids = [theirs.char2idx[character] for character in "시然而他红了20年以后他竟退出了大家的视线끝"]
    embedded = theirs.get_embedding(np.array([ids]))
    states: dict[str, Any] = {"forward": None, "backward": None}
    outputs: dict[str, list[Any]] = {"forward": [], "backward": []}
    for step in range(len(ids)):
        states["forward"] = theirs.fw_lstm_cell(embedded[:, step], states["forward"])
        states["backward"] = theirs.bw_lstm_cell(embedded[:, -1 - step], states["backward"])
        for way, state in states.items():
            outputs[way].append(state[0])
    expected = np.concatenate([np.stack(outputs["forward"]), np.stack(outputs["backward"][::-1])], -1)
    table = part_of(found, "embedding").tensors["weight"]
    output, _ = layer_of(part)(table[torch.tensor(ids)][:, None])
    assert np.abs(output.detach().numpy() - expected).max() <= 1e-6


def test_resemblyzers_lstm_computes_what_torchs_does_beside_an_optimizers_state() -> None:
    path = package("Resemblyzer", "0.1.4") / "resemblyzer" / "pretrained.pt"
    found = torch_reader.read(path)
    assert found.kind == "PyTorch file (torch.save before 1.6)"
    part = part_of(found, "lstm")
    assert part.part.options == {"input_size": 40, "hidden_size": 256, "num_layers": 3}  # type: ignore[union-attr]
    assert part.sources["weight_hh_l2"] == "model_state.lstm.weight_hh_l2"
    assert "optimizer_state" in [left.name for left in found.left_out]
    theirs = nn.LSTM(40, 256, 3)
    state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
    theirs.load_state_dict({name[5:]: value for name, value in state.items() if name.startswith("lstm.")})
    mels = torch.rand(160, 2, 40)
    ours = layer_of(part)
    with forced("vendor"):  # torch's own operation on the same weights
        torch.testing.assert_close(ours(mels), theirs(mels), atol=1e-6, rtol=0)
    # Our kernels add in another order, which float32 shows in cells of 60; float64 tells that nothing else differs.
    torch.testing.assert_close(
        ours.double()(mels.double()), theirs.double()(mels.double()), atol=1e-12, rtol=0
    )


def _inside(path: Path, wave: Tensor) -> tuple[Tensor, Tensor]:
    """What the LSTM in the sequence network reads and puts out, by ONNX Runtime, both (time, batch, feature)."""
    model = onnx.load(path)
    (node,) = [node for node in model.graph.node if node.op_type == "LSTM"]
    model.graph.output.extend([onnx.ValueInfoProto(name=name) for name in (node.input[0], node.output[0])])
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    feeds: dict[str, Any] = {"input": wave.numpy()}
    for one in session.get_inputs():
        if one.name != "input":
            feeds[one.name] = np.zeros([n if isinstance(n, int) else 1 for n in one.shape], np.float32)
    read, put = session.run([node.input[0], node.output[0]], feeds)
    return torch.from_numpy(read), torch.from_numpy(put[:, 0])


def _voice(pitch: float) -> Tensor:
    """A quiet voice that comes and goes three times a second, 200 windows of 576 samples at 16 kHz.

    Quiet, because this network makes much of rounding: over loud noise each float32 run of it, torch's and ONNX
    Runtime's too, ends up to 4e-6 away from the same weights in float64.
    """
    time = torch.arange(576 * 200) / 16_000
    buzz = sum((torch.sin(2 * torch.pi * pitch * n * time) / n for n in range(1, 30)), torch.zeros(()))
    return (0.01 * buzz * (torch.sin(2 * torch.pi * 3 * time) > 0)).reshape(200, 576)


@pytest.mark.parametrize("pitch", [110.0, 180.0, 220.0])
def test_sileros_torchscript_holds_the_lstm_of_its_sequence_network_and_computes_the_same(
    pitch: float,
) -> None:
    folder = package("silero-vad", "6.2.3") / "silero_vad" / "data"
    found = torch_reader.read(folder / "silero_vad.jit")
    assert found.kind == "TorchScript archive"
    names = [part.part.name for part in found.parts]
    assert names == ["_model.decoder.rnn", "_model_8k.decoder.rnn"]  # for 16 kHz and for 8 kHz
    read, expected = _inside(folder / "silero_vad_16k_sequence.onnx", _voice(pitch))
    assert read.shape == (200, 1, 128)
    assert expected.abs().max() > 0.9  # it does something
    output, _ = layer_of(part_of(found, names[0]))(read)
    assert (output - expected).abs().max() <= 2e-6
    other, _ = layer_of(part_of(found, names[1]))(read)
    assert (other - expected).abs().max() > 0.1  # the network for 8 kHz is another one


def test_sileros_safetensors_file_is_opened_and_holds_another_network() -> None:
    folder = package("silero-vad", "6.2.3") / "silero_vad" / "data"
    found = torch_reader.read(folder / "silero_vad_16k.safetensors")
    part = part_of(found, "lstm_cell")
    theirs = part_of(torch_reader.read(folder / "silero_vad.jit"), "_model.decoder.rnn")
    assert not torch.equal(part.tensors["weight_ih_l0"], theirs.tensors["weight_ih_l0"])
    cell = nn.LSTMCell(128, 128)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in part.tensors.items()})
    cell.double()
    x, state = torch.rand(50, 1, 128, dtype=torch.float64), None
    output, _ = layer_of(part).double()(x)
    for ours, x_t in zip(output, x, strict=True):
        state = cell(x_t, state)
        torch.testing.assert_close(ours, state[0], atol=1e-12, rtol=0)
