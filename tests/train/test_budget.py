from __future__ import annotations

import pytest

from peephole.train.budget import Budget, frame_due, is_due, rate_factor
from peephole.train.options import TrainOptions


def test_epochs_are_counted_in_steps() -> None:
    budget = Budget.of(TrainOptions(epochs=3), steps_per_epoch=40)
    assert budget.share(step=60, seconds=1e9) == 0.5


def test_minutes_go_by_the_clock() -> None:
    budget = Budget.of(TrainOptions(minutes=2), steps_per_epoch=40)
    assert budget.share(step=10**9, seconds=30) == 0.25
    assert budget.share(step=0, seconds=500) == 1


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_the_learning_rate_rises_over_the_warmup_and_falls_to_zero(schedule: str) -> None:
    factors = [rate_factor(n / 100, schedule=schedule, warmup=0.1) for n in range(101)]  # type: ignore[arg-type]
    highest = factors.index(max(factors))
    assert factors[0] == pytest.approx(0.1)
    assert factors[:highest] == sorted(factors[:highest])
    assert factors[highest:] == sorted(factors[highest:], reverse=True)
    assert highest <= 10
    assert factors[-1] == pytest.approx(0)


def test_a_constant_rate_stays() -> None:
    assert (
        rate_factor(0.5, schedule="constant", warmup=0.1)
        == rate_factor(1, schedule="constant", warmup=0)
        == 1
    )


@pytest.mark.parametrize("steps", [7, 20, 999])
def test_validations_are_spread_evenly_with_the_last_at_the_end(steps: int) -> None:
    due = [n + 1 for n in range(steps) if is_due(7, before=n / steps, now=(n + 1) / steps)]
    assert len(due) == 7
    assert due[-1] == steps
    gaps = [after - before for before, after in zip([0, *due], due, strict=False)]
    assert max(gaps) - min(gaps) <= 1


def test_a_films_frames_begin_with_the_first_weights_and_end_with_the_last() -> None:
    numbers = [frame_due(10, n / 1000) for n in range(1001)]
    assert numbers[0] == 0
    assert numbers[-1] == 9
    assert sorted(set(numbers)) == list(range(10))
    assert numbers.index(5) < 500 < len(numbers) - numbers.index(5), "the first half of them comes early"


def test_no_film_has_no_frames() -> None:
    assert frame_due(0, 1.0) == -1
