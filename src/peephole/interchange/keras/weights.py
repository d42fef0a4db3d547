"""The arrays of one layer of a Keras file, in the order of ``get_weights``, wherever the file's layout puts them.

    by layer (Keras 2, and Keras 3's .h5)    group of the layer's name, attribute ``weight_names``
    by object (Keras 3)                      layers/lstm_1/cell/vars/0, 1, 2

Knows what holds a layer's arrays, not what they mean.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from peephole.errors import InterchangeError
from peephole.interchange.keras.files import is_store, plain
from peephole.interchange.keras.graph import KerasLayer, snake_case
from peephole.interchange.keras.hdf5 import Contents

Weight = tuple[str, np.ndarray]
"""What the file calls an array, and its values."""

IN_CELL = ("LSTM", "GRU", "SimpleRNN")


class ByLayer:
    """The layout with ``layer_names``.

    Raises:
        InterchangeError: a name without an array.
    """

    def __init__(self, contents: Contents) -> None:
        self.root = "model_weights" if "model_weights" in contents.groups else ""
        self._contents = contents
        self.layers: dict[str, list[Weight]] = {}
        self._by_piece: dict[str, dict[str, list[Weight]]] = {}
        for name in self._names(self.root, "layer_names"):
            group = self._join(self.root, name)
            if group not in contents.groups:
                raise InterchangeError(f"'layer_names' tells of {plain(name)!r}, and there is no such group")
            self.layers[name] = [(w, self._array(group, w)) for w in self._names(group, "weight_names")]

    def of(self, layer: KerasLayer) -> list[Weight]:
        """A layer's arrays; inside a model those whose names the layer's stands in."""
        if not layer.nested:
            return self.layers.get(layer.top, [])
        if layer.top not in self._by_piece:
            pieces = self._by_piece[layer.top] = defaultdict(list)
            for weight in self.layers.get(layer.top, []):
                for piece in dict.fromkeys(weight[0].split("/")):
                    pieces[piece].append(weight)
        return self._by_piece[layer.top].get(layer.own_name, [])

    def unclaimed(self, tops: set[str]) -> list[str]:
        """Names of groups with arrays that belong to none of these."""
        return [name for name, weights in self.layers.items() if weights and name not in tops]

    def _names(self, group: str, attribute: str) -> list[str]:
        """A list of names; long ones are cut in pieces, numbered from 0."""
        attributes = self._contents.groups[group]
        pieces: list[Any] = [attributes[attribute]] if attribute in attributes else []
        while attribute not in attributes and f"{attribute}{len(pieces)}" in attributes:
            pieces.append(attributes[f"{attribute}{len(pieces)}"])
        return [str(name) for piece in pieces for name in ([piece] if isinstance(piece, str) else piece)]

    def _array(self, group: str, name: str) -> np.ndarray:
        try:
            return self._contents.arrays[self._join(group, name)]
        except KeyError:
            raise InterchangeError(
                f"{plain(group)!r} tells of an array {plain(name)!r} and does not hold it"
            ) from None

    @staticmethod
    def _join(group: str, name: str) -> str:
        return f"{group}/{name}".strip("/")


class ByObject:
    """The layout with ``layers/…/vars``."""

    def __init__(self, contents: Contents) -> None:
        # Keras on Windows wrote backslashes into some names.
        self.arrays = {path.replace("\\", "/"): array for path, array in contents.arrays.items()}
        groups = {path.replace("\\", "/"): values for path, values in contents.groups.items()}
        self.root = next((path for path in groups if is_store(path)), "layers")
        # Newer files also tell each layer's name, which is surer than its number among those of its kind.
        self._named: dict[tuple[str, str], str] = {}
        for path, values in groups.items():
            own = path.removesuffix("/vars")
            if own != path and isinstance(values.get("name"), str):
                self._named[own.rpartition("/")[0], str(values["name"])] = own

    def of(self, layer: KerasLayer) -> list[Weight]:
        """A layer's arrays."""
        path = self._named.get((layer.above, layer.own_name), layer.store)
        return self._of(path, layer.kind, layer.config, 0)

    def _of(self, path: str, kind: str, config: Mapping[str, Any], depth: int) -> list[Weight]:
        if kind in IN_CELL:
            return self._vars(f"{path}/cell")
        if kind == "Bidirectional" and depth == 0:
            inner = _inner(config, "layer")
            return [w for way in ("forward", "backward") for w in self._of(f"{path}/{way}_layer", *inner, 1)]
        if kind == "TimeDistributed" and depth == 0:
            return self._of(f"{path}/layer", *_inner(config, "layer"), 1)
        if kind == "RNN":
            cell, inside = _inner(config, "cell")
            if cell != "StackedRNNCells":
                return self._vars(f"{path}/cell")
            seen: dict[str, int] = {}
            found: list[Weight] = []
            for entry in inside.get("cells", []):
                name = snake_case(str(entry.get("class_name")) if isinstance(entry, dict) else "")
                number = seen[name] = seen.get(name, -1) + 1
                found += self._vars(
                    f"{path}/cell/cells/{name}_{number}" if number else f"{path}/cell/cells/{name}"
                )
            return found
        return self._vars(path)

    def _vars(self, path: str) -> list[Weight]:
        found: list[Weight] = []
        while (array := self.arrays.get(name := f"{path}/vars/{len(found)}")) is not None:
            found.append((name, array))
        return found


def _inner(config: Mapping[str, Any], key: str) -> tuple[str, Mapping[str, Any]]:
    """Class and configuration of the layer or cell inside one."""
    inner = config.get(key)
    inside = inner.get("config") if isinstance(inner, dict) else None
    return str(inner.get("class_name")) if isinstance(inner, dict) else "", inside if isinstance(
        inside, dict
    ) else {}
