"""Every cell against the transcription of TensorFlow 1, over sizes, options, states and lengths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from oracles import tensorflow1 as oracle
from torch import Tensor

from peephole import tf1 as tf

EXACT = {"rtol": 0.0, "atol": 1e-12}


def randomise(cell: torch.nn.Module) -> None:
    for parameter in cell.parameters():
        torch.nn.init.uniform_(parameter, -0.9, 0.9)


def random_state(cell: Any, batch: int) -> Any:
    zero = cell.zero_state(batch, tf.float64)
    if isinstance(zero, Tensor):
        return torch.randn_like(zero)
    return type(zero)(*(torch.randn_like(part) for part in zero))


def as_arrays(state: Any) -> oracle.State:
    parts = (state,) if isinstance(state, Tensor) else state
    return tuple(part.detach().numpy() for part in parts)


def assert_equal(ours: Any, expected: oracle.State) -> None:
    for part, array in zip(as_arrays(ours), expected, strict=True):
        np.testing.assert_allclose(part, array, **EXACT)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Any, Any, Tensor, list[int] | None]:
    """A cell, the oracle's step of its variables (once it has some), inputs and lengths."""
    units, features = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    batch, time = draw(st.integers(0, 3)), draw(st.integers(1, 5))
    kind = draw(st.sampled_from(["basic_rnn", "gru", "basic_lstm", "lstm"]))
    if kind == "basic_rnn":
        cell, step = tf.nn.rnn_cell.BasicRNNCell(units), oracle.basic_rnn
    elif kind == "gru":
        cell, step = tf.nn.rnn_cell.GRUCell(units), oracle.gru
    elif kind == "basic_lstm":
        bias = draw(st.sampled_from([1.0, 0.0, -2.5]))
        cell = tf.nn.rnn_cell.BasicLSTMCell(units, forget_bias=bias)
        step = lambda v: oracle.lstm(v, bias)  # noqa: E731
    else:
        options = {
            "forget_bias": draw(st.sampled_from([1.0, 0.5])),
            "cell_clip": draw(st.sampled_from([None, 0.3])),
            "proj_clip": draw(st.sampled_from([None, 0.1])),
        }
        cell = tf.nn.rnn_cell.LSTMCell(
            units,
            use_peepholes=draw(st.booleans()),
            num_proj=draw(st.sampled_from([None, *range(1, units)])),
            **options,
        )
        step = lambda v: oracle.lstm(v, **options)  # noqa: E731
    x = torch.randn(batch, time, features, dtype=tf.float64)
    lengths = draw(st.none() | st.lists(st.integers(0, time), min_size=batch, max_size=batch))
    cell.build(x.shape, dtype=tf.float64)
    randomise(cell)
    return cell, step(oracle.arrays(cell.variables(), f"rnn/{cell.name}")), x, lengths


@given(cases())
def test_dynamic_rnn_is_tensorflows(case: tuple[Any, Any, Tensor, list[int] | None]) -> None:
    cell, step, x, lengths = case
    state = random_state(cell, len(x))
    outputs, final = tf.nn.dynamic_rnn(cell, x, sequence_length=lengths, initial_state=state)
    expected, last = oracle.dynamic_rnn(step, x.numpy(), as_arrays(state), lengths)
    np.testing.assert_allclose(outputs.detach().numpy(), expected, **EXACT)
    assert_equal(final, last)


@given(cases())
def test_the_second_cell_of_a_bidirectional_run_is_tensorflows(
    case: tuple[Any, Any, Tensor, list[int] | None],
) -> None:
    cell, step, x, lengths = case
    state = random_state(cell, len(x))
    (_, outputs), (_, final) = tf.nn.bidirectional_dynamic_rnn(
        tf.nn.rnn_cell.BasicRNNCell(1), cell, x, lengths, initial_state_bw=state, dtype=tf.float64
    )
    expected, last = oracle.backwards(step, x.numpy(), as_arrays(state), lengths)
    np.testing.assert_allclose(outputs.detach().numpy(), expected, **EXACT)
    assert_equal(final, last)


@given(cases())
def test_a_cell_called_by_hand_is_dynamic_rnn(case: tuple[Any, Any, Tensor, list[int] | None]) -> None:
    cell, step, x, _ = case
    state = random_state(cell, len(x))
    expected, last = oracle.dynamic_rnn(step, x.numpy(), as_arrays(state))
    outputs = []
    for x_t in tf.unstack(x, axis=1):
        output, state = cell(x_t, state)
        outputs.append(output)
    np.testing.assert_allclose(tf.stack(outputs, 1).detach().numpy(), expected, **EXACT)
    assert_equal(state, last)


def test_an_lstms_state_is_c_then_h() -> None:
    cell = tf.nn.rnn_cell.LSTMCell(4, num_proj=3)
    outputs, final = tf.nn.dynamic_rnn(cell, torch.randn(2, 5, 6), dtype=tf.float32)
    assert isinstance(final, tf.nn.rnn_cell.LSTMStateTuple)
    assert final.c is final[0]
    assert final.h is final[1]
    assert (final.c.shape, final.h.shape) == ((2, 4), (2, 3))
    assert final.dtype == tf.float32
    assert torch.equal(final[1], outputs[:, -1])
    assert cell.state_size == (4, 3)
    assert cell.output_size == 3


def test_the_forget_bias_is_in_no_variable() -> None:
    x = torch.randn(2, 5, 3)
    one, none = (tf.nn.rnn_cell.BasicLSTMCell(4, forget_bias=bias) for bias in (1.0, 0.0))
    one.build(x.shape)
    none.load_state_dict(one.state_dict())
    assert not one.get_parameter("bias").any()
    c_1, c_0 = (tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)[1].c for cell in (one, none))
    assert not torch.allclose(c_1, c_0, atol=1e-3)
    with torch.no_grad():
        none.get_parameter("bias")[8:12] += 1  # i, j, f, o: the third quarter is f
    torch.testing.assert_close(tf.nn.dynamic_rnn(none, x, dtype=tf.float32)[1].c, c_1)


def test_variables_start_as_in_tensorflow() -> None:
    lstm = tf.nn.rnn_cell.LSTMCell(100, use_peepholes=True, num_proj=20)
    lstm.build((None, 60))
    limits = {
        "kernel": 6 / (80 + 400),
        "w_f_diag": 6 / 200,
        "w_o_diag": 6 / 200,
        "projection/kernel": 6 / 120,
    }
    for name, squared in limits.items():
        largest = lstm.get_parameter(name).detach().abs().max().item()
        assert 0.9 * squared**0.5 < largest <= squared**0.5, name
    assert not lstm.get_parameter("bias").any()
    gru = tf.nn.rnn_cell.GRUCell(5)
    gru.build((3,))
    assert bool((gru.get_parameter("gates/bias") == 1).all())
    assert not gru.get_parameter("candidate/bias").any()


def test_initializers_fill_kernels_and_biases() -> None:
    ones, twos = torch.nn.init.ones_, lambda tensor: torch.nn.init.constant_(tensor, 2.0)
    lstm = tf.nn.rnn_cell.LSTMCell(3, initializer=ones, use_peepholes=True)
    lstm.build((2,))
    assert bool((lstm.get_parameter("kernel") == 1).all())
    assert bool((lstm.get_parameter("w_i_diag") == 1).all())
    assert not lstm.get_parameter("bias").any()
    gru = tf.nn.rnn_cell.GRUCell(3, kernel_initializer=ones, bias_initializer=twos)
    gru.build((2,))
    assert bool((gru.get_parameter("candidate/kernel") == 1).all())
    assert bool((gru.get_parameter("candidate/bias") == 2).all())


def test_variables_come_with_the_first_call_in_the_inputs_dtype() -> None:
    cell = tf.nn.rnn_cell.BasicLSTMCell(4)
    assert not list(cell.parameters())
    assert cell.variables() == {}
    tf.nn.dynamic_rnn(cell, torch.randn(2, 5, 3, dtype=tf.float64), dtype=tf.float64)
    assert {name: tuple(p.shape) for name, p in cell.named_parameters()} == {"kernel": (7, 16), "bias": (16,)}
    assert {p.dtype for p in cell.parameters()} == {tf.float64}


@pytest.mark.parametrize("name", ["tanh", "relu", "sigmoid", "softsign", "softplus", "elu", "selu"])
def test_an_activation_is_taken_by_name_and_as_a_function(name: str) -> None:
    x = torch.randn(2, 5, 3)
    named = tf.nn.rnn_cell.GRUCell(4, activation=name)
    given_function = tf.nn.rnn_cell.GRUCell(4, activation=getattr(tf.nn, name))
    plain = tf.nn.rnn_cell.GRUCell(4)
    named.build(x.shape)
    outputs = []
    for cell in (named, given_function, plain):
        cell.load_state_dict(named.state_dict())
        outputs.append(tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)[0])
    assert torch.equal(outputs[0], outputs[1])
    assert torch.equal(outputs[0], outputs[2]) == (name == "tanh")


def _variables(cell: Any) -> Mapping[str, Any]:
    return dict(cell.named_parameters())


@pytest.mark.parametrize(
    "make",
    [
        lambda: tf.nn.rnn_cell.BasicRNNCell(3),
        lambda: tf.nn.rnn_cell.GRUCell(3),
        lambda: tf.nn.rnn_cell.LSTMCell(3, use_peepholes=True, num_proj=2),
    ],
    ids=["rnn", "gru", "lstm"],
)
def test_gradients_reach_the_variables_as_they_are_laid_out(make: Any) -> None:
    cell = make()
    x = torch.randn(2, 3, 2, dtype=tf.float64)
    cell.build(x.shape, dtype=tf.float64)
    randomise(cell)
    names = list(_variables(cell))

    class Sequence(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = cell

        def forward(self, x: Tensor) -> Tensor:
            return tf.nn.dynamic_rnn(self.cell, x, [3, 2], dtype=tf.float64)[0]

    model = Sequence()

    def loss(*values: Tensor) -> Tensor:
        parameters = {f"cell.{name}": value for name, value in zip(names, values, strict=True)}
        return torch.func.functional_call(model, parameters, (x,))

    assert torch.autograd.gradcheck(loss, [p.detach().clone().requires_grad_() for p in cell.parameters()])
