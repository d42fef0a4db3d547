from __future__ import annotations

import pytest

from peephole.errors import RunError
from peephole.train.metrics import Metric, from_csv, to_csv

ROWS = [
    Metric(
        step=step,
        epoch=step // 10,
        seconds=step / 8,
        symbols=step * 32,
        train=1 / step,
        validation=2 / step,
        learning_rate=1e-3,
        scores={"accuracy": step / 30},
    )
    for step in (10, 20, 30)
]


def test_rows_survive_csv_exactly() -> None:
    assert from_csv(to_csv(ROWS, unit="bits")) == ROWS


def test_the_header_names_the_unit_and_the_scores() -> None:
    header = to_csv(ROWS, unit="loss").splitlines()[0]
    assert header == "step,epoch,seconds,symbols,train_loss,validation_loss,learning_rate,accuracy"


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", to_csv(ROWS, unit="bits") + "31,3\n", to_csv(ROWS, unit="bits") + "x" * 9]
)
def test_a_table_that_is_damaged_is_refused(text: str) -> None:
    with pytest.raises(RunError):
        from_csv(text)
