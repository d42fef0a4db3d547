"""The sum inside each gate and candidate, taken apart for one unit at one step: what came from the input, from the
state before, through the peephole, and from the biases.

Every part is computed in float64 from the record and the weights; together they are what the activation was applied
to. Knows the equations that ``peephole train`` makes, as the way back through a record does (``backward.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from peephole.analysis.backward import exact, require_understood
from peephole.analysis.path import stack_in
from peephole.analysis.steps import state_before
from peephole.errors import OptionError, TraceError
from peephole.nn.equations import Equations, Weights
from peephole.trace.trace import LayerRecord, Trace


@dataclass(frozen=True)
class Sum:
    """The pre-activation of one gate or candidate of one unit.

    Attributes:
        quantity: what it becomes: "input_gate", "candidate", …; of an RNN "hidden".
        activation: by which function: "sigmoid", "tanh" or "relu".
        input: W x_t.
        hidden: R h_{t−1}; of a GRU's candidate r·(R h_{t−1}).
        peephole: p·c_{t−1}, of an output gate p·c_t; None where the gate has none.
        bias: both biases; of a GRU's candidate b_i + r·b_h.
    """

    quantity: str
    activation: str
    input: float
    hidden: float
    peephole: float | None
    bias: float

    @property
    def total(self) -> float:
        """What the activation is applied to."""
        return self.input + self.hidden + (self.peephole or 0.0) + self.bias


def sums(
    model: nn.Module,
    trace: Trace,
    unit: int,
    step: int,
    *,
    layer: int = 0,
    direction: str = "forward",
    sequence: int = 0,
    module: str | None = None,
    call: int = 0,
) -> tuple[Sum, ...]:
    """The sums of one unit at one step, in the order of the stacked weights.

    They are what the cell's equations gave; where ``ph.intervene`` held a gate, its value is another.

    Args:
        model: what was traced, with the weights that it had.
        trace: its trace.
        unit: which unit; with a projection a unit of the cell.
        step: which input time, from 0.
        layer, direction: where.
        sequence: which sequence of the batch.
        module, call: which recurrent module and which of its calls, as in ``Trace.layer``.

    Raises:
        OptionError: no such unit or sequence.
        TraceError: no such layer or step, the trace is not of this model, or the layer has options that are not
            known here.
    """
    record = trace.layer(layer, direction, module=module, call=call)
    stack = stack_in(model, record.module)
    lane = stack.layers[layer][stack.names.index(direction)]
    equations = lane.equations
    require_understood(record, equations)
    time, batch, _ = record["hidden"].shape
    if not 0 <= unit < equations.hidden_size:
        raise OptionError(f"unit {unit}: the units are 0 to {equations.hidden_size - 1}")
    if not 0 <= sequence < batch:
        raise OptionError(f"sequence {sequence}: the batch's sequences are 0 to {batch - 1}")
    steps = time if record.lengths is None else int(record.lengths[sequence])
    if not 0 <= step < steps:
        raise TraceError(f"no step {step}: sequence {sequence} has {steps} steps")

    rows = torch.arange(len(equations.rows)) * equations.hidden_size + unit
    own = {name: exact(lane.weights[name][rows]) for name in ("weight_ih", "weight_hh")}
    biases = [exact(lane.weights[name][rows]) for name in ("bias_ih", "bias_hh") if name in lane.weights]
    bias_ih, bias_hh = biases or [torch.zeros(len(rows), dtype=torch.float64)] * 2
    hidden = exact(state_before(record, "hidden", step, sequence))
    from_hidden = own["weight_hh"] @ hidden
    if equations.name == "gru":
        # The reset gate acts on what the candidate gets from the state before, its bias included.
        reset = torch.ones(3, dtype=torch.float64)
        reset[2] = record["reset_gate"][step, sequence, unit]
        from_hidden, bias_hh = reset * from_hidden, reset * bias_hh
    peepholes = _peepholes(record, equations, lane.weights, unit, step, sequence)
    from_input = own["weight_ih"] @ exact(record.input[step, sequence])
    return tuple(
        Sum(
            quantity=name,
            activation=_activation(equations, name),
            input=float(from_input[row]),
            hidden=float(from_hidden[row]),
            peephole=peepholes.get(name),
            bias=float(bias_ih[row] + bias_hh[row]),
        )
        for row, name in enumerate(equations.rows)
    )


def _peepholes(
    record: LayerRecord, equations: Equations, weights: Weights, unit: int, step: int, sequence: int
) -> dict[str, float]:
    """What each gate sees of the cell through its diagonal peephole; empty where there is none."""
    if "weight_peephole" not in weights:
        return {}
    size = equations.hidden_size
    weight = exact(weights["weight_peephole"]).reshape(-1, size)[:, unit]
    old, new = state_before(record, "cell", step, sequence)[unit], record["cell"][step, sequence, unit]
    seen = {"input_gate": old, "forget_gate": old, "output_gate": new}
    return {name: float(weight[row]) * float(cell) for row, (name, cell) in enumerate(seen.items())}


def _activation(equations: Equations, name: str) -> str:
    """The function that makes a quantity of its sum."""
    if equations.name == "rnn":
        return str(getattr(equations, "nonlinearity", "tanh"))
    return "tanh" if name == "candidate" else "sigmoid"
