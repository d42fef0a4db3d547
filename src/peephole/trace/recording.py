"""Recording any ``torch.nn.Module``: ``trace`` for one call, ``recording`` for as many as one likes.

The model runs as it always does; this file only says that it is watched, and sorts what the layers hand over.
"""

from __future__ import annotations

import reprlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from peephole.errors import TraceError
from peephole.nn.chain_network import Chain
from peephole.nn.foreign import observing
from peephole.nn.models import Network
from peephole.nn.observe import Observer, plain_name
from peephole.nn.record import Record
from peephole.nn.ways import WayName, checked
from peephole.trace.trace import LayerRecord, Trace


@dataclass
class _Taken:
    """What one module handed over in one call: a record a lane; of a module stepped by hand, as many for each step."""

    module: str
    call: int
    records: list[Record] = field(default_factory=list)

    def continues_with(self, step: Record) -> bool:
        """Whether ``step`` can follow: the batch is the same."""
        return step.quantities["hidden"].shape == self.records[0].quantities["hidden"].shape

    def layer_records(self, *, grad: bool) -> list[LayerRecord]:
        """As they stand in a ``Trace``; the steps of what is stepped by hand joined over time, layer by layer."""
        lanes: dict[tuple[int, str], list[Record]] = {}
        for record in self.records:
            lanes.setdefault((record.layer, record.direction), []).append(record)
        return [self._layer_record(steps, grad) for steps in lanes.values()]

    def _layer_record(self, steps: Sequence[Record], grad: bool) -> LayerRecord:
        first = steps[0]

        def joined(parts: Sequence[Tensor]) -> Tensor:
            values = parts[0] if len(parts) == 1 else torch.cat(list(parts))
            # Another observer may have asked for the graph where this one has not.
            return values if grad or not values.requires_grad else values.detach()

        quantities = {name: joined([step.quantities[name] for step in steps]) for name in first.quantities}
        # Masks of steps are joined as quantities are; those held over the run are the same at every step.
        masks = {
            name: joined([step.masks[name] for step in steps] if mask.dim() == 3 else [mask])
            for name, mask in first.masks.items()
        }
        return LayerRecord(
            module=self.module,
            call=self.call,
            layer=first.layer,
            direction=first.direction,
            kind=first.kind,
            quantities=quantities,
            initial={name: joined([value]) for name, value in first.initial.items()},
            input=joined([step.input for step in steps]),
            lengths=first.lengths,
            masks=masks,
            absent=first.absent,
        )


class Tape(Observer):
    """What has been recorded so far within a ``recording`` context."""

    recording: ClassVar[bool] = True

    def __init__(self, model: nn.Module, *, grad: bool = False, way: WayName | None = None) -> None:
        super().__init__(model)
        self.grad = grad
        self.way = None if way is None else checked(way)
        self._calls: Counter[str] = Counter()
        self._taken: list[_Taken] = []
        self._stepping: dict[str, _Taken] = {}

    def begin_call(self) -> None:
        """The model is called anew: steps of its cells begin a new record."""
        super().begin_call()
        self._stepping.clear()

    def receive(self, module: nn.Module, records: Sequence[Record]) -> None:
        """Takes what one module recorded in one call."""
        name = plain_name(self.names[id(module)])
        taken = self._stepping.pop(name, None)
        if not records[0].single_step or taken is None or not taken.continues_with(records[0]):
            taken = _Taken(name, self._calls[name])
            self._calls[name] += 1
            self._taken.append(taken)
        if records[0].single_step:
            self._stepping[name] = taken
        taken.records += records

    def trace(self) -> Trace:
        """Everything recorded so far.

        Raises:
            TraceError: no recurrent module has run.
        """
        if not self._taken:
            raise TraceError(
                "nothing was recorded: no RNN, LSTM or GRU (layer or cell, of torch.nn or of peephole) ran in "
                f"{type(self.model).__name__}; scripted modules and layers of other libraries cannot be seen"
            )
        return Trace(tuple(record for taken in self._taken for record in taken.layer_records(grad=self.grad)))


@contextmanager
def recording(model: nn.Module, *, grad: bool = False, way: WayName | None = None) -> Iterator[Tape]:
    """Records every call of every recurrent layer and cell in ``model`` within the context.

    The layers are ours or ``torch.nn``'s. Only this thread's calls are recorded, and outputs are what they are
    without, bit for bit, unless another way is asked for. A compiled model runs uncompiled meanwhile.

    Args:
        model: any module.
        grad: True keeps the record in the autograd graph, for losses on gates; False detaches it.
        way: "kernel", "vendor" or "reference": how all layers run that can, ``torch.nn``'s too. "kernel" records
            ``torch.nn``'s layers on the CPU in one pass, with outputs that differ by rounding. None: ``torch.nn``'s
            run as they do without a recording, ours by their own choice.

    Yields:
        the ``Tape``; ``tape.trace()`` gives the ``Trace`` so far.

    Raises:
        TraceError: ``model`` is no module.
        OptionError: no such way.
    """
    if not isinstance(model, nn.Module):
        raise TraceError(f"only a torch.nn.Module can be recorded, got {type(model).__name__}")
    if isinstance(model, torch.jit.ScriptModule):
        raise TraceError(
            "a scripted module cannot be seen inside: record the module that it was scripted from"
        )
    tape = Tape(model, grad=grad, way=way)
    with observing(tape):
        yield tape


def trace(
    model: nn.Module,
    /,
    *args: Any,
    grad: bool = False,
    way: WayName | None = None,
    labels: Sequence[str] | None = None,
    **kwargs: Any,
) -> tuple[Any, Trace]:
    """Calls ``model(*args, **kwargs)`` once and records every recurrent layer in it.

    Args:
        model: any module.
        grad, way: as in ``recording``.
        labels: what each step read, sequence after sequence without padding: words, times, or a text, whose characters
            they are. They are kept in the trace, and the explorer shows them.
        *args, **kwargs: the model's own arguments. A model that has a ``grad``, ``way`` or ``labels`` of its own is
            called within ``recording`` instead.

    Returns:
        the model's output, and the ``Trace``.

    Raises:
        TraceError: no recurrent module has run, ``model`` is no module, or there are not as many labels as steps.
        OptionError: no such way.
    """
    names = None if labels is None else _texts(labels)
    with recording(model, grad=grad, way=way) as tape:
        output = model(*args, **kwargs)
    taken = tape.trace()
    if names is not None:
        _require_for_each_step(names, taken)
    first = next((value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)), None)
    predictions = output[0] if _scores_every_step(model) else None
    if predictions is not None and not grad:
        predictions = predictions.detach()
    return output, Trace(taken.records, inputs=first, predictions=predictions, labels=names)


def _scores_every_step(model: nn.Module) -> bool:
    """Whether a model's outputs are scores, one row a step."""
    if isinstance(model, Chain):
        config = model.config
        last = config.recurrent[-1]
        said = len(model.readout) > 0 and config.output_activation == "identity"
        return said and last.returns == "sequence"
    return isinstance(model, Network)


def _texts(labels: object) -> tuple[str, ...]:
    """The labels, which must be texts."""
    texts: list[str] = []
    got = None if isinstance(labels, Sequence) else type(labels).__name__
    for place, label in enumerate(labels if isinstance(labels, Sequence) else ()):
        if isinstance(label, str):
            texts.append(label)
        else:
            got = f"{reprlib.repr(label)} at {place}"
            break
    if got is not None:
        raise TraceError(
            f"labels must be texts, one for each step, got {got}; a model that takes labels of its own is called "
            "within ph.recording"
        )
    return tuple(texts)


def _require_for_each_step(labels: Sequence[str], taken: Trace) -> None:
    """Refuses labels for another number of steps than any module went through."""
    steps = set()
    for record in taken:
        time, batch, _ = record["hidden"].shape
        steps.add(time * batch if record.lengths is None else int(record.lengths.sum()))
    if len(labels) not in steps:
        raise TraceError(
            f"{len(labels)} labels for {' or '.join(map(str, sorted(steps)))} steps: give one for each step, sequence "
            "after sequence without padding"
        )
