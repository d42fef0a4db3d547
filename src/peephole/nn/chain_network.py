"""``Chain``: the module that a ``ChainConfig`` describes; to a caller it is what ``Network`` is.

Embedding, recurrent layers, dense layers, functions; called with symbols or numbers and a state. Knows nothing of
files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn

from peephole.errors import OptionError
from peephole.nn.activations import Activation, function
from peephole.nn.chain import ActivationPart, ChainConfig, DensePart, EmbeddingPart, RecurrentPart
from peephole.nn.joining import merged
from peephole.nn.kept_steps import KeptSteps
from peephole.nn.recurrent import RecurrentLayer
from peephole.nn.sequences import alive_steps, mirrored


class Dense(nn.Linear):
    """``torch.nn.Linear`` with a function of its outputs.

    Attributes:
        activation: the function by name, or "softmax" over the features.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        bias: bool = True,
        activation: Activation = "identity",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(inputs, outputs, bias=bias, device=device, dtype=dtype)
        self.activation = activation

    def forward(self, input: Tensor) -> Tensor:
        """``input`` (…, inputs) to (…, outputs)."""
        return _applied(self.activation, super().forward(input))

    def extra_repr(self) -> str:
        """As torch's, and the function."""
        return f"{super().extra_repr()}, activation={self.activation!r}"


class ActivationLayer(nn.Module):
    """A function of the features, without parameters.

    Attributes:
        activation: the function by name, or "softmax" over the features.
    """

    def __init__(self, activation: Activation) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, input: Tensor) -> Tensor:
        """``input`` (…, features) to the same shape."""
        return _applied(self.activation, input)

    def extra_repr(self) -> str:
        """The function."""
        return repr(self.activation)


class Chain(nn.Module):
    """Embedding, recurrent layers, dense layers, functions, in the order of ``config.parts``.

    Attributes:
        config: what it is made of.
        embedding: ``torch.nn.Embedding``, or None.
        recurrents: the recurrent parts, each a ``peephole.RNN``, ``LSTM`` or ``GRU``, time first.
        between: the dense parts and functions before each recurrent part and after the one before it; mostly none.
        readout: those after the last recurrent part, each a ``Dense`` or an ``ActivationLayer``.
    """

    def __init__(
        self,
        config: ChainConfig,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        kind: dict[str, Any] = {"device": device, "dtype": dtype}
        first = config.parts[0]
        self.embedding: nn.Embedding | None = None
        if isinstance(first, EmbeddingPart):
            weight = torch.empty(first.symbols, first.size, **kind)
            self.embedding = nn.Embedding(first.symbols, first.size, _weight=weight)
            if not weight.is_meta:  # a normal distribution without numbers costs a second's imports
                self.embedding.reset_parameters()
        self.recurrents = nn.ModuleList(part.layer(**kind) for part in config.recurrent)
        stretches = _flat_stretches(config)
        made = [nn.Sequential(*(_flat(part, kind) for part in parts)) for parts in stretches]
        self.between, self.readout = nn.ModuleList(made[:-1]), made[-1]

    @property
    def recurrent(self) -> RecurrentLayer:
        """The recurrent part where there is one alone.

        Raises:
            OptionError: there are several.
        """
        if len(self.recurrents) > 1:
            names = ", ".join(part.name for part in self.config.recurrent)
            raise OptionError(f"this chain has several recurrent parts, {names}: take one of its recurrents")
        return self._layers[0]

    def forward(
        self, inputs: Tensor, state: Any = None, *, lengths: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        """Reads whole sequences.

        Args:
            inputs: ids, shape (time, batch), or numbers, shape (time, batch, feature).
            state: of the one recurrent part, as it takes and returns it, or a tuple with one for each part; None for
                zeros.
            lengths: steps of each sequence, shape (batch,); None where all are full. Outputs past a sequence's end
                are those of a zero hidden state.

        Returns:
            outputs of the last part, shape (time, batch, output_size), or (1, batch, output_size) where the last
            recurrent part returns its last step alone; and the final state in the form of ``state``.

        Raises:
            ValueError, RuntimeError: as the layers do.
        """
        states = self._states(state)
        kept = self.kept(inputs, lengths)
        x, finals = self.features(inputs), []
        for number, (part, layer) in enumerate(zip(self.config.recurrent, self._layers, strict=True)):
            if number > 0:
                x = self.between[number](x)
            x, final = _read(part, layer, x, states[number], lengths, kept)
            finals.append(final)
        return self.readout(x), finals[0] if len(finals) == 1 else tuple(finals)

    @property
    def module_names(self) -> tuple[str, ...]:
        """The name in this module of the module that each of ``config.parts`` has become."""
        names, recurrent, flat = [], 0, 0
        for part in self.config.parts:
            if isinstance(part, EmbeddingPart):
                names.append("embedding")
            elif isinstance(part, RecurrentPart):
                names.append(f"recurrents.{recurrent}")
                recurrent, flat = recurrent + 1, 0
            else:
                stretch = "readout" if recurrent == len(self.recurrents) else f"between.{recurrent}"
                names.append(f"{stretch}.{flat}")
                flat += 1
        return tuple(names)

    def features(self, inputs: Tensor) -> Tensor:
        """What the first recurrent part reads, shape (time, batch, feature)."""
        x = inputs if self.embedding is None else self.embedding(inputs)
        return self.between[0](x)  # type: ignore[no-any-return]

    def kept(self, inputs: Tensor, lengths: Tensor | None = None) -> KeptSteps | None:
        """Which steps the recurrent parts read; None where all are, up to each sequence's length.

        A record holds the kept steps alone, one after another from 0 on, and their number as its ``lengths``.
        """
        if self.config.masked is None:
            return None
        alive = alive_steps(lengths, len(inputs), inputs.device)
        kept = inputs != self.config.masked
        return KeptSteps(kept if alive is None else kept & alive.squeeze(-1))

    @property
    def can_answer_everywhere(self) -> bool:
        """Whether ``answering_everywhere`` can be had."""
        last = self.config.recurrent[-1]
        return last.returns == "sequence" or not last.bidirectional

    def answering_everywhere(self) -> Chain:
        """The same network, sharing its parameters, that returns what it would say if the sequence ended at each step.

        It is itself where it returns every step already.

        Raises:
            OptionError: the last recurrent part reads both ways and returns its last step alone, so that there is no
                such answer before the end.
        """
        last = self.config.recurrent[-1]
        if last.returns == "sequence":
            return self
        if not self.can_answer_everywhere:
            raise OptionError(
                f"{last.name!r} reads both ways and returns its ends alone: there is no answer at each step"
            )
        everywhere = replace(last, returns="sequence", flipped=False)
        parts = tuple(everywhere if part is last else part for part in self.config.parts)
        other = Chain(ChainConfig(parts), device="meta")
        other.embedding, other.recurrents = self.embedding, self.recurrents
        other.between, other.readout = self.between, self.readout
        return other.train(self.training)

    @property
    def _layers(self) -> Sequence[RecurrentLayer]:
        return [layer for layer in self.recurrents if isinstance(layer, RecurrentLayer)]

    def _states(self, state: Any) -> Sequence[Any]:
        """A state for each recurrent part."""
        wanted = len(self.recurrents)
        if state is None:
            return [None] * wanted
        if wanted == 1:
            return [state]
        if not isinstance(state, tuple | list) or len(state) != wanted:
            raise RuntimeError(
                f"the state of this chain must be a tuple with one state for each of its {wanted} recurrent parts, "
                f"got {f'{len(state)} entries' if isinstance(state, tuple | list) else type(state).__name__}"
            )
        return state


def _flat_stretches(config: ChainConfig) -> list[list[DensePart | ActivationPart]]:
    """The parts without a state before the first recurrent part, between each two, and after the last."""
    runs = groupby(config.parts, key=lambda part: isinstance(part, RecurrentPart))
    stretches: list[list[DensePart | ActivationPart]] = [[]]
    for is_recurrent, parts in runs:
        if is_recurrent:
            stretches += [[] for _ in parts]
        else:
            stretches[-1] += [part for part in parts if isinstance(part, DensePart | ActivationPart)]
    return stretches


def _flat(part: DensePart | ActivationPart, kind: dict[str, Any]) -> Dense | ActivationLayer:
    if isinstance(part, ActivationPart):
        return ActivationLayer(part.activation)
    return Dense(part.inputs, part.outputs, bias=part.bias, activation=part.activation, **kind)


def _applied(activation: Activation, x: Tensor) -> Tensor:
    """The function of ``x``, (…, features)."""
    return x.softmax(-1) if activation == "softmax" else function(activation)(x)


def _read(
    part: RecurrentPart,
    layer: RecurrentLayer,
    x: Tensor,
    state: Any,
    lengths: Tensor | None,
    kept: KeptSteps | None,
) -> tuple[Tensor, Any]:
    """What one recurrent part makes of ``x``, (time, batch, feature), and its state after."""
    read, steps = (x, lengths) if kept is None else (kept.together(x), kept.lengths)
    outputs, final = layer(read, state, lengths=steps)
    if part.returns == "last":
        return _ends(part, layer, final, steps), final
    if kept is not None and layer.bidirectional:
        outputs = kept.spread(outputs)
    elif kept is not None:
        outputs = kept.repeated(outputs, backward=layer.reverse)
    if part.flipped:
        outputs = mirrored(outputs, lengths)
    return outputs, final


def _ends(part: RecurrentPart, layer: RecurrentLayer, final: Any, steps: Tensor | None) -> Tensor:
    """The outputs at the sequences' ends, each direction at its own, (1, batch, width); zeros without a step."""
    if not isinstance(layer.hidden_size, int):
        final = final[-1]
    hidden = final[0] if isinstance(final, tuple) else final
    ends = merged(hidden[-len(layer.directions) :].unbind(0), part.options.get("merge", "concat")).unsqueeze(
        0
    )
    if steps is None:
        return ends
    return ends.where((steps.to(ends.device) > 0).unsqueeze(-1), 0)
