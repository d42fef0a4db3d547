"""Property tests: whatever the sizes, ours and torch's have the same shapes and numbers, or both refuse."""

from __future__ import annotations

import pytest
import torch
from conformance.compare import EXACT, assert_same, on
from conformance.forms import BATCHED
from conformance.rows import CELLS, OPTIONS, WAYS, Cell
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import peephole as ph

each = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
ways = pytest.mark.parametrize("way", WAYS)


@st.composite
def sizes(draw: st.DrawFn) -> dict[str, int]:
    bounds = {"time": (1, 6), "batch": (0, 4), "input": (1, 5), "hidden": (1, 6), "layers": (1, 3)}
    return {name: draw(st.integers(*bound), label=name) for name, bound in bounds.items()}


@each
@ways
@given(size=sizes(), flags=st.tuples(st.booleans(), st.booleans(), st.booleans()), seed=st.integers(0, 9))
def test_any_sizes_give_torchs_shapes_and_numbers(
    cell: Cell, way: str, size: dict[str, int], flags: tuple[bool, bool, bool], seed: int
) -> None:
    torch.manual_seed(seed)
    arguments = dict(zip(("bias", "batch_first", "bidirectional"), flags, strict=True)) | dict(cell.arguments)
    if cell.name == "lstm" and size["hidden"] > 2:
        arguments["proj_size"] = size["hidden"] // 2
    theirs, ours = (
        getattr(home, cell.layer)(
            size["input"], size["hidden"], size["layers"], dtype=torch.float64, **arguments
        )
        for home in (torch.nn, ph)
    )
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(size["time"], size["batch"], size["input"], dtype=torch.float64)
    x = x.transpose(0, 1) if arguments["batch_first"] else x
    expected = named(*theirs(x))
    with on(way):
        assert_same(named(*ours(x)), expected, EXACT)


@given(size=sizes(), both=st.booleans())
def test_any_sizes_work_with_peepholes(size: dict[str, int], both: bool) -> None:
    layer = ph.LSTM(size["input"], size["hidden"], size["layers"], bidirectional=both, peephole="diagonal")
    output, (h, c) = layer(torch.randn(size["time"], size["batch"], size["input"]))
    directions = 2 if both else 1
    assert output.shape == (size["time"], size["batch"], directions * size["hidden"])
    assert h.shape == c.shape == (directions * size["layers"], size["batch"], size["hidden"])
    (output.sum() + c.sum()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in layer.parameters())


@each
@ways
def test_an_empty_batch_gives_empty_outputs_and_zero_gradients(cell: Cell, way: str) -> None:
    for option in OPTIONS:
        if cell.name not in option.of or way not in option.ways:
            continue
        arguments = {**cell.arguments, **option.arguments}
        layer = getattr(ph, cell.layer)(2, 3, 2, bidirectional=True, **arguments)
        with on(way):
            output, _ = layer(torch.zeros(4, 0, 2))
        assert output.shape[:2] == (4, 0)
        output.sum().backward()
        assert all(p.grad is None or not p.grad.any() for p in layer.parameters())


def named(output: Tensor, final: Tensor | tuple[Tensor, ...]) -> dict[str, Tensor]:
    return {"output": output} | BATCHED.take_state(final)
