"""``layer.step``: one step after another is the whole sequence at once."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch.utils._pytree import tree_leaves

import peephole as ph
from peephole.errors import OptionError
from peephole.nn import ways

DOUBLE: dict[str, Any] = {"dtype": torch.float64}
CASES: list[tuple[type, dict[str, Any]]] = [
    (ph.RNN, {"num_layers": 2}),
    (ph.LSTM, {"num_layers": 2}),
    (ph.GRU, {"num_layers": 2}),
    (ph.GRU, {"hidden_size": [4, 5], "reset_after": False}),
    (ph.LSTM, {"hidden_size": [4, 5], "learned_state": True}),
    (ph.LSTM, {"proj_size": 2, "peephole": "full", "cell_clip": 0.3}),
    (ph.LSTM, {"num_layers": 3, "connection": "highway", "full_gate_recurrence": True}),
    (ph.LSTM, {"num_layers": 2, "connection": "residual", "layer_norm": True, "zoneout": (0.2, 0.3)}),
    (ph.GRU, {"variational_dropout": 0.4, "recurrent_dropout": 0.3, "weight_dropout": 0.2}),
    (ph.RNN, {"num_layers": 2, "dropout": 0.4, "zoneout": 0.1}),
]


def build(kind: Any, options: dict[str, Any]) -> Any:
    return kind(3, **({"hidden_size": 4} | options), **DOUBLE)


def close(a: Any, b: Any) -> None:
    torch.testing.assert_close(tree_leaves(a), tree_leaves(b), rtol=0, atol=1e-12)


@pytest.mark.parametrize("way", ["kernel", "vendor", "reference"])
@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize(("kind", "options"), CASES, ids=str)
def test_steps_are_the_whole_sequence(kind: Any, options: dict[str, Any], batch: Any, way: Any) -> None:
    model = build(kind, options).eval()
    x = torch.randn(6, *batch, 3, **DOUBLE)
    with ways.forced(way):
        whole, final = model(x)
        outputs, state = [], None
        for x_t in x:
            output, state = model.step(x_t, state)
            assert output.shape == whole.shape[1:]
            outputs.append(output)
    close([torch.stack(outputs), state], [whole, final])


@pytest.mark.parametrize(("kind", "options"), CASES, ids=str)
def test_gradients_flow_through_steps(kind: Any, options: dict[str, Any]) -> None:
    model = build(kind, options).eval()
    x = torch.randn(4, 2, 3, **DOUBLE)
    parameters = list(model.parameters())
    whole = torch.autograd.grad(model(x)[0].square().sum(), parameters)
    loss, state = torch.zeros((), **DOUBLE), None
    for x_t in x:
        output, state = model.step(x_t, state)
        loss = loss + output.square().sum()
    close(torch.autograd.grad(loss, parameters), whole)


def test_batch_first_changes_nothing_for_a_step() -> None:
    model = ph.GRU(3, 4, batch_first=True)
    x = torch.randn(2, 5, 3)
    output, state = model.step(x[:, 0])
    torch.testing.assert_close(output, model(x[:, :1])[0][:, 0])
    assert isinstance(state, torch.Tensor)
    assert state.shape == (1, 2, 4)


def test_steps_are_recorded_as_one_record_over_time() -> None:
    model = ph.LSTM(3, [4, 5], **DOUBLE)
    x = torch.randn(6, 2, 3, **DOUBLE)
    _, whole = ph.trace(model, x)
    with ph.recording(model) as tape:
        state = None
        for x_t in x:
            _, state = model.step(x_t, state)
    for ours, theirs in zip(tape.trace(), whole, strict=True):
        assert (ours.layer, ours.direction, ours.call) == (theirs.layer, theirs.direction, theirs.call)
        assert list(ours.quantities) == list(theirs.quantities)
        close([*ours.quantities.values(), *ours.initial.values(), ours.input],
              [*theirs.quantities.values(), *theirs.initial.values(), theirs.input])  # fmt: skip


def test_interventions_count_the_steps_of_a_stream() -> None:
    model = ph.LSTM(3, 4, **DOUBLE)
    x = torch.randn(5, 2, 3, **DOUBLE)
    clamps = {"l0.cell.1": 0.5}
    with ph.intervene(model, clamps, steps=[2, 3]):
        whole, _ = model(x)
    with ph.intervene(model, clamps, steps=[2, 3]):
        outputs, state = [], None
        for x_t in x:
            output, state = model.step(x_t, state)
            outputs.append(output)
    close(torch.stack(outputs), whole)
    assert not torch.allclose(whole, model(x)[0])


def test_a_bidirectional_layer_cannot_be_stepped() -> None:
    with pytest.raises(OptionError, match="bidirectional=True cannot be stepped"):
        ph.GRU(3, 4, bidirectional=True).step(torch.randn(2, 3))


@pytest.mark.parametrize("option", ["variational_dropout", "weight_dropout"])
def test_masks_held_over_a_sequence_cannot_be_streamed_in_training(option: str) -> None:
    model = ph.LSTM(3, 4, **{option: 0.5})  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=f"{option}=0.5"):
        model.step(torch.randn(2, 3))
    model.eval().step(torch.randn(2, 3))


def test_noise_of_each_step_acts_in_a_stream_in_training() -> None:
    model = ph.LSTM(3, 50, zoneout=(0.0, 0.5), **DOUBLE)
    hidden = torch.randn(1, 1, 50, **DOUBLE)
    output, _ = model.step(torch.randn(1, 3, **DOUBLE), (hidden, torch.zeros_like(hidden)))
    kept = (output == hidden[0]).float().mean()
    assert 0.2 < kept < 0.8


def test_the_older_weight_norm_is_seen_by_steps() -> None:
    model = ph.GRU(3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.nn.utils.weight_norm(model, "weight_hh_l0")
    with torch.no_grad():
        model.get_parameter("weight_hh_l0_g").mul_(2)
    x, state = torch.randn(2, 3), torch.randn(1, 2, 4)
    output, _ = model.step(x, state)
    torch.testing.assert_close(output, model(x.unsqueeze(0), state)[0][0])


@pytest.mark.parametrize(
    ("shape", "kind"), [((2, 1, 3), ValueError), ((), ValueError), ((2, 4), RuntimeError)], ids=str
)
def test_an_input_of_another_shape_is_refused(shape: tuple[int, ...], kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"[Ii]nput"):
        ph.GRU(3, 4).step(torch.randn(shape))
