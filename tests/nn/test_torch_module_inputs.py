"""PyTorch's own inputs for its recurrent modules, valid and wrong, with our classes in place of torch's.

They are in the wheel, in ``torch.testing._internal.common_modules``, which needs ``expecttest``.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import settings
from torch.utils._pytree import tree_leaves

import peephole as ph
from peephole.nn import ways

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal import common_modules

settings.load_profile("peephole")  # torch has just put its own in place, for every module that comes after

NAMES = ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")
INFOS = {info.name.removeprefix("nn."): info for info in common_modules.module_db}
DTYPES = (torch.float32, torch.float64)


def samples(name: str, dtype: torch.dtype, *, wrong: bool) -> Iterator[Any]:
    info = INFOS[name]
    make = info.module_error_inputs_func if wrong else info.module_inputs_func
    for training in (True, False):
        yield from make(info, device="cpu", dtype=dtype, requires_grad=True, training=training)


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_valid_inputs_give_torchs_results(name: str, dtype: torch.dtype) -> None:
    count = 0
    for sample in samples(name, dtype, wrong=False):
        made, called = sample.constructor_input, sample.forward_input
        ours = getattr(ph, name)(*made.args, **made.kwargs, dtype=dtype)
        theirs = getattr(torch.nn, name)(*made.args, **made.kwargs, dtype=dtype)
        theirs.load_state_dict(ours.state_dict())
        result = ours(*called.args, **called.kwargs)
        expected = theirs(*called.args, **called.kwargs)
        with ways.forced("vendor"):
            exact = ours(*called.args, **called.kwargs)
        for one, other in zip(tree_leaves(exact), tree_leaves(expected), strict=True):
            assert torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other
        rounding = 1e-6 if dtype == torch.float32 else 1e-14
        for one, other in zip(tree_leaves(result), tree_leaves(expected), strict=True):
            torch.testing.assert_close(one, other, rtol=rounding, atol=rounding)
        torch.testing.assert_close(sample.reference_fn(ours, *called.args, **called.kwargs), result)
        count += 1
    assert count


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_wrong_inputs_give_torchs_errors(name: str, dtype: torch.dtype) -> None:
    count = 0
    for sample in samples(name, dtype, wrong=True):
        made, called = sample.module_error_input.constructor_input, sample.module_error_input.forward_input
        in_call = sample.error_on is common_modules.ModuleErrorEnum.FORWARD_ERROR
        build = partial(getattr(ph, name), *made.args, **made.kwargs)
        act = partial(build(), *called.args, **called.kwargs) if in_call else build
        with pytest.raises(sample.error_type, match=sample.error_regex):
            act()
        count += 1
    assert count
