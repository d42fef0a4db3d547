"""What may be asked for its causes: a unit's state, or one output of the readout.

Turns a question into the gradients with which the way back begins. Knows nothing of the way itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from peephole.analysis.backward import exact
from peephole.analysis.path import Key, Path
from peephole.errors import OptionError
from peephole.nn.models import Network

Measure = Literal["logit", "probability", "surprise"]
MEASURES = ("logit", "probability", "surprise")


@dataclass(frozen=True)
class Unit:
    """A unit's state: y is c_t or h_t of one unit.

    Attributes:
        unit: which unit.
        quantity: "cell" or "hidden".
        layer, direction: where it is.
    """

    unit: int
    quantity: Literal["cell", "hidden"] = "cell"
    layer: int = 0
    direction: Literal["forward", "backward"] = "forward"


@dataclass(frozen=True)
class Output:
    """One output of a ``Network``'s readout.

    Attributes:
        output: which one.
        measure: "logit", the score; "probability", after the softmax over all outputs; "surprise", −log2 of that.
    """

    output: int
    measure: Measure = "logit"


@dataclass(frozen=True, eq=False)
class Begin:
    """Where the way back begins in one layer and direction: ∂y/∂h, and ∂y/∂c where y does not see c through h."""

    hidden: Tensor
    cell: Tensor | None = None


def begin(path: Path, of: Unit | Output, times: Tensor, sequences: Tensor) -> Mapping[Key, Begin]:
    """The gradients of y at chosen steps, each (step, unit).

    Args:
        path: the records and weights.
        of: what y is.
        times, sequences: (step,) each, where it is asked for.

    Raises:
        OptionError: there is no such unit or output.
    """
    if isinstance(of, Unit):
        return _unit(path, of, len(times))
    readout = network_of(path).readout
    if not 0 <= of.output < readout.out_features:
        raise OptionError(f"output {of.output}: the readout's outputs are 0 to {readout.out_features - 1}")
    if of.measure not in MEASURES:
        raise OptionError(f"measure must be one of {', '.join(MEASURES)}, got {of.measure!r}")
    seen = torch.cat([path.record(path.last, d)["hidden"][times, sequences] for d in path.directions], -1)
    logits = F.linear(exact(seen), exact(readout.weight), exact(readout.bias))
    chosen = F.one_hot(torch.tensor(of.output), readout.out_features).to(logits)
    probabilities = logits.softmax(-1)
    gradient = {
        "logit": chosen.expand_as(logits),
        "probability": probabilities[:, of.output, None] * (chosen - probabilities),
        "surprise": (probabilities - chosen) / math.log(2),
    }[of.measure]
    return from_readout(path, gradient)


def from_readout(path: Path, gradient: Tensor) -> dict[Key, Begin]:
    """Where the way back begins for a gradient with respect to the readout's outputs, (…, output).

    Raises:
        OptionError: the model has no readout that this file knows.
    """
    seen = gradient @ exact(network_of(path).readout.weight)
    parts = torch.split(seen, path.widths(path.last), -1)
    return {(path.last, d): Begin(part) for d, part in zip(path.directions, parts, strict=True)}


def network_of(path: Path) -> Network:
    """The model, whose readout reads the last layer.

    Raises:
        OptionError: it is no ``Network``.
    """
    if not isinstance(path.model, Network):
        raise OptionError(
            f"outputs are those of a peephole.Network's readout; of a {type(path.model).__name__} ask for a Unit"
        )
    return path.model


def _unit(path: Path, of: Unit, steps: int) -> dict[Key, Begin]:
    key = (of.layer, of.direction)
    if key not in path.lanes:
        raise OptionError(f"no layer {of.layer} {of.direction}; there are {sorted(path.lanes)}")
    record = path.record(*key)
    if of.quantity not in record.initial:
        raise OptionError(f"quantity must be a state, {' or '.join(record.initial)}, got {of.quantity!r}")
    size = record[of.quantity].shape[-1]
    if not 0 <= of.unit < size:
        raise OptionError(f"unit {of.unit}: the units of this layer's {of.quantity} are 0 to {size - 1}")
    chosen = torch.zeros(steps, size, dtype=torch.float64)
    chosen[:, of.unit] = 1
    if of.quantity == "hidden":
        return {key: Begin(chosen)}
    return {key: Begin(torch.zeros(steps, record["hidden"].shape[-1], dtype=torch.float64), chosen)}
