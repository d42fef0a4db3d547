"""A network over strings of a small language at once, and everything it did, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from peephole.errors import OptionError
from peephole.trace.recording import trace
from peephole.trace.trace import LayerRecord, Trace
from peephole.train.run import Run


@dataclass(frozen=True, eq=False)
class Strings:
    """Strings that a network has read; steps are theirs, one string after another, without padding.

    Attributes:
        strings: what was read.
        trace: what the network did.
    """

    strings: tuple[str, ...]
    trace: Trace

    @property
    def symbols(self) -> list[str]:
        """What each step read."""
        return list("".join(self.strings))

    @property
    def lengths(self) -> list[int]:
        """Steps of each string."""
        return [len(string) for string in self.strings]

    @property
    def record(self) -> LayerRecord:
        """The last layer's record, forward."""
        return self.trace.layer(max(record.layer for record in self.trace.records))

    def where(self, symbol: str) -> Tensor:
        """(step,) bool: the steps that read ``symbol``."""
        return torch.tensor([read == symbol for read in self.symbols])

    def beginning(self, symbol: str) -> Tensor:
        """(step,) bool: the steps of the strings that begin with ``symbol``."""
        return torch.tensor([string[0] == symbol for string in self.strings for _ in string])


@torch.no_grad()
def read_strings(run: Run, strings: Sequence[str]) -> Strings:
    """Let a run's network read ``strings``, each from a zero state.

    Raises:
        OptionError: the network reads numbers.
    """
    vocabulary = run.vocabulary()
    if vocabulary is None:
        raise OptionError(f"{run.name} reads numbers, not strings")
    ids = pad_sequence([torch.from_numpy(vocabulary.encode(string)) for string in strings])
    _, record = trace(run.trained_network(), ids, lengths=torch.tensor([len(string) for string in strings]))
    return Strings(tuple(strings), record)
