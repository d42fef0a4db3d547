"""Lets a network go on with a text, symbol by symbol.

Knows nothing of files; reads a network and its vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from peephole.data.vocabulary import Vocabulary
from peephole.errors import DataError, OptionError, RunError
from peephole.nn.models import Network


def sample(
    network: Network,
    vocabulary: Vocabulary,
    *,
    prompt: str,
    length: int = 200,
    temperature: float = 1.0,
    seed: int | None = None,
) -> Iterator[str]:
    """The ``length`` symbols that the network puts after ``prompt``, one at a time.

    prompt
        At least one symbol; those that the network does not know are read as the unknown symbol.
    temperature
        Logits are divided by it before the softmax: below 1 safer, above 1 bolder, 0 always the likeliest.
    seed
        The same seed gives the same text; None: another one each time.

    The unknown symbol is never chosen. The state is carried from symbol to symbol. Raises OptionError for a number
    out of range, DataError for an empty prompt or one that cannot be read.
    """
    if length < 0:
        raise OptionError(f"length must be at least 0, got {length}")
    if not (math.isfinite(temperature) and temperature >= 0):
        raise OptionError(f"temperature must be a number of at least 0, got {temperature}")
    if seed is not None and not 0 <= seed < 2**63:
        raise OptionError(f"seed must be from 0 to {2**63 - 1}, got {seed}")
    ids = vocabulary.encode(prompt)
    if not ids.size:
        raise DataError("the prompt is empty: begin with at least one symbol")
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    return _go_on(network.cpu().eval(), vocabulary, torch.from_numpy(ids), length, temperature, generator)


def _go_on(
    network: Network,
    vocabulary: Vocabulary,
    ids: Tensor,
    length: int,
    temperature: float,
    generator: torch.Generator,
) -> Iterator[str]:
    state = None
    for _ in range(length):
        # Entered anew for each symbol: between two of them the caller's own code runs.
        with torch.inference_mode():
            outputs, state = network(ids[:, None], state)
            logits = outputs[-1, 0].double()
            if vocabulary.unknown is not None:
                logits[vocabulary.unknown] = -math.inf
            if not logits.max().isfinite():
                raise RunError(
                    "this network gives no symbol that it knows a chance: its weights are not numbers, or its "
                    "vocabulary has nothing but the unknown symbol; train it again"
                )
            if temperature:
                chances = torch.softmax(logits / temperature, 0)
                ids = torch.multinomial(chances, 1, generator=generator)
            else:
                ids = logits.argmax()[None]
        yield vocabulary.symbols[int(ids)]
