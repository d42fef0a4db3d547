"""Moved images: the same from the same generator, moved a little and no more, paper where nothing was."""

from __future__ import annotations

import numpy as np
import pytest

from peephole.data import load_digits, warps
from peephole.data.digits_problem import DigitsProblem
from peephole.data.problems import problem_from
from peephole.data.seeding import generator
from peephole.data.warps import warped


class Chosen:
    """Stands for a generator whose amounts are chosen: turn, shear, tall, wide, down, right, each −1 to 1."""

    def __init__(self, **amounts: float) -> None:
        self.amounts = [amounts.get(name, 0.0) for name in ("turn", "shear", "tall", "wide", "down", "right")]

    def uniform(self, low: float, high: float, *, size: tuple[int, int]) -> np.ndarray:
        return np.repeat(np.array(self.amounts)[:, None], size[1], axis=1)


def moved(image: np.ndarray, **amounts: float) -> np.ndarray:
    return warped(image[None], Chosen(**amounts))[0]  # type: ignore[arg-type]


@pytest.fixture
def cross() -> np.ndarray:
    """A plus sign about the middle of 29 × 29 pixels."""
    image = np.zeros((29, 29), dtype=np.uint8)
    image[14, 6:23] = image[6:23, 14] = 200
    return image


def test_no_amount_changes_nothing(cross: np.ndarray) -> None:
    np.testing.assert_array_equal(moved(cross), cross)


def test_a_shift_is_by_two_pixels_at_most_and_brings_in_paper(cross: np.ndarray) -> None:
    np.testing.assert_allclose(moved(cross, right=1), np.roll(cross, -2, axis=1), atol=1)
    np.testing.assert_allclose(moved(cross, down=-1), np.roll(cross, 2, axis=0), atol=1)
    full = np.full((28, 28), 255, dtype=np.uint8)
    assert moved(full, right=1)[:, -2:].max() == 0
    assert moved(full, right=1)[:, :-2].min() >= 254


def test_a_turn_keeps_the_middle_and_moves_the_ends_along_an_arc(cross: np.ndarray) -> None:
    turned = moved(cross, turn=1)
    assert turned[14, 14] >= 190
    ends = 7 * np.tan(warps.TURN)
    columns = np.average(np.arange(29), weights=turned[7].astype(float) + 1e-9)
    assert abs(abs(columns - 14) - ends) < 0.3


def test_stretching_makes_taller_and_wider_only_in_its_direction(cross: np.ndarray) -> None:
    def extent(image: np.ndarray, axis: int) -> float:
        return float((image > 100).any(axis).sum())

    assert extent(moved(cross, tall=1), 1) > extent(cross, 1) > extent(moved(cross, tall=-1), 1)
    assert extent(moved(cross, tall=1), 0) == extent(cross, 0)
    assert extent(moved(cross, wide=1), 0) > extent(cross, 0) > extent(moved(cross, wide=-1), 0)


def test_a_shear_slants_upright_lines_and_leaves_the_level_ones(cross: np.ndarray) -> None:
    slanted = moved(cross, shear=1)
    np.testing.assert_array_equal(slanted[14], cross[14])
    upper, lower = slanted[8].argmax(), slanted[20].argmax()
    assert abs(int(upper) - int(lower)) == round(12 * warps.SHEAR)


def test_an_epochs_images_depend_on_seed_and_epoch_alone() -> None:
    def epoch(number: int, *, seed: int = 3, batch: int = 500, **ranks: int) -> list[np.ndarray]:
        problem = DigitsProblem.load(seed=seed, augment=True)
        return [piece.inputs.numpy() for piece in problem.training(number, batch=batch, **ranks)]

    first = np.concatenate(epoch(1), axis=1)
    np.testing.assert_array_equal(first, np.concatenate(epoch(1, batch=1000), axis=1))
    assert not np.array_equal(first, np.concatenate(epoch(2), axis=1))
    assert not np.array_equal(first, np.concatenate(epoch(1, seed=4), axis=1))
    halves = [epoch(1, rank=rank, world=2) for rank in (0, 1)]
    joined = [np.concatenate(pair, axis=1) for pair in zip(*halves, strict=True)]
    assert sorted(map(bytes, np.concatenate(joined, axis=1).swapaxes(0, 1))) == sorted(
        map(bytes, first.swapaxes(0, 1))
    )


def test_only_the_images_to_learn_from_are_moved_and_in_the_same_order() -> None:
    plain, moving = DigitsProblem.load(seed=2), DigitsProblem.load(seed=2, augment=True)
    for one, other in zip(plain.validation(batch=500), moving.validation(batch=500), strict=True):
        assert one.inputs.equal(other.inputs)
    one, other = next(plain.training(0, batch=100)), next(moving.training(0, batch=100))
    assert one.targets.equal(other.targets)
    assert not one.inputs.equal(other.inputs)
    assert float(other.inputs.min()) >= 0
    assert float(other.inputs.max()) <= 1


def test_the_ink_of_a_digit_stays_in_the_picture() -> None:
    images = load_digits().images
    ink = warped(images, generator(0)).sum(dtype=float) / images.sum(dtype=float)
    assert 0.97 < ink < 1.03


def test_a_run_says_whether_its_images_were_moved_and_older_ones_were_not() -> None:
    told = DigitsProblem.load(augment=True).describe()
    again = problem_from(told)
    assert isinstance(again, DigitsProblem)
    assert again.augment
    older = problem_from({name: value for name, value in told.items() if name != "augment"})
    assert isinstance(older, DigitsProblem)
    assert not older.augment
