"""Columns and chunks: contiguous, shared out without loss, every held-out entry asked for once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from peephole.data.columns import chunks_per_epoch, ranks_columns, training_chunks, validation_chunks
from peephole.errors import DataError, OptionError

LENGTHS = st.integers(1, 200)


@given(extra=LENGTHS, batch=st.integers(1, 5), chunk=st.integers(1, 7))
def test_a_column_is_a_stretch_of_the_sequence_and_goes_on_from_chunk_to_chunk(
    extra: int, batch: int, chunk: int
) -> None:
    sequence = np.arange(batch * chunk + extra)
    batches = list(training_chunks(sequence, batch=batch, chunk=chunk))
    assert len(batches) == chunks_per_epoch(len(sequence), batch=batch, chunk=chunk)
    inputs = torch.cat([b.inputs for b in batches])
    assert all(b.inputs.shape == (chunk, batch) for b in batches)
    assert bool((inputs.diff(dim=0) == 1).all())
    assert torch.equal(torch.cat([b.targets for b in batches]), inputs + 1)
    # No entry is in two columns, and less than a chunk a column and a step are left out.
    assert len(set(inputs.flatten().tolist())) == inputs.numel()
    assert len(sequence) - 1 - inputs.numel() < batch * chunk + batch
    assert [b.first for b in batches] == [True] + [False] * (len(batches) - 1)
    assert all(b.total_weight == float(b.weight.sum()) == batch * chunk for b in batches)


@pytest.mark.parametrize("world", [1, 2, 3, 6])
def test_the_processes_batches_are_together_the_one_of_a_single_process(world: int) -> None:
    sequence = np.arange(100)
    whole = list(training_chunks(sequence, batch=6, chunk=4))
    shares = [list(training_chunks(sequence, batch=6, chunk=4, rank=r, world=world)) for r in range(world)]
    for step, batch in enumerate(whole):
        assert torch.equal(torch.cat([share[step].inputs for share in shares], 1), batch.inputs)
        assert torch.equal(torch.cat([share[step].targets for share in shares], 1), batch.targets)
        assert all(share[step].total_weight == batch.total_weight for share in shares)


@given(length=st.integers(2, 200), batch=st.integers(1, 9), chunk=st.integers(1, 12))
def test_validation_asks_for_everything_but_the_first_entry_exactly_once(
    length: int, batch: int, chunk: int
) -> None:
    batches = list(validation_chunks(np.arange(length), batch=batch, chunk=chunk))
    asked = torch.cat([b.targets[b.weight > 0] for b in batches])
    assert sorted(asked.tolist()) == list(range(1, length))
    assert all(torch.equal(b.targets, b.inputs + 1) for b in batches)
    assert sum(b.total_weight for b in batches) == length - 1
    inputs, weight = (torch.cat([getattr(b, name) for b in batches]) for name in ("inputs", "weight"))
    assert bool((inputs.diff(dim=0)[weight[1:] > 0] == 1).all()), "a column does not go on"
    assert inputs.shape[1] <= batch
    assert [b.first for b in batches] == [True] + [False] * (len(batches) - 1)


def test_a_short_held_out_part_is_read_in_fewer_columns() -> None:
    (batch,) = validation_chunks(np.arange(21), batch=32, chunk=10)
    assert batch.inputs.shape == (10, 2)


def test_numbers_keep_their_feature_axis() -> None:
    batch = next(training_chunks(np.zeros((30, 1), np.float32), batch=2, chunk=5))
    assert batch.inputs.shape == batch.targets.shape == (5, 2, 1)
    assert batch.inputs.dtype == torch.float32


def test_too_short_a_sequence_says_how_long_it_must_be() -> None:
    with pytest.raises(DataError, match=r"40 long, but 4 columns .* chunk of 10 steps need 41"):
        next(training_chunks(np.arange(40), batch=4, chunk=10))
    assert len(list(training_chunks(np.arange(41), batch=4, chunk=10))) == 1


@pytest.mark.parametrize(
    ("batch", "rank", "world", "message"),
    [
        (0, 0, 1, "batch must be at least 1, got 0"),
        (4, 2, 2, "rank must be from 0 to 1"),
        (4, 0, 3, "multiple of the number of processes, got 4 for 3"),
    ],
)
def test_batches_that_cannot_be_shared_out_are_refused(
    batch: int, rank: int, world: int, message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        ranks_columns(batch, rank, world)
