"""The initial states that an ONNX file fixes for a recurrent node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from peephole.errors import InterchangeError
from peephole.interchange.onnx.graphs import shown
from peephole.interchange.onnx.recurrent import Recurrent
from peephole.interchange.onnx.values import NotFixedError, Values

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class States:
    """Initial states that the file fixes: by state, its values (directions, hidden) and where they are from."""

    values: Mapping[str, tuple[Array, str]]

    @property
    def options(self) -> dict[str, Any]:
        """Our layer's option for them."""
        return {"learned_state": True} if self.values else {}


def initial_states(node: Recurrent, values: Values, hidden: int) -> tuple[States, list[str]]:
    """The initial states that the file fixes for every sequence alike, and words about the others."""
    found: dict[str, tuple[Array, str]] = {}
    notes = []
    wanted = {"hidden": "initial_h"} | ({"cell": "initial_c"} if node.cell == "lstm" else {})
    for state, role in wanted.items():
        name = node.names(role)
        if not name:
            continue
        try:
            value = values.fixed(node.placed.scope, name)
        except NotFixedError as error:
            notes.append(f"{node.name}: {role}, {shown(name)!r}, {error}; pass the state by hx")
            continue
        array = value.array
        if array.ndim == 0:
            array = np.broadcast_to(array, (node.directions, hidden))
        else:
            if node.batch_first and array.ndim == 3:
                array = array.swapaxes(0, 1)
            if array.ndim != 3 or (array.shape[0], array.shape[2]) != (node.directions, hidden):
                raise InterchangeError(
                    f"{node.told}: {role} {shown(name)!r} {list(value.array.shape)} must have the sizes "
                    f"{node.directions} directions, batch and {hidden} units"
                )
            if array.shape[1] < 1 or (array != array[:, :1]).any():
                notes.append(
                    f"{node.name}: {role}, {shown(name)!r}, fixes a state for each of {array.shape[1]} sequences "
                    "apart; it was left out: pass it by hx"
                )
                continue
            array = np.take(array, 0, axis=1)
        found[state] = array, value.source
    if len(notes) or not any(numbers.any() for numbers, _ in found.values()):
        if any(numbers.any() for numbers, _ in found.values()):
            notes.append(
                f"{node.name}: {', '.join(found)} is fixed by the file and was left out: pass it by hx"
            )
        return States({}), notes
    zeros = np.zeros((node.directions, hidden), np.float32)
    return States({state: found.get(state, (zeros, "zeros")) for state in wanted}), notes
