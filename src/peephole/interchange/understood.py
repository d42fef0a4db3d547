"""``Understood``: what an import made of a file, in words, as it is printed and kept with a run."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from peephole.interchange.found import FoundPart, LeftOut
from peephole.nn.chain import ActivationPart, DensePart, EmbeddingPart, Part, RecurrentPart

_SIZES = ("input_size", "hidden_size", "num_layers", "bidirectional", "merge", "reverse")


@dataclass(frozen=True)
class Row:
    """One part of the network.

    Attributes:
        name: what the file calls it.
        kind: "embedding", "LSTM", "bidirectional GRU", "dense", "activation".
        sizes: "64 → 32 each way, 2 layers".
        options: those that are not the default, "peephole='diagonal', bias=False".
        sources: for each of our tensors, where it came from.
    """

    name: str
    kind: str
    sizes: str
    options: str
    sources: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, found: FoundPart) -> Row:
        """What there is to say of a part."""
        part = found.part
        return cls(part.name, _kind(part), _sizes(part), _options(part), dict(found.sources))


@dataclass(frozen=True)
class Understood:
    """What was understood of a file or module.

    Attributes:
        file: its name.
        kind: what it is, in words.
        rows: the parts of the network, in order.
        left_out: the rest, with reasons.
        notes: what else a person should know, a sentence each.
    """

    file: str
    kind: str
    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The table as plain text."""
        from rich.console import Console

        from peephole.interchange.table import show

        room = io.StringIO()
        show(self, Console(file=room, width=110, color_system=None, legacy_windows=False))
        return "\n".join(line.rstrip() for line in room.getvalue().splitlines())

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def rows_of(parts: Iterable[FoundPart]) -> tuple[Row, ...]:
    """A row for each part."""
    return tuple(map(Row.of, parts))


def told(part: Part) -> str:
    """A part in a few words: "bidirectional LSTM 64 → 32"."""
    return f"{_kind(part)} {_sizes(part)}"


def _kind(part: Part) -> str:
    if not isinstance(part, RecurrentPart):
        return part.kind
    way = "bidirectional " if part.bidirectional else "backward " if part.options.get("reverse") else ""
    return way + part.cell.upper()


def _sizes(part: Part) -> str:
    if isinstance(part, EmbeddingPart):
        return f"{part.symbols} symbols → {part.size}"
    if isinstance(part, ActivationPart):
        return str(part.size)
    if isinstance(part, DensePart):
        return f"{part.inputs} → {part.outputs}"
    widths = part.widths
    units = str(widths[0]) if len(set(widths)) == 1 else ", ".join(map(str, widths))
    each = " each way" if part.bidirectional else ""
    layers = f", {len(widths)} layers" if len(widths) > 1 else ""
    return f"{part.inputs} → {units}{each}{layers}"


def _options(part: Part) -> str:
    options: dict[str, Any] = {}
    if isinstance(part, RecurrentPart):
        options = {name: value for name, value in part.options.items() if name not in _SIZES}
        options |= {"merge": part.options["merge"]} if part.options.get("merge", "concat") != "concat" else {}
        options |= {"returns": "last"} if part.returns == "last" else {}
        options |= {"flipped": True} if part.flipped else {}
    elif isinstance(part, DensePart):
        options = {"activation": part.activation} if part.activation != "identity" else {}
        options |= {} if part.bias else {"bias": False}
    elif isinstance(part, ActivationPart):
        options = {"activation": part.activation}
    elif part.masked is not None:
        options = {"masked": part.masked}
    return ", ".join(f"{name}={value!r}" for name, value in options.items())
