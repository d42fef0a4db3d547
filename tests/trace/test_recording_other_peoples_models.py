"""Recording models that someone else wrote around torch.nn: nested, packed, called twice, cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from conformance.compare import EXACT
from conformance.records import assert_record_satisfies_the_equations, check_steps
from conformance.rows import CELLS, HIDDEN, INPUT, OPTIONS, Cell, Subject
from conformance.steps import step_of
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import peephole as ph
from peephole.errors import TraceError

PLAIN = OPTIONS[0]
BY_NAME = {cell.name: cell for cell in CELLS}


class Tagger(nn.Module):
    """Embedding, packed bidirectional encoder, batch-first decoder, readout: a usual model."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, INPUT)
        self.encoder = nn.LSTM(INPUT, HIDDEN, 2, bidirectional=True, dropout=0.2, batch_first=True)
        self.decoder = nn.Sequential(nn.Dropout(0.1), nn.GRU(2 * HIDDEN, 5, batch_first=True))
        self.readout = nn.Linear(5, 2)

    def forward(self, ids: Tensor, *, lengths: Tensor) -> dict[str, Any]:
        packed = pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
        encoded, (h, _) = self.encoder(packed)
        decoded, _ = self.decoder(pad_packed_sequence(encoded, batch_first=True)[0])
        return {"tags": self.readout(decoded), "summary": h}


def test_a_nested_model_gives_the_same_output_and_a_record_for_each_layer() -> None:
    model = Tagger()
    ids, lengths = torch.randint(11, (3, 6)), torch.tensor([4, 6, 1])
    torch.manual_seed(1)
    expected = model(ids, lengths=lengths)
    torch.manual_seed(1)
    output, trace = ph.trace(model, ids, lengths=lengths)
    assert torch.equal(output["tags"], expected["tags"])
    assert torch.equal(output["summary"], expected["summary"])
    found = [(r.module, r.call, r.layer, r.direction, r.kind) for r in trace.records]
    assert found == [
        ("encoder", 0, 0, "forward", "lstm"),
        ("encoder", 0, 0, "backward", "lstm"),
        ("encoder", 0, 1, "forward", "lstm"),
        ("encoder", 0, 1, "backward", "lstm"),
        ("decoder.1", 0, 0, "forward", "gru"),
    ]
    assert trace.layer(1, "backward", module="encoder").lengths.tolist() == [4, 6, 1]
    assert trace.layer(0, module="encoder").hidden.shape == (6, 3, HIDDEN)
    assert trace.layer(0, module="decoder.1").hidden.shape == (6, 3, 5)


def test_a_nested_model_in_evaluation_satisfies_the_equations() -> None:
    model = Tagger().double().eval()
    ids, lengths = torch.randint(11, (3, 6)), torch.tensor([4, 6, 1])
    _, trace = ph.trace(model, ids, lengths=lengths)
    subject = Subject(BY_NAME["lstm"], PLAIN, 2, True)
    x = model.embedding(ids).transpose(0, 1).detach()
    assert_record_satisfies_the_equations(subject, subject.network(model.encoder), trace, x, module="encoder")


def test_asking_without_a_module_name_in_a_model_with_several_says_which_there_are() -> None:
    _, trace = ph.trace(Tagger(), torch.randint(11, (3, 6)), lengths=torch.tensor([4, 6, 1]))
    with pytest.raises(TraceError, match="encoder") as caught:
        trace.layer(0)
    assert "decoder.1" in str(caught.value)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_a_module_called_twice_has_a_record_for_each_call(name: str) -> None:
    class Siamese(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.shared = getattr(nn, name)(INPUT, HIDDEN, dtype=torch.float64)

        def forward(self, left: Tensor, right: Tensor) -> Tensor:
            return (self.shared(left)[0][-1] - self.shared(input=right)[0][-1]).abs()

    model = Siamese()
    left, right = torch.randn(2, 4, 2, INPUT, dtype=torch.float64).unbind()
    _, trace = ph.trace(model, left, right)
    for call, x in enumerate((left, right)):
        record = trace.layer(0, module="shared", call=call)
        assert record.call == call
        assert torch.equal(record.hidden, model.shared(x)[0])
    assert len(trace.records) == 2


class Handmade(nn.Module):
    """A loop over a cell in user code."""

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Tensor, state: Any = None) -> Tensor:
        outputs = []
        for x_t in x:
            state = self.cell(x_t, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        return torch.stack(outputs)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
@pytest.mark.parametrize("given", [True, False], ids=["state", "no_state"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_loop_over_a_cell_is_one_record_over_time(
    cell: Cell, home: Any, given: bool, dtype: torch.dtype
) -> None:
    model = Handmade(getattr(home, f"{cell.layer}Cell")(INPUT, HIDDEN, dtype=dtype, **cell.arguments))
    x = torch.randn(6, 2, INPUT, dtype=dtype)
    states = [torch.randn(2, HIDDEN, dtype=dtype) for _ in cell.states]
    state = (states[0] if len(states) == 1 else tuple(states)) if given else None
    expected = model(x, state)
    output, trace = ph.trace(model, x, state)
    assert torch.equal(output, expected)
    (record,) = trace.records
    assert (record.module, record.call, record.layer, record.direction) == ("cell", 0, 0, "forward")
    assert record.kind == cell.kind
    assert torch.equal(record.hidden, output)
    for name, value in zip(cell.states, states, strict=True):
        assert torch.equal(record.initial[name], value if given else torch.zeros_like(value))
    weights = {name: p.detach().double().numpy() for name, p in model.cell.named_parameters()}
    check_steps(
        step_of(cell.kind, cell.arguments),
        cell.states,
        weights,
        record,
        x.double().numpy(),
        EXACT if dtype == torch.float64 else 2e-6,
    )


@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_a_model_that_loops_over_a_cell_and_is_called_twice_has_two_records(home: Any) -> None:
    model = Handmade(home.GRUCell(INPUT, HIDDEN))
    with ph.recording(model) as tape:
        outputs = [model(torch.randn(time, 2, INPUT)) for time in (4, 6)]
    assert [(r.module, r.call) for r in tape.trace().records] == [("cell", 0), ("cell", 1)]
    for call, output in enumerate(outputs):
        record = tape.trace().layer(module="cell", call=call)
        assert torch.equal(record.hidden, output)
        assert not record.initial["hidden"].any()


def test_a_loop_over_a_peephole_cell_is_recorded() -> None:
    model = Handmade(ph.LSTMCell(INPUT, HIDDEN, dtype=torch.float64, peephole="diagonal"))
    x = torch.randn(6, 2, INPUT, dtype=torch.float64)
    output, trace = ph.trace(model, x)
    (record,) = trace.records
    assert torch.equal(record.hidden, output)
    weights = {name: p.detach().numpy() for name, p in model.cell.named_parameters()}
    step = step_of("lstm", {"peephole": "diagonal"})
    check_steps(step, BY_NAME["lstm"].states, weights, record, x.numpy())


def test_a_loop_over_a_cell_without_a_batch_is_a_batch_of_one() -> None:
    model = Handmade(nn.LSTMCell(INPUT, HIDDEN))
    output, trace = ph.trace(model, torch.randn(6, INPUT))
    assert torch.equal(trace.layer(module="cell").hidden, output[:, None])


def test_two_cells_taking_turns_have_one_record_each() -> None:
    class Stacked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lower, self.upper = nn.GRUCell(INPUT, HIDDEN), nn.LSTMCell(HIDDEN, 2)

        def forward(self, x: Tensor) -> Tensor:
            h, state = None, None
            for x_t in x:
                h = self.lower(x_t, h)
                state = self.upper(h, state)
            return state[1]

    output, trace = ph.trace(Stacked(), torch.randn(6, 2, INPUT))
    assert [(r.module, r.call, r.kind) for r in trace.records] == [("lower", 0, "gru"), ("upper", 0, "lstm")]
    assert trace.layer(module="lower").hidden.shape == (6, 2, HIDDEN)
    torch.testing.assert_close(trace.layer(module="upper")["cell"][-1], output)


def test_a_subclass_that_calls_super_is_recorded_with_what_it_passed_on() -> None:
    class Doubling(nn.LSTM):
        def forward(self, input: Tensor, hx: Any = None) -> Any:
            output, state = super().forward(2 * input, hx)
            return output + 1, state

    model, x = Doubling(INPUT, HIDDEN, dtype=torch.float64), torch.randn(5, 2, INPUT, dtype=torch.float64)
    expected, _ = model(x)
    (output, _), trace = ph.trace(model, x)
    assert torch.equal(output, expected)
    assert torch.equal(trace.layer().hidden, output - 1) or torch.allclose(
        trace.layer().hidden, output - 1, atol=1e-15
    )
    subject = Subject(BY_NAME["lstm"], PLAIN, 1, False)
    assert_record_satisfies_the_equations(subject, subject.network(model), trace, 2 * x)


@pytest.mark.parametrize("home", [nn, ph], ids=["torch", "ours"])
def test_arguments_may_be_given_by_keyword(home: Any) -> None:
    layer, x = home.LSTM(INPUT, HIDDEN), torch.randn(5, 2, INPUT)
    state = (torch.randn(1, 2, HIDDEN), torch.randn(1, 2, HIDDEN))
    expected, _ = layer(x, state)
    (output, _), trace = ph.trace(layer, input=x, hx=state)
    assert torch.equal(output, expected)
    assert torch.equal(trace.layer().initial["cell"], state[1][0])


def test_a_model_with_a_keyword_called_model_can_be_traced() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(INPUT, HIDDEN)

        def forward(self, x: Tensor, model: str = "none") -> tuple[Tensor, str]:
            return self.rnn(x)[0], model

    (output, name), trace = ph.trace(Odd(), torch.randn(5, 2, INPUT), model="mine")
    assert name == "mine"
    assert torch.equal(trace.layer(module="rnn").hidden, output)


def test_our_layers_inside_others_models_are_recorded_beside_torchs() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.GRU(INPUT, HIDDEN), ph.LSTM(HIDDEN, 2, peephole="diagonal")

        def forward(self, x: Tensor) -> Tensor:
            return self.b(self.a(x)[0])[0]

    output, trace = ph.trace(Mixed(), torch.randn(5, 2, INPUT))
    assert [(r.module, r.kind) for r in trace.records] == [("a", "gru"), ("b", "lstm")]
    assert torch.equal(trace.layer(module="b").hidden, output)


def test_one_module_under_two_names_is_recorded_once_for_each_call() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.RNN(INPUT, INPUT)
            self.two = self.one

        def forward(self, x: Tensor) -> Tensor:
            return self.two(self.one(x)[0])[0]

    _, trace = ph.trace(Tied(), torch.randn(5, 2, INPUT))
    assert [(r.module, r.call) for r in trace.records] == [("one", 0), ("one", 1)]


@pytest.mark.parametrize(
    "model",
    [nn.Linear(INPUT, 2), nn.Sequential(nn.Linear(INPUT, 2), nn.Tanh())],
    ids=["linear", "sequential"],
)
def test_a_model_without_a_recurrent_module_is_refused_saying_so(model: nn.Module) -> None:
    with pytest.raises(TraceError, match=r"recurrent|RNN, LSTM or GRU"):
        ph.trace(model, torch.randn(2, INPUT))


def test_something_that_is_no_module_is_refused_saying_so() -> None:
    with pytest.raises((TraceError, TypeError), match=r"(?i)module"):
        ph.trace(lambda x: x, torch.randn(2, INPUT))


def test_a_model_whose_recurrent_module_was_never_called_says_so() -> None:
    class Lazy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(INPUT, HIDDEN)

        def forward(self, x: Tensor) -> Tensor:
            return x

    with pytest.raises(TraceError, match=r"RNN, LSTM or GRU .* ran in Lazy"):
        ph.trace(Lazy(), torch.randn(2, INPUT))


def test_a_recorded_model_may_be_trained() -> None:
    model = nn.LSTM(INPUT, HIDDEN, 2)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.randn(5, 2, INPUT)
    twin = nn.LSTM(INPUT, HIDDEN, 2)
    twin.load_state_dict(model.state_dict())
    twins = torch.optim.SGD(twin.parameters(), lr=0.1)
    with ph.recording(model) as tape:
        for _ in range(3):
            for each, chosen in ((model, optimiser), (twin, twins)):
                chosen.zero_grad()
                each(x)[0].square().sum().backward()
                chosen.step()
    for mine, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(mine, other)
    trace = tape.trace()
    hiddens = [trace.layer(1, call=call).hidden for call in range(3)]
    assert not torch.equal(hiddens[0], hiddens[2])


def test_half_precision_is_recorded_in_its_own_type() -> None:
    layer, x = nn.LSTM(INPUT, HIDDEN).bfloat16(), torch.randn(5, 2, INPUT).bfloat16()
    expected, _ = layer(x)
    (output, _), trace = ph.trace(layer, x)
    assert torch.equal(output, expected)
    assert {value.dtype for value in trace.layer().quantities.values()} == {torch.bfloat16}
    reference, exact = nn.LSTM(INPUT, HIDDEN), None
    reference.load_state_dict({k: v.float() for k, v in layer.state_dict().items()})
    _, exact = ph.trace(reference, x.float())
    for name, value in trace.layer().quantities.items():
        np.testing.assert_allclose(
            value.float().numpy(), exact.layer()[name].numpy(), atol=0.03, err_msg=name
        )


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_a_scripted_module_is_refused_saying_why() -> None:
    scripted = torch.jit.script(nn.LSTM(INPUT, HIDDEN))
    with pytest.raises(TraceError, match="scripted"):
        ph.trace(scripted, torch.randn(2, 1, INPUT))
