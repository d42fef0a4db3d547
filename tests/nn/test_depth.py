"""Layers of several widths, merged directions, connections between layers, learned initial states."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

import peephole as ph
from peephole.errors import OptionError
from peephole.nn import ways

KINDS = (ph.RNN, ph.LSTM, ph.GRU)
DOUBLE: dict[str, Any] = {"dtype": torch.float64}


def steps(batch: int = 2) -> Tensor:
    return torch.randn(5, batch, 3, **DOUBLE)


def alone(kind: Any, model: Any, layer: int, features: int, width: int, **options: Any) -> Any:
    """A model of one layer with the parameters of one layer of ``model``."""
    one = kind(features, width, **options, **DOUBLE)
    names = [name for name, _ in one.named_parameters()]
    one.load_state_dict({name: model.get_parameter(name.replace("_l0", f"_l{layer}")) for name in names})
    return one


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_layers_of_different_widths_are_layers_stacked_by_hand(kind: Any, bidirectional: bool) -> None:
    model = kind(3, [4, 2, 5], bidirectional=bidirectional, **DOUBLE)
    directions = 1 + bidirectional
    x = steps()
    given = model(steps())[1]
    output, final = model(x, given)
    assert model.num_layers == 3
    assert model.hidden_size == (4, 2, 5)
    assert isinstance(final, tuple)
    features = 3
    for layer, width in enumerate((4, 2, 5)):
        one = alone(kind, model, layer, features, width, bidirectional=bidirectional)
        x, last = one(x, given[layer])
        for ours, theirs in zip(tree_leaves(final[layer]), tree_leaves(last), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
        features = width * directions
    torch.testing.assert_close(output, x, rtol=0, atol=1e-12)


@pytest.mark.parametrize("widths", [[4], [4, 4], (4, 4)])
def test_the_form_of_the_states_follows_the_option_and_not_the_sizes(widths: Any) -> None:
    _, final = ph.GRU(3, widths)(torch.randn(5, 2, 3))
    assert isinstance(final, tuple)
    assert [tuple(state.shape) for state in final] == [(1, 2, 4)] * len(widths)
    _, final = ph.LSTM(3, widths)(torch.randn(5, 3))
    assert [[tuple(part.shape) for part in state] for state in final] == [[(1, 4), (1, 4)]] * len(widths)
    _, final = ph.GRU(3, 4, 2)(torch.randn(5, 2, 3))
    assert isinstance(final, Tensor)


def test_a_state_that_carries_more_than_two_tensors_is_a_tuple_of_them_all() -> None:
    model = ph.LSTM(3, 4, 2, full_gate_recurrence=True, **DOUBLE)
    x = steps()
    output, final = model(x)
    assert [tuple(part.shape) for part in final] == [(2, 2, 4)] * 5
    first, state = model(x[:2])
    second, last = model(x[2:], state)
    torch.testing.assert_close(torch.cat([first, second]), output, rtol=0, atol=1e-12)
    torch.testing.assert_close(last, final, rtol=0, atol=1e-12)


def test_a_record_holds_each_direction_before_they_merge() -> None:
    model = ph.GRU(3, 4, bidirectional=True, merge="sum", **DOUBLE)
    output, trace = ph.trace(model, steps())
    both = trace.layer(0).hidden + trace.layer(0, "backward").hidden
    torch.testing.assert_close(output[0], both, rtol=0, atol=1e-12)


def test_a_highway_starts_near_the_identity_and_has_no_bias_without_biases() -> None:
    model = ph.GRU(3, 4, 3, connection="highway")
    names = [name for name, _ in model.named_parameters() if "highway" in name]
    assert names == [f"{kind}_highway_l{layer}" for layer in (1, 2) for kind in ("weight", "bias")]
    assert torch.equal(model.get_parameter("bias_highway_l1"), torch.full((4,), -1.0))
    bare = ph.GRU(3, 4, 2, bias=False, connection="highway")
    assert [n for n, _ in bare.named_parameters() if "highway" in n] == ["weight_highway_l1"]
    bare(torch.randn(5, 2, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_acts_on_what_a_layer_returns_and_not_on_what_passes_by_it(kind: Any) -> None:
    model = kind(3, 4, 3, connection="residual", dropout=1.0, **DOUBLE)
    # the first two layers return nothing; the third reads 0 and adds it
    bottom = torch.zeros(5, 2, 4, **DOUBLE)
    expected, _ = alone(kind, model, 2, 4, 4)(bottom)
    torch.testing.assert_close(model(steps())[0], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_learned_states_are_where_a_run_starts_that_is_given_none(kind: Any, bidirectional: bool) -> None:
    model = kind(3, 4, 2, bidirectional=bidirectional, learned_state=True, **DOUBLE)
    learned = {name: p for name, p in model.named_parameters() if name.startswith("initial_")}
    plain = kind(3, 4, 2, bidirectional=bidirectional, **DOUBLE)
    assert all(not p.any() for p in learned.values())
    with torch.no_grad():
        for p in learned.values():
            p.normal_()
    plain.load_state_dict({n: p for n, p in model.state_dict().items() if n not in learned})
    states = ("hidden", "cell") if kind is ph.LSTM else ("hidden",)
    lanes = [f"l{layer}{r}" for layer in range(2) for r in ("", "_reverse")[: 1 + bidirectional]]
    assert set(learned) == {f"initial_{state}_{lane}" for state in states for lane in lanes}
    parts = tuple(
        torch.stack([learned[f"initial_{state}_{lane}"] for lane in lanes]).unsqueeze(1).expand(-1, 2, -1)
        for state in states
    )
    hx = parts if kind is ph.LSTM else parts[0]
    x = steps()
    torch.testing.assert_close(model(x), plain(x, hx), rtol=0, atol=1e-12)
    torch.testing.assert_close(model(x[:, 0])[0], model(x)[0][:, 0], rtol=0, atol=1e-12)
    model(x)[0].sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in learned.values())


def test_explain_tells_the_way_of_each_layer() -> None:
    lines = ph.LSTM(3, [4, 5]).explain().splitlines()
    assert [line.split(":")[0] for line in lines] == ["layer 0", "layer 1"]
    assert all(": kernel — " in line for line in lines)
    assert ": kernel — " in ph.LSTM(3, 4, layer_norm=True).explain()
    for options, named in (
        ({"peephole": "full"}, "full peepholes"),
        ({"full_gate_recurrence": True}, "full gate"),
    ):
        told = ph.LSTM(3, 4, **options).explain()
        assert ": reference — " in told
        assert named in told
    dropped = ph.LSTM(3, 4, weight_dropout=0.5)
    with ways.forced("vendor"):
        assert ": vendor — " in ph.LSTM(3, 4).explain()
        assert ": reference — " in dropped.explain()
        assert ": vendor — " in dropped.eval().explain()
    assert ": vendor — " in ph.LSTM(3, 4, dtype=torch.bfloat16).explain()
    assert ": reference — " in ph.LSTM(3, 4, layer_norm=True, device="meta").explain()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"hidden_size": [4, 5], "num_layers": 3}, ["hidden_size", "2 layers", "3"]),
        ({"hidden_size": []}, ["hidden_size"]),
        ({"hidden_size": 4, "num_layers": 1, "connection": "residual"}, ["connection", "num_layers"]),
        ({"hidden_size": [4, 5], "connection": "residual"}, ["connection", "4", "5"]),
        ({"hidden_size": 4, "num_layers": 2, "connection": "dense"}, ["connection", "residual", "'dense'"]),
        ({"hidden_size": 4, "merge": "sum"}, ["merge", "bidirectional"]),
        ({"hidden_size": 4, "bidirectional": True, "merge": "max"}, ["merge", "concat", "'max'"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_built_is_refused_naming_it(
    kind: Any, options: dict[str, Any], says: list[str]
) -> None:
    with pytest.raises(OptionError) as caught:
        kind(3, **options)
    assert all(word in str(caught.value) for word in says), caught.value


@pytest.mark.parametrize("widths", [[4, 0], [4, -1]])
def test_a_width_that_is_not_positive_fails_as_torchs(widths: list[int]) -> None:
    with pytest.raises(ValueError, match="hidden_size must be greater than zero"):
        ph.GRU(3, widths)


def test_a_flag_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match="learned_state should be of type bool, got: int"):
        ph.GRU(3, 4, learned_state=1)  # type: ignore[arg-type]
