"""The record of a text that is being typed: what was read stands where it stands, and what is added comes behind it.

A trace of a long text is tens of megabytes; without this they would be copied at every key.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

from torch import Tensor

from peephole.trace.trace import LayerRecord, Trace

ROOM = 1024
"""Steps for which there is room at the end of a text. Memory that is not written to costs nothing."""


class Rows:
    """Rows of a record, one a step, each written once; readings of longer and shorter texts share them.

    Args:
        like: the trace of any steps: what a row is made of.
        steps: how many rows are going to be written now.
        room: how many more there can be.
    """

    def __init__(self, like: Trace, steps: int, *, room: int) -> None:
        self._most = steps + room
        self._records = [self._empty(record) for record in like]
        self._claimed = steps
        self._lock = Lock()

    def claim(self, begin: int, end: int) -> bool:
        """Whether a reading of ``end`` steps can stand here, the first ``begin`` being the same; then it does."""
        with self._lock:
            if end <= begin:
                return True
            if self._claimed != begin or end > self._most:
                return False
            self._claimed = end
            return True

    def put(self, piece: Trace, here: range, *, first: int = 0) -> None:
        """Writes the steps ``here`` from a trace that begins with them, those before ``first`` left as they are."""
        skip = max(first - here.start, 0)
        rows, steps = slice(here.start + skip, here.stop), slice(skip, len(here))
        for whole, part in zip(self._records, piece, strict=True):
            whole.input[rows] = part.input[steps]
            for name, values in part.quantities.items():
                whole[name][rows] = values[steps]

    def trace(self, inputs: Tensor) -> Trace:
        """The trace of a reading, but for the readout's scores.

        Args:
            inputs: what the network was given, (time, …).
        """
        records = [
            replace(
                record,
                quantities={name: values[: len(inputs)] for name, values in record.quantities.items()},
                input=record.input[: len(inputs)],
            )
            for record in self._records
        ]
        return Trace(records=tuple(records), inputs=inputs)

    def _empty(self, record: LayerRecord) -> LayerRecord:
        def room(values: Tensor) -> Tensor:
            return values.new_empty(self._most, *values.shape[1:])

        quantities = {name: room(values) for name, values in record.quantities.items()}
        return replace(record, quantities=quantities, input=room(record.input))
