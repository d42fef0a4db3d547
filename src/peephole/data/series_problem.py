"""Forecast the next number of a series: the problem, made from a column of a CSV file.

Knows nothing of networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from torch import Tensor

from peephole.data.batches import Batch, Input, Sample, Score, Target, require_index
from peephole.data.series import read_series
from peephole.data.streams import EXCERPT, Stream, held_out_from, require_chunk, require_same
from peephole.errors import DataError


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesProblem(Stream):
    """Forecast the next number of a series, in standard deviations of the training part.

    mean, deviation
        The training part's; a standardised number x stands for mean + deviation · x.
    """

    column: str
    mean: float
    deviation: float

    name: ClassVar[str] = "series"
    input: ClassVar[Input] = "numbers"
    target: ClassVar[Target] = "value"
    input_size: ClassVar[int] = 1
    output_size: ClassVar[int] = 1
    vocabulary: ClassVar[None] = None

    @classmethod
    def from_path(
        cls,
        path: str | Path,
        column: str,
        *,
        chunk: int = 50,
        validation: float = 0.1,
        sha256: str | None = None,
    ) -> Self:
        """One column of a CSV file (see ``read_series``), its last part held out.

        sha256
            What the hash of the column's numbers was; DataError if it is another one now.
        """
        place = Path(path).absolute()
        values = read_series(place, column)
        digest = require_same(values.tobytes(), sha256, f"{place}, column {column!r}")
        cut = held_out_from(len(values), validation)
        require_chunk(chunk, training=cut, held_out=len(values) - cut)
        mean, deviation = float(values[:cut].mean()), float(values[:cut].std())
        if values[:cut].min() == values[:cut].max():
            raise DataError(
                f"{place}, column {column!r} is {mean:g} all through its training part: nothing to learn"
            )
        standardised = ((values - mean) / deviation).astype(np.float32)[:, None]
        return cls(
            training_part=standardised[:cut],
            held_out_part=standardised[cut:],
            chunk=chunk,
            column=column,
            mean=mean,
            deviation=deviation,
            description={
                "kind": "series",
                "path": str(place),
                "column": column,
                "sha256": digest,
                "validation": validation,
                "chunk": chunk,
                "mean": mean,
                "deviation": deviation,
            },
        )

    def score(self, outputs: Tensor, batch: Batch) -> dict[str, Score]:
        """``rmse``, the root mean square error of the forecasts, in the file's own units."""
        squares = ((outputs - batch.targets)[..., 0].double() * self.deviation).square() * batch.weight
        return {"rmse": Score(float(squares.sum()), float(batch.weight.sum()), root=True)}

    def sample(self, index: int = 0) -> Sample:
        """The first 4,000 held-out numbers; the labels are in the file's own units."""
        require_index(index, self.samples)
        values = self.held_out_part[:EXCERPT]
        following = np.full_like(values, np.nan)
        following[: len(self.held_out_part) - 1] = self.held_out_part[1 : len(values) + 1]
        return Sample(
            title=f"held-out part of {self.column}",
            chinese=f"{self.column} 的留出部分",
            sequences=(values,),
            labels=(tuple(f"{value:.6g}" for value in (values[:, 0] * self.deviation + self.mean).tolist()),),
            targets=(following,),
        )
