"""Laying sequences end to end leaves the padding behind and nothing else."""

from __future__ import annotations

import torch

from peephole.analysis.steps import flatten, starts


def test_sequences_follow_one_another_without_their_padding() -> None:
    values = torch.arange(3 * 2).reshape(3, 2)  # column 0 is 0, 2, 4; column 1 is 1, 3, 5
    assert flatten(values, torch.tensor([3, 2])).tolist() == [0, 2, 4, 1, 3]


def test_features_stay_together() -> None:
    values = torch.rand(4, 3, 5)
    flat = flatten(values, torch.tensor([1, 4, 2]))
    assert torch.equal(flat, torch.cat([values[:1, 0], values[:4, 1], values[:2, 2]]))


def test_without_lengths_every_sequence_is_full() -> None:
    values = torch.rand(4, 3, 5)
    assert torch.equal(flatten(values), flatten(values, torch.tensor([4, 4, 4])))


def test_one_full_sequence_is_not_copied() -> None:
    values = torch.rand(4, 1, 5)
    assert flatten(values).data_ptr() == values.data_ptr()


def test_starts_are_the_first_steps_of_sequences_that_have_any() -> None:
    assert starts(torch.tensor([2, 0, 1, 3])).tolist() == [True, False, True, True, False, False]
    assert starts(torch.tensor([1, 0])).tolist() == [True]
