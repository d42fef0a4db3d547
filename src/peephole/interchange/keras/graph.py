"""A Keras model's layers in the order in which one feeds the next, from the JSON that describes it.

Sequential models, functional ones, and models inside models. Where layers do not stand in one line, they come in the
order of the file, with the reason. Knows nothing of weights.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from peephole.errors import InterchangeError
from peephole.interchange.keras.activations import is_custom
from peephole.interchange.keras.files import plain

MODELS = ("Sequential", "Functional", "Model")
NESTING = 16  # models inside models, and lists inside the description of a layer's inputs
LAYERS = 10_000  # of one model
MASK_STEPS = 4  # operations that make a mask: "not equal", "any"


@dataclass(frozen=True)
class KerasLayer:
    """One layer that is no model itself.

    Attributes:
        name: the file's, with the names of the models around it: "encoder/lstm_1".
        kind: Keras's class: "LSTM".
        config: what Keras writes of it.
        custom: whether the class is its author's own.
        own_name: the last part of ``name``.
        top: name of the layer or model of the outermost model that it lies in.
        store: its path in Keras 3's layout, "layers/lstm_1", by its kind and number …
        above: … and that of the model around it, "layers".
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    custom: bool
    own_name: str
    top: str
    store: str
    above: str

    @property
    def nested(self) -> bool:
        """Whether it lies in a model inside the model."""
        return "/" in self.name


@dataclass(frozen=True)
class Graph:
    """Layers, and why they do not stand in one line; None where they do."""

    layers: tuple[KerasLayer, ...]
    reason: str | None


def graph(architecture: Mapping[str, Any], root: str) -> Graph:
    """The layers of a model.

    Args:
        architecture: an object with ``class_name`` and ``config``.
        root: of Keras 3's layout: "layers".

    Raises:
        InterchangeError: it is no model, or contradicts itself.
    """
    kind = architecture.get("class_name")
    if kind not in MODELS or is_custom(architecture):
        raise InterchangeError(
            f"the architecture is of the class {plain(repr(kind))}; "
            "Sequential and Functional models can be read, others are their author's code"
        )
    return _model(architecture, "", None, root, 0)


def _model(description: Mapping[str, Any], path: str, top: str | None, store: str, depth: int) -> Graph:
    """The layers of one model and of those in it."""
    if depth > NESTING:
        raise InterchangeError(f"models lie inside models more than {NESTING} deep, at {plain(path)!r}")
    config = description.get("config")
    listed = config.get("layers") if isinstance(config, Mapping) else None
    if isinstance(config, list) and description["class_name"] == "Sequential":
        listed = config  # Keras 2.2 and before
    if not isinstance(listed, list) or not all(_is_layer(entry) for entry in listed):
        raise InterchangeError(f"model {plain(path) or 'in the architecture'} has no list of layers")
    if len(listed) > LAYERS:
        raise InterchangeError(f"a model has {len(listed):,} layers, more than {LAYERS:,}")
    stores = _stores(listed, store)
    graphs = {}
    for entry, own_store in zip(listed, stores, strict=True):
        name = _name(entry)
        inner = f"{path}/{name}" if path else name
        if inner in graphs:
            raise InterchangeError(f"two layers are called {plain(inner)!r}")
        kind, above = entry["class_name"], top if top is not None else name
        if kind in MODELS and not is_custom(entry):
            graphs[inner] = _model(entry, inner, above, f"{own_store}/layers", depth + 1)
        else:
            layer = KerasLayer(inner, kind, entry["config"], is_custom(entry), name, above, own_store, store)
            graphs[inner] = Graph((layer,), None)
    if description["class_name"] == "Sequential":
        order, reason = list(graphs), None
    else:
        named = {_name(entry): entry for entry in listed}
        line, reason = _line(named, config)
        order = [f"{path}/{name}" if path else name for name in line]
    inside = [graphs[name] for name in order]
    reason = reason or next((g.reason for g in inside if g.reason), None)
    return Graph(tuple(layer for g in inside for layer in g.layers), reason)


def _is_layer(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("class_name"), str)
        and isinstance(entry.get("config"), dict | list)
        and (isinstance(entry["config"], dict) or entry["class_name"] in MODELS)
    )


def _name(entry: Mapping[str, Any]) -> str:
    name = entry.get("name") or (entry["config"].get("name") if isinstance(entry["config"], dict) else None)
    if not isinstance(name, str) or not name or not name.isprintable() or len(name) > 200:
        raise InterchangeError(
            f"a layer of the class {plain(entry['class_name'])!r} has no name that can be printed"
        )
    return name


def _stores(listed: list[dict[str, Any]], above: str) -> list[str]:
    """Where Keras 3 puts each layer's weights: by its class in small letters, and its number among those."""
    seen: Counter[str] = Counter()
    found = []
    for entry in listed:
        kind = snake_case(entry["class_name"])
        found.append(f"{above}/{kind}_{seen[kind]}" if seen[kind] else f"{above}/{kind}")
        if not _is_operation(entry):
            seen[kind] += 1
    return found


def snake_case(name: str) -> str:
    """As Keras 3 writes the names of classes."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _is_operation(entry: Mapping[str, Any]) -> bool:
    """Whether it is one of Keras 3's operations without weights, such as those that make masks."""
    if "module" not in entry:  # its HDF5 files do not tell
        return entry["class_name"] in ("NotEqual", "Any")
    return str(entry["module"]).startswith("keras.src.ops")


@dataclass(frozen=True)
class _Reference:
    layer: str
    output: int
    mask: bool


def _line(layers: Mapping[str, Mapping[str, Any]], config: Any) -> tuple[list[str], str | None]:
    """The names of a functional model's layers from input to output; or all of them, and why there is no one line."""
    every = [name for name, entry in layers.items() if not _is_operation(entry)]
    ends = list(_references(config.get("output_layers"), layers))
    if len(ends) != 1:
        return every, f"the model has {len(ends)} outputs"
    line: dict[str, None] = {}  # in order
    masks: list[tuple[str, str]] = []
    current = ends[0]
    while True:
        if current.layer in line:
            return every, f"layer {current.layer!r} feeds itself"
        line[current.layer] = None
        if current.output:
            return every, f"output {current.output} of layer {current.layer!r} is used, not its first"
        nodes = layers[current.layer].get("inbound_nodes")
        if not isinstance(nodes, list):
            raise InterchangeError(f"layer {plain(current.layer)!r} has no list of inbound nodes")
        if len(nodes) > 1:
            return every, f"layer {current.layer!r} is used {len(nodes)} times"
        found = list(_references(nodes, layers))
        masks += [(current.layer, reference.layer) for reference in found if reference.mask]
        found = [reference for reference in found if not reference.mask]
        if not found:
            break
        if len(found) > 1:
            names = ", ".join(repr(reference.layer) for reference in found[:4])
            return every, f"the model branches: layer {current.layer!r} reads {names}"
        current = found[0]
    order = list(reversed(line))
    makers = _mask_makers(order, layers)
    if foreign := [
        f"{mask!r} of layer {name!r}" for name, mask in masks if _origin(mask, layers) not in makers
    ]:
        return every, f"mask {foreign[0]} is not that of an Embedding or Masking layer"
    if beside := [name for name in every if name not in line]:
        return every, f"layer {beside[0]!r} is not on the line from input to output"
    return order, None


def _references(
    value: Any, layers: Mapping[str, Any], mask: bool = False, depth: int = 0
) -> Iterator[_Reference]:
    """Every output of a layer that a description of inputs names, in Keras 2's form or Keras 3's.

    Keras 2    ["lstm", 0, 0, {…}]: layer, call, output, other arguments
    Keras 3    {"class_name": "__keras_tensor__", "config": {"keras_history": ["lstm", 0, 0]}}
    """
    if depth > 2 * NESTING:
        raise InterchangeError("the inputs of a layer are nested too deep")
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            inner = value.get("config")
            value = inner.get("keras_history") if isinstance(inner, dict) else None
            if not _is_history(value, layers):
                raise InterchangeError(f"a layer reads {plain(repr(value))}, which is no layer of its model")
        else:
            for key, part in value.items():
                yield from _references(part, layers, mask or key == "mask", depth + 1)
            return
    if _is_history(value, layers):
        yield _Reference(value[0], value[2], mask)
        value = value[3:]
    if isinstance(value, list):
        for part in value:
            yield from _references(part, layers, mask, depth + 1)


def _is_history(value: Any, layers: Mapping[str, Any]) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= 3
        and isinstance(value[0], str)
        and value[0] in layers
        and all(isinstance(number, int) for number in value[1:3])
    )


def _mask_makers(order: list[str], layers: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, float]]:
    """What each layer that makes a mask reads, and the value that it masks."""
    found = set()
    for before, name in pairwise(order):
        kind, config = layers[name]["class_name"], layers[name]["config"]
        if kind == "Embedding" and config.get("mask_zero"):
            found.add((before, 0.0))
        elif kind == "Masking" and isinstance(value := config.get("mask_value", 0.0), int | float):
            found.add((before, value))
    return found


def _origin(mask: str, layers: Mapping[str, Mapping[str, Any]]) -> tuple[str, float] | None:
    """The layer of whose outputs a mask says where they are not a certain value, and that value."""
    values: list[float] = []
    for _ in range(MASK_STEPS):
        nodes = layers[mask].get("inbound_nodes")
        if not isinstance(nodes, list) or len(nodes) != 1 or not _is_operation(layers[mask]):
            return None
        arguments = nodes[0].get("args", []) if isinstance(nodes[0], dict) else []
        values += [part for part in arguments if isinstance(part, int | float)]
        read = {reference.layer for reference in _references(nodes, layers)}
        if len(read) != 1:
            return None
        mask = read.pop()
        if not _is_operation(layers[mask]):
            return (mask, values[0]) if len(values) == 1 else None
    return None
