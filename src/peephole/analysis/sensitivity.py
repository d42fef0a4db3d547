"""What an output rests on: its exact sensitivity to every earlier state and input, the roads apart.

One backward pass through the record gives ∂y/∂h_t and ∂y/∂c_t for all t at once, so memory grows with the steps and
not with their square, and no model runs again. At each step it is told by which road the gradient went on: kept by
the forget gate (an LSTM's c road, what peepholes add beside it), or through the gates' sums into h_{t−1} (the h
road).

The derivatives are those of the equations as they stand: where ``ph.intervene`` held something, it would not have
moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import dropwhile

import torch
from torch import Tensor, nn

from peephole.analysis.backward import StepBack, exact
from peephole.analysis.outputs import Begin, Output, Unit, begin, from_readout, network_of
from peephole.analysis.path import Key, Path
from peephole.analysis.steps import lengths_of
from peephole.errors import OptionError, TraceError
from peephole.trace.trace import LayerRecord, Trace


@dataclass(frozen=True, eq=False)
class LayerSensitivity:
    """∂y/∂(everything) in one layer and direction; (time, batch, unit) float64 unless told otherwise.

    Times are those of the input in both directions. A state's sensitivity is total: it counts every way from it to
    y. That of ``cell`` counts the ways through h_t of the same step; that of ``hidden`` holds c_t fixed.

    Attributes:
        layer, direction, kind: as in the record.
        hidden: ∂y/∂h_t.
        cell: ∂y/∂c_t; None without a cell.
        shown: the part of ``cell`` that goes through h_t (and, with peepholes, through o_t).
        kept: what step t hands back through its forget gate, f_t∘∂y/∂c_t, a part of ∂y/∂c_{t−1}; of a GRU
            z_t∘∂y/∂h_t, a part of ∂y/∂h_{t−1}. None for an RNN, which keeps nothing.
        peeped: what it hands back to c_{t−1} through the peepholes of i and f; None without.
        gated: what it hands back to h_{t−1} through the sums of gates and candidate.
        initial: ∂y/∂(state before the first step), (batch, unit) each.
        input: ∂y/∂(what the layer read), (time, batch, input), by way of this direction.
    """

    layer: int
    direction: str
    kind: str
    hidden: Tensor
    cell: Tensor | None
    shown: Tensor | None
    kept: Tensor | None
    peeped: Tensor | None
    gated: Tensor
    initial: Mapping[str, Tensor]
    input: Tensor

    @property
    def c_road(self) -> Tensor:
        """How much goes from step t to the one before it by the c road: ‖kept + peeped‖, (time, batch).

        Of a GRU, what the update gate keeps; of an RNN zero.
        """
        if self.kept is None:
            return torch.zeros_like(self.gated[..., 0])
        return _length(self.kept if self.peeped is None else self.kept + self.peeped)

    @property
    def h_road(self) -> Tensor:
        """How much goes by the h road: ‖gated‖, (time, batch)."""
        return _length(self.gated)


def _length(vectors: Tensor) -> Tensor:
    found: Tensor = torch.linalg.vector_norm(vectors, dim=-1)
    return found


@dataclass(frozen=True, eq=False)
class Sensitivities:
    """∂y/∂(everything), for each sequence its own y.

    Attributes:
        of: what y is; None where the gradient of a loss was given.
        step: at which step; None likewise.
        layers: one for each layer and direction.
    """

    of: Unit | Output | None
    step: int | None
    layers: tuple[LayerSensitivity, ...]

    def layer(self, index: int = 0, direction: str = "forward") -> LayerSensitivity:
        """One layer and direction.

        Raises:
            TraceError: there is no such layer.
        """
        for found in self.layers:
            if (found.layer, found.direction) == (index, direction):
                return found
        raise TraceError(
            f"no layer {index} {direction}; there are {[(s.layer, s.direction) for s in self.layers]}"
        )

    @property
    def inputs(self) -> Tensor:
        """∂y/∂(what the first layer read), (time, batch, input): of one-hot symbols, of vectors, or of numbers."""
        parts = [found.input for found in self.layers if found.layer == 0]
        return torch.stack(parts).sum(0)


def sensitivities(
    model: nn.Module, trace: Trace, of: Unit | Output, step: int, *, module: str | None = None, call: int = 0
) -> Sensitivities:
    """How y at one step changes with every state and input, exactly.

    Args:
        model: what was traced, with the weights that it had.
        trace: its trace; all sequences start where the trace starts.
        of: what y is.
        step: at which step, from 0; below 0 counted from each sequence's own end. Sequences that end before it have
            zeros.
        module, call: which recurrent module and which of its calls, as in ``Trace.layer``.

    Raises:
        OptionError: no such unit or output; an ``Output`` of a model that is no ``Network``.
        TraceError: no such step, the trace is not of this model, or a layer has options that are not known here.
    """
    path = Path(model, trace, module=module, call=call)
    times = torch.full_like(path.lengths, step) + (path.lengths if step < 0 else 0)
    sequences = torch.nonzero((times >= 0) & (times < path.lengths)).squeeze(-1)
    if not len(sequences):
        raise TraceError(f"no step {step}: the longest sequence has {int(path.lengths.max())} steps")
    times = times[sequences]

    def placed(at_step: Tensor) -> Tensor:
        everywhere = at_step.new_zeros(path.time, len(path.lengths), at_step.shape[-1])
        everywhere[times, sequences] = at_step
        return everywhere

    begins = {
        key: Begin(placed(b.hidden), None if b.cell is None else placed(b.cell))
        for key, b in begin(path, of, times, sequences).items()
    }
    return Sensitivities(of, step, _through(path, begins))


def loss_sensitivities(model: nn.Module, trace: Trace, gradient: Tensor) -> Sensitivities:
    """How a loss changes with every state and input, exactly.

    Args:
        model: a ``Network`` that was traced.
        trace: its trace.
        gradient: ∂loss/∂(the network's outputs), (time, batch, output), from whatever computed the loss.

    Raises:
        OptionError: ``model`` is no ``Network``, or the gradient has another shape than its outputs.
        TraceError: as for ``sensitivities``.
    """
    path = Path(model, trace)
    shape = (path.time, len(path.lengths), network_of(path).config.output_size)
    if tuple(gradient.shape) != shape:
        raise OptionError(f"gradient must have the outputs' shape {shape}, got {tuple(gradient.shape)}")
    # What the readout says past a sequence's end rests on no state.
    inside = (torch.arange(path.time).unsqueeze(1) < path.lengths).unsqueeze(-1)
    return Sensitivities(None, None, _through(path, from_readout(path, exact(gradient).where(inside, 0))))


def _through(path: Path, begins: Mapping[Key, Begin]) -> tuple[LayerSensitivity, ...]:
    """From the last layer down: each hands to the one below what came back to its input."""
    found: list[LayerSensitivity] = []
    from_above: Tensor | None = None
    for depth in reversed(range(path.depth)):
        widths = path.widths(depth)
        parts = [None] * len(widths) if from_above is None else torch.split(from_above, widths, -1)
        lanes = [
            _back_through(path.lanes[depth, direction], begins.get((depth, direction)), part)
            for direction, part in zip(path.directions, parts, strict=True)
        ]
        from_above = torch.stack([lane.input for lane in lanes]).sum(0)
        found = [*lanes, *found]
    return tuple(found)


def _back_through(lane: StepBack, begins: Begin | None, from_above: Tensor | None) -> LayerSensitivity:
    """One layer and direction, from its last step that matters to its first."""
    record = lane.record
    hidden = (
        torch.zeros(record["hidden"].shape, dtype=torch.float64) if from_above is None else from_above.clone()
    )
    cells = None
    if begins is not None:
        hidden, cells = hidden + begins.hidden, begins.cell
    notes: dict[str, Tensor] = {}
    initial = {name: torch.zeros_like(exact(value)) for name, value in record.initial.items()}
    starts = _first_steps(record)
    to_hidden, to_cell = torch.zeros_like(hidden[0]), None
    for t in _times_back(record.direction, hidden, cells):
        hidden[t] += to_hidden
        if cells is not None:
            to_cell = cells[t] if to_cell is None else to_cell + cells[t]
        crossing = lane.back(lane.at(t), hidden[t], to_cell)
        for name in ("gated", "sums", "cell", "shown", "kept", "peeped"):
            if (value := getattr(crossing, name)) is not None:
                if name not in notes:
                    notes[name] = value.new_zeros(len(hidden), *value.shape)
                notes[name][t] = value
        # What a sequence's first step hands back is the initial state's, and nothing goes on from there.
        ends = (starts == t).unsqueeze(-1)
        to_hidden, to_cell = crossing.to_hidden, crossing.to_cell
        initial["hidden"] += to_hidden.where(ends, 0)
        to_hidden = to_hidden.where(~ends, 0)
        if to_cell is not None:
            initial["cell"] += to_cell.where(ends, 0)
            to_cell = to_cell.where(~ends, 0)
    return LayerSensitivity(
        layer=record.layer,
        direction=record.direction,
        kind=record.kind,
        hidden=hidden,
        cell=notes.get("cell"),
        shown=notes.get("shown"),
        kept=notes.get("kept"),
        peeped=notes.get("peeped"),
        gated=notes["gated"],
        initial=initial,
        input=lane.to_input(notes["sums"]),
    )


def _first_steps(record: LayerRecord) -> Tensor:
    """(batch,) the time at which each sequence's first step was run."""
    lengths = lengths_of(record)
    return lengths - 1 if record.direction == "backward" else torch.zeros_like(lengths)


def _times_back(direction: str, hidden: Tensor, cells: Tensor | None) -> list[int]:
    """The times against the running order, from the first at which there is anything to hand back; at least one."""
    times = list(range(len(hidden)))
    if direction == "forward":
        times.reverse()
    moved = hidden.flatten(1).any(1)
    if cells is not None:
        moved = moved | cells.flatten(1).any(1)
    return list(dropwhile(lambda t: not moved[t], times)) or times[-1:]
