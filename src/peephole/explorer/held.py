"""What is held while a network reads, as the page says it, and as ``ph.intervene`` takes it.

    [{"unit": "l0.cell.3", "value": 0.5, "from": 12, "to": 20}, …]

The page counts steps over all sequences, one after another; "to" is the last step, null for the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from peephole.analysis.clamping import Clamp
from peephole.explorer.asked import Asked, is_real
from peephole.explorer.models import Model, address_of, layers_of
from peephole.explorer.refusal import Refusal
from peephole.explorer.words import RELOAD, Words, joined, lane

MOST_HELD = 100
FURTHEST = 10**9
"""The last step that the page can write down."""

_UNIT = re.compile(
    r"l(?P<layer>\d{1,9})(?P<reverse>_reverse)?\.(?P<quantity>[a-z_]+)\.(?P<unit>\d{1,9})", re.ASCII
)


@dataclass(frozen=True)
class Held:
    """A quantity of one unit held at a value.

    Attributes:
        unit: its address on the page, where layers are numbered across all recurrent parts.
        value: at what.
        first, last: from which step to which, both included, counted over all sequences; None for the end.
        address: its address for ``ph.intervene``, where that is another.
    """

    unit: str
    value: float
    first: int
    last: int | None
    address: str | None = None

    def to_json(self) -> dict[str, object]:
        """As the page says it."""
        return {"unit": self.unit, "value": self.value, "from": self.first, "to": self.last}

    def clamps(self, lengths: Tensor) -> list[Clamp]:
        """The same for sequences side by side, in which each has its own times.

        Args:
            lengths: (batch,) steps in each sequence.
        """
        called = self.address or self.unit
        if len(lengths) == 1:
            return [
                Clamp(called, self.value, slice(self.first, None if self.last is None else self.last + 1))
            ]
        ends = list(accumulate(lengths.tolist()))
        by_times: dict[range, list[int]] = {}
        for sequence, (end, length) in enumerate(zip(ends, lengths.tolist(), strict=True)):
            start = end - length
            last = end - 1 if self.last is None else min(self.last, end - 1)
            # Steps past a sequence's end are padding: held or not, nobody reads them.
            if times := range(max(self.first - start, 0), last + 1 - start):
                by_times.setdefault(times, []).append(sequence)
        return [
            Clamp(called, self._only(sequences, len(lengths)), times) for times, sequences in by_times.items()
        ]

    def _only(self, sequences: list[int], batch: int) -> Tensor:
        """(batch,) the value for these sequences, the others left alone."""
        values = torch.full((batch,), torch.nan)
        values[sequences] = self.value
        return values


def held_in(sent: object, network: Model) -> tuple[Held, ...]:
    """What a request holds.

    Raises:
        Refusal: it is not told as above, or names nothing in the network.
    """
    if not isinstance(sent, list) or len(sent) > MOST_HELD:
        raise Refusal(
            Words(
                f'"clamps" must be a list of at most {MOST_HELD} things to hold',
                f"“clamps”必须是列表，最多 {MOST_HELD} 项",
            ),
            do=RELOAD,
        )
    return tuple(_one(Asked({}, body=each), network) for each in sent)


def _one(asked: Asked, network: Model) -> Held:
    unit = asked.text("unit")
    address = _address(unit, network)
    first = asked.whole("from", most=FURTHEST)
    last = None if asked.fields.get("to") is None else asked.whole("to", least=first, most=FURTHEST)
    value = asked.fields.get("value")
    if not is_real(value) or abs(value) > torch.finfo(torch.float32).max:
        raise Refusal(
            Words(f"{unit} must be held at a number", f"{unit} 必须固定在一个数值上"),
            do=Words("Choose a value, or let it go.", "请选择一个数值，或放开它。"),
        )
    return Held(unit, float(value), first, last, None if address == unit else address)


def _address(unit: str, network: Model) -> str:
    """What ``ph.intervene`` calls a unit.

    Raises:
        Refusal: it names nothing in the network; with what there is.
    """
    found = _UNIT.fullmatch(unit)
    if found is None:
        raise Refusal(
            Words(f"{unit!r} is no address of a unit", f"“{unit}”不是单元的地址"),
            do=Words("Write it like l0.cell.3.", "请写成 l0.cell.3 这样的形式。"),
        )
    direction = "backward" if found["reverse"] else "forward"
    size = units_of(network, int(found["layer"]), direction, found["quantity"])
    if int(found["unit"]) >= size:
        raise Refusal(
            Words(f"{unit}: there is no unit {found['unit']}", f"{unit}：没有单元 {found['unit']}"),
            do=Words(f"This layer has units 0 to {size - 1}.", f"该层的单元为 0 到 {size - 1}。"),
            status=404,
        )
    here = address_of(network, layers_of(network)[int(found["layer"])])
    return f"{here}{found['reverse'] or ''}.{found['quantity']}.{found['unit']}"


def units_of(network: Model, layer: int, direction: str, quantity: str) -> int:
    """How many units a quantity has that can be held.

    Raises:
        Refusal: the network has no such layer, or the layer no such quantity.
    """
    layers = layers_of(network)
    if layer >= len(layers) or direction not in layers[layer].directions:
        wrong = lane(layer, direction)
        names = joined([lane(one.number, way) for one in layers for way in one.directions])
        raise Refusal(
            Words(f"there is no {wrong.en}", f"没有{wrong.zh}"),
            do=Words(f"This network has {names.en}.", f"该网络有：{names.zh}。"),
            status=404,
        )
    equations = layers[layer].equations
    if quantity not in equations.quantities:
        there = ", ".join(equations.quantities)
        raise Refusal(
            Words(f"this layer has no {quantity}", f"该层没有 {quantity}"),
            do=Words(f"It has {there}.", f"可选：{there}。"),
            status=404,
        )
    return equations.size_of(quantity)
