"""One step of back-propagation through time, from the recorded gates: the exact derivatives, its roads apart.

Written x̄ for ∂y/∂x, with y the number whose causes are sought. What came back over time is "carried".

LSTM    ō  = tanh(c)∘o(1−o)∘h̄
        c̄  = carried + o∘(1−tanh²(c))∘h̄ + p_o∘ō                 the middle term and p_o's: what was shown
        ī  = g∘i(1−i)∘c̄      f̄ = c_{t−1}∘f(1−f)∘c̄      ḡ = i∘(1−g²)∘c̄
        into c_{t−1}: f∘c̄ (kept) + p_i∘ī + p_f∘f̄ (peeped);   into h_{t−1}: Rᵀ(ī, f̄, ḡ, ō) (gated)
        with a projection h = P m, h̄ above is Pᵀh̄

GRU     n̄  = (1−z)∘(1−n²)∘h̄      z̄ = (h_{t−1}−n)∘z(1−z)∘h̄      r̄ = (R_n h_{t−1} + b_hn)∘r(1−r)∘n̄
        into h_{t−1}: z∘h̄ (kept) + Rᵀ(r̄, z̄, r∘n̄) (gated)

RNN     ā  = φ'(h)∘h̄;  into h_{t−1}: Rᵀā (gated)

Activations' derivatives are taken from their recorded values, as every framework's backward pass takes them.
Everything is float64 on the CPU: sensitivities fall by orders of magnitude on their way. Knows one layer and
direction, neither its neighbours nor what y is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from peephole.errors import TraceError
from peephole.nn.equations import Equations
from peephole.nn.sequences import previous_step
from peephole.nn.stack import Lane
from peephole.trace.trace import LayerRecord

Factors = Mapping[str, Tensor]


def exact(values: Tensor) -> Tensor:
    """Detached, float64, on the CPU: how everything here is computed."""
    return values.detach().to("cpu", torch.float64)


@dataclass(frozen=True, eq=False)
class Crossing:
    """What one step hands back to the step before it; each (…, unit) and None where the cell has no such road.

    Attributes:
        cell: ∂y/∂c_t, all of it.
        shown: its part that came through h_t.
        kept: f∘c̄, into c_{t−1}; of a GRU z∘h̄, into h_{t−1}.
        peeped: into c_{t−1} through the peepholes of i and f.
        gated: into h_{t−1} through the gates' and the candidate's sums.
        sums: ∂y/∂(W x_t + b), (…, rows).
    """

    gated: Tensor
    sums: Tensor
    cell: Tensor | None = None
    shown: Tensor | None = None
    kept: Tensor | None = None
    peeped: Tensor | None = None

    @property
    def to_hidden(self) -> Tensor:
        """What is carried into h_{t−1}."""
        return self.gated if self.kept is None or self.cell is not None else self.gated + self.kept

    @property
    def to_cell(self) -> Tensor | None:
        """What is carried into c_{t−1}, where there is a cell."""
        if self.cell is None or self.kept is None:
            return None
        return self.kept if self.peeped is None else self.kept + self.peeped


class StepBack(ABC):
    """Steps of one recorded layer and direction, ready to be gone back through.

    Attributes:
        record: the record.
        factors: what each step multiplies by, (time, batch, size); of no meaning past a sequence's end.
    """

    def __init__(self, record: LayerRecord, lane: Lane) -> None:
        self.record = record
        self.equations = lane.equations
        self.weights = {name: exact(weight) for name, weight in lane.weights.items()}
        quantities = {name: exact(values) for name, values in record.quantities.items()}
        before = {name: self._before(quantities, name) for name in record.initial}
        self.factors: Factors = self._factors(quantities, before)

    def at(self, index: Any) -> dict[str, Tensor]:
        """The factors of chosen steps: a time, or whatever else indexes (time, batch)."""
        return {name: values[index] for name, values in self.factors.items()}

    def to_input(self, sums: Tensor) -> Tensor:
        """∂y/∂x_t, (…, input), from ∂y/∂(W x_t + b), (…, rows)."""
        return sums @ self.weights["weight_ih"]

    @abstractmethod
    def back(self, at: Factors, hidden: Tensor, carried: Tensor | None) -> Crossing:
        """Goes back through one step.

        Args:
            at: its factors.
            hidden: ∂y/∂h_t, all of it, (…, unit).
            carried: ∂y/∂c_t as far as it does not come through h_t; None where there is no cell.
        """

    @abstractmethod
    def _factors(self, q: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The factors of all steps from the quantities and the states before each step."""

    def _before(self, quantities: Mapping[str, Tensor], name: str) -> Tensor:
        reverse = self.record.direction == "backward"
        initial = exact(self.record.initial[name])
        lengths = None if self.record.lengths is None else self.record.lengths.cpu()
        return previous_step(quantities[name], initial, reverse=reverse, lengths=lengths)


class _LSTMBack(StepBack):
    def _factors(self, q: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> dict[str, Tensor]:
        i, f, g, o = q["input_gate"], q["forget_gate"], q["candidate"], q["output_gate"]
        shown = torch.tanh(q["cell"])
        return {
            "keep": f,
            "show": o * (1 - shown**2),
            "output": shown * o * (1 - o),
            "sums": torch.cat([g * i * (1 - i), before["cell"] * f * (1 - f), i * (1 - g**2)], -1),
        }

    def back(self, at: Factors, hidden: Tensor, carried: Tensor | None) -> Crossing:
        w = self.weights
        if "weight_hr" in w:
            hidden = hidden @ w["weight_hr"]
        output = at["output"] * hidden
        shown = at["show"] * hidden
        p_i, p_f, p_o = w["weight_peephole"].chunk(3) if "weight_peephole" in w else (None, None, None)
        if p_o is not None:
            shown = shown + p_o * output
        cell = shown if carried is None else carried + shown
        sums = torch.cat([at["sums"] * torch.cat([cell] * 3, -1), output], -1)
        i, f, _, _ = sums.chunk(4, -1)
        return Crossing(
            cell=cell,
            shown=shown,
            kept=at["keep"] * cell,
            peeped=None if p_i is None or p_f is None else p_i * i + p_f * f,
            gated=sums @ w["weight_hh"],
            sums=sums,
        )


class _GRUBack(StepBack):
    def _factors(self, q: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> dict[str, Tensor]:
        r, z, n, h = q["reset_gate"], q["update_gate"], q["candidate"], before["hidden"]
        bias = self.weights["bias_hh"].chunk(3)[2] if "bias_hh" in self.weights else None
        from_hidden = F.linear(h, self.weights["weight_hh"].chunk(3)[2], bias)
        return {
            "keep": z,
            "update": (h - n) * z * (1 - z),
            "candidate": (1 - z) * (1 - n**2),
            "from_reset": from_hidden * r * (1 - r),
            "reset": r,
        }

    def back(self, at: Factors, hidden: Tensor, carried: Tensor | None) -> Crossing:
        n = at["candidate"] * hidden
        r, z = at["from_reset"] * n, at["update"] * hidden
        return Crossing(
            kept=at["keep"] * hidden,
            gated=torch.cat([r, z, at["reset"] * n], -1) @ self.weights["weight_hh"],
            sums=torch.cat([r, z, n], -1),
        )


class _RNNBack(StepBack):
    def _factors(self, q: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> dict[str, Tensor]:
        h = q["hidden"]
        relu = getattr(self.equations, "nonlinearity", "tanh") == "relu"
        return {"slope": (h > 0).to(h) if relu else 1 - h**2}

    def back(self, at: Factors, hidden: Tensor, carried: Tensor | None) -> Crossing:
        sums = at["slope"] * hidden
        return Crossing(gated=sums @ self.weights["weight_hh"], sums=sums)


_KINDS: dict[str, type[StepBack]] = {"lstm": _LSTMBack, "gru": _GRUBack, "rnn": _RNNBack}


def step_back(record: LayerRecord, lane: Lane) -> StepBack:
    """The way back through one record.

    Raises:
        TraceError: the layer has options whose derivatives are not written here, or the record is another layer's.
    """
    require_understood(record, lane.equations)
    return _KINDS[record.kind](record, lane)


def require_understood(record: LayerRecord, equations: Equations) -> None:
    """Refuses a record of other equations, or of options that are not written here.

    Raises:
        TraceError: the layer's options are neither torch's own nor diagonal peepholes, or the record is another
            layer's.
    """
    if not _understood(equations):
        set_options = ", ".join(
            f"{name}={value!r}" for name, value, default in equations.listed if value != default
        )
        raise TraceError(
            f"layer {record.layer} has options that the way back through a record does not know ({set_options}); "
            "record with ph.trace(…, grad=True) and let autograd go back"
        )
    sizes = (record.kind, record.input.shape[-1], record["hidden"].shape[-1])
    if sizes != (equations.name, equations.input_size, equations.output_size):
        raise TraceError(
            f"this record ({record!r}) is not of this model, whose layer {record.layer} is an {equations.name} with "
            f"{equations.input_size} inputs and {equations.output_size} units"
        )


def _understood(equations: Equations) -> bool:
    """Whether the equations are torch's own, or torch's with diagonal peepholes."""
    plain: Any = equations
    if getattr(plain, "peephole", None) == "diagonal":
        plain = replace(plain, peephole=None)
    return plain.vendor_operation is not None
