"""Long campaigns, run by `make soak` and not by `make test`: more of what the suite claims, until it would show."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import peephole as ph
from peephole.errors import TraceError
from peephole.nn.ways import forced

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]

KINDS = {"RNN": (ph.RNN, nn.RNN), "LSTM": (ph.LSTM, nn.LSTM), "GRU": (ph.GRU, nn.GRU)}


@settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(sorted(KINDS)),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3)),
    shape=st.tuples(st.integers(1, 12), st.integers(0, 5)),
    options=st.fixed_dictionaries({"bias": st.booleans(), "bidirectional": st.booleans()}),
    seed=st.integers(0, 2**31),
)
def test_any_plain_layer_equals_torchs_by_both_ways(
    kind: str, sizes: tuple[int, ...], shape: tuple[int, int], options: dict[str, bool], seed: int
) -> None:
    ours, theirs = KINDS[kind]
    torch.manual_seed(seed)
    expected = theirs(*sizes, **options, dtype=torch.float64)
    layer = ours(*sizes, **options, dtype=torch.float64)
    layer.load_state_dict(expected.state_dict())
    x = torch.randn(*shape, sizes[0], dtype=torch.float64)
    wanted = expected(x)[0]
    assert torch.equal(layer(x)[0], wanted)
    with forced("reference"):
        torch.testing.assert_close(layer(x)[0], wanted, atol=1e-10, rtol=1e-10)


def test_no_damage_to_a_traces_file_does_more_than_raise_an_error(tmp_path: Path) -> None:
    _, trace = ph.trace(nn.LSTM(3, 4, bidirectional=True), torch.randn(5, 2, 3))
    path = tmp_path / "trace.safetensors"
    trace.save(path)
    whole, chance = path.read_bytes(), random.Random(0)
    for _ in range(20_000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged[: chance.randint(0, len(damaged))] if chance.random() < 0.3 else damaged)
        with suppress(TraceError):
            ph.Trace.load(path)
