"""What each unit is worth: what it costs the predictions when it is held at a value.

Many units are held in one run, each in columns of the batch that are its own. Networks run in evaluation mode,
without gradients.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from typing_extensions import override

from peephole.analysis.clamping import evaluating
from peephole.analysis.predictions import surprise
from peephole.analysis.rankings import Ranking
from peephole.errors import OptionError
from peephole.nn.foreign import observing
from peephole.nn.models import Network
from peephole.nn.record import Override
from peephole.nn.stack import DIRECTIONS
from peephole.trace.intervening import Intervention, intervene

AT_ONCE = 2**24
"""Most logits that are computed at once: 64 MiB as float32."""


@dataclass(frozen=True, eq=False)
class Ablations:
    """What holding each unit of a layer costs.

    Attributes:
        layer, direction, quantity: what was held.
        units: which units, in order.
        baseline: mean surprise in bits a step, with nothing held.
        cost: (unit,) float64, by how many bits a step that rises when the unit is held; NaN for units left out.
    """

    layer: int
    direction: str
    quantity: str
    units: tuple[int, ...]
    baseline: float
    cost: Tensor

    @property
    def ranking(self) -> Ranking:
        """The units that were held by their cost, the dearest first."""
        order = sorted(self.units, key=lambda unit: (-float(self.cost[unit]), unit))
        return Ranking("cost in bits a step", tuple(order), self.cost)


def ablations(
    network: Network,
    inputs: Tensor,
    outcomes: Tensor,
    *,
    layer: int = 0,
    direction: str = "forward",
    quantity: str = "cell",
    value: float | Tensor = 0.0,
    units: Iterable[int] | None = None,
    weight: Tensor | None = None,
    lengths: Tensor | None = None,
) -> Ablations:
    """Holds one unit after another at a value for the whole run, and measures what that costs.

    Many units run side by side, each in columns of its own.

    Args:
        network: chooses among outputs.
        inputs, lengths: as the network takes them.
        outcomes: (time, batch) int64, the right outputs.
        layer, direction, quantity: what is held.
        value: at what; a number, or (unit,) one for each unit, such as its mean.
        units: which units; None for all.
        weight: (time, batch), how much each step counts; None: all within the lengths alike.

    Raises:
        OptionError: no such quantity, unit or layer, or shapes that do not fit.
    """
    if direction not in DIRECTIONS:
        raise OptionError(f"direction must be 'forward' or 'backward', got {direction!r}")
    recurrent = network.recurrent
    # It knows every address, and what to say of a wrong one.
    with intervene(network, {f"l{layer}{'_reverse' * (direction == 'backward')}.{quantity}.*": 0.0}):
        pass
    equations = recurrent.equations[layer]
    width = equations.output_size if quantity == "hidden" else equations.hidden_size
    chosen = tuple(range(width) if units is None else units)
    for unit in chosen:
        if not 0 <= unit < width:
            raise OptionError(f"unit {unit}: the units of this layer's {quantity} are 0 to {width - 1}")
    values = torch.as_tensor(value, dtype=torch.float64).expand(width)
    time, batch = inputs.shape[:2]
    if weight is None:
        ends = torch.full((batch,), time) if lengths is None else lengths.cpu()
        weight = (torch.arange(time).unsqueeze(1) < ends).float()

    def cost(logits: Tensor) -> Tensor:
        """(copy,) mean surprise of each copy of the batch, from (time, copy · batch, output)."""
        copies = logits.shape[1] // batch
        bits = surprise(logits, outcomes.repeat(1, copies)).double().reshape(time, copies, batch)
        weights = weight.to(bits).unsqueeze(1)
        return torch.where(weights > 0, bits * weights, 0.0).sum((0, 2)) / weights.sum()

    costs = torch.full((width,), torch.nan, dtype=torch.float64)
    at_once = max(1, AT_ONCE // (time * batch * network.config.output_size))
    with evaluating(network):
        baseline = float(cost(network(inputs, lengths=lengths)[0])[0])
        for some in torch.split(torch.tensor(chosen, dtype=torch.long), at_once):
            columns = some.repeat_interleave(batch)
            held = OneUnitEach(layer, direction, quantity, None, 0.0, units=columns, values=values[columns])
            copies = len(some)
            repeats = (1, copies) + (1,) * (inputs.dim() - 2)
            with observing(Intervention(network, {id(recurrent): [held]})):
                logits, _ = network(
                    inputs.repeat(repeats), lengths=None if lengths is None else lengths.repeat(copies)
                )
            costs[some] = cost(logits) - baseline
    return Ablations(layer, direction, quantity, chosen, baseline, costs)


@dataclass(frozen=True, kw_only=True)
class OneUnitEach(Override):
    """Holds another unit in each column of a batch.

    Attributes:
        units: (batch,) int64, which unit in which column.
        values: (batch,), at what.
    """

    units: Tensor
    values: Tensor

    @override
    def singly(self) -> Sequence[Override]:
        """One a unit, which leaves the other columns alone."""
        return [
            Override(
                self.layer,
                self.direction,
                self.quantity,
                unit,
                self.values.where(self.units == unit, torch.nan),
                self.steps,
            )
            for unit in set(self.units.tolist())
        ]

    @override
    def apply(self, value: Tensor) -> Tensor:
        """``value``, (batch, unit), with each column's unit held."""
        units = self.units.to(value.device).unsqueeze(-1)
        return value.scatter(-1, units, self.values.to(value).unsqueeze(-1))
