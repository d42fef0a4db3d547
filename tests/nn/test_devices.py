"""The same on a CUDA device: torch's numbers, a record that holds, clamps that hold. Skipped without one."""

from __future__ import annotations

import pytest
import torch
from conformance.compare import assert_same, on, results_and_gradients
from conformance.forms import BATCHED, PACKED, TIME, Form
from conformance.rows import INPUT, Subject, label, on_ways, subjects

import peephole as ph

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

SOME = subjects(layers=(2,), directions=(True,))
CUDA_TOLERANCE = 1e-8


@pytest.mark.parametrize(("subject", "way"), on_ways(SOME), ids=label)
@pytest.mark.parametrize("form", [BATCHED, PACKED], ids=str)
def test_cuda_gives_the_cpus_numbers_and_gradients(subject: Subject, way: str, form: Form) -> None:
    layer = subject.ours()
    x, initial = torch.randn(TIME, 3, INPUT, dtype=torch.float64), subject.initial(3)
    expected = results_and_gradients(layer, form, x, initial)
    with on(way):
        actual = results_and_gradients(
            layer.cuda(), form, x.cuda(), {k: v.cuda() for k, v in initial.items()}
        )
    assert_same({name: value.cpu() for name, value in actual.items()}, expected, CUDA_TOLERANCE)


@pytest.mark.parametrize("subject", SOME, ids=label)
def test_recording_on_cuda_changes_nothing_and_gives_the_cpus_record(subject: Subject) -> None:
    layer = subject.ours()
    x = torch.randn(TIME, 3, INPUT, dtype=torch.float64)
    _, expected = ph.trace(layer, x)
    plain = layer.cuda()(x.cuda())[0]
    (output, _), trace = ph.trace(layer, x.cuda())
    assert torch.equal(output, plain)
    for mine, cpu in zip(trace.records, expected.records, strict=True):
        assert_same({k: v.cpu() for k, v in mine.quantities.items()}, cpu.quantities, CUDA_TOLERANCE)


def test_a_layer_made_on_cuda_stays_there() -> None:
    layer = ph.LSTM(INPUT, 3, device="cuda", peephole="diagonal")
    assert {p.device.type for p in layer.parameters()} == {"cuda"}
    output, _ = layer(torch.randn(TIME, 2, INPUT, device="cuda"))
    assert output.device.type == "cuda"
