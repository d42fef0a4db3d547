"""A step applied over time, depth and direction, in plain loops.

Sequences of different lengths are run each alone, without any padding, so that nothing can leak: that is the
definition that packing and masking must equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from oracles.contract import Array, Clamp, Quantities, State, Step, Weights, untouched

FORWARD, BACKWARD = "forward", "backward"


@dataclass(frozen=True)
class Clamping:
    """One unit of one quantity held at a value, at all times or at the given ones (times of the input)."""

    layer: int
    direction: str
    quantity: str
    unit: int
    value: float
    steps: frozenset[int] | None = None


@dataclass(frozen=True)
class Net:
    """A stack of recurrent layers: its step, its parameters by torch's names, its depth and directions."""

    step: Step
    parameters: Mapping[str, Array]
    layers: int
    bidirectional: bool
    clampings: tuple[Clamping, ...] = ()

    @property
    def directions(self) -> tuple[str, ...]:
        return (FORWARD, BACKWARD) if self.bidirectional else (FORWARD,)

    def weights(self, layer: int, direction: str) -> Weights:
        suffix = f"_l{layer}" + ("_reverse" if direction == BACKWARD else "")
        return {name.removesuffix(suffix): p for name, p in self.parameters.items() if name.endswith(suffix)}

    def clamped(self, clampings: Iterable[Clamping]) -> Net:
        return replace(self, clampings=tuple(clampings))


@dataclass(frozen=True)
class Outcome:
    """What a run gives.

    output: (time, batch, directions · hidden); final: by name, (layers · directions, batch, unit) in torch's order;
    record: by (layer, direction) and quantity, (time, batch, unit), zero past a sequence's length.
    """

    output: Array
    final: Mapping[str, Array]
    record: Mapping[tuple[int, str], Mapping[str, Array]]


def run(net: Net, x: Array, initial: State, lengths: Sequence[int] | None = None) -> Outcome:
    """x: (time, batch, input); initial: by name, (layers · directions, batch, unit)."""
    if lengths is None:
        return _run_together(net, x, initial)
    alone = [
        _run_together(net, x[:n, [b]], {name: value[:, [b]] for name, value in initial.items()})
        for b, n in enumerate(lengths)
    ]
    time = x.shape[0]
    return Outcome(
        output=np.concatenate([_pad(a.output, time) for a in alone], axis=1),
        final={name: np.concatenate([a.final[name] for a in alone], axis=1) for name in initial},
        record={
            place: {
                q: np.concatenate([_pad(a.record[place][q], time) for a in alone], axis=1) for q in quantities
            }
            for place, quantities in alone[0].record.items()
        },
    )


def _run_together(net: Net, x: Array, initial: State) -> Outcome:
    record: dict[tuple[int, str], dict[str, Array]] = {}
    final: dict[str, list[Array]] = {name: [] for name in initial}
    for layer in range(net.layers):
        for direction in net.directions:
            place = len(record)
            quantities, last = _scan(net, layer, direction, x, {n: v[place] for n, v in initial.items()})
            record[layer, direction] = quantities
            for name, value in last.items():
                final[name].append(value)
        x = np.concatenate([record[layer, d]["hidden"] for d in net.directions], axis=-1)
    return Outcome(x, {name: np.stack(values) for name, values in final.items()}, record)


def _scan(net: Net, layer: int, direction: str, x: Array, state: State) -> tuple[Quantities, State]:
    weights = net.weights(layer, direction)
    order = range(len(x)) if direction == FORWARD else range(len(x) - 1, -1, -1)
    seen: dict[int, Quantities] = {}
    for t in order:
        seen[t] = net.step(weights, x[t], state, _clamp_at(net, layer, direction, t))
        state = {name: seen[t][name] for name in state}
    return {q: np.stack([seen[t][q] for t in range(len(x))]) for q in seen[0]}, state


def _clamp_at(net: Net, layer: int, direction: str, t: int) -> Clamp:
    here = [
        c
        for c in net.clampings
        if (c.layer, c.direction) == (layer, direction) and (c.steps is None or t in c.steps)
    ]
    if not here:
        return untouched

    def clamp(quantity: str, value: Array) -> Array:
        value = value.copy()
        for c in here:
            if c.quantity == quantity:
                value[..., c.unit] = c.value
        return value

    return clamp


def _pad(value: Array, time: int) -> Array:
    padded = np.zeros((time, *value.shape[1:]), value.dtype)
    padded[: len(value)] = value
    return padded
