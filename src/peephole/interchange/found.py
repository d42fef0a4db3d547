"""What a reader hands over: the parts that it understood, with their tensors, and what it left out and why.

Readers know one kind of file each and nothing of one another; ``imported.py`` makes a network of what they found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from peephole.nn.chain import Part


@dataclass(frozen=True, eq=False)
class FoundPart:
    """One part with its values.

    Attributes:
        part: what it is.
        tensors: its values by the names that ``peephole.nn.chain`` states for this kind of part.
        sources: for each of these names, which tensor of the file it came from and how it was rearranged, in words:
            "lstm.weight_ih_l0", "W[0], gates iofc put in the order ifgo".
    """

    part: Part
    tensors: Mapping[str, Tensor]
    sources: Mapping[str, str]


@dataclass(frozen=True)
class LeftOut:
    """Something in the file that is not part of the network.

    Attributes:
        name: what the file calls it.
        what: what it is, in words: "float32 (64, 128)", "Conv1D", "the optimizer's state, 66 tensors".
        reason: why it was left out.
    """

    name: str
    what: str
    reason: str


@dataclass(frozen=True, eq=False)
class Found:
    """All that was found in one file or module.

    Attributes:
        kind: what the file is, in words: "PyTorch state_dict", "Keras 2.4 whole model (HDF5)", "ONNX, opset 14".
        parts: every part that could be used, in the order of the file.
        chain: the names of parts in the order in which one feeds the next, where the file tells it; None where it
            holds weights alone.
        left_out: the rest.
        notes: what else a person should know, a sentence each.
    """

    kind: str
    parts: tuple[FoundPart, ...]
    chain: tuple[str, ...] | None = None
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = field(default=())
