"""Digits: the shipped ones, IDX files including hostile ones, and the problem made of them."""

from __future__ import annotations

import gzip
import json
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from peephole.data import DigitsProblem, load_digits, problem_from, read_idx
from peephole.errors import DataError, DataNotFoundError, OptionError


def idx(array: npt.NDArray[np.uint8]) -> bytes:
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def images(count: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(256, size=(count, 6, 5), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve images to learn from, packed, and seven to test on, plain, one with its name's other spelling."""
    labels = np.arange(12, dtype=np.uint8) % 10
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images(12))))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(images(7, seed=1)))
    (tmp_path / "t10k-labels.idx1-ubyte").write_bytes(idx(labels[:7]))
    return tmp_path


def test_the_shipped_digits_are_split_into_four_thousand_and_one_thousand() -> None:
    digits = load_digits()
    assert digits.images.shape == (4000, 28, 28)
    assert digits.held_out_images.shape == (1000, 28, 28)
    together = np.concatenate([digits.labels, digits.held_out_labels])
    assert np.bincount(together).tolist() == [500] * 10


def test_a_folder_of_idx_files_is_read_plain_and_packed(folder: Path) -> None:
    digits = load_digits(folder)
    assert np.array_equal(digits.images, images(12))
    assert np.array_equal(digits.held_out_images, images(7, seed=1))
    assert digits.labels.tolist() == [*range(10), 0, 1]
    assert digits.held_out_labels.tolist() == list(range(7))


HEADER = bytes((0, 0, 8, 3))
HOSTILE = {
    "empty": (b"", "begins with nothing"),
    "magic of another type": (bytes((0, 0, 13, 3)) + bytes(16), "begins with 00 00 0d 03"),
    "other number of dimensions": (idx(np.zeros(4, np.uint8)), "with 3 dimensions"),
    "text": (b"<html>not found</html>", "begins with 3c 68 74 6d"),
    "header cut short": (HEADER + b"\0\0\0\1\0\0", "header is not complete"),
    "entries cut short": (idx(images(3))[:-1], "cut short|cannot hold"),
    "entries too many": (idx(images(3)) + b"\0", "goes on after the 90 entries"),
    "huge dimensions": (
        HEADER + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1) + bytes(99),
        "cannot hold",
    ),
    "product that wraps to zero in 64 bits": (
        HEADER + struct.pack(">3I", 2**31, 2**31, 4) + bytes(99),
        "cannot hold",
    ),
    "a little too large": (HEADER + struct.pack(">3I", 2**20, 2**6, 1) + bytes(99), "cannot hold|cut short"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize(("content", "message"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_idx_file_is_refused_in_one_line_and_little_memory(
    tmp_path: Path, content: bytes, message: str, packed: bool
) -> None:
    path = tmp_path / ("images.gz" if packed else "images")
    path.write_bytes(gzip.compress(content) if packed else content)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=message) as caught:
            read_idx(path, 3)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kept", [0, 5, 40, -9, -1])
def test_a_packed_file_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(idx(images(12)))[:kept])
    with pytest.raises(DataError, match=r"images\.gz"):
        read_idx(path, 3)


def test_packed_data_that_are_damaged_or_not_packed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(idx(images(2)))
    with pytest.raises(DataError, match="damaged or cut short"):
        read_idx(path, 3)
    packed = bytearray(gzip.compress(idx(images(12))))
    packed[len(packed) // 2] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(DataError, match=r"images\.gz"):
        read_idx(path, 3)


def test_files_that_are_missing_or_do_not_fit_together_are_named(folder: Path) -> None:
    labels = folder / "t10k-labels.idx1-ubyte"
    labels.write_bytes(idx(np.zeros(6, np.uint8)))
    with pytest.raises(DataError, match="6 labels for 7 images"):
        load_digits(folder)
    labels.write_bytes(idx(np.full(7, 10, np.uint8)))
    with pytest.raises(DataError, match="the label 10"):
        load_digits(folder)
    labels.unlink()
    with pytest.raises(DataNotFoundError, match="no t10k-labels-idx1-ubyte"):
        load_digits(folder)
    with pytest.raises(DataNotFoundError, match="nowhere has no train-images"):
        load_digits(folder / "nowhere")


def test_images_of_two_sizes_or_none_at_all_are_refused(folder: Path) -> None:
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((7, 5, 5), np.uint8)))
    with pytest.raises(DataError, match="differ in size"):
        load_digits(folder)
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((0, 6, 5), np.uint8)))
    (folder / "t10k-labels.idx1-ubyte").write_bytes(idx(np.zeros(0, np.uint8)))
    with pytest.raises(DataError, match="no images"):
        load_digits(folder)


def test_a_batch_is_rows_in_time_and_the_label_at_every_row(folder: Path) -> None:
    problem = DigitsProblem.load(folder)
    batch = next(problem.validation(batch=3))
    assert batch.inputs.shape == (6, 3, 5)
    assert torch.equal(batch.inputs[2, 1], torch.from_numpy(images(7, seed=1)[1, 2] / np.float32(255)))
    assert batch.targets.tolist() == [[0, 1, 2]] * 6
    assert (batch.inputs.dtype, batch.targets.dtype) == (torch.float32, torch.int64)
    assert batch.total_weight == float(batch.weight.sum()) == 18


def test_an_epoch_shows_every_image_once_in_an_order_of_its_own() -> None:
    problem = DigitsProblem.load(seed=3)

    def order(epoch: int) -> torch.Tensor:
        return torch.cat([batch.inputs.sum((0, 2)) for batch in problem.training(epoch, batch=100)])

    assert torch.equal(order(0), order(0))
    assert not torch.equal(order(0), order(1))
    assert torch.equal(order(0).sort().values, order(1).sort().values)
    assert problem.steps_per_epoch(100) == 40


def test_the_processes_batches_are_together_the_one_of_a_single_process() -> None:
    problem = DigitsProblem.load()
    whole = next(problem.training(2, batch=6))
    parts = [next(problem.training(2, batch=6, rank=rank, world=3)) for rank in range(3)]
    assert torch.equal(torch.cat([part.inputs for part in parts], 1), whole.inputs)
    assert torch.equal(torch.cat([part.targets for part in parts], 1), whole.targets)
    assert {part.total_weight for part in parts} == {whole.total_weight} == {28 * 6}


def test_the_last_batch_of_the_test_set_may_be_smaller() -> None:
    sizes = [batch.inputs.shape[1] for batch in DigitsProblem.load().validation(batch=300)]
    assert sizes == [300, 300, 300, 100]


def test_scores_are_the_accuracy_after_the_last_row_and_after_half() -> None:
    problem = DigitsProblem.load()
    batch = next(problem.validation(batch=10))
    outputs = torch.nn.functional.one_hot(batch.targets, 10).float()
    outputs[13, :4] *= -1
    outputs[27, :1] *= -1
    outputs[12] *= -1
    scores = problem.score(outputs, batch)
    assert {name: score.value for name, score in scores.items()} == {"accuracy": 0.9, "accuracy_row_14": 0.6}


def test_the_sample_is_one_held_out_image() -> None:
    problem = DigitsProblem.load()
    sample = problem.sample(999)
    assert sample.sequences[0].shape == (28, 28)
    assert sample.labels[0][0] == "1"
    assert sample.targets[0].tolist() == [int(problem.digits.held_out_labels[999])] * 28
    with pytest.raises(DataError, match="no sample 1000: they go from 0 to 999"):
        problem.sample(1000)


def test_it_is_built_again_unless_the_files_changed(folder: Path) -> None:
    shipped = DigitsProblem.load(seed=2)
    assert problem_from(json.loads(json.dumps(shipped.describe()))).describe() == shipped.describe()
    description = DigitsProblem.load(folder).describe()
    assert problem_from(description).describe() == description
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx(images(7, seed=2)))
    with pytest.raises(DataError, match="has changed"):
        problem_from(description)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(OptionError, match="seed"):
        DigitsProblem.load(seed=-1)
    with pytest.raises(DataError, match="4000 images, fewer than the batch of 4001"):
        next(DigitsProblem.load().training(0, batch=4001))
