"""What the message of each wrong call says: what is wrong, what was received and what would be right, in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import peephole as ph


def zeros(*shape: int, **how: Any) -> torch.Tensor:
    return torch.zeros(*shape, **how)


X = (5, 2, 3)
LAYER_CALLS: dict[str, tuple[Callable[[], Any], type[Exception], list[str]]] = {
    "features": (lambda: ph.LSTM(3, 4)(zeros(5, 2, 7)), RuntimeError, ["input", "Expected 3", "got 7"]),
    "dimensions": (lambda: ph.LSTM(3, 4)(zeros(3)), ValueError, ["input", "2D or 3D", "got 1D"]),
    "no tensor": (lambda: ph.LSTM(3, 4)([1.0]), AttributeError, ["input", "tensor", "list"]),
    "no steps": (lambda: ph.LSTM(3, 4)(zeros(0, 2, 3)), RuntimeError, ["sequence length", "larger than 0"]),
    "dtype": (
        lambda: ph.LSTM(3, 4)(zeros(*X, dtype=torch.float64)),
        ValueError,
        ["input dtype", "float64", "float32"],
    ),
    "device": (lambda: ph.LSTM(3, 4)(zeros(*X, device="meta")), RuntimeError, ["input", "meta", "cpu"]),
    "state size": (
        lambda: ph.GRU(3, 4)(zeros(*X), zeros(1, 2, 5)),
        RuntimeError,
        ["hidden", "(1, 2, 4)", "[1, 2, 5]"],
    ),
    "state dimensions": (
        lambda: ph.GRU(3, 4)(zeros(*X), zeros(1, 4)),
        RuntimeError,
        ["hx", "3-D", "(1, 2, 4)", "(1, 4)"],
    ),
    "state of an RNN in a tuple": (
        lambda: ph.GRU(3, 4)(zeros(*X), (zeros(1, 2, 4),)),
        AttributeError,
        ["hx", "one tensor", "tuple"],
    ),
    "no cell": (lambda: ph.LSTM(3, 4)(zeros(*X), zeros(1, 2, 4)), RuntimeError, ["hx", "hidden, cell"]),
    "three states": (
        lambda: ph.LSTM(3, 4)(zeros(*X), (zeros(1, 2, 4),) * 3),
        RuntimeError,
        ["hx", "hidden, cell"],
    ),
    "state order": (
        lambda: ph.LSTM(3, 4, proj_size=2)(zeros(*X), (zeros(1, 2, 4), zeros(1, 2, 2))),
        RuntimeError,
        ["hidden", "(1, 2, 2)", "[1, 2, 4]", "order is (hidden, cell)"],
    ),
    "state dtype": (
        lambda: ph.GRU(3, 4)(zeros(*X), zeros(1, 2, 4, dtype=torch.float64)),
        RuntimeError,
        ["same dtype", "hidden", "float32", "float64"],
    ),
    "cell dtype": (
        lambda: ph.LSTM(3, 4)(zeros(*X), (zeros(1, 2, 4), zeros(1, 2, 4, dtype=torch.float64))),
        RuntimeError,
        ["same dtype", "cell", "float64"],
    ),
    "state device": (
        lambda: ph.GRU(3, 4)(zeros(*X), zeros(1, 2, 4, device="meta")),
        RuntimeError,
        ["same device", "cpu", "meta"],
    ),
    "one state for layers of their own widths": (
        lambda: ph.GRU(3, [4, 5])(zeros(*X), zeros(2, 2, 4)),
        RuntimeError,
        ["hx", "2 layers", "(2, 2, 4)"],
    ),
    "state of another layer": (
        lambda: ph.GRU(3, [4, 5])(zeros(*X), (zeros(1, 2, 4), zeros(1, 2, 4))),
        RuntimeError,
        ["hx[1]", "(1, 2, 5)", "[1, 2, 4]"],
    ),
    "step": (lambda: ph.GRU(3, 4).step(zeros(2, 7)), RuntimeError, ["input", "Expected 3", "got 7"]),
    "state of a step": (
        lambda: ph.GRU(3, 4).step(zeros(2, 3), zeros(2, 4)),
        RuntimeError,
        ["hx", "(1, 2, 4)", "(2, 4)"],
    ),
}
CELL_CALLS: dict[str, tuple[Callable[[], Any], type[Exception], list[str]]] = {
    "cell: no tensor": (lambda: ph.GRUCell(3, 4)([1.0]), AttributeError, ["input", "tensor", "list"]),
    "cell: dtype": (
        lambda: ph.LSTMCell(3, 4)(zeros(2, 3, dtype=torch.float64)),
        RuntimeError,
        ["input", "float64", "float32"],
    ),
    "cell: device": (lambda: ph.GRUCell(3, 4)(zeros(2, 3, device="meta")), RuntimeError, ["meta", "cpu"]),
    "cell: state dtype": (
        lambda: ph.GRUCell(3, 4)(zeros(2, 3), zeros(2, 4, dtype=torch.float64)),
        RuntimeError,
        ["same dtype", "float64"],
    ),
    "cell: state device": (
        lambda: ph.LSTMCell(3, 4)(zeros(2, 3), (zeros(2, 4), zeros(2, 4, device="meta"))),
        RuntimeError,
        ["same device", "hx[1]", "meta"],
    ),
    "cell: state order": (
        lambda: ph.LSTMCell(3, 4, proj_size=2)(zeros(2, 3), (zeros(2, 4), zeros(2, 2))),
        RuntimeError,
        ["hidden0", "got 4", "expected 2", "order is (hidden, cell)"],
    ),
    "cell: state without a batch": (
        lambda: ph.GRUCell(3, 4)(zeros(2, 3), zeros(4)),
        RuntimeError,
        ["hidden0", "(2, 4)", "(4,)"],
    ),
}
CALLS = LAYER_CALLS | CELL_CALLS


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_call_is_refused_with_what_it_got_and_what_would_be_right(name: str) -> None:
    call, kind, says = CALLS[name]
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert all(word in message for word in says), message
    assert "\n" not in message
