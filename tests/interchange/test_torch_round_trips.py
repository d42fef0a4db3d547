"""torch.nn → a file → ours → a state_dict → torch.nn: nothing is lost on the way, in any form of file."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import peephole as ph
from peephole.errors import InterchangeError, OptionError
from peephole.interchange.found import Found, FoundPart
from peephole.interchange.pytorch import reader as torch_reader
from peephole.interchange.pytorch.writer import to_torch_state_dict
from peephole.nn.chain import RecurrentPart

KINDS: dict[str, type[nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELLS: dict[str, type[nn.RNNCellBase]] = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}


def saved(module: nn.Module, path: Path) -> None:
    torch.save(module.state_dict(), path)


def saved_before_1_6(module: nn.Module, path: Path) -> None:
    torch.save(module.state_dict(), path, _use_new_zipfile_serialization=False)


def saved_whole(module: nn.Module, path: Path) -> None:
    torch.save(module, path)


def saved_as_safetensors(module: nn.Module, path: Path) -> None:
    save_file(module.state_dict(), path)


def scripted(module: nn.Module, path: Path) -> None:
    torch.jit.script(module).save(path)


WAYS = [saved, saved_before_1_6, saved_whole, saved_as_safetensors, scripted]


def recurrent(found: Found) -> FoundPart:
    (part,) = [part for part in found.parts if isinstance(part.part, RecurrentPart)]
    return part


def layer_of(part: FoundPart) -> Any:
    assert isinstance(part.part, RecurrentPart)
    layer = part.part.layer()
    layer.load_state_dict(dict(part.tensors))
    return layer


def to_torch(layer: Any) -> nn.Module:
    """torch.nn's layer or cell of the same sizes and options, with the values that are handed out for it."""
    own = type(layer).__name__
    names = ["input_size", "hidden_size", "bias"]
    if not own.endswith("Cell"):
        names += ["num_layers", "bidirectional", "batch_first"]
    names += ["nonlinearity"] if own.startswith("RNN") else []
    names += ["proj_size"] if own == "LSTM" else []
    made: nn.Module = getattr(nn, own)(**{name: getattr(layer, name) for name in names})
    made.load_state_dict(to_torch_state_dict(layer))
    return made


def options() -> list[tuple[str, dict[str, Any]]]:
    choices = itertools.product(sorted(KINDS), (1, 3), (False, True), (True, False), (0, 2), ("tanh", "relu"))
    out = []
    for kind, layers, both, bias, proj, function in choices:
        if (proj and kind != "lstm") or (function == "relu" and kind != "rnn"):
            continue
        chosen: dict[str, Any] = {"num_layers": layers, "bidirectional": both, "bias": bias}
        chosen |= {"proj_size": proj} if proj else {}
        chosen |= {"nonlinearity": function} if kind == "rnn" else {}
        out.append((kind, chosen))
    return out


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(("kind", "chosen"), options(), ids=str)
def test_what_torch_saved_computes_the_same_here_and_in_torch_again(
    kind: str, chosen: dict[str, Any], way: Callable[[nn.Module, Path], None], tmp_path: Path
) -> None:
    theirs = KINDS[kind](5, 4, **chosen).eval()
    path = tmp_path / ("file" + (".safetensors" if way is saved_as_safetensors else ".pt"))
    way(theirs, path)
    asked = {"nonlinearity": "relu"} if chosen.get("nonlinearity") == "relu" else {}
    layer = layer_of(recurrent(torch_reader.read(path, **asked))).eval()
    x = torch.randn(7, 3, 5)
    expected, state = theirs(x)
    output, ours = layer(x)
    torch.testing.assert_close(output, expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(ours, state, atol=1e-6, rtol=0)
    again = to_torch(layer)
    assert type(again) is type(theirs)
    assert torch.equal(again(x)[0], expected)
    values = to_torch_state_dict(layer)
    assert list(values) == list(theirs.state_dict())
    assert all(torch.equal(values[name], value) for name, value in theirs.state_dict().items())


@pytest.mark.parametrize("way", WAYS[:4], ids=lambda way: way.__name__)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", sorted(CELLS))
def test_a_cell_comes_back_as_a_layer_of_one(
    kind: str, bias: bool, way: Callable[[nn.Module, Path], None], tmp_path: Path
) -> None:
    cell = CELLS[kind](5, 4, bias=bias)
    path = tmp_path / ("file" + (".safetensors" if way is saved_as_safetensors else ".pt"))
    way(nn.ModuleDict({"step": cell}), path)
    part = recurrent(torch_reader.read(path))
    assert part.part.name == "step"
    assert part.sources["weight_ih_l0"] == "step.weight_ih"
    layer, x, state = layer_of(part), torch.randn(6, 3, 5), None
    for output, x_t in zip(layer(x)[0], x, strict=True):
        state = cell(x_t, state)
        hidden = state[0] if isinstance(state, tuple) else state
        torch.testing.assert_close(output, hidden, atol=1e-6, rtol=0)


OURS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("LSTM", {"peephole": "diagonal", "bidirectional": True}, {}),
    ("LSTM", {"peephole": "full", "proj_size": 2}, {}),
    ("LSTM", {"learned_state": True, "layer_norm": True, "num_layers": 2}, {}),
    ("LSTM", {"full_gate_recurrence": True}, {}),
    ("LSTM", {"connection": "highway", "num_layers": 3}, {}),
    ("LSTM", {"hidden_size": [6, 4], "bidirectional": True}, {}),
    ("LSTM", {"coupled": True, "peephole": "diagonal"}, {"coupled": True}),
    ("LSTM", {"output_gate": False}, {"output_gate": False}),
    ("LSTM", {"bidirectional": True, "num_layers": 2, "merge": "sum"}, {"merge": "sum"}),
    (
        "LSTM",
        {"cell_clip": 0.1, "gate_activation": "hard_sigmoid"},
        {"cell_clip": 0.1, "gate_activation": "hard_sigmoid"},
    ),
    ("GRU", {"reset_after": False, "layer_norm": True}, {"reset_after": False}),
    ("GRU", {"learned_state": True}, {}),
    ("RNN", {"layer_norm": True, "nonlinearity": "softsign"}, {"nonlinearity": "softsign"}),
]


@pytest.mark.parametrize(("kind", "chosen", "asked"), OURS, ids=str)
def test_our_own_layers_come_back_with_the_options_that_names_and_shapes_decide(
    kind: str, chosen: dict[str, Any], asked: dict[str, Any], tmp_path: Path
) -> None:
    layer = getattr(ph, kind)(5, **({"hidden_size": 4} | chosen)).eval()
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    saved(layer, tmp_path / "ours.pt")
    again = layer_of(recurrent(torch_reader.read(tmp_path / "ours.pt", **asked))).eval()
    assert repr(again) == repr(layer)
    x = torch.randn(7, 3, 5)
    assert torch.equal(again(x)[0], layer(x)[0])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_every_precision_is_read_as_it_is(dtype: torch.dtype, tmp_path: Path) -> None:
    theirs = nn.LSTM(5, 4).to(dtype)
    for way, name in ((saved, "a.pt"), (saved_before_1_6, "b.pt"), (saved_as_safetensors, "c.safetensors")):
        way(theirs, tmp_path / name)
        values = recurrent(torch_reader.read(tmp_path / name)).tensors
        assert all(value.dtype == dtype for value in values.values())
        assert all(torch.equal(values[n], value) for n, value in theirs.state_dict().items())


def zero_states(layer: Any) -> None:
    for name, parameter in layer.named_parameters():
        if name.startswith(("initial_", "weight_peephole")):
            nn.init.zeros_(parameter)


@pytest.mark.parametrize(
    "chosen", [{"peephole": "diagonal"}, {"peephole": "full"}, {"learned_state": True}], ids=str
)
def test_what_is_zero_and_changes_nothing_is_left_behind(chosen: dict[str, Any]) -> None:
    layer = ph.LSTM(5, 4, **chosen)
    zero_states(layer)
    x = torch.randn(7, 3, 5)
    torch.testing.assert_close(to_torch(layer)(x)[0], layer(x)[0], atol=1e-6, rtol=0)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("LSTM", {"peephole": "diagonal"}, "peephole='diagonal'"),
    ("LSTM", {"coupled": True}, "coupled=True"),
    ("LSTM", {"output_gate": False}, "output_gate=False"),
    ("LSTM", {"cell_clip": 1.0}, "cell_clip=1.0"),
    ("LSTM", {"gate_activation": "hard_sigmoid"}, "gate_activation='hard_sigmoid'"),
    ("LSTM", {"zoneout": (0.1, 0.0)}, "zoneout"),
    ("LSTM", {"layer_norm": True}, "layer_norm"),
    ("LSTM", {"full_gate_recurrence": True}, "full_gate_recurrence"),
    ("LSTM", {"bidirectional": True, "merge": "mean"}, "merge='mean'"),
    ("LSTM", {"num_layers": 2, "connection": "residual"}, "connection='residual'"),
    ("LSTM", {"hidden_size": [3, 4]}, "hidden_size"),
    ("GRU", {"reset_after": False}, "reset_after=False"),
    ("RNN", {"nonlinearity": "softsign"}, "nonlinearity='softsign'"),
    ("LSTM", {"learned_state": True}, "learned_state=True"),
]


@pytest.mark.parametrize(("kind", "chosen", "named"), REFUSED, ids=str)
def test_what_torch_has_not_is_refused_by_its_option(kind: str, chosen: dict[str, Any], named: str) -> None:
    layer = getattr(ph, kind)(5, **({"hidden_size": 4} | chosen))
    for parameter in layer.parameters():
        nn.init.ones_(parameter)
    with pytest.raises(InterchangeError, match=r"torch\.nn") as refusal:
        to_torch_state_dict(nn.Sequential(nn.Linear(2, 5), layer))
    assert named in str(refusal.value)
    assert str(refusal.value).startswith("1: ")


def test_dropouts_of_training_do_not_hinder() -> None:
    layer = ph.LSTM(5, 4, weight_dropout=0.5, recurrent_dropout=0.5, forget_bias=1.0).eval()
    x = torch.randn(7, 3, 5)
    torch.testing.assert_close(to_torch(layer)(x)[0], layer(x)[0], atol=1e-6, rtol=0)


def test_a_whole_network_keeps_its_other_values_under_their_names() -> None:
    net = nn.ModuleDict({"embedding": nn.Embedding(9, 5), "rnn": ph.GRU(5, 4), "readout": nn.Linear(4, 2)})
    values = to_torch_state_dict(net)
    assert set(values) == set(net.state_dict())
    theirs = nn.ModuleDict({"embedding": nn.Embedding(9, 5), "rnn": nn.GRU(5, 4), "readout": nn.Linear(4, 2)})
    theirs.load_state_dict(values)


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(9, 5)
        self.encoder = nn.ModuleDict({"lstm": nn.LSTM(5, 4, 2, bidirectional=True)})
        self.linear = nn.Linear(8, 3)


def test_a_network_from_a_file_goes_back_under_the_files_own_names(tmp_path: Path) -> None:
    theirs = Tagger()
    saved(theirs, tmp_path / "tagger.pt")
    network = ph.load(tmp_path / "tagger.pt", embedding="table", layer="encoder.lstm", readout="linear")
    for module in (network, network.chain):
        values = to_torch_state_dict(module)
        assert list(values) == list(theirs.state_dict())
        assert all(torch.equal(values[name], value) for name, value in theirs.state_dict().items())


def test_layers_that_are_not_wired_go_back_under_the_files_own_names(tmp_path: Path) -> None:
    theirs = nn.ModuleDict({"a": nn.LSTM(5, 4), "b": nn.GRU(5, 4)})
    saved(theirs, tmp_path / "two.pt")
    assert list(to_torch_state_dict(ph.load(tmp_path / "two.pt"))) == list(theirs.state_dict())


def test_a_layer_that_was_alone_in_its_file_goes_back_without_a_name_in_front(tmp_path: Path) -> None:
    theirs = nn.GRU(5, 4)
    saved(theirs, tmp_path / "gru.pt")
    nn.GRU(5, 4).load_state_dict(to_torch_state_dict(ph.load(tmp_path / "gru.pt")))


def test_what_torch_has_not_is_refused_by_the_name_of_its_part() -> None:
    network = ph.load(nn.ModuleDict({"enc": ph.LSTM(5, 4, coupled=True)}))
    with pytest.raises(InterchangeError, match=r"^enc: torch\.nn\.LSTM has no coupled"):
        to_torch_state_dict(network)


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(OptionError, match="takes a layer or another module, got int"):
        to_torch_state_dict(5)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_cells_go_to_torchs_cells(kind: str) -> None:
    ours = getattr(ph, f"{kind}Cell")(5, 4)
    theirs = to_torch(ours)
    x = torch.randn(3, 5)
    assert type(theirs) is getattr(nn, f"{kind}Cell")
    torch.testing.assert_close(theirs(x), ours(x), atol=1e-6, rtol=0)


def test_copies_are_handed_out() -> None:
    layer = ph.LSTM(5, 4)
    nn.init.zeros_(to_torch_state_dict(layer)["weight_ih_l0"])
    assert torch.any(layer.weight_ih_l0)
