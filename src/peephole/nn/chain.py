"""``Chain``: a network of parts one after another, as other people's files describe them.

``Network`` is what ``peephole train`` makes; a chain is what ``peephole import`` finds: embedding, recurrent layers of
any options, dense layers, in the order of the file. Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from peephole.nn.activations import Activation
from peephole.nn.models import CellName


@dataclass(frozen=True, kw_only=True)
class EmbeddingPart:
    """Symbols to vectors; the first part or none.

    Tensors: ``weight``, shape (symbols, size).

    Attributes:
        name: what the file calls it.
        symbols: how many there are.
        size: of a symbol's vector.
        masked: the symbol at which every recurrent layer keeps its state and repeats its output (Keras's mask_zero);
            None where there is none.
    """

    name: str
    symbols: int
    size: int
    masked: int | None = None
    kind: Literal["embedding"] = "embedding"


@dataclass(frozen=True, kw_only=True)
class RecurrentPart:
    """A recurrent layer, with its depth and directions.

    Tensors: those of the layer's ``state_dict``.

    Attributes:
        name: what the file calls it.
        cell: "rnn", "lstm" or "gru".
        options: keywords of ``peephole.RNN``, ``LSTM`` or ``GRU``: input_size, hidden_size and every other that is
            not the default; never batch_first.
        returns: "sequence" for the outputs of every step; "last" for those at the sequence's end, of each direction
            at its own end (Keras's return_sequences=False).
        flipped: whether the outputs leave it in reversed order of time (Keras's go_backwards).
    """

    name: str
    cell: CellName
    options: Mapping[str, Any] = field(default_factory=dict)
    returns: Literal["sequence", "last"] = "sequence"
    flipped: bool = False
    kind: Literal["recurrent"] = "recurrent"


@dataclass(frozen=True, kw_only=True)
class DensePart:
    """An affine map of the features at every step, and a function.

    Tensors: ``weight``, shape (outputs, inputs), and ``bias``, shape (outputs,), where it has one.

    Attributes:
        name: what the file calls it.
        inputs, outputs: features.
        bias: whether there is one.
        activation: of the outputs, by name as the cells' are, or "softmax".
    """

    name: str
    inputs: int
    outputs: int
    bias: bool = True
    activation: Activation = "identity"
    kind: Literal["dense"] = "dense"


Part = EmbeddingPart | RecurrentPart | DensePart
