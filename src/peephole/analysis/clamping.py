"""What a clamp changes: predictions and generated text beside those without it.

Networks run in evaluation mode, without gradients. ``ph.intervene`` does the clamping.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from peephole.analysis.predictions import surprise
from peephole.errors import OptionError
from peephole.nn.models import Network
from peephole.trace.intervening import intervene

Clamps = Mapping[str, float | Tensor]


@dataclass(frozen=True, eq=False)
class Clamp:
    """One address of ``ph.intervene`` held at a value at steps of its own.

    Attributes:
        address, value: as ``ph.intervene`` takes them.
        steps: input times from 0 on, numbers or a slice; None for all.
    """

    address: str
    value: float | Tensor
    steps: slice | Collection[int] | None = None

    def times(self, total: int) -> Collection[int]:
        """When it acts in a run of ``total`` steps."""
        if self.steps is None:
            return range(total)
        return range(total)[self.steps] if isinstance(self.steps, slice) else self.steps


@contextmanager
def holding(network: nn.Module, clamps: Iterable[Clamp], here: range, *, total: int) -> Iterator[None]:
    """Within the context the network reads one stretch of a run, each clamp acting at its own steps of the run.

    Layers in which nothing is held in this stretch run as they always do.

    Args:
        network: which network, or any other module that ``ph.intervene`` takes.
        clamps: what is held; where two hold the same, the later.
        here: the steps of the run that are read within the context.
        total: steps of the whole run.

    Raises:
        OptionError: as ``ph.intervene`` raises it.
    """
    with ExitStack() as held:
        for clamp in clamps:
            times = clamp.times(total)
            if now := [place for place, time in enumerate(here) if time in times]:
                held.enter_context(intervene(network, {clamp.address: clamp.value}, steps=now))
        yield


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
    clamps: Clamps | Iterable[Clamp],
    *,
    steps: slice | Collection[int] | None = None,
    temperature: float = 1.0,
    seed: int = 0,
    never: Iterable[int] = (),
) -> Continuations:
    """Lets a network go on with a prompt twice, with the same luck: what differs, the clamps did.

    Args:
        network: predicts the next symbol.
        prompt: (step,) int64 ids, at least one.
        length: how many symbols to add.
        clamps: as ``ph.intervene`` takes them, or each a ``Clamp`` with steps of its own.
        steps: when they act, counted from the prompt's first symbol on through what is added: numbers or a slice,
            ``slice(len(prompt), None)`` for what is added alone; None for always. A ``Clamp`` has its own.
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
    if isinstance(clamps, Mapping):
        held = [Clamp(address, value, steps) for address, value in clamps.items()]
    else:
        held = list(clamps)
    luck = torch.rand(length, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    barred = torch.tensor(sorted(never), dtype=torch.long)

    def go_on(clamps: Iterable[Clamp]) -> Tensor:
        chosen: list[Tensor] = []
        read, state, time = prompt, None, 0
        for u in luck:
            with holding(network, clamps, range(time, time + len(read)), total=total):
                logits, state = network(read.unsqueeze(1), state)
            time += len(read)
            read = _pick(logits[-1, 0].double().index_fill(0, barred, -torch.inf), temperature, u)
            chosen.append(read)
        return torch.cat(chosen) if chosen else prompt[:0]

    with evaluating(network):
        return Continuations(prompt, go_on([]), go_on(held))


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
