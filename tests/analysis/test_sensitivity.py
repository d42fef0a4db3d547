"""Sensitivities against autograd through the equations, and against what happens when a state is moved."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import peephole as ph
from peephole.analysis.outputs import Output, Unit
from peephole.analysis.sensitivity import LayerSensitivity, loss_sensitivities, sensitivities
from peephole.errors import OptionError, TraceError
from peephole.nn.stack import DIRECTIONS

LENGTHS = torch.tensor([7, 4, 5])
LAYERS: dict[str, Callable[[], nn.Module]] = {
    "lstm": lambda: ph.LSTM(3, 4),
    "lstm without bias": lambda: ph.LSTM(3, 4, bias=False),
    "peephole lstm": lambda: ph.LSTM(3, 4, peephole="diagonal"),
    "projected lstm": lambda: ph.LSTM(3, 4, num_layers=2, proj_size=2),
    "deep bidirectional peephole lstm": lambda: ph.LSTM(
        3, 4, num_layers=2, bidirectional=True, peephole="diagonal"
    ),
    "deep bidirectional lstm": lambda: ph.LSTM(3, 4, num_layers=3, bidirectional=True),
    "gru": lambda: ph.GRU(3, 4),
    "gru without bias": lambda: ph.GRU(3, 4, bias=False),
    "deep bidirectional gru": lambda: ph.GRU(3, 4, num_layers=2, bidirectional=True),
    "rnn": lambda: ph.RNN(3, 4, num_layers=2),
    "relu rnn": lambda: ph.RNN(3, 4, nonlinearity="relu"),
    "deep bidirectional rnn": lambda: ph.RNN(3, 4, num_layers=2, bidirectional=True),
    "torch's deep bidirectional lstm": lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True),
    "torch's gru": lambda: nn.GRU(3, 4, num_layers=2),
}


class Probe:
    """Adds zeros to every quantity and every entering state, so that autograd says what each is worth."""

    def __init__(self) -> None:
        self.zeros: dict[tuple[Any, ...], Tensor] = {}

    def __call__(self, key: tuple[Any, ...], value: Tensor) -> Tensor:
        self.zeros[key] = torch.zeros_like(value, requires_grad=True)
        return value + self.zeros[key]

    def gradients(self, y: Tensor) -> dict[tuple[Any, ...], Tensor]:
        keys = list(self.zeros)
        grads = torch.autograd.grad(y, [self.zeros[k] for k in keys], allow_unused=True)
        return {
            k: torch.zeros_like(self.zeros[k]) if g is None else g for k, g in zip(keys, grads, strict=True)
        }


def by_autograd(
    model: nn.Module,
    x: Tensor,
    lengths: Tensor,
    state: tuple[Tensor, ...],
    y_of: Callable[[dict[Any, Tensor]], Tensor],
) -> dict[tuple[Any, ...], Tensor]:
    """Runs every step of every layer by the equations, probed, and differentiates y.

    Keys of the result: (layer, direction, quantity, t) for a state's total derivative, (…, "before " + state, t) for
    what the step hands back to it, (…, "initial " + state), (…, "input", t) by way of one direction.
    """
    from peephole.analysis.path import stack_in

    probe = Probe()
    stack = stack_in(model, "")
    states: dict[Any, Tensor] = {}
    for layer, lanes in enumerate(stack.layers):
        outputs = []
        for number, (direction, lane) in enumerate(zip(DIRECTIONS, lanes, strict=False)):
            where = (layer, direction)
            names = list(lane.equations.state_sizes)
            start = [s[layer * len(lanes) + number] for s in state]
            current = [probe((*where, f"initial {n}"), s) for n, s in zip(names, start, strict=True)]
            hidden = []
            for t in reversed(range(len(x))) if number else range(len(x)):
                alive = (t < lengths).unsqueeze(-1)
                entering = tuple(
                    probe((*where, f"before {n}", t), s) for n, s in zip(names, current, strict=True)
                )
                a = lane.equations.from_input(probe((*where, "input", t), x[t]), lane.weights)

                def tap(name: str, value: Tensor, t: int = t, where: Any = where) -> Tensor:
                    states[(*where, name, t)] = value = probe((*where, name, t), value)
                    return value

                new = lane.equations.step(a, entering, lane.weights, tap)
                current = [torch.where(alive, n, c) for n, c in zip(new, current, strict=True)]
                hidden.append(new[0].where(alive, 0))
            outputs.append(torch.stack(hidden[::-1] if number else hidden))
        x = torch.cat(outputs, -1)
    states["output"] = x
    return probe.gradients(y_of(states))


def stacked(grads: dict[tuple[Any, ...], Tensor], where: tuple[int, str], name: str) -> Tensor:
    return torch.stack([grads[(*where, name, t)] for t in range(7)])


def traced(model: nn.Module, x: Tensor, state: tuple[Tensor, ...]) -> ph.Trace:
    packed = nn.utils.rnn.pack_padded_sequence(x, LENGTHS, enforce_sorted=False)
    return ph.trace(model, packed, state if len(state) == 2 else state[0])[1]


def setting(name: str) -> tuple[nn.Module, Tensor, tuple[Tensor, ...]]:
    model = LAYERS[name]().double()
    lanes = model.num_layers * (2 if model.bidirectional else 1)
    sizes = [getattr(model, "proj_size", 0) or 4, 4] if model.mode == "LSTM" else [4]
    x = torch.randn(7, 3, 3, dtype=torch.float64)
    state = tuple(torch.randn(lanes, 3, size, dtype=torch.float64).tanh() for size in sizes)
    return model, x.where((torch.arange(7)[:, None] < LENGTHS)[..., None], 0), state


def assert_same(found: LayerSensitivity, grads: dict[tuple[Any, ...], Tensor]) -> None:
    where = (found.layer, found.direction)
    close = {"rtol": 0, "atol": 1e-10}
    torch.testing.assert_close(found.hidden, stacked(grads, where, "hidden"), **close)
    torch.testing.assert_close(found.input, stacked(grads, where, "input"), **close)
    for name, gradient in found.initial.items():
        torch.testing.assert_close(gradient, grads[(*where, f"initial {name}")], **close)
    if found.cell is None:
        roads = found.gated if found.kept is None else found.gated + found.kept
        torch.testing.assert_close(roads, stacked(grads, where, "before hidden"), **close)
        return
    torch.testing.assert_close(found.cell, stacked(grads, where, "cell"), **close)
    assert found.kept is not None
    roads = found.kept if found.peeped is None else found.kept + found.peeped
    torch.testing.assert_close(roads, stacked(grads, where, "before cell"), **close)
    torch.testing.assert_close(found.gated, stacked(grads, where, "before hidden"), **close)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("quantity", ["hidden", "cell"])
@pytest.mark.parametrize("step", [3, -1])
def test_a_units_sensitivities_are_autograds(name: str, quantity: str, step: int) -> None:
    model, x, state = setting(name)
    if quantity == "cell" and len(state) == 1:
        quantity = "hidden"
    trace = traced(model, x, state)
    for layer, direction in {(r.layer, r.direction) for r in trace}:
        times = [step if step >= 0 else n + step for n in LENGTHS.tolist()]

        def y_of(
            states: dict[Any, Tensor],
            where: Any = (layer, direction, quantity),
            times: list[int] = times,
        ) -> Tensor:
            return torch.stack([states[(*where, t)][j, 1] for j, t in enumerate(times)]).sum()

        grads = by_autograd(model, x, LENGTHS, state, y_of)
        found = sensitivities(model, trace, Unit(1, quantity, layer, direction), step)  # type: ignore[arg-type]
        assert len(found.layers) == len(trace)
        for lane in found.layers:
            assert_same(lane, grads)
        of_input = sum(
            stacked(grads, where, "input") for where in {(0, r.direction) for r in trace if r.layer == 0}
        )
        torch.testing.assert_close(found.inputs, of_input, rtol=0, atol=1e-10)


def network(**options: Any) -> ph.Network:
    values = {"cell": "lstm", "embedding": None, "hidden": 5, "layers": 2, "bidirectional": False} | options
    config = ph.NetworkConfig(input="symbols", input_size=4, output_size=6, **values)
    return ph.Network(config).double().eval()


@pytest.mark.parametrize(
    "options", [{}, {"bidirectional": True}, {"cell": "gru", "embedding": 3}, {"cell": "rnn"}]
)
@pytest.mark.parametrize("measure", ["logit", "probability", "surprise"])
def test_an_outputs_sensitivities_to_the_inputs_are_autograds(options: dict[str, Any], measure: Any) -> None:
    model = network(**options)
    ids = torch.randint(4, (7, 3))
    _, trace = ph.trace(model, ids, lengths=LENGTHS)
    x = model.features(ids).detach().requires_grad_()
    read = model.recurrent(nn.utils.rnn.pack_padded_sequence(x, LENGTHS, enforce_sorted=False))[0]
    logits = model.readout(nn.utils.rnn.pad_packed_sequence(read)[0])[3, :]
    y = {
        "logit": logits[:, 2],
        "probability": logits.softmax(-1)[:, 2],
        "surprise": -logits.log_softmax(-1)[:, 2] / math.log(2),
    }[measure]
    (expected,) = torch.autograd.grad(y.sum(), x)
    found = sensitivities(model, trace, Output(2, measure), 3)
    torch.testing.assert_close(found.inputs, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "options", [{"bidirectional": True}, {"cell": "rnn", "bidirectional": True}, {"cell": "gru"}]
)
def test_a_losss_sensitivities_are_autograds_and_none_comes_from_the_padding(options: dict[str, Any]) -> None:
    model = network(**options)
    ids, targets = torch.randint(4, (7, 3)), torch.randint(6, (7, 3))
    _, trace = ph.trace(model, ids, lengths=LENGTHS)
    x = model.features(ids).detach().requires_grad_()
    read = model.recurrent(nn.utils.rnn.pack_padded_sequence(x, LENGTHS, enforce_sorted=False))[0]
    logits = model.readout(nn.utils.rnn.pad_packed_sequence(read)[0])
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    expected, gradient = torch.autograd.grad(loss, [x, logits])
    assert gradient[-1, 1].abs().max() > 0  # the loss here looks at the padding, too
    found = loss_sensitivities(model, trace, gradient)
    torch.testing.assert_close(found.inputs, expected, rtol=0, atol=1e-10)
    assert (found.of, found.step) == (None, None)
    for layer in found.layers:
        assert layer.hidden[4:, 1].abs().max() == 0


@pytest.mark.parametrize("step", [2, 4])
@pytest.mark.parametrize("peephole", [None, "diagonal"])
def test_moving_a_cell_moves_the_output_as_its_sensitivity_says(peephole: Any, step: int) -> None:
    model = network(peephole=peephole)
    ids = torch.randint(4, (7, 2))
    _, trace = ph.trace(model, ids)
    record, found = trace.layer(0), sensitivities(model, trace, Output(3), 5).layer(0)

    def logit(value: Tensor) -> Tensor:
        with ph.intervene(model, {"l0.cell.4": value}, steps=[step]), torch.no_grad():
            return model(ids)[0][5, :, 3]

    small = 1e-5
    moved = (logit(record.cell[step, :, 4] + small) - logit(record.cell[step, :, 4] - small)) / (2 * small)
    assert found.cell is not None
    torch.testing.assert_close(found.cell[step, :, 4], moved, rtol=1e-6, atol=1e-10)


def test_the_roads_add_up_to_the_cells_sensitivity() -> None:
    model, x, state = setting("peephole lstm")
    found = sensitivities(model, traced(model, x, state), Unit(2, "cell"), 3).layer()
    assert found.cell is not None
    assert found.shown is not None
    assert found.kept is not None
    assert found.peeped is not None
    torch.testing.assert_close(found.cell[:3], (found.kept + found.peeped)[1:4] + found.shown[:3])
    torch.testing.assert_close(found.c_road, (found.kept + found.peeped).norm(dim=-1))
    torch.testing.assert_close(found.h_road, found.gated.norm(dim=-1))


def test_with_gates_at_their_ends_nothing_fades_on_the_c_road() -> None:
    model = ph.LSTM(2, 3)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.bias_ih_l0[3:6] = 40.0  # forget gate open
        model.bias_ih_l0[:3] = -40.0  # input gate shut
    _, trace = ph.trace(model, torch.randn(50, 1, 2))
    found = sensitivities(model, trace, Unit(1, "cell"), -1).layer()
    assert found.cell is not None
    torch.testing.assert_close(found.cell[:, 0, 1], torch.ones(50, dtype=torch.float64))
    assert found.h_road.max() == 0


def test_a_forget_bias_of_one_with_zero_input_fades_to_073_a_step() -> None:
    model = ph.LSTM(2, 1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.bias_ih_l0[1] = 1.0
    _, trace = ph.trace(model, torch.zeros(29, 1, 2))
    found = sensitivities(model, trace, Unit(0, "cell"), -1).layer()
    assert found.cell is not None
    assert found.cell[0].item() == pytest.approx(1.55e-4, rel=0.01)
    assert (found.cell[-2] / found.cell[-1]).item() == pytest.approx(0.731, abs=1e-3)


def test_what_fades_below_float32_is_still_told() -> None:
    model = ph.RNN(1, 1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(0.0)
        model.weight_hh_l0.fill_(0.01)
    _, trace = ph.trace(model, torch.zeros(60, 1, 1))
    found = sensitivities(model, trace, Unit(0, "hidden"), -1).layer()
    assert found.hidden[0].item() == pytest.approx(0.01**59, rel=1e-3)


def test_later_steps_and_ended_sequences_have_no_part() -> None:
    model, x, state = setting("gru")
    found = sensitivities(model, traced(model, x, state), Unit(0, "hidden"), 4).layer()
    assert found.hidden[5:].abs().max() == 0
    assert found.hidden[:, 1].abs().max() == 0  # it has 4 steps
    assert (found.hidden[:5, [0, 2]].norm(dim=-1) > 0).all()


def test_an_rnn_has_no_c_road() -> None:
    model, x, state = setting("relu rnn")
    found = sensitivities(model, traced(model, x, state), Unit(0, "hidden"), 2).layer()
    assert found.kept is None
    assert found.c_road.shape == found.h_road.shape == (7, 3)
    assert found.c_road.max() == 0


def test_a_module_inside_another_is_found_by_its_name() -> None:
    inner = nn.LSTM(3, 4)
    model = nn.ModuleDict({"reader": nn.ModuleDict({"lstm": inner}), "other": nn.GRU(3, 2)})
    with ph.recording(model) as tape:
        inner(x := torch.randn(5, 1, 3))
        model["other"](x)
    found = sensitivities(model, tape.trace(), Unit(0), 4, module="reader.lstm")
    alone = sensitivities(inner, ph.trace(inner, x)[1], Unit(0), 4)
    torch.testing.assert_close(found.inputs, alone.inputs)
    with pytest.raises(TraceError, match="several modules"):
        sensitivities(model, tape.trace(), Unit(0), 4)


def test_dropout_in_training_is_refused_since_its_mask_is_not_in_the_record() -> None:
    model = ph.LSTM(3, 8, num_layers=2, dropout=0.5)
    _, trace = ph.trace(model, torch.randn(6, 2, 3))
    with pytest.raises(TraceError, match="trace the model in eval mode"):
        sensitivities(model, trace, Unit(0), 2)


@pytest.mark.parametrize(
    ("of", "step", "message"),
    [
        (Unit(9), 2, "unit 9: the units of this layer's cell are 0 to 4"),
        (Unit(0, layer=7), 2, "no layer 7 forward"),
        (Unit(0, "forget_gate"), 2, "quantity must be a state, hidden or cell"),  # type: ignore[arg-type]
        (Output(6), 2, "the readout's outputs are 0 to 5"),
        (Output(0, "beauty"), 2, "measure must be one of logit"),  # type: ignore[arg-type]
        (Unit(0), 7, "no step 7: the longest sequence has 7 steps"),
        (Unit(0), -8, "no step -8"),
    ],
)
def test_what_is_not_there_is_named(of: Any, step: int, message: str) -> None:
    model = network()
    _, trace = ph.trace(model, torch.randint(4, (7, 2)))
    with pytest.raises((OptionError, TraceError), match=message):
        sensitivities(model, trace, of, step)


def test_a_trace_of_another_model_is_refused() -> None:
    _, trace = ph.trace(ph.LSTM(3, 4), torch.randn(5, 1, 3))
    with pytest.raises(
        TraceError, match="is not of this model, whose layer 0 is an lstm with 3 inputs and 5 units"
    ):
        sensitivities(ph.LSTM(3, 5), trace, Unit(0), 2)
    with pytest.raises(TraceError, match="is a Linear: there is a way back through recurrent layers only"):
        sensitivities(nn.Linear(3, 4), trace, Unit(0), 2)


def test_cells_stepped_by_hand_are_refused() -> None:
    cell = ph.LSTMCell(3, 4)
    with ph.recording(cell) as tape:
        cell(torch.randn(2, 3))
    with pytest.raises(TraceError, match="not through cells that a model steps by hand"):
        sensitivities(cell, tape.trace(), Unit(0), 0)


def test_outputs_need_a_network() -> None:
    model = ph.LSTM(3, 4)
    _, trace = ph.trace(model, torch.randn(5, 1, 3))
    with pytest.raises(OptionError, match="of a LSTM ask for a Unit"):
        sensitivities(model, trace, Output(0), 2)


def test_a_losss_gradient_has_the_outputs_shape() -> None:
    model = network()
    _, trace = ph.trace(model, torch.randint(4, (7, 2)))
    with pytest.raises(OptionError, match=r"shape \(7, 2, 6\), got \(7, 6\)"):
        loss_sensitivities(model, trace, torch.zeros(7, 6))


def test_results_are_frozen() -> None:
    model = network()
    _, trace = ph.trace(model, torch.randint(4, (7, 2)))
    found = sensitivities(model, trace, Unit(0), 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.step = 3  # type: ignore[misc]
