"""Layers against ONNX Runtime's LSTM, GRU and RNN nodes: an implementation that shares nothing with torch's or ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from conformance.variants import Variant, close
from hypothesis import given
from hypothesis import strategies as st
from oracles import onnxruntime_layers as onnx

#: float32 on their side
SINGLE = 1e-5
TIME, BATCH, INPUT, HIDDEN = 6, 3, 4, 5

PEEPHOLE = {"peephole": "diagonal"}
COUPLED = {"coupled": True}
CLIP = {"gate_clip": 0.4}
OF_GATES = ("hard_sigmoid", ("hard_sigmoid", 0.3, 0.4), ("affine", 0.5, 0.1), "softsign", "relu")
# ThresholdedRelu, ScaledTanh and Affine always with their parameters: the runtime's defaults are 0, the operators'
# of the standard (and ours) are not.
OF_STATES = (
    "relu",
    "softsign",
    "softplus",
    "leaky_relu",
    ("leaky_relu", 0.3),
    "elu",
    ("elu", 0.7),
    ("thresholded_relu", 0.2),
    ("scaled_tanh", 1.7159, 0.6667),
    ("affine", 0.8, 0.1),
    ("affine", 1.0, 0.0),
    "sigmoid",
    "hard_sigmoid",
)

LSTMS = [
    {},
    {"bias": False},
    PEEPHOLE,
    COUPLED,
    CLIP,
    PEEPHOLE | COUPLED,
    PEEPHOLE | CLIP,
    COUPLED | CLIP,
    PEEPHOLE | COUPLED | CLIP,
    PEEPHOLE | {"bias": False},
    *({"gate_activation": name} for name in OF_GATES),
    *({"input_activation": name} for name in OF_STATES),
    *({"output_activation": name} for name in OF_STATES),
    PEEPHOLE
    | COUPLED
    | CLIP
    | {
        "gate_activation": ("hard_sigmoid", 0.3, 0.4),
        "input_activation": ("leaky_relu", 0.3),
        "output_activation": ("scaled_tanh", 1.7159, 0.6667),
    },
]
BEFORE = {"reset_after": False}
GRUS = [
    {},
    {"bias": False},
    CLIP,
    BEFORE,
    BEFORE | {"bias": False},
    BEFORE | CLIP,
    *({"gate_activation": name} for name in OF_GATES),
    *({"input_activation": name} for name in OF_STATES),
    BEFORE | CLIP | {"gate_activation": ("hard_sigmoid", 0.3, 0.4), "input_activation": ("elu", 0.7)},
]
RNNS = [{}, {"bias": False}, CLIP, *({"nonlinearity": name} for name in OF_STATES)]


@dataclass(frozen=True)
class Case:
    variant: Variant
    direction: str

    def __str__(self) -> str:
        return f"{self.variant} {self.direction}"


CASES = [
    Case(Variant(cell, options | {"bidirectional": direction == "bidirectional"}, INPUT, HIDDEN), direction)
    for cell, rows in (("lstm", LSTMS), ("gru", GRUS), ("rnn", RNNS))
    for options in rows
    for direction in ("forward", "bidirectional")
]


def names_of(variant: Variant) -> list[Any]:
    """The functions of one direction, in ONNX's order; none of them left to its default."""
    if variant.cell == "rnn":
        return [variant.option("nonlinearity", "tanh")]
    names = [variant.option("gate_activation", "sigmoid"), variant.option("input_activation", "tanh")]
    return names if variant.cell == "gru" else [*names, variant.option("output_activation", "tanh")]


def assert_equals_onnxruntime(
    variant: Variant,
    *,
    direction: str,
    lengths: Sequence[int] | None = None,
    time: int = TIME,
    batch: int = BATCH,
) -> None:
    layer = variant.layer()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(parameter.float())  # what their float32 can hold
    x = torch.randn(time, batch, variant.input).double()
    lanes = 2 if direction == "bidirectional" else 1
    size = (lanes, batch, variant.widths[0])
    initial = {name: torch.randn(size).double() for name in variant.states}

    state = tuple(initial.values()) if len(initial) > 1 else initial["hidden"]
    more = {} if lengths is None else {"lengths": torch.tensor(lengths)}
    output, final = layer(x, state, **more)
    ours = {"output": output, "final hidden": final}
    if variant.cell == "lstm":
        ours |= {"final hidden": final[0], "final cell": final[1]}

    theirs = onnx.run(
        variant.cell,
        {name: p.detach().numpy() for name, p in layer.named_parameters()},
        x.numpy(),
        hidden=variant.widths[0],
        initial={name: value.numpy() for name, value in initial.items()},
        lengths=lengths,
        activations=names_of(variant),
        coupled=variant.option("coupled", False),
        clip=variant.option("gate_clip", None),
        linear_before_reset=variant.option("reset_after", True),
        direction=direction,
    )
    assert list(theirs) == list(ours)
    for name, value in theirs.items():
        close(ours[name], value, f"{variant} {direction}: {name}", SINGLE)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("lengths", [None, (6, 1, 3)], ids=["full", "lengths"])
def test_a_layer_equals_a_node(case: Case, lengths: tuple[int, ...] | None) -> None:
    assert_equals_onnxruntime(case.variant, direction=case.direction, lengths=lengths)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_the_backward_direction_alone_equals_a_reverse_node(cell: str) -> None:
    variant = Variant(cell, {"bidirectional": True}, INPUT, HIDDEN)
    layer = variant.layer()
    x = torch.randn(TIME, BATCH, INPUT).double()
    lengths = [6, 1, 3]
    output, _ = layer(x, lengths=torch.tensor(lengths))
    backward = {
        name.removesuffix("_reverse"): p.detach().numpy()
        for name, p in layer.named_parameters()
        if name.endswith("_reverse")
    }
    zeros = torch.zeros(1, BATCH, HIDDEN).numpy()
    theirs = onnx.run(
        cell,
        backward,
        x.numpy(),
        hidden=HIDDEN,
        initial={"hidden": zeros, "cell": zeros},
        lengths=lengths,
        direction="reverse",
    )
    close(output[..., HIDDEN:], theirs["output"], "output", SINGLE)


@given(data=st.data())
def test_any_node_of_any_size_is_ours(data: st.DataObject) -> None:
    cell = data.draw(st.sampled_from(["lstm", "gru", "rnn"]))
    rows = {"lstm": LSTMS, "gru": GRUS, "rnn": RNNS}[cell]
    options: dict[str, Any] = {}
    for row in data.draw(st.lists(st.sampled_from(rows), max_size=3)):
        options |= row
    direction = data.draw(st.sampled_from(["forward", "bidirectional"]))
    options["bidirectional"] = direction == "bidirectional"
    sizes = st.integers(1, 4)
    time, batch = data.draw(sizes), data.draw(sizes)
    lengths = data.draw(st.none() | st.lists(st.integers(1, time), min_size=batch, max_size=batch))
    assert_equals_onnxruntime(
        Variant(cell, options, data.draw(sizes), data.draw(sizes)),
        direction=direction,
        lengths=lengths,
        time=time,
        batch=batch,
    )
