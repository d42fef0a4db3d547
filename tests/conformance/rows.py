"""The table: cells, their options, the ways they run, and every combination as a `Subject`.

A new cell is a row in CELLS, a new option a row in OPTIONS, a new way a row in WAYS. The rows are those that every
form and way is worth seeing with; each value of each option, alone and in pairs, is the matter of `variants`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from types import ModuleType
from typing import Any

import torch
from oracles.network import Network

import peephole as ph
from conformance.forms import Form
from conformance.steps import step_of

INPUT, HIDDEN = 4, 3

#: the ways in which peephole.nn can run a layer, by the names that peephole.nn.ways.forced takes
WAYS = ("kernel", "vendor", "reference")
#: those that run what torch has not
OWN = ("kernel", "reference")
REFERENCE = ("reference",)


@dataclass(frozen=True)
class Cell:
    """One kind of cell: its class's name in torch.nn and in Peephole, what it computes and what it carries."""

    name: str
    layer: str
    quantities: tuple[str, ...]
    states: tuple[str, ...] = ("hidden",)
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What a record calls it."""
        return self.layer.lower()


GATES = ("input_gate", "forget_gate", "output_gate")
CELLS = (
    Cell("rnn_tanh", "RNN", ("hidden",), arguments={"nonlinearity": "tanh"}),
    Cell("rnn_relu", "RNN", ("hidden",), arguments={"nonlinearity": "relu"}),
    Cell(
        "lstm",
        "LSTM",
        ("input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden"),
        states=("hidden", "cell"),
    ),
    Cell("gru", "GRU", ("reset_gate", "update_gate", "candidate", "hidden")),
)
LSTM, GRU = ("lstm",), ("gru",)


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes:
        name: of the row.
        arguments: ours.
        in_torch: torch.nn's for the same function; None: torch has none.
        of: the cells that have it.
        ways: those that can run it.
        lacks: quantities that a cell with it has not.
        carries: what the state of a cell with it holds beside the cell's own.
        layers, directions: what it goes through; two layers of two directions are enough to see most.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    in_torch: Mapping[str, Any] | None = field(default_factory=dict)
    of: tuple[str, ...] = tuple(cell.name for cell in CELLS)
    ways: tuple[str, ...] = WAYS
    lacks: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    layers: tuple[int, ...] = (2,)
    directions: tuple[bool, ...] = (True,)


def own(
    name: str, arguments: Mapping[str, Any], of: tuple[str, ...], ways: tuple[str, ...] = OWN, **more: Any
) -> Option:
    """An option that torch.nn has not."""
    return Option(name, arguments, None, of, ways, **more)


EVERYWHERE: dict[str, Any] = {"layers": (1, 2, 3), "directions": (False, True)}
PROJECTED = {"proj_size": 2}
PEEPHOLE = {"peephole": "diagonal"}
OPTIONS = (
    Option("plain", **EVERYWHERE),
    Option("no_bias", {"bias": False}, {"bias": False}),
    Option("projection", PROJECTED, PROJECTED, of=LSTM),
    Option("projection_no_bias", PROJECTED | {"bias": False}, PROJECTED | {"bias": False}, of=LSTM),
    Option("forget_bias", {"forget_bias": 1.0}, {}, of=LSTM),
    own("peephole", PEEPHOLE, LSTM, **EVERYWHERE),
    own("peephole_no_bias", PEEPHOLE | {"bias": False}, LSTM),
    own("peephole_projection", PEEPHOLE | PROJECTED, LSTM),
    own("peephole_full", {"peephole": "full"}, LSTM, REFERENCE),
    own("coupled", PEEPHOLE | {"coupled": True}, LSTM, lacks=("forget_gate",)),
    own("forget_gate_alone", {"input_gate": False, "output_gate": False}, LSTM, lacks=("input_gate", "output_gate")),
    own("full_gate_recurrence", PEEPHOLE | {"full_gate_recurrence": True}, LSTM, REFERENCE, carries=GATES),
    own("clips", PROJECTED | {"gate_clip": 0.5, "cell_clip": 0.2, "proj_clip": 0.05}, LSTM),
    own(
        "activations",
        {"gate_activation": "hard_sigmoid", "input_activation": "softsign", "output_activation": "identity"},
        LSTM,
    ),
    own("reset_before", {"reset_after": False}, GRU),
    own("activations", {"gate_activation": "hard_sigmoid", "input_activation": "softsign"}, GRU),
    own("activations", {"nonlinearity": "softsign"}, ("rnn_tanh",)),
    own("layer_norm", {"layer_norm": True}, ("rnn_tanh", "lstm", "gru")),
)  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """One combination that goes through the suite."""

    cell: Cell
    option: Option
    layers: int
    bidirectional: bool

    def __str__(self) -> str:
        return f"{self.cell.name}-{self.option.name}-{self.layers}x{2 if self.bidirectional else 1}"

    @property
    def directions(self) -> tuple[str, ...]:
        return ("forward", "backward") if self.bidirectional else ("forward",)

    @property
    def places(self) -> list[tuple[int, str]]:
        """(layer, direction) in the order of torch's states."""
        return list(product(range(self.layers), self.directions))

    @property
    def quantities(self) -> tuple[str, ...]:
        """What its record shows, in order, beside what stood before a projection or a clip."""
        return tuple(name for name in self.cell.quantities if name not in self.option.lacks)

    @property
    def states(self) -> tuple[str, ...]:
        """What its state carries, in order."""
        return (*self.cell.states, *self.option.carries)

    def width(self, quantity: str) -> int:
        """The number of units of a quantity."""
        projected = quantity in ("hidden", "hidden_before_clip")
        return self.option.arguments.get("proj_size", HIDDEN) if projected else HIDDEN

    @property
    def homes(self) -> tuple[str, ...]:
        """Where a layer that can be recorded comes from: ours by the way that it runs, and "torch" for torch's own."""
        return (*self.option.ways, *(("torch",) if self.option.in_torch == self.option.arguments else ()))

    def at(self, home: str, **more: Any) -> torch.nn.Module:
        return self.torchs(**more) if home == "torch" else self.ours(**more)

    def ours(self, **more: Any) -> torch.nn.Module:
        return self._build(ph, self.option.arguments, more)

    def torchs(self, **more: Any) -> torch.nn.Module:
        if self.option.in_torch is None:
            raise LookupError(f"torch.nn has no layer for {self}")
        return self._build(torch.nn, self.option.in_torch, more)

    def _build(
        self, home: ModuleType, options: Mapping[str, Any], more: Mapping[str, Any]
    ) -> torch.nn.Module:
        arguments = {
            "num_layers": self.layers,
            "bidirectional": self.bidirectional,
            "dtype": torch.float64,
            **self.cell.arguments,
            **options,
            **more,
        }
        return getattr(home, self.cell.layer)(INPUT, HIDDEN, **arguments)

    def initial(self, batch: int, dtype: torch.dtype = torch.float64) -> dict[str, torch.Tensor]:
        """Random initial states by name, (layers · directions, batch, unit)."""
        return {
            name: torch.randn(len(self.places), batch, self.width(name), dtype=dtype) for name in self.states
        }

    def network(self, layer: torch.nn.Module) -> Network:
        """The oracle with this layer's parameters."""
        parameters = {name: p.detach().double().numpy() for name, p in layer.named_parameters()}
        step = step_of(self.cell.kind, {**self.cell.arguments, **self.option.arguments})
        return Network(step, parameters, self.layers, self.directions)


def subjects(
    *,
    cells: Iterable[Cell] = CELLS,
    options: Iterable[str] | None = None,
    layers: Sequence[int] | None = None,
    directions: Sequence[bool] | None = None,
    only_in_torch: bool = False,
) -> list[Subject]:
    """The combinations asked for; of each option those of the table by default."""
    return [
        Subject(cell, option, depth, both)
        for cell, option in product(cells, OPTIONS)
        if cell.name in option.of
        and (options is None or option.name in options)
        and not (only_in_torch and option.in_torch is None)
        for depth in layers or option.layers
        for both in directions or option.directions
    ]


def on_ways(chosen: Iterable[Subject]) -> list[tuple[Subject, str]]:
    """Each subject on each way that can run it."""
    return [(subject, way) for subject in chosen for way in subject.option.ways]


def at_homes(chosen: Iterable[Subject]) -> list[tuple[Subject, str]]:
    """Each subject, ours on each way, and torch's."""
    return [(subject, home) for subject in chosen for home in subject.homes]


def label(value: object) -> str | None:
    """The pytest id of a subject or form; other parameters keep theirs."""
    return str(value) if isinstance(value, Subject | Form) else None
