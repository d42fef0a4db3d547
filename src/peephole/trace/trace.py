"""``Trace``: the record of one run, as a frozen value. Knows nothing of how it was recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from torch import Tensor

from peephole.errors import MissingQuantityError, TraceError
from peephole.trace.showing import hosts

if TYPE_CHECKING:
    from typing import Self

    import xarray

    from peephole.explorer.widget import Explorer


@dataclass(frozen=True, eq=False)
class LayerRecord:
    """Everything one layer did in one direction in one call.

    Quantities can be read as items or attributes: ``record["forget_gate"]``, ``record.forget_gate``. They are
    **after** the activation, of shape (time, batch, unit); the index is the time of the input, in both directions
    (in the backward direction the step before t is t + 1); slots past a sequence's length hold zeros.

    Attributes:
        module: the module's dotted name in the model, "" for the model itself.
        call: how often this module had been called before in this recording.
        layer: depth within the module, from 0.
        direction: "forward" or "backward".
        kind: the cell, "lstm", "gru" or "rnn".
        quantities: an LSTM's input_gate, forget_gate, candidate, output_gate, cell and hidden, as far as its variant
            has them; a GRU's reset_gate, update_gate, candidate and hidden; an RNN's hidden. Where an option changes
            a state, it also stands here as it was before: cell_before_clip, cell_before_zoneout,
            hidden_before_projection, hidden_before_clip, hidden_before_zoneout.
        initial: the state before the first step, "hidden", for an LSTM "cell", and with full gate recurrence the
            gates, shape (batch, unit).
        input: what the layer read, shape (time, batch, input).
        lengths: steps of each sequence, shape (batch,), or None where all have the full length.
        masks: the random masks of the run, which can be read like quantities: ``candidate_mask``,
            ``cell_zoneout_mask`` and ``hidden_zoneout_mask`` of shape (time, batch, unit), ``input_mask`` and
            ``hidden_mask`` (batch, unit) and ``weight_mask`` (rows, unit) where they are held over the run.
        absent: gates that this variant of the cell lacks, each with a sentence that says so.
    """

    module: str
    call: int
    layer: int
    direction: str
    kind: str
    quantities: Mapping[str, Tensor]
    initial: Mapping[str, Tensor]
    input: Tensor
    lengths: Tensor | None = None
    masks: Mapping[str, Tensor] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("quantities", "initial", "masks", "absent"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __getitem__(self, name: str) -> Tensor:
        for held in (self.quantities, self.masks):
            if name in held:
                return held[name]
        reason = self.absent.get(name, f"this {self.kind} has no {name}")
        raise MissingQuantityError(f"{reason}; its record holds {', '.join((*self.quantities, *self.masks))}")

    def __getattr__(self, name: str) -> Tensor:
        # Only reached for names that are no attribute. Dunder names are asked for by copy and pickle.
        if name.startswith("__") or "quantities" not in self.__dict__:
            raise AttributeError(name)
        return self[name]

    def __reduce__(self) -> tuple[object, ...]:
        values = (self.module, self.call, self.layer, self.direction, self.kind)
        rest = (self.input, self.lengths, dict(self.masks), dict(self.absent))
        return type(self), (*values, dict(self.quantities), dict(self.initial), *rest)

    def to_xarray(self) -> xarray.Dataset:
        """Labelled arrays for the scientific stack: a variable a quantity, axes time, batch, unit.

        Raises:
            TraceError: xarray is not installed.
        """
        from peephole.trace.labelled import dataset

        return dataset(self)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.quantities, *self.masks]

    def __repr__(self) -> str:
        time, batch, unit = self["hidden"].shape
        where = f"{self.module or 'model'} l{self.layer} {self.direction}"
        return f"<{self.kind} {where}, call {self.call}: {time} steps × {batch} sequences × {unit} units>"


@dataclass(frozen=True, eq=False)
class Trace:
    """What every recurrent layer of a model did in one run (or several, where a model was called several times).

    Attributes:
        records: one for each module, call, layer and direction, in the order in which they ran.
        inputs: what the model was given first: ids, shape (time, batch), or numbers; None if that was no tensor.
        predictions: what the readout returned, shape (time, batch, output), where the model is a ``Network``, or a
            ``Chain`` that returns scores at every step.
        symbols: the names of the ids, where the caller gave them.
        labels: what each step read, sequence after sequence without padding, where the caller said it.
    """

    records: tuple[LayerRecord, ...]
    inputs: Tensor | None = None
    predictions: Tensor | None = None
    symbols: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[LayerRecord]:
        return iter(self.records)

    def layer(
        self, index: int = 0, direction: str = "forward", *, module: str | None = None, call: int = 0
    ) -> LayerRecord:
        """The record of one layer and direction.

        Args:
            index: depth within its module, from 0.
            direction: "forward" or "backward".
            module: the module's name in the model; may be left out where only one was recorded.
            call: which of the module's calls, from 0.

        Raises:
            TraceError: no such record, or several modules to choose from; the message lists them.
        """
        modules = sorted({record.module for record in self.records})
        if module is None and len(modules) > 1:
            raise TraceError(f"several modules were recorded, say which: module= one of {modules}")
        for record in self.records:
            if (record.layer, record.direction, record.call) == (index, direction, call) and (
                module in (None, record.module)
            ):
                return record
        raise TraceError(
            f"no record of layer {index} {direction} (module {module!r}, call {call}); "
            f"this trace holds {', '.join(map(repr, self.records))}"
        )

    def to_xarray(self) -> xarray.DataTree:
        """Labelled arrays for the scientific stack: axes time, batch, unit, a node for every record.

        Raises:
            TraceError: xarray is not installed.
        """
        from peephole.trace.labelled import tree

        return tree(self)

    def save(self, path: str | Path) -> None:
        """Writes the trace as one safetensors file; the format is described in ``peephole.trace.files``.

        Args:
            path: the file; its folder must exist. A file that is there is replaced.

        Raises:
            TraceError: the file cannot be written.
        """
        from peephole.trace.files import save

        save(self, Path(path))

    def explore(
        self,
        *,
        labels: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
        module: str | None = None,
        height: int = 640,
    ) -> Explorer:
        """The explorer in a notebook, showing this trace; the last line of a cell shows what is returned.

        ``widget.selection`` is what is looked at, both ways.

        Args:
            labels: what each step read, sequence after sequence without padding, such as a text's characters.
                Without them the trace's own are shown; where it has none, ids by ``symbols``, or as numbers, and
                numbers as they are.
            outputs: names of the readout's outputs, where the trace holds predictions.
            module: the recurrent module that is shown; None for all.
            height: of the frame, in pixels.

        Raises:
            NotInstalledError: anywidget is not installed.
            TraceError: nothing of this module was recorded, its modules went through different steps, there are not
                as many labels as steps, or the trace is too large for a page.
        """
        labels = self.labels if labels is None else labels
        return hosts().explore_trace(self, labels=labels, outputs=outputs, module=module, height=height)

    def save_html(
        self,
        path: str | Path,
        *,
        labels: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
        module: str | None = None,
    ) -> None:
        """Writes the explorer with this trace as one HTML file, which opens from disk with the network off.

        Numbers are rounded to what the page prints, two decimals; ``save`` keeps them exact.

        Args:
            path: the file; its folder must exist. A file that is there is replaced.
            labels, outputs, module: as for ``explore``.

        Raises:
            TraceError: as for ``explore``, or the file cannot be written.
            ServerError: the front end is not built.
        """
        labels = self.labels if labels is None else labels
        hosts().save_trace(self, Path(path), labels=labels, outputs=outputs, module=module)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Reads what ``save`` wrote.

        Raises:
            TraceError: no such file, or not a trace.
        """
        from peephole.trace.files import load

        return load(cls, Path(path))
