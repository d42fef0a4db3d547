"""A layer of ours with any options, run with its record, and the oracle with its parameters and its masks.

What is compared is everything: outputs, final states, and every quantity of every record, by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from oracles.network import Initial, Network, Outcome, Place, connected, joined, run
from torch import Tensor

import peephole as ph
from conformance.compare import EXACT
from conformance.steps import step_of


@dataclass(frozen=True)
class Variant:
    """A cell, "rnn", "lstm" or "gru", with options; sizes as small as what is to be seen allows."""

    cell: str
    options: Mapping[str, Any] = field(default_factory=dict)
    input: int = 3
    hidden: int | tuple[int, ...] = 3

    def __str__(self) -> str:
        return f"{self.cell}({', '.join(f'{name}={value!r}' for name, value in self.options.items())})"

    def option(self, name: str, default: Any) -> Any:
        return self.options.get(name, default)

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each layer."""
        layers = self.option("num_layers", 1)
        return (self.hidden,) * layers if isinstance(self.hidden, int) else self.hidden

    @property
    def directions(self) -> tuple[str, ...]:
        if self.option("reverse", False):
            return ("backward",)
        return ("forward", "backward") if self.option("bidirectional", False) else ("forward",)

    @property
    def both_ways(self) -> Variant:
        """The same in both directions, but for one that reads backwards alone."""
        both = not self.option("reverse", False)
        return replace(self, options={**self.options, "bidirectional": True} if both else self.options)

    @property
    def states(self) -> tuple[str, ...]:
        """What the state carries, in torch's order and then the paper's."""
        if self.cell != "lstm":
            return ("hidden",)
        gates = self.gates if self.option("full_gate_recurrence", False) else ()
        return ("hidden", "cell", *gates)

    @property
    def gates(self) -> tuple[str, ...]:
        """An LSTM's gates that have parameters."""
        there = {name: self.option(name, True) for name in ("input_gate", "forget_gate", "output_gate")}
        there["forget_gate"] &= not self.option("coupled", False)
        return tuple(name for name, is_there in there.items() if is_there)

    def size(self, state: str, layer: int) -> int:
        return (self.option("proj_size", 0) if state == "hidden" else 0) or self.widths[layer]

    def layer(self, **more: Any) -> torch.nn.Module:
        """Ours, in float64 and evaluation, every parameter drawn at random: no gain at 1, no state at 0."""
        made = {"rnn": ph.RNN, "lstm": ph.LSTM, "gru": ph.GRU}[self.cell]
        hidden = self.hidden if isinstance(self.hidden, int) else list(self.hidden)
        layer = made(self.input, hidden, **{"dtype": torch.float64, **self.options, **more})
        for parameter in layer.parameters():
            torch.nn.init.uniform_(parameter, -0.8, 0.8)
        return layer.eval()

    def network(self, layer: torch.nn.Module) -> Network:
        """The oracle with the layer's parameters, without masks."""
        return Network(
            step_of(self.cell, self.options),
            {self.of_the_oracle(n): p.detach().double().numpy() for n, p in layer.named_parameters()},
            len(self.widths),
            self.directions,
            self.option("merge", "concat"),
            self.option("connection", None),
        )

    def of_the_oracle(self, name: str) -> str:
        """A parameter's name: to the oracle every backward lane is a reverse one, alone or not."""
        return f"{name}_reverse" if self.option("reverse", False) and "highway" not in name else name

    def initial(self, batch: int) -> Initial:
        """Random states."""
        return self._states(lambda place, name, size: torch.randn(batch, size, dtype=torch.float64).numpy())

    def start(self, layer: torch.nn.Module, batch: int) -> Initial:
        """The states of a call without any: zeros, or the learned ones."""

        def first(place: Place, name: str, size: int) -> np.ndarray:
            if not self.option("learned_state", False):
                return np.zeros((batch, size))
            beside = place[1] == "backward" and len(self.directions) == 2
            suffix = f"l{place[0]}" + ("_reverse" if beside else "")
            return np.tile(layer.get_parameter(f"initial_{name}_{suffix}").detach().numpy(), (batch, 1))

        return self._states(first)

    def _states(self, make: Any) -> Initial:
        return {
            (depth, d): {name: make((depth, d), name, self.size(name, depth)) for name in self.states}
            for depth in range(len(self.widths))
            for d in self.directions
        }

    def give_state(self, initial: Initial) -> Any:
        """States of each place as the layer takes them."""
        if isinstance(self.hidden, int):
            return self._stacked(list(initial.values()))
        depths = range(len(self.widths))
        return tuple(self._stacked([initial[depth, d] for d in self.directions]) for depth in depths)

    def _stacked(self, states: Sequence[Mapping[str, Any]]) -> Any:
        tensors = tuple(torch.stack([torch.as_tensor(s[name]) for s in states]) for name in self.states)
        return tensors if len(tensors) > 1 else tensors[0]

    def take_state(self, state: Any) -> dict[Place, dict[str, Tensor]]:
        """The inverse of `give_state`."""
        each = (state,) if isinstance(self.hidden, int) else state
        parts = [entry if isinstance(entry, tuple) else (entry,) for entry in each]
        flat = [torch.cat(tensors) for tensors in zip(*parts, strict=True)] if self._one_width else None
        found = {}
        for number, place in enumerate(self._states(lambda *_: None)):
            if flat is not None:
                tensors = [tensor[number] for tensor in flat]
            else:
                tensors = [tensor[self.directions.index(place[1])] for tensor in parts[place[0]]]
            found[place] = dict(zip(self.states, tensors, strict=True))
        return found

    @property
    def _one_width(self) -> bool:
        return isinstance(self.hidden, int)

    def give(self, x: Tensor) -> Tensor:
        """(time, batch, input) as the layer takes it; an output is given back by the same."""
        return x.transpose(0, 1) if self.option("batch_first", False) else x


def padded(x: Tensor, lengths: Sequence[int] | None) -> Tensor:
    """(time, batch, input) with what must never be read past each sequence's end."""
    for b, length in enumerate(lengths or ()):
        x[length:, b] = float("nan")
    return x


def masks_of(trace: Any) -> dict[Place, dict[str, np.ndarray]]:
    """The masks of a record, by place."""
    return {(r.layer, r.direction): {k: m.double().numpy() for k, m in r.masks.items()} for r in trace}


def dropout_between(variant: Variant, network: Network, trace: Any) -> dict[int, np.ndarray]:
    """The masks of the dropout between layers: 0 where what a layer reads is what it is without the layer below."""
    p = variant.option("dropout", 0.0)
    if not p:
        return {}
    records = {(r.layer, r.direction): r for r in trace}
    found = {}
    for depth in range(network.layers - 1):
        z = joined([records[depth, d].hidden.numpy() for d in network.directions], network.merge)
        without = connected(
            network, depth, records[depth, variant.directions[0]].input.numpy(), np.zeros_like(z)
        )
        read = records[depth + 1, variant.directions[0]].input.numpy()
        found[depth] = np.where(np.isclose(read, without, rtol=0, atol=1e-13), 0.0, 1 / (1 - p))
    return found


def assert_equals_the_papers(
    variant: Variant,
    *,
    time: int = 4,
    batch: int = 2,
    lengths: Sequence[int] | None = None,
    state: bool = True,
    training: bool = False,
) -> None:
    """One call of a layer with these options is what the papers say: outputs, final states, records, masks."""
    layer = variant.layer().train(training)
    x = padded(torch.randn(time, batch, variant.input, dtype=torch.float64), lengths)
    initial = variant.initial(batch) if state else variant.start(layer, batch)
    given = (variant.give_state(initial),) if state else ()
    more = {} if lengths is None else {"lengths": torch.tensor(lengths, dtype=torch.int64)}

    (output, final), trace = ph.trace(layer, variant.give(x), *given, **more)
    network = variant.network(layer)
    if training:
        network = replace(network, masks=masks_of(trace), between=dropout_between(variant, network, trace))
    expected = run(network, x.numpy(), initial, lengths)
    assert_outcome(variant, expected, variant.give(output), variant.take_state(final))
    assert_records(expected, initial, trace, lengths)
    if not training:
        output, final = layer(variant.give(x), *given, **more)
        assert_outcome(variant, expected, variant.give(output), variant.take_state(final))


def assert_outcome(
    variant: Variant, expected: Outcome, output: Tensor, final: Mapping[Place, Mapping[str, Tensor]]
) -> None:
    close(output, expected.output, f"{variant}: output")
    assert list(final) == list(expected.final)
    for place, states in expected.final.items():
        for name, value in states.items():
            close(final[place][name], value, f"{variant}: final {name} of {place}")


def assert_records(
    expected: Outcome, initial: Initial, trace: Any, lengths: Sequence[int] | None, tolerance: float = EXACT
) -> None:
    """Every record holds the oracle's quantities, all of them and no others, zero past a sequence's end."""
    assert [(r.layer, r.direction) for r in trace] == list(expected.record)
    for record in trace:
        place = (record.layer, record.direction)
        assert not any(record[name].any() for name in record.quantities) or expected.record[place]
        if expected.record[
            place
        ]:  # where every sequence is empty, there is no step that could name its quantities
            assert set(record.quantities) == set(expected.record[place]), place
        for name, value in expected.record[place].items():
            close(record[name], value, f"{name} of {place}", tolerance)
        assert set(record.initial) == set(initial[place])
        for name, value in initial[place].items():
            close(record.initial[name], value, f"initial {name} of {place}", tolerance)
        time, batch = record.hidden.shape[:2]
        assert (record.lengths is None) == (lengths is None or list(lengths) == [time] * batch)
        assert record.lengths is None or record.lengths.tolist() == list(lengths)


def close(actual: Tensor, expected: np.ndarray, what: str, tolerance: float = EXACT) -> None:
    np.testing.assert_allclose(
        actual.detach().double().numpy(), expected, rtol=tolerance, atol=tolerance, err_msg=what
    )
