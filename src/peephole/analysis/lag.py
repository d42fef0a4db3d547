"""How far back a network feels: sensitivity against lag, beside the gates that it passed.

For each of many steps t, ‖∂y_t/∂(state at t−k)‖ for k = 0, 1, …, averaged over the steps. All steps go back
together, side by side, one lag at a time: K steps of the way back, whatever the number of steps t.

Only for networks that run forward: with a backward direction beside it, nothing is merely earlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from peephole.analysis.backward import exact
from peephole.analysis.outputs import Begin, Output, Unit, begin
from peephole.analysis.path import Path
from peephole.errors import MissingQuantityError, OptionError, TraceError
from peephole.trace.trace import LayerRecord, Trace

AT_ONCE = 2**22
"""Most numbers of one state that are on their way at once: 32 MiB."""


@dataclass(frozen=True, eq=False)
class LagCurve:
    """Sensitivity against lag. Every lag is averaged over exactly the steps that have so much past.

    Attributes:
        lags: (lag,) int64: 0, 1, ….
        sensitivity: (lag,) float64, the mean of ‖∂y_t/∂(state at t−k)‖; NaN where no step has so much past.
        gates: (lag, unit) float64, the mean of each unit's ∏f over the k steps behind t, the way along which nothing
            fades where forget gates are open; of a GRU ∏z. None for an RNN.
        counts: (lag,) int64, how many steps were averaged.
    """

    lags: Tensor
    sensitivity: Tensor
    gates: Tensor | None
    counts: Tensor


def lag_curve(
    model: nn.Module,
    trace: Trace,
    of: Unit | Output | None = None,
    *,
    lags: int = 100,
    steps: Tensor | None = None,
    layer: int = 0,
    state: Literal["cell", "hidden"] | None = None,
    module: str | None = None,
    call: int = 0,
) -> LagCurve:
    """How y changes with one layer's state k steps earlier, for k from 0 to ``lags``.

    Args:
        model, trace, module, call: as in ``sensitivities``.
        of: what y is; None for the whole hidden state of the last layer, whose norm is then that of the Jacobian
            (Frobenius). That costs as many ways back as there are units: choose some steps.
        lags: the greatest lag.
        steps: (time, batch) bool, which steps t; None for all that have ``lags`` steps behind them.
        layer: whose state is meant.
        state: "cell" or "hidden"; None for the cell where there is one.

    Raises:
        OptionError: ``lags`` below 0, a mask of another shape, no such unit or output.
        MissingQuantityError: the layer has no such state.
        TraceError: a network with a backward direction, no step that can be asked, and as for ``sensitivities``.
    """
    if lags < 0:
        raise OptionError(f"lags must be at least 0, got {lags}")
    path = Path(model, trace, module=module, call=call)
    if "backward" in path.directions:
        raise TraceError("a network with a backward direction has no lag: its states know what comes as well")
    if not 0 <= layer < path.depth:
        raise OptionError(f"layer {layer}: this network's layers are 0 to {path.last}")
    record = path.record(layer)
    state = state or ("cell" if "cell" in record.initial else "hidden")
    if state not in record.initial:
        raise MissingQuantityError(
            f"this {record.kind} has no state {state!r}; it has {', '.join(record.initial)}"
        )

    times, sequences = _chosen(path, steps, lags)
    width = path.widths(path.last)[0] if of is None else 1
    largest = max(values.shape[-1] for lane in path.lanes.values() for values in lane.record.initial.values())
    piece = max(1, AT_ONCE // (width * largest))
    sums = torch.zeros(lags + 1, dtype=torch.float64)
    for some_times, some_sequences in zip(
        torch.split(times, piece), torch.split(sequences, piece), strict=True
    ):
        sums += _norms(path, of, some_times, some_sequences, lags, layer, state)
    counts = (times.unsqueeze(1) >= torch.arange(lags + 1)).sum(0)
    return LagCurve(
        lags=torch.arange(lags + 1),
        sensitivity=sums / counts,
        gates=_gates(path, layer, times, sequences, lags),
        counts=counts,
    )


def gate_products(record: LayerRecord, step: int) -> Tensor:
    """What is left at ``step`` of what each unit held after step t, by its forget gates alone.

    Args:
        record: of an LSTM, or of a GRU, whose update gate stands for the forget gate.
        step: an input time of the run.

    Returns:
        (time, batch, unit) float64: ∏f over the steps after t up to ``step``, 1 at ``step`` itself and 0 at the
        times that are run later.

    Raises:
        MissingQuantityError: an RNN, which has no such gate.
        TraceError: no such step.
    """
    keep = exact(record[_KEEPS.get(record.kind, "forget_gate")])
    if not 0 <= step < len(keep):
        raise TraceError(f"no step {step}: the record has steps 0 to {len(keep) - 1}")
    products = torch.zeros_like(keep)
    left = torch.ones_like(keep[0])
    for t in range(step, len(keep)) if record.direction == "backward" else range(step, -1, -1):
        products[t] = left
        left = left * keep[t]
    return products


_KEEPS = {"lstm": "forget_gate", "gru": "update_gate"}


def _chosen(path: Path, steps: Tensor | None, lags: int) -> tuple[Tensor, Tensor]:
    """Times and sequences of the chosen steps, latest first."""
    every = torch.arange(path.time).unsqueeze(1)
    inside = every < path.lengths
    if steps is None:
        mask = inside & (every >= lags)
    elif steps.shape != inside.shape or steps.dtype != torch.bool:
        raise OptionError(
            f"steps must be bool of shape {tuple(inside.shape)} (time, batch), got {steps.dtype} {tuple(steps.shape)}"
        )
    else:
        mask = inside & steps.cpu()
    times, sequences = mask.nonzero().flip(0).unbind(1)
    if not len(times):
        raise TraceError(
            f"no step to ask: the longest sequence has {int(path.lengths.max())} steps, lags is {lags}"
        )
    return times, sequences


def _norms(
    path: Path, of: Unit | Output | None, times: Tensor, sequences: Tensor, lags: int, layer: int, state: str
) -> Tensor:
    """(lag,) the sum over these steps of ‖∂y_t/∂(state of layer at t−k)‖; steps are latest first."""
    begins = _begins(path, of, times, sequences)
    sums = torch.zeros(lags + 1, dtype=torch.float64)
    top = max(begins)  # nothing above y moves it
    components = begins[top].hidden.shape[1]
    carried = {
        depth: begins.get(depth, Begin(exact(times.new_zeros(len(times), components, *path.widths(depth)))))
        for depth in range(layer, top + 1)
    }
    for lag in range(lags + 1):
        count = int((times >= lag).sum())  # those that have so much past come first
        from_above: Tensor | None = None
        for depth in reversed(carried):
            lane = path.lanes[depth, "forward"]
            hidden, cell = carried[depth].hidden[:count], carried[depth].cell
            if from_above is not None:
                hidden = hidden + from_above
            at = {n: v.unsqueeze(1) for n, v in lane.at((times[:count] - lag, sequences[:count])).items()}
            crossing = lane.back(at, hidden, None if cell is None else cell[:count])
            if depth == layer:
                reached = crossing.cell if state == "cell" and crossing.cell is not None else hidden
                sums[lag] = reached.flatten(1).norm(dim=1).sum()
            else:
                from_above = lane.to_input(crossing.sums)
            carried[depth] = Begin(crossing.to_hidden, crossing.to_cell)
    return sums


def _begins(path: Path, of: Unit | Output | None, times: Tensor, sequences: Tensor) -> dict[int, Begin]:
    """By layer, with an axis for the components of y: (step, component, unit)."""
    if of is None:
        size = path.widths(path.last)[0]
        every = torch.eye(size, dtype=torch.float64).expand(len(times), size, size)
        return {path.last: Begin(every)}
    return {
        depth: Begin(b.hidden.unsqueeze(1), None if b.cell is None else b.cell.unsqueeze(1))
        for (depth, _), b in begin(path, of, times, sequences).items()
    }


def _gates(path: Path, layer: int, times: Tensor, sequences: Tensor, lags: int) -> Tensor | None:
    """(lag, unit) mean over the steps that have so much past of each unit's product of gates."""
    record = path.record(layer)
    if record.kind not in _KEEPS:
        return None
    keep = exact(record[_KEEPS[record.kind]])
    means = torch.full((lags + 1, keep.shape[-1]), torch.nan, dtype=torch.float64)
    left = torch.ones(len(times), keep.shape[-1], dtype=torch.float64)
    for lag in range(lags + 1):
        count = int((times >= lag).sum())
        if not count:
            break
        if lag:
            left = left[:count] * keep[times[:count] - lag + 1, sequences[:count]]
        means[lag] = left.mean(0)
    return means
