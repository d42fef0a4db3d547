"""Arrays of a TensorFlow 1 checkpoint, by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from peephole import tf1 as tf
from peephole.errors import OptionError

CELLS = tf.nn.rnn_cell
X = torch.randn(2, 4, 3)


def stack() -> Any:
    return CELLS.MultiRNNCell(
        [CELLS.LSTMCell(4, use_peepholes=True, num_proj=2), CELLS.DropoutWrapper(CELLS.GRUCell(3), 0.5)]
    )


def checkpoint(cell: Any, scope: str = "rnn") -> dict[str, Any]:
    """What a Saver would have written of a built cell, with random values and an optimizer's slots."""
    rng = np.random.default_rng(0)
    arrays = {}
    for name, variable in cell.variables(scope).items():
        for slot in ("", "/Adam", "/Adam_1", "/ExponentialMovingAverage"):
            arrays[name + slot] = rng.standard_normal(variable.shape).astype(np.float32)
    return {
        **arrays,
        "beta1_power": np.float32(0.9),
        "global_step": np.int64(7),
        "out/kernel": np.zeros((2, 2)),
    }


def built(make: Any = stack) -> Any:
    cell = make()
    tf.nn.dynamic_rnn(cell, X, dtype=tf.float32)
    return cell


def test_a_stacks_variables_have_tensorflows_names() -> None:
    first, second = "rnn/multi_rnn_cell/cell_0/lstm_cell", "rnn/multi_rnn_cell/cell_1/gru_cell"
    assert {name: tuple(v.shape) for name, v in built().variables().items()} == {
        f"{first}/kernel": (5, 16),
        f"{first}/bias": (16,),
        f"{first}/w_f_diag": (4,),
        f"{first}/w_i_diag": (4,),
        f"{first}/w_o_diag": (4,),
        f"{first}/projection/kernel": (4, 2),
        f"{second}/gates/kernel": (5, 6),
        f"{second}/gates/bias": (6,),
        f"{second}/candidate/kernel": (5, 3),
        f"{second}/candidate/bias": (3,),
    }


@pytest.mark.parametrize("scope", ["rnn", "model/encoder/rnn", ""])
@pytest.mark.parametrize("before", [True, False], ids=["before the first call", "after it"])
def test_arrays_load_by_name_whatever_stands_before_them_and_an_optimizers_are_ignored(
    scope: str, before: bool
) -> None:
    arrays = (
        checkpoint(built(), scope)
        if scope
        else {name.removeprefix("rnn/"): array for name, array in checkpoint(built()).items()}
    )
    cell = stack() if before else built()
    cell.load_variables(arrays)
    variables = cell.variables(scope)
    assert len(variables) == 10
    for name, variable in variables.items():
        np.testing.assert_array_equal(variable.detach().numpy(), arrays[name])


def test_arrays_of_an_open_file_load_and_are_not_shared(tmp_path: Path) -> None:
    saved = checkpoint(built())
    np.savez(tmp_path / "checkpoint.npz", **{f"{name}:0": array for name, array in saved.items()})
    cell = stack()
    with np.load(tmp_path / "checkpoint.npz") as arrays:
        cell.load_variables(arrays, scope="rnn")
    for name, variable in cell.variables().items():
        np.testing.assert_array_equal(variable.detach().numpy(), saved[name])
    saved = {name: torch.tensor(array) for name, array in saved.items()}
    cell.load_variables(saved)
    name, variable = next(iter(cell.variables().items()))
    saved[name].fill_(9)
    assert not (variable == 9).any()


def test_the_dtype_of_a_cell_that_is_there_stays() -> None:
    cell = stack()
    tf.nn.dynamic_rnn(cell, X.double(), dtype=tf.float64)
    cell.load_variables(checkpoint(cell))
    assert {parameter.dtype for parameter in cell.parameters()} == {tf.float64}


def test_the_two_cells_of_a_bidirectional_network_are_told_apart_by_their_scopes() -> None:
    cells = [CELLS.BasicLSTMCell(4), CELLS.BasicLSTMCell(4)]
    tf.nn.bidirectional_dynamic_rnn(*cells, X, dtype=tf.float32)
    scopes = [f"bidirectional_rnn/{way}" for way in ("fw", "bw")]
    arrays = {
        k: v for cell, scope in zip(cells, scopes, strict=True) for k, v in cell.variables(scope).items()
    }
    fresh = CELLS.BasicLSTMCell(4)
    with pytest.raises(
        OptionError, match=r"scope= one of \['bidirectional_rnn/bw', 'bidirectional_rnn/fw'\]"
    ):
        fresh.load_variables(arrays)
    fresh.load_variables(arrays, "bidirectional_rnn/bw")
    assert torch.equal(fresh.get_parameter("kernel"), cells[1].get_parameter("kernel"))


def test_a_name_that_ends_alike_is_another_cells() -> None:
    arrays = checkpoint(built(lambda: CELLS.LSTMCell(4)), "rnn")
    renamed = {name.replace("lstm_cell", "basic_lstm_cell"): array for name, array in arrays.items()}
    with pytest.raises(OptionError, match="no name that ends in lstm_cell/kernel"):
        CELLS.LSTMCell(4).load_variables(renamed)
    CELLS.LSTMCell(4, name="basic_lstm_cell").load_variables(renamed)


def test_missing_arrays_are_all_named() -> None:
    arrays = checkpoint(built())
    lacking = [
        "rnn/multi_rnn_cell/cell_0/lstm_cell/w_i_diag",
        "rnn/multi_rnn_cell/cell_1/gru_cell/candidate/bias",
    ]
    for name in lacking:
        del arrays[name]
    with pytest.raises(OptionError, match=f"lack {', '.join(lacking)}; there are"):
        stack().load_variables(arrays)


def test_arrays_of_a_wrong_shape_are_all_named_and_nothing_is_changed() -> None:
    cell = built()
    before = {name: variable.clone() for name, variable in cell.variables().items()}
    arrays = checkpoint(cell)
    first, second = (
        "rnn/multi_rnn_cell/cell_0/lstm_cell/bias",
        "rnn/multi_rnn_cell/cell_1/gru_cell/gates/kernel",
    )
    arrays[first], arrays[second] = np.zeros(12), np.zeros((5, 7))
    for other in (cell, stack()):
        with pytest.raises(
            OptionError,
            match=r"cell_0/lstm_cell/bias has \[12\] and must have \[16\]; .*\[5, 7\] and must have \[5, 6\]",
        ):
            other.load_variables(arrays)
        assert set(other.variables()) in (set(before), set())
    assert all(torch.equal(variable, before[name]) for name, variable in cell.variables().items())


@pytest.mark.parametrize(
    "kernel", [np.zeros((4, 16)), np.zeros(16), np.float32(1.0)], ids=["no input", "a vector", "a number"]
)
def test_a_kernel_that_leaves_no_room_for_inputs_is_refused(kernel: Any) -> None:
    arrays = {"rnn/basic_lstm_cell/kernel": kernel, "rnn/basic_lstm_cell/bias": np.zeros(16)}
    with pytest.raises(OptionError, match=r"kernel has \[.*\] and must have \[5, 16\]"):
        CELLS.BasicLSTMCell(4).load_variables(arrays)


def test_a_checkpoint_without_the_cell_says_what_it_has() -> None:
    with pytest.raises(OptionError, match="no name that ends in gru_cell/gates/kernel; there are out/kernel"):
        CELLS.GRUCell(4).load_variables({"out/kernel": np.zeros((2, 2))})
    with pytest.raises(OptionError, match="none at all"):
        CELLS.GRUCell(4).load_variables({})
