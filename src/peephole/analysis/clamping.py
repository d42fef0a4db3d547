"""What a clamp changes: predictions and generated text beside those without it.

Networks run in evaluation mode, without gradients. ``ph.intervene`` does the clamping.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from peephole.analysis.predictions import surprise
from peephole.errors import OptionError
from peephole.nn.models import Network
from peephole.trace.intervening import intervene

Clamps = Mapping[str, float | Tensor]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a network said with and without its clamps; each (time, batch, output) scores.

    Attributes:
        unclamped, clamped: the readout's outputs.
    """

    unclamped: Tensor
    clamped: Tensor

    @property
    def divergence(self) -> Tensor:
        """(time, batch) bits: the Kullback–Leibler divergence of the clamped predictions from the unclamped ones.

        For networks that choose among outputs; 0 where the clamps changed nothing.
        """
        log_p, log_q = (logits.double().log_softmax(-1) for logits in (self.unclamped, self.clamped))
        terms = torch.where(log_p.isneginf(), 0.0, log_p.exp() * (log_p - log_q))
        return (terms.sum(-1) / math.log(2)).clamp(min=0).float()

    def added_surprise(self, outcomes: Tensor) -> Tensor:
        """(time, batch) bits that the clamps add to the surprise at ``outcomes``, (time, batch) int64."""
        return surprise(self.clamped, outcomes) - surprise(self.unclamped, outcomes)


def compare(
    network: Network,
    inputs: Tensor,
    clamps: Clamps,
    *,
    steps: slice | Iterable[int] | None = None,
    lengths: Tensor | None = None,
) -> Comparison:
    """Runs a network on the same input with and without clamps.

    Args:
        network: which network.
        inputs, lengths: as the network takes them.
        clamps, steps: as ``ph.intervene`` takes them.

    Raises:
        OptionError: as ``ph.intervene`` raises it.
    """
    with evaluating(network):
        unclamped, _ = network(inputs, lengths=lengths)
        with intervene(network, clamps, steps=steps):
            clamped, _ = network(inputs, lengths=lengths)
    return Comparison(unclamped, clamped)


@dataclass(frozen=True, eq=False)
class Continuations:
    """How a network went on with a prompt, with and without its clamps; ids, (step,) int64.

    Attributes:
        prompt: what it had read.
        unclamped, clamped: what it put after it.
        agree: how many symbols from the start are the same in both.
    """

    prompt: Tensor
    unclamped: Tensor
    clamped: Tensor

    @property
    def agree(self) -> int:
        """How many symbols are the same before the two part."""
        return int((self.unclamped == self.clamped).long().cumprod(0).sum())


def continuations(
    network: Network,
    prompt: Tensor,
    length: int,
    clamps: Clamps,
    *,
    steps: slice | Iterable[int] | None = None,
    temperature: float = 1.0,
    seed: int = 0,
    never: Iterable[int] = (),
) -> Continuations:
    """Lets a network go on with a prompt twice, with the same luck: what differs, the clamps did.

    Args:
        network: predicts the next symbol.
        prompt: (step,) int64 ids, at least one.
        length: how many symbols to add.
        clamps: as ``ph.intervene`` takes them.
        steps: when they act, counted from the prompt's first symbol on through what is added: numbers or a slice,
            ``slice(len(prompt), None)`` for what is added alone; None for always.
        temperature: divides the scores; 0 takes the likeliest symbol.
        seed: of the luck, the same for both.
        never: ids that are not chosen, such as that of the unknown symbol.

    Raises:
        OptionError: an option out of range, a network that does not predict its own symbols, and as ``ph.intervene``.
    """
    config = network.config
    if config.input != "symbols" or config.input_size != config.output_size:
        raise OptionError(
            f"only a network that predicts its own symbols can go on with a text; this one reads "
            f"{config.input_size} {config.input} and has {config.output_size} outputs"
        )
    if prompt.dim() != 1 or not len(prompt):
        raise OptionError(f"prompt must be ids of shape (step,), at least one, got {tuple(prompt.shape)}")
    if length < 0 or not 0 <= temperature < float("inf"):
        raise OptionError(f"length and temperature must be at least 0, got {length} and {temperature}")
    total = len(prompt) + length
    acting = set(
        range(total)[steps] if isinstance(steps, slice) else range(total) if steps is None else steps
    )
    luck = torch.rand(length, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    barred = torch.tensor(sorted(never), dtype=torch.long)

    def go_on(acting: set[int]) -> Tensor:
        chosen: list[Tensor] = []
        read, state, time = prompt, None, 0
        for u in luck:
            now = [t - time for t in sorted(acting) if time <= t < time + len(read)]
            with intervene(network, clamps, steps=now) if now else nullcontext():
                logits, state = network(read.unsqueeze(1), state)
            time += len(read)
            read = _pick(logits[-1, 0].double().index_fill(0, barred, -torch.inf), temperature, u)
            chosen.append(read)
        return torch.cat(chosen) if chosen else prompt[:0]

    with evaluating(network):
        return Continuations(prompt, go_on(set()), go_on(acting))


def _pick(logits: Tensor, temperature: float, u: Tensor) -> Tensor:
    """(1,) the symbol at the place ``u``, 0 to 1, of the cumulated chances; the likeliest at temperature 0."""
    if not temperature:
        return logits.argmax().unsqueeze(0)
    cumulated = (logits / temperature).softmax(-1).cumsum(-1)
    return torch.searchsorted(cumulated, (u * cumulated[-1]).unsqueeze(0), right=True).clamp(
        max=len(logits) - 1
    )


@contextmanager
def evaluating(network: Network) -> Iterator[None]:
    """Within the context the network is in evaluation mode and keeps no graph."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        network.train(training)
