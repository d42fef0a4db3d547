"""One column of a CSV file: strict reading, standardised on the training part, built again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from peephole.data import Score, SeriesProblem, problem_from, read_series
from peephole.errors import DataError, DataNotFoundError


def write(folder: Path, content: str) -> Path:
    path = folder / "series.csv"
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture
def wave(tmp_path: Path) -> Path:
    values = 20 + 5 * np.sin(np.arange(300) / 7)
    rows = "".join(f"{day},{value!r}\n" for day, value in enumerate(values.tolist()))
    return write(tmp_path, "day,degrees\n" + rows)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_column_is_read_by_its_name(tmp_path: Path, separator: str) -> None:
    content = 'day,\'level\'\n1, 2.5\n2,-1e3\n"3","7"\n\n\n'.replace(",", separator).replace("'", '"')
    assert read_series(write(tmp_path, content), "level").tolist() == [2.5, -1000.0, 7.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("day,level\n", "no numbers below"),
        ("day,depth\n1,2\n", "no column 'level': its header names 'day', 'depth'"),
        ("level,level\n1,2\n", "2 columns named 'level'"),
        ("day,level\n1,2\n2,\n3,4\n", "line 3, column 'level' is empty"),
        ("day,level\n1,2\n2,  \n3,4\n", "line 3, column 'level' is empty"),
        ("day,level\n1,2\n\n3,4\n", "line 3 is blank"),
        ("day,level\n1,2\n2\n3,4\n", "line 3 has 1 fields, its header has 2"),
        ("day,level\n1,2\n2,3,4\n", "line 3 has 3 fields"),
        ("day,level\n1,2\n2,n/a\n", "line 3, column 'level' is 'n/a', not a finite number"),
        ("day,level\n1,nan\n", "line 2, column 'level' is 'nan'"),
        ("day,level\n1,inf\n", "line 2, column 'level' is 'inf'"),
        ("day,level\n1,1e999\n", "line 2, column 'level' is '1e999'"),
        ("day,level\n1,1_000\n", "line 2, column 'level' is '1_000'"),
        ("day;level\n1;2,5\n", "line 2, column 'level' is '2,5'"),
        ('day,level\n1,"2\n', "not valid CSV"),
        ('day,level\n1,"2"3\n', "line 2 is not valid CSV"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_series(write(tmp_path, content), "level")
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_one_that_is_not_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match=r"no\.csv is not there"):
        read_series(tmp_path / "no.csv", "x")
    (tmp_path / "latin.csv").write_bytes(b"x\xe9\n1\n")
    with pytest.raises(DataError, match=r"latin\.csv is not UTF-8"):
        read_series(tmp_path / "latin.csv", "x")


def test_the_series_is_standardised_on_its_training_part_alone(wave: Path) -> None:
    problem = SeriesProblem.from_path(wave, "degrees", chunk=20, validation=0.2)
    values = read_series(wave, "degrees")
    assert problem.training_part.shape == (240, 1)
    assert problem.training_part.mean() == pytest.approx(0, abs=1e-6)
    assert problem.training_part.std() == pytest.approx(1, abs=1e-6)
    restored = (
        np.concatenate([problem.training_part, problem.held_out_part])[:, 0] * problem.deviation
        + problem.mean
    )
    assert restored == pytest.approx(values, abs=1e-5)


def test_a_target_is_the_number_that_follows(wave: Path) -> None:
    batch = next(SeriesProblem.from_path(wave, "degrees", chunk=20).training(0, batch=2))
    assert batch.inputs.shape == batch.targets.shape == (20, 2, 1)
    assert torch.equal(batch.inputs[1:], batch.targets[:-1])


def test_the_score_is_the_rmse_in_the_files_own_units(wave: Path) -> None:
    problem = SeriesProblem.from_path(wave, "degrees", chunk=7, validation=0.2)
    total = Score(0, 0, root=True)
    for batch in problem.validation(batch=3):
        # Forecasting that everything stays as it is errs by the steps of the series.
        total += problem.score(batch.inputs, batch)["rmse"]
    steps = np.diff(read_series(wave, "degrees")[240:])
    assert total.count == len(steps)
    assert total.value == pytest.approx(np.sqrt((steps**2).mean()), rel=1e-5)


def test_it_is_built_again_unless_its_numbers_changed(wave: Path) -> None:
    problem = SeriesProblem.from_path(wave, "degrees", chunk=20)
    description = json.loads(json.dumps(problem.describe()))
    again = problem_from(description)
    assert again.describe() == problem.describe()
    for old, new in zip(problem.validation(batch=4), again.validation(batch=4), strict=True):
        assert torch.equal(old.inputs, new.inputs)
    wave.write_text(wave.read_text(encoding="utf-8") + "300,1\n", encoding="utf-8")
    with pytest.raises(DataError, match="has changed"):
        problem_from(description)


def test_a_constant_or_too_short_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing to learn"):
        SeriesProblem.from_path(write(tmp_path, "x\n" + "0.1\n" * 99), "x", chunk=5)
    with pytest.raises(DataError, match="training part is 0 long"):
        SeriesProblem.from_path(write(tmp_path, "x\n1\n"), "x", chunk=5)
    with pytest.raises(DataError, match="chunk of 50 steps"):
        SeriesProblem.from_path(write(tmp_path, "x\n" + "1\n2\n" * 40), "x")


def test_the_sample_shows_the_held_out_part_in_the_files_own_units(wave: Path) -> None:
    problem = SeriesProblem.from_path(wave, "degrees", chunk=20)
    sample = problem.sample()
    values = read_series(wave, "degrees")[270:]
    assert [float(label) for label in sample.labels[0]] == pytest.approx(values.tolist(), abs=1e-3)
    assert sample.sequences[0].shape == sample.targets[0].shape == (30, 1)
    assert sample.targets[0][:-1].tolist() == sample.sequences[0][1:].tolist()
    assert np.isnan(sample.targets[0][-1]).all()
