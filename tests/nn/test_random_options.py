"""Any options of any cell at any size, drawn at random: what the papers say, or refused with a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from conformance.variants import Variant, assert_equals_the_papers, assert_outcome
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles.activations import FUNCTIONS
from oracles.network import run

from peephole.errors import OptionError
from peephole.nn import options

ACTIVATIONS = st.sampled_from(
    [*FUNCTIONS, ("hard_sigmoid", 0.3), ("scaled_tanh", 1.7159, 0.6667), ("affine", 0.7, 0.1)]
)
PROBABILITY = st.sampled_from([0.0, 0.3, 0.9, 1.0])
LIMIT = st.sampled_from([None, 0.1, 0.5, 3.0])
FLAG = st.booleans()
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "bias": FLAG,
    "nonlinearity": ACTIVATIONS,
    "peephole": st.sampled_from([None, "diagonal", "full"]),
    "forget_bias": st.sampled_from([None, 1.0, -2.5]),
    "coupled": FLAG,
    "input_gate": FLAG,
    "forget_gate": FLAG,
    "output_gate": FLAG,
    "full_gate_recurrence": FLAG,
    "gate_activation": ACTIVATIONS,
    "input_activation": ACTIVATIONS,
    "output_activation": ACTIVATIONS,
    "reset_after": FLAG,
    "layer_norm": FLAG,
    "gate_clip": LIMIT,
    "cell_clip": LIMIT,
    "proj_clip": LIMIT,
    "zoneout": PROBABILITY,
    "recurrent_dropout": PROBABILITY,
    "variational_dropout": PROBABILITY,
    "weight_dropout": PROBABILITY,
    "batch_first": FLAG,
    # Dropout of 1 leaves no value from which the mask could be told apart.
    "dropout": st.sampled_from([0.0, 0.3]),
    "bidirectional": FLAG,
    "learned_state": FLAG,
    "reverse": FLAG,
}
AROUND = {"num_layers", "merge", "connection", "proj_size"}  # drawn with the sizes


@st.composite
def variants(draw: st.DrawFn, cell: str) -> Variant:
    """A few options at once; the sizes are such that what joins fits."""
    named = draw(
        st.lists(st.sampled_from(sorted(set(options.of_cell(cell)) - AROUND)), max_size=7, unique=True)
    )
    chosen = {name: draw(VALUES[name]) for name in named}
    if cell == "lstm" and "zoneout" in chosen:
        chosen["zoneout"] = (chosen["zoneout"], draw(PROBABILITY))
    layers = draw(st.integers(1, 3))
    widths = tuple(draw(st.lists(st.integers(1, 3), min_size=layers, max_size=layers)))
    if chosen.get("bidirectional"):
        chosen["merge"] = draw(st.sampled_from(["concat", "sum", "mean", "product"]))
    one_width = draw(FLAG)
    if one_width and layers > 1:
        chosen["connection"] = draw(st.sampled_from([None, "residual", "highway"]))
    smallest = widths[0] if one_width else min(widths)
    if cell == "lstm" and smallest > 1:
        chosen["proj_size"] = draw(st.integers(0, smallest - 1))
    if layers == 1:
        chosen.pop("dropout", None)
    hidden: int | tuple[int, ...] = widths
    if one_width:
        hidden = widths[0]
        chosen["num_layers"] = layers
    return Variant(cell, chosen, draw(st.integers(1, 3)), hidden)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@settings(max_examples=300)
@given(data=st.data())
def test_any_options_are_what_the_papers_say_or_are_refused(cell: str, data: st.DataObject) -> None:
    variant = data.draw(variants(cell))
    refused = options.refusal(cell, variant.options)
    if refused is not None:
        with pytest.raises(OptionError) as caught:
            variant.layer()
        assert all(name in str(caught.value) for name in refused.when)
        return
    time, batch = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    lengths = data.draw(st.none() | st.lists(st.integers(0, time), min_size=batch, max_size=batch))
    assert_equals_the_papers(
        variant,
        time=time,
        batch=batch,
        lengths=lengths,
        state=data.draw(FLAG),
        training=data.draw(FLAG),
    )


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@settings(max_examples=100)
@given(data=st.data())
def test_any_stream_is_what_the_papers_say_of_the_whole(cell: str, data: st.DataObject) -> None:
    variant = data.draw(variants(cell))
    around = {"bidirectional": False, "merge": "concat", "reverse": False}
    variant = replace(variant, options={**variant.options, **around})
    assume(options.refusal(cell, variant.options) is None)
    layer = variant.layer()
    x = torch.randn(data.draw(st.integers(1, 4)), data.draw(st.integers(0, 3)), variant.input).double()
    initial = variant.start(layer, x.shape[1])
    state = variant.give_state(initial) if data.draw(FLAG) else None
    outputs = []
    for x_t in x:
        output, state = layer.step(x_t, state)
        outputs.append(output)
    ends = variant.take_state(state)
    if x.shape[1]:
        assert_outcome(variant, run(variant.network(layer), x.numpy(), initial), torch.stack(outputs), ends)
    assert all(value.shape == initial[at][n].shape for at, s in ends.items() for n, value in s.items())


def test_every_option_is_drawn() -> None:
    for cell in ("rnn", "lstm", "gru"):
        assert set(options.of_cell(cell)) <= set(VALUES) | AROUND
