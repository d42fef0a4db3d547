"""Layers of any width upon one another, in one or two directions, joined and connected, by plain loops.

Sequences of different lengths are each run alone, without any padding and only as far as they go, so that nothing can
leak: that is the definition that packing, and padding with lengths, must equal. Outputs and records are zero past a
sequence's end; the state of a sequence of length 0 stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from oracles.contract import Array, Clamp, Masks, Quantities, State, Step, untouched
from oracles.functions import sigmoid

#: (layer, "forward" or "backward")
Place = tuple[int, str]

#: the state of each place by name, each (batch, size)
Initial = Mapping[Place, State]

#: the masks that hold over a whole call and have a batch; one that has no batch is the weights'
OF_A_SEQUENCE = ("input_mask", "hidden_mask")
OF_THE_WEIGHTS = ("weight_mask",)


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
class Network:
    """What a call computes.

    Attributes:
        step: one step of every layer.
        parameters: by torch's names, weight_ih_l0, weight_ih_l0_reverse, …
        layers: how many.
        directions: ("forward",) or ("forward", "backward").
        merge: how the directions' outputs join: "concat", "sum", "mean" or "product".
        connection: None, "residual" (He 2016: x + z) or "highway" (Srivastava 2015: t∘z + (1 − t)∘x), around each
            layer above the first.
        masks: of each place by name: of a sequence (batch, size), of the weights, or of each step (time, batch, size).
        between: what the output of each layer, by its number, is multiplied by: dropout's mask, (time, batch, width).
        clampings: what is held.
    """

    step: Step
    parameters: Mapping[str, Array]
    layers: int
    directions: tuple[str, ...]
    merge: str = "concat"
    connection: str | None = None
    masks: Mapping[Place, Masks] = field(default_factory=dict)
    between: Mapping[int, Array] = field(default_factory=dict)
    clampings: tuple[Clamping, ...] = ()

    @property
    def places(self) -> list[Place]:
        """In the order of torch's states."""
        return [(layer, direction) for layer in range(self.layers) for direction in self.directions]

    def weights(self, layer: int, direction: str) -> dict[str, Array]:
        """The parameters of one place by role: weight_ih, weight_hh …"""
        suffix = f"_l{layer}" + ("_reverse" if direction == "backward" else "")
        return {name.removesuffix(suffix): p for name, p in self.parameters.items() if name.endswith(suffix)}

    def clamped(self, clampings: Iterable[Clamping]) -> Network:
        return replace(self, clampings=tuple(clampings))

    def at_places(self, states: Mapping[str, Array]) -> Initial:
        """States by name, (layers · directions, batch, size) in torch's order, of each place."""
        return {
            at: {name: value[number] for name, value in states.items()}
            for number, at in enumerate(self.places)
        }


@dataclass(frozen=True)
class Outcome:
    """output: (time, batch, width); final: of each place, by name (batch, size); record: of each place, by quantity
    (time, batch, size).
    """

    output: Array
    final: Mapping[Place, State]
    record: Mapping[Place, Mapping[str, Array]]

    def ends(self) -> dict[str, Array]:
        """The final states by name, (layers · directions, batch, size) in torch's order."""
        states = list(self.final.values())
        return {name: np.stack([state[name] for state in states]) for name in states[0]}


def run(network: Network, x: Array, initial: Initial, lengths: Sequence[int] | None = None) -> Outcome:
    """x: (time, batch, input); initial: of each place, by name (batch, size)."""
    if lengths is None:
        return _run(network, x, initial, slice(None))
    alone = [
        _run(network, x[:n, b], {at: {k: v[b] for k, v in s.items()} for at, s in initial.items()}, b)
        for b, n in enumerate(lengths)
    ]
    return _together(alone, len(x))


def joined(outputs: Sequence[Array], how: str) -> Array:
    """The output of a layer from those of its directions."""
    if len(outputs) == 1:
        return outputs[0]
    forward, backward = outputs
    return {
        "concat": np.concatenate([forward, backward], axis=-1),
        "sum": forward + backward,
        "mean": (forward + backward) / 2,
        "product": forward * backward,
    }[how]


def connected(network: Network, layer: int, x: Array, z: Array) -> Array:
    """What leaves a layer that read x and made z."""
    if layer == 0 or network.connection is None:
        return z
    if network.connection == "residual":
        return x + z
    bias = network.parameters.get(f"bias_highway_l{layer}", 0.0)
    t = sigmoid(x @ network.parameters[f"weight_highway_l{layer}"].T + bias)
    return t * z + (1 - t) * x


def _run(network: Network, x: Array, initial: Initial, b: int | slice) -> Outcome:
    """One sequence, (time, input) and states (size,), or all; b: which columns of the masks are theirs."""
    final: dict[Place, State] = {}
    record: dict[Place, Mapping[str, Array]] = {}
    for layer in range(network.layers):
        outputs = []
        for direction in network.directions:
            at = (layer, direction)
            outputs.append(_scan(network, at, x, initial[at], b, record, final))
        z = joined(outputs, network.merge)
        if layer in network.between:
            z = z * network.between[layer][: len(x), b]
        x = connected(network, layer, x, z)
    return Outcome(x, final, record)


def _scan(
    network: Network,
    at: Place,
    x: Array,
    state: State,
    b: int | slice,
    record: dict[Place, Mapping[str, Array]],
    final: dict[Place, State],
) -> Array:
    """One layer in one direction; its output, (time, size)."""
    weights, masks = network.weights(*at), network.masks.get(at, {})
    seen: dict[int, Quantities] = {}
    for t in range(len(x)) if at[1] == "forward" else reversed(range(len(x))):
        now = {name: _at(name, mask, t, b) for name, mask in masks.items()}
        seen[t] = network.step(weights, x[t], state, _clamp(network, at, t), now)
        state = {name: seen[t][name] for name in state}
    record[at] = {q: np.stack([seen[t][q] for t in range(len(x))]) for q in seen[0]} if seen else {}
    final[at] = state
    return record[at].get("hidden", np.zeros((0, *state["hidden"].shape)))


def _clamp(network: Network, at: Place, t: int) -> Clamp:
    here = [
        c for c in network.clampings if (c.layer, c.direction) == at and (c.steps is None or t in c.steps)
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


def _at(name: str, mask: Array, t: int, b: int | slice) -> Array:
    if name in OF_THE_WEIGHTS:
        return mask
    return mask[b] if name in OF_A_SEQUENCE else mask[t, b]


def _together(alone: Sequence[Outcome], time: int) -> Outcome:
    """Sequences side by side, padded with zeros; a record lacks nothing because one sequence is empty."""

    def padded(value: Array) -> Array:
        return np.concatenate([value, np.zeros((time - len(value), *value.shape[1:]), value.dtype)])

    longest = max(alone, key=lambda outcome: len(outcome.output))
    record = {
        at: {
            name: np.stack([padded(a.record[at].get(name, value[:0])) for a in alone], axis=1)
            for name, value in quantities.items()
        }
        for at, quantities in longest.record.items()
    }
    final = {
        at: {name: np.stack([a.final[at][name] for a in alone]) for name in state}
        for at, state in longest.final.items()
    }
    return Outcome(np.stack([padded(a.output) for a in alone], axis=1), final, record)
