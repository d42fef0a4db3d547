"""Tell a digit while reading it row by row, top to bottom: the label is asked at every row.

Knows nothing of files or networks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from peephole.data.batches import Batch, Input, Sample, Score, Target, require_index
from peephole.data.columns import ranks_columns
from peephole.data.digits import Digits, load_digits
from peephole.data.seeding import generator, require_seed
from peephole.data.warps import warped
from peephole.errors import DataError


@dataclass(frozen=True, kw_only=True, eq=False)
class DigitsProblem:
    """Classify images; a step's input is a row of pixels from 0 (paper) to 1 (ink).

    seed
        Decides the order of the images in every epoch; not below 0.
    folder
        Where they come from, None for the shipped ones; it is told in ``describe()``.
    augment
        Whether the images to learn from are moved a little, in every epoch anew (see ``warped``).
    """

    digits: Digits
    seed: int = 0
    folder: Path | None = None
    augment: bool = False

    name: ClassVar[str] = "digits"
    input: ClassVar[Input] = "numbers"
    target: ClassVar[Target] = "class"
    causal: ClassVar[bool] = False
    output_size: ClassVar[int] = 10
    vocabulary: ClassVar[None] = None
    labels: ClassVar[tuple[str, ...]] = tuple("0123456789")

    def __post_init__(self) -> None:
        require_seed(self.seed)

    @classmethod
    def load(
        cls,
        folder: str | Path | None = None,
        *,
        seed: int = 0,
        augment: bool = False,
        sha256: str | None = None,
    ) -> Self:
        """The shipped digits, or those of a folder of IDX files; see ``load_digits``.

        sha256
            What the hash of the data was; DataError if it is another one now.
        """
        place = None if folder is None else Path(folder).absolute()
        problem = cls(digits=load_digits(place), seed=seed, folder=place, augment=augment)
        if sha256 not in (None, problem.describe()["sha256"]):
            raise DataError(f"{place} has changed since this run was trained on it: bring the old files back")
        return problem

    @property
    def input_size(self) -> int:
        """Pixels in a row."""
        return int(self.digits.images.shape[2])

    @property
    def samples(self) -> int:
        """One for each image of the test set."""
        return len(self.digits.held_out_images)

    @property
    def largest_batch(self) -> int:
        """All images to learn from."""
        return len(self.digits.images)

    def training(self, epoch: int, *, batch: int, rank: int = 0, world: int = 1) -> Iterator[Batch]:
        """All images in a random order, but for the last few that do not fill a batch."""
        own = ranks_columns(batch, rank, world)
        random = generator(self.seed, epoch)
        order = random.permutation(len(self.digits.images))
        # All of an epoch at once: what an image becomes does not depend on the batch or the process it falls to.
        images = warped(self.digits.images, random) if self.augment else self.digits.images
        for step in range(self.steps_per_epoch(batch)):
            chosen = order[step * batch : (step + 1) * batch][own]
            yield _batch(images[chosen], self.digits.labels[chosen], whole=batch)

    def validation(self, *, batch: int) -> Iterator[Batch]:
        """The test set in order; the last batch may be smaller."""
        ranks_columns(batch, 0, 1)
        for start in range(0, self.samples, batch):
            images = self.digits.held_out_images[start : start + batch]
            labels = self.digits.held_out_labels[start : start + batch]
            yield _batch(images, labels, whole=len(images))

    def steps_per_epoch(self, batch: int) -> int:
        """Whole batches in the images to learn from."""
        if batch > self.largest_batch:
            raise DataError(
                f"there are {self.largest_batch} images, fewer than the batch of {batch}: lower the batch"
            )
        return self.largest_batch // batch

    def score(self, outputs: Tensor, batch: Batch) -> dict[str, Score]:
        """``accuracy`` after the last row, and ``accuracy_row_14`` after half of them (of 28)."""
        right = (outputs.argmax(-1) == batch.targets).double().sum(1)
        half, images = len(right) // 2, float(batch.targets.shape[1])
        return {
            "accuracy": Score(float(right[-1]), images),
            f"accuracy_row_{half}": Score(float(right[half - 1]), images),
        }

    def sample(self, index: int = 0) -> Sample:
        """One image of the test set; a step's label is its row's number, from 1."""
        require_index(index, self.samples)
        image, label = self.digits.held_out_images[index], int(self.digits.held_out_labels[index])
        return Sample(
            title=f"held-out digit {index}, a {label}",
            chinese=f"留出的数字 {index}：{label}",
            sequences=(_scaled(image),),
            labels=(tuple(str(row + 1) for row in range(len(image))),),
            targets=(np.full(len(image), label, dtype=np.int64),),
        )

    def describe(self) -> dict[str, object]:
        """What ``problem_from`` takes."""
        digits = self.digits
        digest = hashlib.sha256()
        for array in (digits.images, digits.labels, digits.held_out_images, digits.held_out_labels):
            digest.update(array.tobytes())
        return {
            "kind": "digits",
            "folder": None if self.folder is None else str(self.folder),
            "sha256": digest.hexdigest(),
            "seed": self.seed,
            "augment": self.augment,
        }


def _scaled(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return images.astype(np.float32) / np.float32(255)


def _batch(images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], *, whole: int) -> Batch:
    """Images (batch, row, column) as rows in time, of a batch of ``whole`` images over all processes."""
    rows = images.shape[1]
    return Batch(
        inputs=torch.from_numpy(_scaled(images).transpose(1, 0, 2).copy()),
        targets=torch.from_numpy(labels.astype(np.int64)).expand(rows, -1).contiguous(),
        weight=torch.ones(rows, len(images)),
        total_weight=float(rows * whole),
    )
