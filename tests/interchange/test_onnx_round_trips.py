"""Networks of ours as ONNX models and back: ONNX Runtime computes what they do, and what is read back does too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from conformance.variants import Variant
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from interchange.onnx_models import BATCH, HIDDEN, INPUT, TIME, chain_of, close, layer_of, run
from torch import nn

import peephole as ph
from peephole.interchange.onnx.reader import read
from peephole.interchange.onnx.writer import export_onnx
from peephole.nn.chain import ActivationPart, ChainConfig, DensePart, EmbeddingPart, RecurrentPart
from peephole.nn.chain_network import Chain
from peephole.nn.models import Network, NetworkConfig

OF_GATES: list[Any] = [
    "hard_sigmoid",
    "hard_sigmoid_6",
    ("hard_sigmoid", 0.3, 0.4),
    ("affine", 0.5, 0.1),
    "softsign",
]
OF_STATES: list[Any] = [
    *("relu", "softsign", "softplus", "sigmoid", "identity", "leaky_relu", "elu", "scaled_tanh", "affine"),
    *(("leaky_relu", 0.3), ("elu", 0.7), ("thresholded_relu", 0.2), ("scaled_tanh", 1.7159, 0.6667)),
    ("affine", 0.8, 0.1),
]
SHARED: list[dict[str, Any]] = [
    {},
    {"bias": False},
    {"gate_clip": 0.4},
    {"learned_state": True},
    {"batch_first": True},
    {"reverse": True},
    {"num_layers": 3},
    {"num_layers": 2, "reverse": True, "learned_state": True},
    {"num_layers": 2, "bidirectional": True},
    {"num_layers": 2, "bidirectional": True, "learned_state": True, "batch_first": True},
    {"num_layers": 2, "dropout": 0.5, "variational_dropout": 0.3, "weight_dropout": 0.2},
    *({"bidirectional": True, "num_layers": 2, "merge": merge} for merge in ("sum", "mean", "product")),
    *({"num_layers": 3, "connection": connection} for connection in ("residual", "highway")),
    {"num_layers": 2, "connection": "highway", "bidirectional": True, "bias": False},
]
LSTMS: list[dict[str, Any]] = [
    {"peephole": "diagonal"},
    {"coupled": True},
    {"peephole": "diagonal", "coupled": True, "gate_clip": 0.4, "bidirectional": True},
    {"peephole": "diagonal", "bias": False, "num_layers": 2, "bidirectional": True},
    {"forget_bias": 1.0},
    {"recurrent_dropout": 0.5},
    *({"gate_activation": name} for name in OF_GATES),
    *({"input_activation": name, "bidirectional": True} for name in OF_STATES),
    *({"output_activation": name} for name in OF_STATES),
]
GRUS: list[dict[str, Any]] = [
    {"reset_after": False},
    {"reset_after": False, "bias": False, "bidirectional": True},
    {"recurrent_dropout": 0.5},
    *({"gate_activation": name} for name in OF_GATES),
    *({"input_activation": name, "bidirectional": True} for name in OF_STATES),
]
RNNS: list[dict[str, Any]] = [{"nonlinearity": name} for name in OF_STATES]
VARIANTS = [
    *(Variant(cell, options, INPUT, HIDDEN) for cell in ("lstm", "gru", "rnn") for options in SHARED),
    *(Variant("lstm", options, INPUT, HIDDEN) for options in LSTMS),
    *(Variant("gru", options, INPUT, HIDDEN) for options in GRUS),
    *(Variant("rnn", options, INPUT, HIDDEN) for options in RNNS),
    *(Variant(cell, {"bidirectional": True}, INPUT, (3, 6, 2)) for cell in ("lstm", "gru", "rnn")),
]
#: What nothing but the graph around the nodes holds, so that it is not in the parts that are read back.
AROUND = ("merge", "connection")


def initial_inputs(state: Any, prefix: str = "initial") -> dict[str, np.ndarray]:
    """A state in torch's form under the names of the model."""
    per_layer = isinstance(state, tuple) and isinstance(state[0], tuple)
    if per_layer:
        found = {}
        for depth, entry in enumerate(state):
            found |= {f"{name}_l{depth}": value for name, value in initial_inputs(entry, prefix).items()}
        return found
    parts = state if isinstance(state, tuple) else (state,)
    return {f"{prefix}_{letter}": p.detach().float().numpy() for letter, p in zip("hc", parts, strict=False)}


def states_by_layer(variant: Variant, state: Any) -> Any:
    """A state of layers with widths of their own, each as a tuple even where it is one tensor."""
    if isinstance(variant.hidden, int):
        return state
    return tuple(entry if isinstance(entry, tuple) else (entry,) for entry in state)


def assert_written(
    variant: Variant, path: Path, *, lengths: list[int] | None, state: bool, time: int, batch: int
) -> None:
    """ONNX Runtime computes what the layer does; what is read back computes it too."""
    layer = variant.layer().float().eval()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter *= 0.5  # unbounded functions must not make states that grow without end
    export_onnx(layer, path, lengths=lengths is not None, state=state)
    x = torch.randn(time, batch, variant.input)
    given = variant.give_state(variant.initial(batch)) if state else None
    single = _float(given)
    more = {} if lengths is None else {"lengths": torch.tensor(lengths)}
    output, final = layer(variant.give(x), *(() if single is None else (single,)), **more)

    inputs: dict[str, Any] = {"input": variant.give(x).numpy()}
    if lengths is not None:
        inputs["sequence_lens"] = np.array(lengths, np.int32)
    if single is not None:
        inputs |= initial_inputs(states_by_layer(variant, single))
    theirs = run(path, inputs)
    expected = {"output": output} | initial_inputs(states_by_layer(variant, final), "final")
    assert set(theirs) == set(expected)
    for name, value in theirs.items():
        close(expected[name], value, f"{variant}: {name}")

    if any(variant.option(name, None) for name in AROUND):
        return
    found = read(path)
    assert found.chain is not None
    back = chain_of(found)
    own = back.recurrents
    if len(own) > 1:  # widths of their own: a part a layer
        states = None if single is None else single
        again, _ = back(x, states, **more)
    else:
        again, _ = own[0](x, *(() if single is None else (single,)), **more)
    close(variant.give(again), output.detach(), f"{variant}: read back", 1e-6)


def _float(state: Any) -> Any:
    if isinstance(state, tuple):
        return tuple(_float(part) for part in state)
    return None if state is None else state.float()


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("kind", ["plain", "state", "lengths", "lengths and state"])
def test_onnxruntime_computes_what_an_exported_layer_does(
    variant: Variant, kind: str, tmp_path: Path
) -> None:
    lengths = [5, TIME, 2] if "lengths" in kind else None
    assert_written(
        variant, tmp_path / "m.onnx", lengths=lengths, state="state" in kind, time=TIME, batch=BATCH
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_options_together_survive(data: st.DataObject, tmp_path: Path) -> None:
    cell = data.draw(st.sampled_from(["lstm", "gru", "rnn"]))
    options: dict[str, Any] = {}
    for row in data.draw(
        st.lists(st.sampled_from([*SHARED, *{"lstm": LSTMS, "gru": GRUS, "rnn": RNNS}[cell]]), max_size=4)
    ):
        options |= row
    if options.get("bidirectional"):
        options.pop("reverse", None)
    if options.get("num_layers", 1) == 1:
        options.pop("dropout", None)
    if options.get("coupled"):
        options.pop("forget_bias", None)
    if options.get("bias") is False:
        options.pop("forget_bias", None)
    sizes = st.integers(1, 5)
    time, batch = data.draw(sizes), data.draw(sizes)
    lengths = data.draw(st.none() | st.lists(st.integers(1, time), min_size=batch, max_size=batch))
    variant = Variant(cell, options, data.draw(sizes), data.draw(sizes))
    assert_written(
        variant, tmp_path / "m.onnx", lengths=lengths, state=data.draw(st.booleans()), time=time, batch=batch
    )


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_torch_to_ours_to_onnx_and_back_is_torch(kind: Any, bidirectional: bool, tmp_path: Path) -> None:
    theirs = kind(INPUT, HIDDEN, num_layers=2, bidirectional=bidirectional)
    ours = getattr(ph, kind.__name__)(INPUT, HIDDEN, num_layers=2, bidirectional=bidirectional)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(TIME, BATCH, INPUT)
    expected, _ = theirs(x)
    for module in (ours, theirs):
        export_onnx(module, tmp_path / "m.onnx")
        close(expected, run(tmp_path / "m.onnx", {"input": x.numpy()})["output"])
    (part,) = read(tmp_path / "m.onnx").parts
    assert {name: value.shape for name, value in part.tensors.items()} == {
        name: value.shape for name, value in theirs.state_dict().items()
    }
    for name, value in theirs.state_dict().items():
        assert torch.equal(part.tensors[name], value), name
    assert torch.equal(layer_of(part)(x)[0], ours(x)[0])


NETWORKS = {
    "embedding": {"input": "symbols", "embedding": 6, "input_size": 9},
    "one-hot": {"input": "symbols", "embedding": None, "input_size": 9},
    "numbers": {"input": "numbers", "embedding": None, "input_size": 9},
}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_onnxruntime_computes_what_a_trained_network_does(kind: str, cell: Any, tmp_path: Path) -> None:
    config = NetworkConfig(cell=cell, output_size=4, hidden=5, layers=2, **NETWORKS[kind])
    network = Network(config).eval()
    export_onnx(network, tmp_path / "m.onnx", state=True)
    numbers = kind == "numbers"
    x = torch.randn(TIME, BATCH, 9) if numbers else torch.randint(9, (TIME, BATCH))
    state = torch.randn(2, BATCH, 5)
    given = (state, state * 2) if cell == "lstm" else state
    output, final = network(x, given)
    theirs = run(tmp_path / "m.onnx", {"input": x.numpy()} | initial_inputs(given))
    for name, value in {"output": output.detach().numpy(), **initial_inputs(final, "final")}.items():
        close(theirs[name], value, name)
    found = read(tmp_path / "m.onnx")
    assert found.chain is not None
    if kind != "one-hot":
        close(chain_of(found)(x, given)[0], output.detach(), "read back", 1e-6)


def chain(*parts: Any) -> Chain:
    made = Chain(ChainConfig(parts)).eval()
    for parameter in made.parameters():
        nn.init.uniform_(parameter, -0.7, 0.7)
    return made


def recurrent(name: str, inputs: int, hidden: int, *, cell: Any = "lstm", **more: Any) -> RecurrentPart:
    own = {key: more.pop(key) for key in ("returns", "flipped") if key in more}
    return RecurrentPart(
        name=name, cell=cell, options={"input_size": inputs, "hidden_size": hidden, **more}, **own
    )


DENSE = [
    *("softmax", "sigmoid", "tanh", "relu", "softsign", "softplus", "identity"),
    *(
        "hard_sigmoid",
        "hard_sigmoid_6",
        "hard_tanh",
        "leaky_relu",
        "thresholded_relu",
        "elu",
        "selu",
        "gelu",
        "silu",
    ),
    *(("scaled_tanh", 1.7, 0.6), ("affine", 0.5, 0.2), ("leaky_relu", 0.3)),
]
#: What is written as several operations, which could be anything.
ONE_WAY = ("hard_tanh", "gelu", "silu", ("scaled_tanh", 1.7, 0.6), ("affine", 0.5, 0.2))


@pytest.mark.parametrize("activation", DENSE, ids=str)
def test_a_dense_part_ends_with_any_function(activation: Any, tmp_path: Path) -> None:
    network = chain(
        recurrent("r", INPUT, HIDDEN), DensePart(name="d", inputs=HIDDEN, outputs=6, activation=activation)
    )
    export_onnx(network, tmp_path / "m.onnx")
    x = 2 * torch.randn(TIME, BATCH, INPUT)
    expected = network(x)[0].detach()
    close(expected, run(tmp_path / "m.onnx", {"input": x.numpy()})["output"])
    if activation not in ONE_WAY:
        found = read(tmp_path / "m.onnx")
        assert found.chain is not None
        assert chain_of(found).config.output_activation == activation
        close(chain_of(found)(x)[0], expected, "read back", 1e-6)


CHAINS = {
    "embedding, two kinds, dense between": (
        EmbeddingPart(name="e", symbols=11, size=6),
        recurrent("a", 6, 5, bidirectional=True),
        DensePart(name="between", inputs=10, outputs=7, activation="tanh"),
        recurrent("b", 7, 4, cell="gru", reset_after=False),
        DensePart(name="out", inputs=4, outputs=3, activation="softmax"),
    ),
    "dense first": (
        DensePart(name="in", inputs=INPUT, outputs=6, bias=False, activation="relu"),
        recurrent("a", 6, 5, cell="rnn"),
    ),
    "the end alone": (
        recurrent("a", INPUT, 5, num_layers=2),
        recurrent("b", 5, 4, returns="last"),
        DensePart(name="out", inputs=4, outputs=3, activation="sigmoid"),
    ),
    "the ends of both directions": (
        recurrent("a", INPUT, 5, bidirectional=True, returns="last", cell="gru"),
        DensePart(name="out", inputs=10, outputs=3),
    ),
    "the end of the backward direction": (
        recurrent("a", INPUT, 5, reverse=True, returns="last", num_layers=2),
    ),
    "the end, summed": (
        recurrent("a", INPUT, 5, bidirectional=True, returns="last", merge="sum", num_layers=2),
    ),
    "functions by themselves": (
        recurrent("a", INPUT, 5, bidirectional=True),
        ActivationPart(name="a-b", size=10, activation=("leaky_relu", 0.3)),
        recurrent("b", 10, 4),
        ActivationPart(name="b-c", size=4, activation="relu"),
        DensePart(name="c", inputs=4, outputs=3, activation="tanh"),
        ActivationPart(name="d", size=3, activation="softmax"),
    ),
    "a function of the end": (
        recurrent("a", INPUT, 5, returns="last"),
        ActivationPart(name="d", size=5, activation="sigmoid"),
    ),
    "flipped": (recurrent("a", INPUT, 5, reverse=True, flipped=True), recurrent("b", 5, 4)),
}
#: What a graph does not show plainly: a sum of directions, an order of time turned round.
NOT_READ_BACK = ("the end, summed", "flipped")


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("lengths", [None, [4, 7, 1]], ids=["full", "lengths"])
def test_onnxruntime_computes_what_a_chain_does(name: str, lengths: list[int] | None, tmp_path: Path) -> None:
    network = chain(*CHAINS[name])
    symbols = isinstance(CHAINS[name][0], EmbeddingPart)
    x = torch.randint(11, (TIME, BATCH)) if symbols else torch.randn(TIME, BATCH, INPUT)
    more = {} if lengths is None else {"lengths": torch.tensor(lengths)}
    expected = network(x, **more)[0].detach()
    export_onnx(network, tmp_path / "m.onnx", lengths=lengths is not None)
    inputs = {"input": x.numpy()} | (
        {} if lengths is None else {"sequence_lens": np.array(lengths, np.int32)}
    )
    close(expected, run(tmp_path / "m.onnx", inputs)["output"])
    if name not in NOT_READ_BACK and not (lengths and "end" in name):
        found = read(tmp_path / "m.onnx")
        assert found.chain is not None, found
        assert len(found.parts) == len(CHAINS[name])
        again = chain_of(found)(x, **more)[0]
        close(again, expected, "read back", 1e-6)


@pytest.mark.parametrize("opset", [13, 15, 18, 21, 22])
def test_every_operator_set_from_13_on_is_written(opset: int, tmp_path: Path) -> None:
    for cell in (ph.LSTM, ph.GRU, ph.RNN):
        layer = cell(INPUT, HIDDEN, 2, bidirectional=True, learned_state=True, merge="mean")
        export_onnx(layer, tmp_path / "m.onnx", opset=opset)
        model = onnx.load(tmp_path / "m.onnx")
        assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", opset)]
        x = torch.randn(TIME, BATCH, INPUT)
        close(layer(x)[0], run(tmp_path / "m.onnx", {"input": x.numpy()})["output"])
