"""What can be surveyed, and the three ways of running it: whole, some of its layers, one lane alone.

A subject is a module that is called with inputs and a state and returns outputs and the state of the one recurrent
layer (with its depth and directions) in it. Knows nothing of texts longer than one call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from peephole.errors import TraceError
from peephole.nn.chain_network import Chain
from peephole.nn.equations import State
from peephole.nn.foreign import stack_of
from peephole.nn.models import Network
from peephole.nn.record import Record
from peephole.nn.recurrent import RecurrentLayer
from peephole.nn.run import run_stack
from peephole.nn.sequences import Batch
from peephole.nn.stack import DIRECTIONS, Stack, by_layer
from peephole.trace.recording import recording
from peephole.trace.trace import LayerRecord


@dataclass(frozen=True, eq=False)
class Subject:
    """A module that can be surveyed.

    Attributes:
        module: it.
        name: of its recurrent layer within it, "" where it is that layer.
        layer: that layer, ours or torch's.
    """

    module: nn.Module
    name: str
    layer: RecurrentLayer | nn.RNNBase

    @classmethod
    def of(cls, module: nn.Module) -> Subject:
        """The module as a subject.

        Raises:
            TraceError: it has not exactly one recurrent layer, would draw random numbers, has layers that are not
                simply on one another, or is bidirectional and not of a kind whose layers can be run one at a time.
        """
        if not isinstance(module, nn.Module):
            raise TraceError(f"only a torch.nn.Module can be surveyed, got {type(module).__name__}")
        kinds = RecurrentLayer, nn.RNNBase
        found = [(name, part) for name, part in module.named_modules() if isinstance(part, kinds)]
        if len(found) != 1:
            names = ", ".join(name or "itself" for name, _ in found) or "none"
            raise TraceError(
                f"a survey needs exactly one RNN, LSTM or GRU in the module, to know its whole state; "
                f"{type(module).__name__} has {names}"
            )
        if module.training:
            raise TraceError(
                "a survey must be able to run any stretch again alike: call .eval() on the module first"
            )
        subject = cls(module, *found[0])
        stack = subject.stack
        if stack.state_per_layer or stack.connection is not None or stack.merge != "concat":
            raise TraceError(
                "layers of different widths, with connections between them, or with directions that are not "
                "concatenated cannot be surveyed: a survey runs parts of them alone; use ph.trace instead"
            )
        if isinstance(module, Chain) and not module.config.simple:
            raise TraceError(
                "a chain that skips a masked symbol, turns its outputs round or returns its last step alone cannot be "
                "surveyed; survey its recurrent layer, or chain.answering_everywhere()"
            )
        if stack.reverse:
            raise TraceError(
                "a layer with reverse=True cannot be surveyed: its first step is the text's last; survey its mirror, "
                "a layer without reverse that has its weights, over the text read from the end"
            )
        if subject.directions == 2 and subject._features is None:
            raise TraceError(
                f"{type(module).__name__} is bidirectional: its layers must be run one at a time, each from both ends, "
                "which works for ph.Network, a chain and a recurrent layer by itself; survey its recurrent layer "
                "instead"
            )
        return subject

    @property
    def stack(self) -> Stack:
        """The recurrent layers."""
        return stack_of(self.layer)

    @property
    def directions(self) -> int:
        """1, or 2 for a bidirectional layer."""
        return 2 if self.layer.bidirectional else 1

    @property
    def weight(self) -> Tensor:
        """One of its weights, for their dtype and device."""
        return next(self.layer.parameters())

    @property
    def speaks(self) -> bool:
        """Whether the outputs are a readout's, and not the recurrent layer's own."""
        return self.module is not self.layer

    @property
    def _features(self) -> Callable[[Tensor], Tensor] | None:
        """What turns inputs into what the first layer reads, where that can be had alone."""
        if isinstance(self.module, Network | Chain):
            return self.module.features
        return None if self.speaks else lambda inputs: inputs

    def digest(self) -> str:
        """Names the weights: other weights have another."""
        named = hashlib.sha256()
        for name, values in self.module.state_dict().items():
            named.update(f"{name} {values.dtype} {tuple(values.shape)}".encode())
            named.update(values.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
        return named.hexdigest()

    def read(self, inputs: Tensor, state: State | None) -> tuple[Tensor, State, Sequence[LayerRecord]]:
        """Runs the whole module.

        Args:
            inputs: (time, batch) ids, or (time, batch, feature).
            state: each part (lane, batch, size); None for the module's own beginning.

        Returns:
            outputs (time, batch, output), the state after, and a record of each lane.

        Raises:
            TraceError: the module is not called, or does not answer, as a subject must.
        """
        turned = bool(self.layer.batch_first)
        with torch.no_grad(), recording(self.module) as tape:
            result = self.module(inputs.transpose(0, 1) if turned else inputs, _as_torch(state))
        records = tape.trace().records
        lanes = _state_shapes(self.stack, inputs.shape[1])
        if len(records) != next(iter(lanes.values()))[0]:
            raise TraceError(
                f"{type(self.module).__name__} runs its recurrent layer several times in one call"
            )
        if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], Tensor)):
            raise TraceError(
                f"to be surveyed, {type(self.module).__name__} must return (outputs, state), got {_words(result)}"
            )
        outputs, after = result
        parts: State = (after,) if isinstance(after, Tensor) else tuple(after)
        if [tuple(part.shape) for part in parts] != list(lanes.values()):
            raise TraceError(
                f"to be surveyed, {type(self.module).__name__} must return the state of its recurrent layer, of "
                f"shapes {list(lanes.values())}, got {_words(after)}"
            )
        return outputs.transpose(0, 1) if turned else outputs, parts, records

    def records(self, inputs: Tensor, state: State, layer: int | None) -> Sequence[LayerRecord]:
        """A record of each lane of one layer, or of all; arguments as in ``read``."""
        if layer is None or self._features is None:
            records = self.read(inputs, state)[2]
            return [record for record in records if layer in (None, record.layer)]
        x = self.through(self.features(inputs), state, 0, layer)
        notes: list[Record] = []
        self._run(x, state, layer, layer + 1, notes)
        return [self._named(note, layer, note.direction) for note in notes]

    def features(self, inputs: Tensor) -> Tensor:
        """What the first layer reads, (time, batch, input)."""
        if self._features is None:
            raise TraceError(
                f"the inputs of the recurrent layer in {type(self.module).__name__} cannot be had alone"
            )
        with torch.no_grad():
            return self._features(inputs)

    def through(self, x: Tensor, state: State, first: int, stop: int) -> Tensor:
        """What layers ``first`` to ``stop`` − 1 make of ``x``, (time, batch, …); ``state`` is that of all lanes."""
        return x if first == stop else self._run(x, state, first, stop, None)

    def readout(self, hidden: Tensor) -> Tensor:
        """What a ``Network`` or ``Chain`` says from its last layer's hidden states."""
        if not isinstance(self.module, Network | Chain):
            raise TraceError(f"{type(self.module).__name__} has no readout that can be run alone")
        with torch.no_grad():
            return self.module.readout(hidden)  # type: ignore[no-any-return]

    def lane(self, x: Tensor, state: State | None, layer: int, direction: str) -> tuple[LayerRecord, State]:
        """Runs one layer in one direction over a stretch of one sequence, and gives its record and the state after.

        Args:
            x: what the layer reads, (time, 1, input), in the order of the text.
            state: with which the lane enters, each part (1, 1, size); None for zeros.
            layer, direction: which.
        """
        stack, backward = self.stack, direction == "backward"
        alone = replace(stack, layers=((stack.layers[layer][int(backward)],),))
        notes: list[Record] = []
        with torch.no_grad():
            (state,) = alone.initial_states(1, x) if state is None else (state,)
            # From the right to the left is from the left to the right in a mirror.
            _, (after,) = run_stack(alone, Batch(x.flip(0) if backward else x), [state], records=notes)
        record = self._named(notes[0], layer, direction)
        if not backward:
            return record, after
        mirrored = {name: values.flip(0) for name, values in record.quantities.items()}
        return replace(record, quantities=mirrored, input=x), after

    def _run(self, x: Tensor, state: State, first: int, stop: int, notes: list[Record] | None) -> Tensor:
        stack = self.stack
        part = replace(stack, layers=stack.layers[first:stop])
        own = tuple(s[first * self.directions : stop * self.directions] for s in state)
        with torch.no_grad():
            return run_stack(part, Batch(x), by_layer(own, self.directions), records=notes)[0].data

    def _named(self, note: Record, layer: int, direction: str) -> LayerRecord:
        return LayerRecord(
            self.name, 0, layer, direction, note.kind, note.quantities, note.initial, note.input, note.lengths
        )

    def number(self, layer: int, direction: str) -> int:
        """The lane's place in torch's order of states."""
        return layer * self.directions + DIRECTIONS.index(direction)


def _state_shapes(stack: Stack, batch: int) -> dict[str, tuple[int, int, int]]:
    """Shape of each part of the state of a stack of one width, by name: (lane, batch, size)."""
    lanes = len(stack.layers) * stack.directions
    return {name: (lanes, batch, size) for name, size in stack.equations[0].state_sizes.items()}


def _as_torch(state: State | None) -> Any:
    """A state as modules take it: a tensor, or a tuple of them."""
    return state if state is None or len(state) > 1 else state[0]


def _words(value: object) -> str:
    """What was received, for a message."""
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_words, value))})"
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
