"""A trace as labelled arrays holds the same numbers under the names of its axes."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from torch import nn

import peephole as ph
from peephole.errors import TraceError


def test_a_record_is_a_dataset_of_its_quantities_over_time_batch_and_unit() -> None:
    _, trace = ph.trace(nn.LSTM(3, 4), torch.randn(6, 2, 3))
    data = trace.layer().to_xarray()
    assert data["forget_gate"].dims == ("time", "batch", "unit")
    np.testing.assert_array_equal(data["forget_gate"], trace.layer().forget_gate)
    np.testing.assert_array_equal(data["initial_cell"], trace.layer().initial["cell"])
    assert data.attrs["direction"] == "forward"


def test_a_projected_hidden_state_has_an_axis_of_its_own() -> None:
    _, trace = ph.trace(nn.LSTM(3, 4, proj_size=2), torch.randn(6, 2, 3))
    data = trace.layer().to_xarray()
    assert data.sizes == {"time": 6, "batch": 2, "unit": 2, "inner_unit": 4}


def test_masks_stand_beside_the_quantities_with_axes_of_what_they_are_held_over() -> None:
    layer = ph.LSTM(3, 4, proj_size=2, zoneout=(0.5, 0.5), variational_dropout=0.5, weight_dropout=0.5)
    data = ph.trace(layer, torch.randn(6, 2, 3))[1].layer().to_xarray()
    assert data["cell_zoneout_mask"].dims == ("time", "batch", "inner_unit")
    assert data["hidden_zoneout_mask"].dims == ("time", "batch", "unit")
    assert data["input_mask"].dims == ("batch", "input")
    assert data["hidden_mask"].dims == ("batch", "unit")
    assert data["weight_mask"].dims == ("row", "unit")


def test_a_trace_is_a_tree_with_a_node_for_every_record() -> None:
    _, trace = ph.trace(nn.Sequential(nn.GRU(3, 4, 2, bidirectional=True)), torch.randn(6, 2, 3))
    tree = trace.to_xarray()
    np.testing.assert_array_equal(
        tree["/0/call0/layer1/backward"]["hidden"], trace.layer(1, "backward").hidden
    )


def test_without_xarray_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    _, trace = ph.trace(nn.GRU(3, 4), torch.randn(6, 2, 3))
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(TraceError, match=r"pip install 'peephole\[xarray\]'"):
        trace.to_xarray()
