"""The same lines give what TensorFlow gave: `record.py` ran them there, with these variables on these inputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tf1.lines import CASES, LENGTHS

from peephole import tf1 as tf


def flat(structure: Any) -> list[torch.Tensor]:
    """The tensors of a nest, in order, as TensorFlow flattens it."""
    if isinstance(structure, torch.Tensor):
        return [structure]
    return [tensor for part in structure for tensor in flat(part)]


@pytest.fixture(scope="module")
def recorded() -> Mapping[str, Any]:
    with np.load(Path(__file__).with_name("tensorflow1.npz")) as arrays:
        return dict(arrays)


def of_case(recorded: Mapping[str, Any], name: str, what: str) -> dict[str, Any]:
    prefix = f"{name}|{what}|"
    return {key.removeprefix(prefix): value for key, value in recorded.items() if key.startswith(prefix)}


@pytest.mark.parametrize("name", CASES)
def test_the_lines_give_tensorflows_numbers(name: str, recorded: Mapping[str, Any]) -> None:
    case, variables = CASES[name], of_case(recorded, name, "variable")
    cells = case.make(tf)
    for scope, cell in cells.items():
        cell.load_variables(variables, scope)
    results = flat(case.run(tf, cells, torch.tensor(recorded["x"]), torch.tensor(LENGTHS)))
    expected = of_case(recorded, name, "result")
    assert len(results) == len(expected)
    for number, result in enumerate(results):
        np.testing.assert_allclose(result.detach().numpy(), expected[str(number)], rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_variables_have_tensorflows_names_and_shapes(name: str, recorded: Mapping[str, Any]) -> None:
    case = CASES[name]
    cells = case.make(tf)
    case.run(tf, cells, torch.tensor(recorded["x"]), torch.tensor(LENGTHS))
    ours = {
        f"{full}:0": tuple(variable.shape)
        for scope, cell in cells.items()
        for full, variable in cell.variables(scope).items()
    }
    assert ours == {full: array.shape for full, array in of_case(recorded, name, "variable").items()}
