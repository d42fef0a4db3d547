"""What a gate does on each symbol: mean, least and greatest value of every unit over the steps that read it.

Finds units by such conditions ("at most 0.1 on X, at least 0.8 on a"). Knows nothing of what symbols mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from peephole.analysis.rankings import Ranking
from peephole.analysis.steps import one_a_step, steps_of
from peephole.errors import OptionError
from peephole.trace.trace import LayerRecord

Statistic = Literal["mean", "every"]


@dataclass(frozen=True, eq=False)
class BySymbol:
    """One quantity of every unit, apart for each symbol.

    Attributes:
        quantity: which quantity.
        symbols: the symbols that were read, the most frequent first.
        counts: (symbol,) int64, how many steps read it.
        mean, minimum, maximum: (symbol, unit) float64.
    """

    quantity: str
    symbols: tuple[str, ...]
    counts: Tensor
    mean: Tensor
    minimum: Tensor
    maximum: Tensor

    def row(self, symbol: str) -> int:
        """Where the symbol stands.

        Raises:
            OptionError: it was never read.
        """
        if symbol not in self.symbols:
            raise OptionError(
                f"{symbol!r} was never read; the text has {' '.join(map(repr, self.symbols[:20]))}"
            )
        return self.symbols.index(symbol)

    def contrast(self, high: str, low: str) -> Ranking:
        """Units by the mean on ``high`` less the mean on ``low``.

        Raises:
            OptionError: a symbol that was never read.
        """
        return Ranking.of(f"{high} over {low}", self.mean[self.row(high)] - self.mean[self.row(low)])

    def units_where(
        self,
        *,
        at_most: Mapping[str, float] | None = None,
        at_least: Mapping[str, float] | None = None,
        over: Statistic = "mean",
    ) -> list[int]:
        """The units that are at most so high on some symbols and at least so high on others.

        Args:
            at_most, at_least: symbol to bound.
            over: "mean": the mean over the steps that read the symbol; "every": each single one of them.

        Raises:
            OptionError: a symbol that was never read, or no such way to judge.
        """
        if over not in ("mean", "every"):
            raise OptionError(f"over must be 'mean' or 'every', got {over!r}")
        highest, lowest = (self.mean, self.mean) if over == "mean" else (self.maximum, self.minimum)
        fits = torch.ones(self.mean.shape[1], dtype=torch.bool)
        for symbol, bound in (at_most or {}).items():
            fits &= highest[self.row(symbol)] <= bound
        for symbol, bound in (at_least or {}).items():
            fits &= lowest[self.row(symbol)] >= bound
        found: list[int] = fits.nonzero().flatten().tolist()
        return found


def by_symbol(record: LayerRecord, quantity: str, symbols: Sequence[str]) -> BySymbol:
    """One quantity of every unit over the steps that read each symbol.

    Args:
        record: the record of one layer and direction.
        quantity: which of its quantities.
        symbols: what each step read, sequence after sequence, without padding.

    Raises:
        MissingQuantityError: the record does not hold ``quantity``.
        TraceError: the record has no steps, or not as many as there are symbols.
    """
    values = steps_of(record, quantity).to("cpu", torch.float64)
    one_a_step(len(symbols), len(values), "symbols")
    number: dict[str, int] = {}
    ids = torch.tensor([number.setdefault(symbol, len(number)) for symbol in symbols])
    counts = torch.bincount(ids, minlength=len(number))
    order = counts.argsort(descending=True, stable=True)
    rows = ids.unsqueeze(-1).expand_as(values)

    def reduced(how: str) -> Tensor:
        empty = values.new_zeros(len(number), values.shape[1])
        return empty.scatter_reduce(0, rows, values, how, include_self=False)[order]

    names = tuple(number)
    return BySymbol(
        quantity=quantity,
        symbols=tuple(names[place] for place in order.tolist()),
        counts=counts[order],
        mean=reduced("mean"),
        minimum=reduced("amin"),
        maximum=reduced("amax"),
    )
