"""The cells are recorded, held and trained like any other."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from oracles import tensorflow1 as oracle
from torch import Tensor, nn

import peephole as ph
from peephole import tf1 as tf

CELLS = tf.nn.rnn_cell
X = torch.randn(3, 6, 2, dtype=torch.float64)
LENGTHS = [6, 0, 4]


class Both(nn.Module):
    """A cell forward, another backward."""

    def __init__(self, make: Any) -> None:
        super().__init__()
        self.fw, self.bw = make(), make()

    def forward(self, x: Tensor, lengths: list[int] | None = None) -> Any:
        return tf.nn.bidirectional_dynamic_rnn(self.fw, self.bw, x, lengths, dtype=tf.float64)


MAKES = {
    "basic lstm": lambda: CELLS.BasicLSTMCell(4),
    "lstm": lambda: CELLS.LSTMCell(4, use_peepholes=True, cell_clip=0.3),
    "gru": lambda: CELLS.GRUCell(4),
    "basic rnn": lambda: CELLS.BasicRNNCell(4),
}
makes = pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)


@makes
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
def test_a_record_changes_nothing_and_holds_what_left_the_cell(make: Any, lengths: Any) -> None:
    model = Both(make)
    outputs, states = model(X, lengths)
    (traced, after), trace = ph.trace(model, X, lengths)
    assert all(map(torch.equal, outputs, traced))
    for (name, direction), output, state, last in zip(
        (("fw", "forward"), ("bw", "backward")), outputs, states, after, strict=True
    ):
        record = trace.layer(direction=direction, module=name)
        assert torch.equal(record.hidden.transpose(0, 1), output)
        read = X.transpose(0, 1)
        ends = torch.tensor(lengths or [6] * 3)
        torch.testing.assert_close(record.input, read.where((torch.arange(6)[:, None] < ends)[..., None], 0))
        assert torch.equal(
            last[0] if isinstance(last, tuple) else last, state[0] if isinstance(state, tuple) else state
        )


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_the_gates_are_tensorflows_after_their_activation(direction: str, lengths: Any) -> None:
    model = Both(MAKES["lstm"])
    _, trace = ph.trace(model, X, lengths)
    name = "fw" if direction == "forward" else "bw"
    record = trace.layer(direction=direction, module=name)
    v = oracle.arrays(getattr(model, name).variables(), "rnn/lstm_cell")
    x, h, c = X.transpose(0, 1), record.hidden, record.cell
    back = direction == "backward"
    for b, length in enumerate(lengths or [6] * 3):
        for t in range(length):
            before = t + 1 if back else t - 1
            first = not 0 <= before < length
            h_0, c_0 = (torch.zeros(4) if first else values[before, b] for values in (h, c))
            i, j, f, o = (torch.cat([x[t, b], h_0]).numpy() @ v["kernel"] + v["bias"]).reshape(4, 4)
            expected = {
                "input_gate": oracle.sigmoid(i + v["w_i_diag"] * c_0.numpy()),
                "forget_gate": oracle.sigmoid(f + 1.0 + v["w_f_diag"] * c_0.numpy()),
                "output_gate": oracle.sigmoid(o + v["w_o_diag"] * c[t, b].numpy()),
                "candidate": torch.tanh(torch.tensor(j)).numpy(),
            }
            for gate, values in expected.items():
                torch.testing.assert_close(record[gate][t, b], torch.tensor(values))
        for gate in record.quantities:
            assert not record[gate][length:, b].any()


def test_every_cell_of_a_stack_has_its_own_record() -> None:
    stack = CELLS.MultiRNNCell([CELLS.BasicLSTMCell(4), CELLS.DropoutWrapper(CELLS.GRUCell(3), 0.9)])
    with ph.recording(stack) as tape:
        outputs, final = tf.nn.dynamic_rnn(stack, X, dtype=tf.float64)
    trace = tape.trace()
    assert [(record.module, record.kind) for record in trace] == [
        ("cell_0", "lstm"),
        ("cell_1.wrapped_cell", "gru"),
    ]
    torch.testing.assert_close(trace.layer(module="cell_0").cell[-1], final[0].c)
    assert torch.equal(trace.layer(module="cell_1.wrapped_cell").hidden.transpose(0, 1), outputs)


def test_a_cell_stepped_by_hand_is_one_record_over_its_steps() -> None:
    cell = CELLS.BasicLSTMCell(4)
    with ph.recording(cell) as tape:
        state = cell.zero_state(3, tf.float64)
        for x_t in tf.unstack(X, axis=1):
            _, state = cell(x_t, state)
    (record,) = tape.trace()
    assert record.cell.shape == (6, 3, 4)
    assert torch.equal(record.cell[-1], state.c)


@makes
def test_a_recorded_gate_can_be_learned_from(make: Any) -> None:
    model = Both(make)
    _, trace = ph.trace(model, X, LENGTHS, grad=True)
    record = trace.layer(direction="backward", module="bw")
    record[next(iter(record.quantities))].sum().backward()
    assert all(
        p.grad is not None and p.grad.any() for n, p in model.bw.named_parameters() if "o_diag" not in n
    )
    assert all(p.grad is None for p in model.fw.parameters())


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
@pytest.mark.parametrize("name", ["fw", "bw"])
def test_a_unit_is_held_at_the_times_of_the_inputs_in_either_direction(name: str, lengths: Any) -> None:
    model = Both(MAKES["basic lstm"])
    free, _ = model(X, lengths)
    with ph.intervene(model, {f"{name}.l0.cell.2": 0.5}, steps=[1, 3]):
        ((fw, bw), _), trace = ph.trace(model, X, lengths)
    record = trace.layer(direction="forward" if name == "fw" else "backward", module=name)
    ends = torch.tensor(lengths or [6] * 3)
    held = (record.cell[:, :, 2] == 0.5).T
    assert torch.equal(
        held, torch.tensor([t in (1, 3) for t in range(6)]) & (torch.arange(6) < ends[:, None])
    )
    output, whole = (fw, free[0]) if name == "fw" else (bw, free[1])
    assert torch.equal(record.hidden.transpose(0, 1), output)
    untouched = slice(0, 1) if name == "fw" else slice(4, 6)  # before the first held step of that direction
    torch.testing.assert_close(output[:, untouched], whole[:, untouched])
    assert not torch.allclose(output[:, 1], whole[:, 1])


def test_the_notes_network_learns() -> None:
    torch.manual_seed(0)
    cell, readout = CELLS.BasicLSTMCell(8), nn.Linear(8, 2)
    x = torch.randn(32, 5, 3)
    y = (x[:, 0, 0] > 0).long()  # what the first step said, asked after the last
    cell.build(x.shape)
    optimizer = torch.optim.Adam([*cell.parameters(), *readout.parameters()], lr=0.03)
    losses = []
    for _ in range(60):
        _, final_state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        loss = nn.functional.cross_entropy(readout(final_state[1]), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 < losses[0]
