"""What one pass keeps of one quantity: exact figures for every unit, in little memory.

``Sketching`` takes the values of a long text piece by piece, from either end; ``QuantitySketch`` is what they amount
to. Sums are taken in the network's precision within a piece, around a mean, and in double precision from piece to
piece. Knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor

from peephole.errors import TraceError
from peephole.trace.extremes import Extremes, envelope, peaks_of
from peephole.trace.histograms import Histogram
from peephole.trace.scratch import Scratch


@dataclass(frozen=True, eq=False, kw_only=True)
class QuantitySketch:
    """One quantity of every unit of one layer and direction over a whole text. All figures are exact, to rounding.

    Attributes:
        minimum, maximum, mean, deviation: (unit,); the deviation is that of these steps.
        saturated_low, saturated_high: (unit,) shares of the steps, 0 to 1: a gate below 0.1 or above 0.9, anything
            else beyond ∓0.9, of a cell its tanh.
        turnover: (unit,) mean absolute change from one step to the next.
        histogram: (unit, 64) int32, how many steps fell into each of 64 equal bins.
        histogram_low, histogram_high: (unit,) the outer edges: 0 and 1 of a gate, −1 and 1 of a candidate or hidden
            value; of a quantity without bounds, such as the cell, the least power of two that holds the unit.
        highest, lowest: (8, unit) the most extreme values, each the extreme of a stretch of 32 steps of its own.
        highest_at, lowest_at: (8, unit) int32, the steps at which they were; −1 where the text has fewer stretches.
        envelope: (blocks, 2, unit) float16, least and greatest value in each 512 steps.
        by_symbol: (row, unit) mean over the steps that read each symbol; the survey's ``symbols`` names the rows. NaN
            in the row of all other symbols where there are none. None where the network reads numbers.
        correlations: (track, unit) with each of the survey's tracks; 0 where either never changes.
    """

    minimum: Tensor
    maximum: Tensor
    mean: Tensor
    deviation: Tensor
    saturated_low: Tensor
    saturated_high: Tensor
    turnover: Tensor
    histogram: Tensor
    histogram_low: Tensor
    histogram_high: Tensor
    highest: Tensor
    highest_at: Tensor
    lowest: Tensor
    lowest_at: Tensor
    envelope: Tensor
    correlations: Tensor
    by_symbol: Tensor | None = None

    def tensors(self) -> dict[str, Tensor]:
        """The attributes by name, without those that are None."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, eq=False)
class Piece:
    """What the sketches of all quantities need to know of a piece of the text.

    Attributes:
        begin: its first step.
        tracks: (1 + tracks, steps): ones, then each track around its mean over the whole text, in its deviations.
        order: (steps,) its steps sorted by the symbol that they read; None where there are no symbols.
        rows: (k,) the rows of the symbols that occur.
        offsets: (k,) where each begins in ``order``.
    """

    begin: int
    tracks: Tensor
    order: Tensor | None
    rows: Tensor
    offsets: Tensor

    @classmethod
    def of(cls, begin: int, tracks: Tensor, rows: Tensor | None) -> Piece:
        """The piece from its tracks, (tracks, steps), and the row of the symbol that each step read."""
        tracks = torch.cat([tracks.new_ones(1, tracks.shape[1]), tracks])
        if rows is None:
            return cls(begin, tracks, None, torch.empty(0), torch.empty(0))
        counts = torch.bincount(rows)
        present = counts.nonzero().squeeze(-1)
        counts = counts[present]
        return cls(begin, tracks, rows.argsort(), present, counts.cumsum(0) - counts)


class Sketching:
    """The sketch of one quantity while the text is being read; pieces follow each other to the right or to the left.

    Args:
        units: how many.
        bounds: the range that the quantity cannot leave, or None.
        saturation: below the first a unit is saturated low, above the second high.
        tracks: how many tracks there are.
        counts: (row,) how many steps read the symbol of each row; None where there are no symbols.
        like: a tensor of the dtype and on the device of the values.
        scratch: room that may be shared with other sketches of the same thread.
    """

    def __init__(
        self,
        units: int,
        bounds: tuple[float, float] | None,
        saturation: tuple[float, float],
        tracks: int,
        counts: Tensor | None,
        like: Tensor,
        scratch: Scratch,
    ) -> None:
        def exact(*shape: int) -> Tensor:
            return torch.zeros(shape, dtype=torch.float64, device=like.device)

        self._saturation = saturation
        self._scratch = scratch
        self._counts = counts
        self._steps = 0
        self._centre: Tensor | None = None
        self._edges: tuple[Tensor, Tensor] | None = None  # first and last row of the piece before
        self._begin = 0
        self._products = exact(1 + tracks, units)
        self._squares, self._low, self._high, self._changes = (exact(units) for _ in range(4))
        self._by_symbol = None if counts is None else exact(len(counts), units)
        self._histogram = Histogram(units, bounds, like)
        self._extremes = Extremes(units, like)
        self._minimum, self._maximum = like.new_full((units,), torch.inf), like.new_full((units,), -torch.inf)
        self._envelope: dict[int, Tensor] = {}

    def update(self, values: Tensor, piece: Piece) -> None:
        """Takes the values of one piece, shape (steps, unit), in the order of the text.

        Raises:
            TraceError: a value is not finite.
        """
        least, greatest = peaks_of(values)
        minimum, maximum = least.amin(0), greatest.amax(0)
        if not (minimum.isfinite() & maximum.isfinite()).all():
            raise TraceError(
                f"the network leaves the finite numbers between steps {piece.begin} and "
                f"{piece.begin + len(values) - 1}: it cannot be surveyed"
            )
        self._minimum, self._maximum = self._minimum.minimum(minimum), self._maximum.maximum(maximum)
        self._histogram.update(values, minimum, maximum, self._scratch)
        self._extremes.update(values, least, greatest, piece.begin)
        self._envelope[piece.begin] = envelope(least, greatest)
        self._add_changes(values, piece.begin)
        scratch = self._scratch.numbers(values)
        # A comparison written as numbers is summed many times faster than one written as bools.
        self._low += torch.lt(values, self._saturation[0], out=scratch).sum(0)
        self._high += torch.gt(values, self._saturation[1], out=scratch).sum(0)
        if self._centre is None:
            self._centre = values.mean(0)
        torch.sub(values, self._centre, out=scratch)
        self._products += piece.tracks @ scratch
        if self._by_symbol is not None and piece.order is not None:
            sums = F.embedding_bag(piece.order, scratch, piece.offsets, mode="sum")
            self._by_symbol.index_add_(0, piece.rows, sums.double())
        self._squares += scratch.square_().sum(0)
        self._steps += len(values)

    def _add_changes(self, values: Tensor, begin: int) -> None:
        """Adds |change| from step to step, and that from or to the piece that came before this one."""
        before = values[:-1]
        self._changes += torch.sub(values[1:], before, out=self._scratch.numbers(before)).abs_().sum(0)
        if self._edges is not None:
            first, last = self._edges
            self._changes += (values[0] - last if begin > self._begin else values[-1] - first).abs()
        self._edges, self._begin = (values[0].clone(), values[-1].clone()), begin

    def sketch(self) -> QuantitySketch:
        """What the pieces so far amount to.

        Raises:
            TraceError: there was none.
        """
        if self._centre is None:
            raise TraceError("there is nothing to sketch: no piece was read")
        n, dtype = self._steps, self._centre.dtype
        offset = self._products[0] / n
        variance = (self._squares / n - offset.square()).clamp_(min=0)
        deviation = variance.sqrt()
        # A unit that stands still to rounding has a deviation of noise and correlates with nothing.
        still = deviation <= torch.finfo(dtype).eps * self._maximum.abs().maximum(self._minimum.abs())
        correlations = (self._products[1:] / n / deviation).masked_fill(still, 0.0).clamp(-1.0, 1.0)
        by_symbol = None
        if self._by_symbol is not None and self._counts is not None:
            by_symbol = (self._by_symbol / self._counts.unsqueeze(1) + self._centre).to("cpu", dtype)

        def figure(value: Tensor) -> Tensor:
            return value.to("cpu", dtype)

        highest, lowest = self._extremes.values.chunk(2, 1)
        highest_at, lowest_at = self._extremes.steps.cpu().chunk(2, 1)

        return QuantitySketch(
            minimum=figure(self._minimum),
            maximum=figure(self._maximum),
            mean=figure(offset + self._centre),
            deviation=figure(deviation),
            saturated_low=figure(self._low / n),
            saturated_high=figure(self._high / n),
            turnover=figure(self._changes / max(n - 1, 1)),
            histogram=self._histogram.counts.int().cpu(),
            histogram_low=figure(self._histogram.low),
            histogram_high=figure(self._histogram.high),
            highest=figure(highest),
            highest_at=highest_at,
            lowest=figure(lowest),
            lowest_at=lowest_at,
            envelope=torch.cat([self._envelope[begin] for begin in sorted(self._envelope)]).cpu(),
            correlations=figure(correlations),
            by_symbol=by_symbol,
        )


def symbol_rows(ids: Tensor, most: int) -> tuple[tuple[int, ...], Tensor, Tensor]:
    """Gives each of the ``most`` commonest symbols of a text a row, and all others one together, the last.

    Args:
        ids: (steps,) int64.
        most: how many symbols have a row of their own.

    Returns:
        the ids of the rows, commonest first, without the last row; how many steps fall to each row, and to the last,
        (row,); the row of each step, (steps,).
    """
    counts = torch.bincount(ids)
    order = counts.argsort(descending=True, stable=True)
    order = order[counts[order] > 0][:most]
    row_of = torch.full_like(counts, len(order))
    row_of[order] = torch.arange(len(order))
    rows = row_of[ids]
    return tuple(order.tolist()), torch.bincount(rows, minlength=len(order) + 1), rows


def standardised(tracks: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean of each track and the factor that makes its deviation 1; 0 for one that never changes. Both (tracks,)."""
    if not tracks:
        return torch.zeros(0, dtype=torch.float64), torch.zeros(0, dtype=torch.float64)
    found = [torch.std_mean(track.double(), correction=0) for track in tracks]
    deviation, mean = (torch.stack(parts) for parts in zip(*found, strict=True))
    return mean, torch.where(deviation > 0, 1 / deviation, 0.0)
