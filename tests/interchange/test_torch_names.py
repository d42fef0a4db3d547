"""Where recurrent layers are found in PyTorch's files, what the shapes decide, and what is said of the rest."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from peephole.errors import InterchangeError
from peephole.interchange.found import Found
from peephole.interchange.pytorch import reader as torch_reader
from peephole.nn.chain import DensePart, EmbeddingPart, RecurrentPart


def read(value: object, path: Path, **options: Any) -> Found:
    torch.save(value, path / "file.pt")
    return torch_reader.read(path / "file.pt", **options)


def prefixed(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in module.state_dict().items()}


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.word_emb = nn.Embedding(11, 5)
        self.norm = nn.LayerNorm(5)
        self.encoder = nn.LSTM(5, 4, 2, bidirectional=True)
        self.conv = nn.Conv1d(8, 8, 3)
        self.step = nn.GRUCell(8, 6, bias=False)
        self.head = nn.Linear(6, 11)
        self.decoder = nn.Linear(6, 3, bias=False)
        self.register_buffer("counts", torch.arange(3))


NAMES = ["word_emb", "encoder", "step", "head", "decoder"]
WRAPPED: dict[str, Any] = {
    "bare": (lambda state: state, ""),
    "state_dict": (lambda state: {"state_dict": state, "epoch": 3}, ""),
    "model_state": (lambda state: {"step": 1, "model_state": state}, ""),
    "data parallel": (lambda state: {f"module.{name}": value for name, value in state.items()}, ""),
    "compiled": (lambda state: {f"_orig_mod.{name}": value for name, value in state.items()}, ""),
    "deep": (lambda state: [{"a": ({"b": state},)}], "0.a.0.b."),
    "lightning": (
        lambda state: {"state_dict": {f"net.{n}": v for n, v in state.items()}, "loops": {}},
        "net.",
    ),
}


@pytest.mark.parametrize("how", WRAPPED)
def test_layers_are_found_wherever_they_are(how: str, tmp_path: Path) -> None:
    wrap, prefix = WRAPPED[how]
    model = Model()
    found = read(wrap(model.state_dict()), tmp_path)
    assert [part.part.name for part in found.parts] == [prefix + name for name in NAMES]
    assert found.chain is None
    embedding, encoder, step, head, decoder = (part.part for part in found.parts)
    assert isinstance(embedding, EmbeddingPart)
    assert (embedding.symbols, embedding.size) == (11, 5)
    assert isinstance(encoder, RecurrentPart)
    assert encoder.options == {"input_size": 5, "hidden_size": 4, "num_layers": 2, "bidirectional": True}
    assert isinstance(step, RecurrentPart)
    assert (step.cell, dict(step.options)) == ("gru", {"input_size": 8, "hidden_size": 6, "bias": False})
    assert isinstance(head, DensePart)
    assert (head.inputs, head.outputs, head.bias) == (6, 11, True)
    assert isinstance(decoder, DensePart)
    assert (decoder.inputs, decoder.outputs, decoder.bias) == (6, 3, False)
    assert {left.name.removeprefix(prefix).rpartition(".")[2] for left in found.left_out} == {
        "norm",
        "conv",
        "counts",
    }
    for name, value in model.encoder.state_dict().items():
        assert torch.equal(found.parts[1].tensors[name], value)
        assert found.parts[1].sources[name].endswith(f"encoder.{name}")


def test_an_optimizers_state_is_one_row(tmp_path: Path) -> None:
    model = Model()
    optimizer = torch.optim.Adam(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    found = read({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path)
    (row,) = [left for left in found.left_out if left.name == "optimizer"]
    assert row.what.startswith(f"the optimizer's state, {3 * len([*model.parameters()])} tensors, ")
    assert row.reason == "training's, not the network's"


def test_two_networks_in_one_file_are_both_found_under_whole_names(tmp_path: Path) -> None:
    one, other = nn.GRU(3, 2), nn.GRU(3, 2)
    found = read({"state_dict": {"rnn": one.state_dict()}, "module": {"rnn": other.state_dict()}}, tmp_path)
    assert [part.part.name for part in found.parts] == ["state_dict.rnn", "module.rnn"]


def test_a_model_saved_whole_is_read_by_its_attributes(tmp_path: Path) -> None:
    found = read(Model(), tmp_path)
    assert [part.part.name for part in found.parts] == NAMES
    reasons = {left.name: left.reason for left in found.left_out}
    assert reasons["conv"] == "Conv1d is neither recurrent, embedding nor linear"


def test_what_a_whole_module_says_of_itself_is_noted(tmp_path: Path) -> None:
    found = read(nn.RNN(3, 2, nonlinearity="relu", batch_first=True), tmp_path)
    assert found.parts[0].part == RecurrentPart(
        name="recurrent", cell="rnn", options={"input_size": 3, "hidden_size": 2, "nonlinearity": "relu"}
    )
    assert any("batch_first=True" in note for note in found.notes)


class Own(nn.LSTM):
    pass


def test_a_class_that_is_not_torchs_is_told(tmp_path: Path) -> None:
    (note,) = read(Own(3, 2), tmp_path).notes
    assert "Own" in note
    assert "was not read" in note


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning", "ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("form", ["layer", "cell", "trace"])
def test_torchscript_says_which_function_an_rnn_has(nonlinearity: str, form: str, tmp_path: Path) -> None:
    module: Any = (nn.RNNCell if form == "cell" else nn.RNN)(3, 2, nonlinearity=nonlinearity)
    script = torch.jit.trace(module, torch.randn(4, 1, 3)) if form == "trace" else torch.jit.script(module)
    script.save(tmp_path / "file.pt")
    found = torch_reader.read(tmp_path / "file.pt")
    assert found.kind == "TorchScript archive"
    part = found.parts[0].part
    assert isinstance(part, RecurrentPart)
    assert part.options.get("nonlinearity", "tanh") == nonlinearity
    assert found.notes == ()


def test_an_rnns_function_is_assumed_aloud_and_can_be_given(tmp_path: Path) -> None:
    state = nn.RNN(3, 2).state_dict()
    assert "tanh, torch's default, was taken" in read(state, tmp_path).notes[0]
    found = read(state, tmp_path, nonlinearity="relu")
    assert found.notes == ()
    assert found.parts[0].part.options["nonlinearity"] == "relu"  # type: ignore[union-attr]


def folded(found: Found) -> dict[str, Tensor]:
    return dict(found.parts[0].tensors)


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm_is_folded_in(newer: bool, dim: int | None, tmp_path: Path) -> None:
    module = nn.LSTM(5, 4)
    norm: Any = nn.utils.parametrizations.weight_norm if newer else nn.utils.weight_norm
    norm(module, "weight_hh_l0", dim=dim)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    x = torch.randn(3, 2, 5)
    module(x)  # the older form makes its weight when it is called
    found = read({"net": module.state_dict()}, tmp_path)
    torch.testing.assert_close(
        folded(found)["weight_hh_l0"], module.weight_hh_l0.detach(), atol=1e-6, rtol=1e-6
    )
    assert "weight_norm was folded" in found.notes[0]
    assert "/ ‖" in found.parts[0].sources["weight_hh_l0"]


def test_other_parametrizations_are_refused(tmp_path: Path) -> None:
    module = nn.utils.parametrizations.orthogonal(nn.RNN(4, 4), "weight_hh_l0")
    with pytest.raises(InterchangeError, match=r"weight_hh_l0\.original.*isn't weight_norm"):
        read(module.state_dict(), tmp_path)


def test_pruned_weights_are_multiplied_by_their_masks(tmp_path: Path) -> None:
    module = nn.GRU(5, 4)
    prune.l1_unstructured(module, "weight_hh_l0", amount=0.5)
    values = folded(read(module.state_dict(), tmp_path))
    assert torch.equal(values["weight_hh_l0"], module.weight_hh_l0.detach())
    assert int((values["weight_hh_l0"] == 0).sum()) == 24


@pytest.mark.parametrize("prefix", ["rnns.0.", "rnns.0.module."])
def test_awd_lstms_raw_weights_are_taken(prefix: str, tmp_path: Path) -> None:
    state = prefixed("rnns.0.module.", nn.LSTM(5, 4))
    raw = torch.randn(16, 4)
    found = read({f"{prefix}weight_hh_l0_raw": raw, **state}, tmp_path)
    assert torch.equal(folded(found)["weight_hh_l0"], raw)
    assert "DropConnect" in found.notes[0]


LSTM, GRU = nn.LSTM(3, 2, 2, bidirectional=True).state_dict(), nn.GRU(3, 2).state_dict()


def without(*names: str) -> dict[str, Tensor]:
    return {name: value for name, value in LSTM.items() if name not in names}


DAMAGED: dict[str, tuple[dict[str, Tensor], str]] = {
    "no weight_ih": (without("weight_ih_l1"), "'net.weight_ih_l1' is missing, where its layer is there"),
    "no reverse": (without("weight_hh_l1_reverse"), "'net.weight_hh_l1_reverse' is missing"),
    "one bias": (without("bias_ih_l0_reverse"), "'net.bias_ih_l0_reverse' is missing, where 'net.bias_"),
    "layer 0 missing": (
        {name: value for name, value in LSTM.items() if "_l0" not in name},
        "'net.weight_ih_l0' is missing, where its layer is there",
    ),
    "a layer between missing": (
        {name.replace("_l1", "_l2"): value for name, value in LSTM.items()},
        "'net.weight_ih_l1' is missing, where its layer is there",
    ),
    "a bias too long": ({**LSTM, "bias_hh_l1": torch.zeros(9)}, "'net.bias_hh_l1' has shape (9,), where the other"),
    "another input": ({**LSTM, "weight_ih_l1": torch.zeros(8, 5)}, "'net.weight_ih_l1' has shape (8, 5)"),
    "no multiple": ({**GRU, "weight_hh_l0": torch.zeros(7, 2)}, "'net.weight_hh_l0' of shape (7, 2)"),
    "two blocks": ({**GRU, "weight_hh_l0": torch.zeros(4, 2)}, "2 blocks of 2 rows; an LSTM has 4, a GRU 3"),
    "no matrix": ({**GRU, "weight_hh_l0": torch.zeros(6)}, "'net.weight_hh_l0' is no matrix: its shape is (6,)"),
    "whole numbers": ({**GRU, "weight_hh_l0": torch.zeros(6, 2, dtype=torch.int8)}, "holds int8, no weights"),
    "an unknown weight": ({**GRU, "weight_zz_l0": torch.zeros(6, 2)}, "'net.weight_zz_l0' has no place in this GRU"),
    "merged directions": (
        {**LSTM, "weight_ih_l1": torch.zeros(8, 2), "weight_ih_l1_reverse": torch.zeros(8, 2)},
        "'net.weight_ih_l1' reads 2 features where two directions give 4 unless they are merged: give merge=",
    ),
    "a gate missing": (
        {**GRU, "weight_peephole_l0": torch.zeros(4)},
        "3 blocks of 2 rows; an LSTM has 4, a GRU 3, an RNN 1. An LSTM that lacks gates needs options",
    ),
    "half a weight_norm": ({**without("weight_hh_l0"), "weight_hh_l0_g": torch.ones(8, 1)}, "the other one is missing"),
    "a norm of another": (
        {**without("weight_hh_l0"), "weight_hh_l0_g": torch.ones(7, 1), "weight_hh_l0_v": torch.ones(8, 2)},
        "'net.weight_hh_l0_g' of shape (7, 1) is no norm of 'net.weight_hh_l0_v'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_an_incomplete_network_is_refused_by_its_tensor_or_left_out_beside_a_complete_one(
    name: str, tmp_path: Path
) -> None:
    state, reason = DAMAGED[name]
    with pytest.raises(InterchangeError) as refused:
        read({"net": state}, tmp_path)
    assert reason in str(refused.value)
    found = read({"net": state, "other": nn.RNN(4, 3).state_dict()}, tmp_path)
    assert [part.part.name for part in found.parts] == ["other"]
    (row,) = [left for left in found.left_out if left.name.startswith("net")]
    assert reason in row.reason


def test_the_last_layer_missing_cannot_be_known_and_fewer_layers_are_read(tmp_path: Path) -> None:
    state = {name: value for name, value in LSTM.items() if "_l1" not in name}
    part = read(state, tmp_path).parts[0].part
    assert isinstance(part, RecurrentPart)
    assert "num_layers" not in part.options


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")
def test_quantized_layers_are_refused(tmp_path: Path) -> None:
    model = nn.Sequential(OrderedDict(rnn=nn.LSTM(3, 2)))
    quantized = torch.ao.quantization.quantize_dynamic(model, {nn.LSTM}, dtype=torch.qint8)
    with pytest.raises(InterchangeError, match="quantized"):
        read(quantized.state_dict(), tmp_path)


def test_a_file_without_recurrent_layers_says_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(InterchangeError, match=r"its tensors: 'weight', 'bias'$"):
        read(nn.Linear(3, 2).state_dict(), tmp_path)


@pytest.mark.parametrize("protocol", range(2, 6))
def test_pickles_of_arrays_are_read_in_every_protocol(protocol: int, tmp_path: Path) -> None:
    import pickle

    state = nn.LSTM(3, 2).state_dict()
    arrays: dict[str, Any] = {name: value.numpy() for name, value in state.items()}
    arrays["weight_ih_l0"] = np.asfortranarray(arrays["weight_ih_l0"])
    arrays["weight_hh_l0"] = arrays["weight_hh_l0"].astype(">f8")
    arrays["step"] = np.float32(3)
    (tmp_path / "file.pkl").write_bytes(pickle.dumps(arrays, protocol=protocol))
    found = torch_reader.read(tmp_path / "file.pkl")
    assert found.kind == "pickle of arrays"
    for name, value in state.items():
        assert torch.equal(found.parts[0].tensors[name], value.double())


def test_views_of_a_shared_storage_are_read_as_they_were(tmp_path: Path) -> None:
    whole = torch.randn(400)
    state = {
        "weight_ih_l0": whole[:24].view(3, 8).T,
        "weight_hh_l0": whole[50:90].view(8, 5)[:, 1:3],
        "bias_ih_l0": whole[100:116:2],
        "bias_hh_l0": whole[3:11],
    }
    for old in (True, False):
        torch.save(state, tmp_path / "file.pt", _use_new_zipfile_serialization=not old)
        values = folded(torch_reader.read(tmp_path / "file.pt"))
        assert all(torch.equal(values[name], value) for name, value in state.items())


def test_numbers_that_begin_with_their_highest_byte_are_turned(tmp_path: Path) -> None:
    import io
    import zipfile

    stream = io.BytesIO()
    state = nn.GRU(3, 2).state_dict()
    torch.save(state, stream)
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(tmp_path / "big.pt", "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if "/data/" in info.filename:
                data = np.frombuffer(data, "<f4").astype(">f4").tobytes()
            new.writestr(info.filename, b"big" if info.filename.endswith("byteorder") else data)
    values = folded(torch_reader.read(tmp_path / "big.pt"))
    assert all(torch.equal(values[name], value) for name, value in state.items())
