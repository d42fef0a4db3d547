"""Every activation function by its name: values and both derivatives against the formulas, far from zero and near."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from oracles.activations import FUNCTIONS, named

from peephole.nn.activations import FORMS, function

X = np.concatenate([np.linspace(-6, 6, 97) + 0.01, [-700.0, -40.0, -1e-8, 1e-8, 25.0, 40.0, 700.0]])
PARAMETERS = {
    "hard_sigmoid": (0.3, 0.4),
    "leaky_relu": (0.3,),
    "thresholded_relu": (0.7,),
    "elu": (0.6,),
    "scaled_tanh": (1.7159, 0.6667),
    "affine": (0.7, -0.2),
}
NAMES = [*FUNCTIONS, *((name, *some) for name, some in PARAMETERS.items()), ("hard_sigmoid", 0.3)]


def test_the_names_are_those_of_the_oracle() -> None:
    assert set(FORMS) == set(FUNCTIONS)


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_values_equal_the_formula(name: str | tuple[str | float, ...]) -> None:
    with np.errstate(over="ignore"):  # e^700 is a number, its sum with others may not be
        expected = named(name)(np.where(abs(X) > 600, np.sign(X) * 600, X))
    actual = function(name)(torch.as_tensor(np.where(abs(X) > 600, np.sign(X) * 600, X)))
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_slopes_equal_the_formulas(name: str | tuple[str | float, ...]) -> None:
    x = X[abs(X) < 100]
    at = torch.tensor(x, requires_grad=True)
    (slope,) = torch.autograd.grad(function(name)(at).sum(), at, create_graph=True)
    expected = np.imag(named(name)(x + 1e-100j)) / 1e-100
    np.testing.assert_allclose(
        slope.detach().numpy(), np.broadcast_to(expected, x.shape), rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_curvatures_equal_the_slope_of_the_slope(name: str | tuple[str | float, ...]) -> None:
    at = torch.tensor(X[(abs(X) < 6) & (abs(X) > 1e-3)], requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: function(name)(x), at)


@pytest.mark.parametrize("name", NAMES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_the_type_stays(name: str | tuple[str | float, ...], dtype: torch.dtype) -> None:
    assert function(name)(torch.ones(3, dtype=dtype)).dtype == dtype
