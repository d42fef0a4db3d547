"""Predictions, surprise and entropy against their definitions."""

from __future__ import annotations

import math

import pytest
import torch

from peephole.analysis.predictions import delay, entropy, predictions, surprise

PROBABILITIES = torch.tensor([[0.5, 0.25, 0.125, 0.125], [0.1, 0.2, 0.3, 0.4]])


def test_the_likeliest_outputs_come_first() -> None:
    found = predictions(PROBABILITIES.log(), k=2)
    assert found.outputs.tolist() == [[0, 1], [3, 2]]
    assert found.outputs.dtype == torch.int32
    torch.testing.assert_close(found.probabilities, torch.tensor([[0.5, 0.25], [0.4, 0.3]]))


def test_there_are_no_more_predictions_than_outputs() -> None:
    assert predictions(torch.zeros(7, 3)).outputs.shape == (7, 3)


def test_surprise_is_minus_the_binary_logarithm_of_what_came() -> None:
    bits = surprise(PROBABILITIES.log() + 3, torch.tensor([2, 0]))
    torch.testing.assert_close(bits, torch.tensor([3.0, -math.log2(0.1)]))


def test_entropy_is_the_mean_surprise_to_be_expected() -> None:
    expected = -(PROBABILITIES * PROBABILITIES.log2()).sum(-1)
    torch.testing.assert_close(entropy(PROBABILITIES.log()), expected)


def test_an_impossible_output_has_no_entropy() -> None:
    assert entropy(torch.tensor([0.0, 0.0, -math.inf])).item() == pytest.approx(1)


def test_what_was_said_about_the_next_step_moves_to_it_within_each_sequence() -> None:
    moved = delay(torch.tensor([1.0, 2, 3, 4, 5]), torch.tensor([True, False, False, True, False]))
    assert moved.isnan().tolist() == [True, False, False, True, False]
    assert moved[[1, 2, 4]].tolist() == [1, 2, 4]
