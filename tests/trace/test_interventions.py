"""`ph.intervene`: what a clamp does is what the formulas do with the same clamp, and it ends with the context."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
from conformance.compare import EXACT, assert_same, on, results, results_and_gradients
from conformance.forms import BATCHED, FORMS, PACKED, TIME, Form
from conformance.rows import HIDDEN, INPUT, Subject, at_homes, label, subjects
from hypothesis import given
from hypothesis import strategies as st
from oracles.network import Clamping, run
from torch import Tensor, nn

import peephole as ph
from peephole.errors import PeepholeError

SOME = subjects(
    options=["plain", "projection", "peephole", "peephole_projection"], layers=(2,), directions=(True,)
)
CASES = at_homes(SOME)
STEPS: list[Any] = [None, slice(1, 3), slice(None, None, 2), [0, 4], slice(-2, None)]


def address(c: Clamping) -> str:
    return f"l{c.layer}{'_reverse' if c.direction == 'backward' else ''}.{c.quantity}.{c.unit}"


def at(steps: Any, time: int = TIME) -> frozenset[int] | None:
    if steps is None:
        return None
    return frozenset(range(time)[steps] if isinstance(steps, slice) else steps)


def clamped_formula(
    subject: Subject,
    layer: nn.Module,
    form: Form,
    x: Tensor,
    initial: dict[str, Tensor],
    clampings: list[Clamping],
) -> tuple[dict[str, Any], Any]:
    network = subject.network(layer).clamped(clampings)
    start = network.at_places({k: v.numpy() for k, v in initial.items()})
    found = run(network, x.numpy(), start, form.lengths)
    return {"output": found.output} | {f"final {k}": v for k, v in found.ends().items()}, found.record


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize(("subject", "home"), CASES, ids=label)
def test_each_quantity_clamped_gives_what_the_formulas_give(subject: Subject, home: str, form: Form) -> None:
    layer = subject.at(home, **form.arguments())
    x, initial = torch.randn(TIME, form.batch, INPUT, dtype=torch.float64), subject.initial(form.batch)
    for number, quantity in enumerate(subject.quantities):
        depth, direction = subject.places[number % len(subject.places)]
        clamping = Clamping(depth, direction, quantity, 1, 0.25 + number)
        expected, _ = clamped_formula(subject, layer, form, x, initial, [clamping])
        with on(home), ph.intervene(layer, {address(clamping): clamping.value}):
            assert_same(results(layer, form, x, initial), expected, EXACT)


@pytest.mark.parametrize("steps", STEPS, ids=str)
@pytest.mark.parametrize("form", [BATCHED, PACKED], ids=str)
@pytest.mark.parametrize(("subject", "home"), CASES, ids=label)
def test_clamps_at_chosen_steps_and_their_record_equal_the_formulas(
    subject: Subject, home: str, form: Form, steps: Any
) -> None:
    layer = subject.at(home)
    x, initial = torch.randn(TIME, 3, INPUT, dtype=torch.float64), subject.initial(3)
    clampings = [
        Clamping(depth, direction, quantity, unit, value, at(steps))
        for (depth, direction) in subject.places
        for quantity, unit, value in zip(
            subject.quantities, (0, 1, 0, 1, 0, 1), (0.0, 1.0, -0.5, 0.25, 2.0, -1.0), strict=False
        )
    ]
    expected, record = clamped_formula(subject, layer, form, x, initial, clampings)
    clamps = {address(c): c.value for c in clampings}
    with (
        on(home),
        ph.intervene(layer, clamps, steps=steps),
        ph.recording(layer) as tape,
    ):
        assert_same(results(layer, form, x, initial), expected, EXACT)
    trace = tape.trace()
    for place, quantities in record.items():
        recorded = trace.layer(*place).quantities
        assert_same({name: recorded[name] for name in quantities}, quantities, EXACT)


@pytest.mark.parametrize(("subject", "home"), [c for c in CASES if c[0].cell.name == "lstm"], ids=label)
def test_a_clamped_cell_still_passes_its_output_gate(subject: Subject, home: str) -> None:
    layer = subject.at(home)
    x = torch.randn(TIME, 2, INPUT, dtype=torch.float64)
    with (
        on(home),
        ph.intervene(layer, {"l0.cell.1": 0.5}),
        ph.recording(layer) as tape,
    ):
        layer(x)
    record = tape.trace().layer(0)
    assert (record["cell"][..., 1] == 0.5).all()
    if "proj_size" not in subject.option.arguments:
        expected = record.output_gate[..., 1] * torch.tanh(torch.tensor(0.5, dtype=torch.float64))
        torch.testing.assert_close(record.hidden[..., 1], expected, atol=EXACT, rtol=EXACT)
        assert record.hidden[..., 1].unique().numel() > 1


@pytest.mark.parametrize(("subject", "home"), CASES, ids=label)
def test_no_gradient_flows_through_a_clamped_unit(subject: Subject, home: str) -> None:
    layer = subject.at(home)
    x, initial = torch.randn(TIME, 3, INPUT, dtype=torch.float64), subject.initial(3)
    everything = {
        f"l1{suffix}.hidden.{unit}": 0.5
        for suffix in ("", "_reverse")[: len(subject.directions)]
        for unit in range(subject.width("hidden"))
    }
    with on(home), ph.intervene(layer, everything):
        x = x.requires_grad_()
        output, _ = layer(x, BATCHED.give_state(initial))
    assert (output == 0.5).all()
    if output.requires_grad:
        gradient = torch.autograd.grad(output.sum(), x, allow_unused=True)[0]
        assert gradient is None or not gradient.any()


@pytest.mark.parametrize(("subject", "home"), CASES, ids=label)
def test_the_effect_ends_with_the_context_bit_for_bit(subject: Subject, home: str) -> None:
    layer = subject.at(home)
    x, initial = torch.randn(TIME, 3, INPUT, dtype=torch.float64), subject.initial(3)
    with on(home):
        before = results_and_gradients(layer, BATCHED, x, initial)
        with ph.intervene(layer, {"l0.hidden.0": 3.0}):
            assert not torch.equal(results(layer, BATCHED, x, initial)["output"], before["output"])
        assert_same(results_and_gradients(layer, BATCHED, x, initial), before, 0)
        with pytest.raises(ArithmeticError), ph.intervene(layer, {"l0.hidden.0": 3.0}):
            raise ArithmeticError
        assert_same(results_and_gradients(layer, BATCHED, x, initial), before, 0)


class Model(nn.Module):
    def __init__(self, home: Any) -> None:
        super().__init__()
        self.encoder = home.LSTM(INPUT, HIDDEN, 2, bidirectional=True, dtype=torch.float64)
        self.readout = nn.Sequential(home.GRU(2 * HIDDEN, 2, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return self.readout(self.encoder(x)[0])[0]


@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_a_part_of_a_model_is_addressed_by_its_name(home: Any) -> None:
    model, x = Model(home), torch.randn(TIME, 2, INPUT, dtype=torch.float64)
    clamps = {
        "encoder.l1_reverse.forget_gate.2": 1.0,
        "encoder.l0.cell.0": 0.0,
        "readout.0.l0.update_gate.1": 1.0,
    }
    with ph.intervene(model, clamps):
        _, trace = ph.trace(model, x)
    assert (trace.layer(1, "backward", module="encoder").forget_gate[..., 2] == 1).all()
    assert not trace.layer(0, module="encoder")["cell"][..., 0].any()
    assert not trace.layer(0, module="readout.0").hidden[..., 1].any(), (
        "a full update gate keeps the zero state"
    )


@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_another_model_and_another_thread_are_untouched(home: Any) -> None:
    model, twin, x = Model(home), Model(home), torch.randn(TIME, 2, INPUT, dtype=torch.float64)
    twin.load_state_dict(model.state_dict())
    expected, found = model(x), []
    with ph.intervene(model, {"encoder.l0.cell.0": 5.0}):
        thread = threading.Thread(target=lambda: found.append(model(x)))
        thread.start()
        thread.join()
        assert torch.equal(twin(x), expected)
        assert not torch.equal(model(x), expected)
    assert torch.equal(found[0], expected)


@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_interventions_add_up_and_the_inner_one_wins(home: Any) -> None:
    layer, x = home.LSTM(INPUT, HIDDEN), torch.randn(TIME, 2, INPUT)
    with ph.intervene(layer, {"l0.cell.0": 1.0, "l0.cell.1": 2.0}), ph.intervene(layer, {"l0.cell.0": 3.0}):
        _, trace = ph.trace(layer, x)
    cell = trace.layer()["cell"]
    assert (cell[..., 0] == 3).all()
    assert (cell[..., 1] == 2).all()


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_a_cell_stepped_in_a_loop_is_clamped_too(home: Any, name: str) -> None:
    module, x = getattr(home, f"{name}Cell")(INPUT, HIDDEN), torch.randn(TIME, 2, INPUT)
    state = None
    with ph.intervene(module, {"l0.hidden.1": 0.75}):
        for x_t in x:
            state = module(x_t, state)
            hidden = state[0] if isinstance(state, tuple) else state
            assert (hidden[:, 1] == 0.75).all()
            assert not (hidden[:, 0] == 0.75).any()
    assert not ((module(x[0])[0] if name == "LSTM" else module(x[0]))[:, 1] == 0.75).any()


@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_value_for_each_sequence_follows_the_callers_order_of_the_batch(home: Any, form: Form) -> None:
    layer, x = home.LSTM(INPUT, HIDDEN, 2, **form.arguments()), torch.randn(TIME, form.batch, INPUT)
    values = torch.arange(form.batch) + 1.0
    with ph.intervene(layer, {"l1.hidden.*": values, "l0.cell.1": values}), ph.recording(layer) as tape:
        output = form.take(layer(form.give(x))[0])
    for b, length in enumerate(form.lengths or [TIME] * form.batch):
        assert (output[:length, b] == values[b]).all()
        assert (tape.trace().layer(0)["cell"][:length, b, 1] == values[b]).all()


@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_a_sequence_whose_value_is_nan_is_left_alone(home: Any) -> None:
    layer, x = home.LSTM(INPUT, HIDDEN), torch.randn(TIME, 3, INPUT)
    free, _ = layer(x)
    with ph.intervene(layer, {"l0.hidden.1": torch.tensor([torch.nan, 0.5, torch.nan])}):
        held, _ = layer(x)
    assert (held[:, 1, 1] == 0.5).all()
    torch.testing.assert_close(held[:, [0, 2]], free[:, [0, 2]])


@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_clamps_at_chosen_steps_of_a_cell_count_the_calls_of_the_models_loop(home: Any) -> None:
    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.step = home.GRUCell(INPUT, HIDDEN)

        def forward(self, x: Tensor) -> Tensor:
            states: list[Tensor] = []
            for x_t in x:
                states.append(self.step(x_t, states[-1] if states else None))
            return torch.stack(states)

    model, x = Loop(), torch.randn(TIME, 2, INPUT)
    with ph.intervene(model, {"step.l0.hidden.0": 9.0}, steps=[1, 3]):
        for _ in range(2):
            held = model(x)[..., 0] == 9.0
            assert held.all(dim=1).tolist() == [False, True, False, True, False]


@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("l2.cell.0", ["l2", "l0", "l1"]),
        ("l0_reverse.cell.0", ["l0_reverse"]),
        ("l0.reset_gate.0", ["reset_gate", "forget_gate"]),
        (f"l0.cell.{HIDDEN}", [str(HIDDEN)]),
        ("l0.cell.-1", ["-1"]),
        ("l0.cell.first", ["first"]),
        ("l0.cell", ["l0.cell"]),
        ("", []),
        ("decoder.l0.cell.0", ["decoder"]),
    ],
)
def test_an_unknown_address_is_refused_naming_what_exists(home: Any, wrong: str, words: list[str]) -> None:
    layer = home.LSTM(INPUT, HIDDEN, 2)
    with pytest.raises(PeepholeError) as caught, ph.intervene(layer, {wrong: 0.0}):
        pass
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_part_of_a_model_is_refused_naming_the_parts() -> None:
    with (
        pytest.raises(PeepholeError, match=r"encoder") as caught,
        ph.intervene(Model(nn), {"encodr.l0.cell.0": 0.0}),
    ):
        pass
    assert "encodr" in str(caught.value)


def test_a_model_without_a_recurrent_module_is_refused() -> None:
    with pytest.raises(PeepholeError, match="recurrent"), ph.intervene(nn.Linear(2, 2), {"l0.cell.0": 0.0}):
        pass


@pytest.mark.parametrize("value", ["high", None, [1.0]], ids=str)
def test_a_value_that_is_no_number_is_refused(value: Any) -> None:
    with (
        pytest.raises((PeepholeError, TypeError)),
        ph.intervene(nn.LSTM(INPUT, HIDDEN), {"l0.cell.0": value}),
    ):
        pass


@given(
    clamp=st.tuples(
        st.sampled_from(["input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden"]),
        st.integers(0, HIDDEN - 1),
        st.floats(-2, 2),
    ),
    steps=st.sets(st.integers(0, TIME - 1)),
    both=st.booleans(),
)
def test_any_clamp_of_torchs_lstm_equals_the_formulas(
    clamp: tuple[str, int, float], steps: set[int], both: bool
) -> None:
    (subject,) = subjects(
        options=["plain"],
        layers=(1,),
        directions=(both,),
        cells=[s.cell for s in SOME if s.cell.name == "lstm"][:1],
    )
    layer = subject.torchs()
    x, initial = torch.randn(TIME, 2, INPUT, dtype=torch.float64), subject.initial(2)
    clamping = Clamping(0, subject.directions[-1], *clamp, frozenset(steps))
    form = Form("two", lengths=None)
    expected, _ = clamped_formula(subject, layer, form, x, initial, [clamping])
    with ph.intervene(layer, {address(clamping): clamping.value}, steps=sorted(steps)):
        assert_same(results(layer, form, x, initial), expected, EXACT)


def test_one_step_by_itself_is_refused_with_the_way_to_write_it() -> None:
    with (
        pytest.raises(PeepholeError, match=r"\[3\]"),
        ph.intervene(nn.LSTM(2, 3), {"l0.cell.0": 0.0}, steps=3),
    ):  # type: ignore[arg-type]
        pass
