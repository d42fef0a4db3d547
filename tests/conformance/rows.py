"""The table: cells, their options, the ways they run, and every combination as a `Subject`.

A new cell is a row in CELLS, a new option a row in OPTIONS, a new way a row in WAYS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from types import ModuleType
from typing import Any

import torch
from oracles import elman, gru, lstm
from oracles.contract import Step
from oracles.stack import Net

import peephole as ph
from conformance.forms import Form

INPUT, HIDDEN = 4, 3

#: the ways in which peephole.nn can run a layer, by the names that peephole.nn.ways.forced takes
WAYS = ("vendor", "reference")


@dataclass(frozen=True)
class Cell:
    """One kind of cell: its class's name in torch.nn and in Peephole, and its oracle."""

    name: str
    layer: str
    step: Step
    quantities: tuple[str, ...]
    states: tuple[str, ...] = ("hidden",)
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What a record calls it."""
        return self.layer.lower()


CELLS = (
    Cell("rnn_tanh", "RNN", elman.step_tanh, ("hidden",), arguments={"nonlinearity": "tanh"}),
    Cell("rnn_relu", "RNN", elman.step_relu, ("hidden",), arguments={"nonlinearity": "relu"}),
    Cell(
        "lstm",
        "LSTM",
        lstm.step,
        ("input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden"),
        states=("hidden", "cell"),
    ),
    Cell("gru", "GRU", gru.step, ("reset_gate", "update_gate", "candidate", "hidden")),
)


@dataclass(frozen=True)
class Option:
    """One option: of which cells, our arguments, torch.nn's for the same function (None: torch has none)."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    in_torch: Mapping[str, Any] | None = field(default_factory=dict)
    of: tuple[str, ...] = tuple(cell.name for cell in CELLS)
    ways: tuple[str, ...] = WAYS


PROJECTED = {"proj_size": 2}
OPTIONS = (
    Option("plain"),
    Option("no_bias", {"bias": False}, {"bias": False}),
    Option("projection", PROJECTED, PROJECTED, of=("lstm",)),
    Option("projection_no_bias", PROJECTED | {"bias": False}, PROJECTED | {"bias": False}, of=("lstm",)),
    Option("forget_bias", {"forget_bias": 1.0}, {}, of=("lstm",)),
    Option("peephole", {"peephole": "diagonal"}, None, of=("lstm",), ways=("reference",)),
    Option(
        "peephole_no_bias", {"peephole": "diagonal", "bias": False}, None, of=("lstm",), ways=("reference",)
    ),
    Option(
        "peephole_projection", {"peephole": "diagonal"} | PROJECTED, None, of=("lstm",), ways=("reference",)
    ),
)


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

    def width(self, quantity: str) -> int:
        """The number of units of a quantity."""
        return self.option.arguments.get("proj_size", HIDDEN) if quantity == "hidden" else HIDDEN

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
            name: torch.randn(len(self.places), batch, self.width(name), dtype=dtype)
            for name in self.cell.states
        }

    def zeros(self, batch: int, dtype: torch.dtype = torch.float64) -> dict[str, torch.Tensor]:
        return {name: torch.zeros_like(value) for name, value in self.initial(batch, dtype).items()}

    def net(self, layer: torch.nn.Module) -> Net:
        """The oracle with this layer's parameters."""
        parameters = {name: p.detach().double().numpy() for name, p in layer.named_parameters()}
        return Net(self.cell.step, parameters, self.layers, self.bidirectional)


def subjects(
    *,
    cells: Iterable[Cell] = CELLS,
    options: Iterable[str] | None = None,
    layers: Iterable[int] = (1, 2, 3),
    directions: Iterable[bool] = (False, True),
    only_in_torch: bool = False,
) -> list[Subject]:
    """The combinations asked for; all of them by default."""
    return [
        Subject(cell, option, depth, both)
        for cell, option, depth, both in product(cells, OPTIONS, layers, directions)
        if cell.name in option.of
        and (options is None or option.name in options)
        and not (only_in_torch and option.in_torch is None)
    ]


def on_ways(chosen: Iterable[Subject]) -> list[tuple[Subject, str]]:
    """Each subject on each way that can run it."""
    return [(subject, way) for subject in chosen for way in subject.option.ways]


def label(value: object) -> str | None:
    """The pytest id of a subject or form; other parameters keep theirs."""
    return str(value) if isinstance(value, Subject | Form) else None
