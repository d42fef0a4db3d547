"""How each shipped network is made: what to tell ``peephole train``, the seeds to try, and what must come of it.

Seeds are tried in order until the claim holds. Lengths are in steps or epochs and the threads are fixed, so
that one machine gives the same weights each time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from peephole.zoo import claims
from peephole.zoo.claims import Claim


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One network's.

    Attributes:
        arguments: of ``peephole train``; the seed, the folder and one thread are added to them.
        claim: what must hold for a seed to be taken.
        seeds: how many to try.
        first: the seed to begin with.
        half: whether the weights are shipped as float16, for the larger networks; the claim is asked of those.
    """

    arguments: str
    claim: Claim
    seeds: int = 20
    first: int = 0
    half: bool = False

    def command(self, seed: int) -> list[str]:
        """What follows ``peephole`` on the command line, but for the folder."""
        return ["train", *self.arguments.split(), "--threads", "1", "--seed", str(seed)]

    def digest(self, seed: int) -> str:
        """Names this training: another one has another."""
        return hashlib.sha256(" ".join(self.command(seed)).encode()).hexdigest()[:8]


RECIPES: dict[str, Recipe] = {
    "counter": Recipe(
        arguments="--task counter --hidden 10 --steps 2000 --forget-bias 2 --film 60",
        claim=claims.counts_in_a_cell,
        first=101,
    ),
    "counter-gru": Recipe(
        arguments="--task counter --cell gru --hidden 10 --steps 2000 --film 60",
        claim=claims.counts,
    ),
    "counter-rnn": Recipe(
        arguments="--task counter --cell rnn --hidden 10 --steps 3000 --film 60",
        claim=claims.counts,
    ),
    "selective": Recipe(
        arguments="--task selective --hidden 20 --steps 4000 --learning-rate 0.03 --forget-bias 2",
        claim=claims.counts_selectively,
    ),
    "memorizer": Recipe(
        arguments="--task memorizer --hidden 20 --steps 2000 --learning-rate 0.1 --forget-bias 2",
        claim=claims.keeps_a_from_b,
    ),
    "memorizer-peephole": Recipe(
        arguments="--task memorizer --hidden 20 --peephole --steps 2000 --learning-rate 0.1 --forget-bias 2",
        claim=claims.keeps_a_from_b,
    ),
    "copy": Recipe(
        arguments="--task copy --hidden 20 --layers 2 --steps 3000",
        claim=claims.copies,
    ),
    "mirror": Recipe(
        arguments="--task mirror --hidden 20 --bidirectional --steps 2000",
        claim=claims.mirrors,
    ),
    "digits": Recipe(
        arguments="--task digits --augment --hidden 64 --epochs 40 --film 20",
        claim=claims.reads_digits,
        seeds=5,
        half=True,
    ),
    "words": Recipe(
        arguments="--library prose --characters 530000 --held-out 40000 --unit word --vocabulary 2000 "
        "--embedding 50 --hidden 60 --layers 1 --batch 32 --epochs 12",
        claim=claims.predicts_words,
        seeds=3,
        half=True,
    ),
    "python": Recipe(
        arguments="--library code --characters 4000000 --held-out 100000 --min-count 20 "
        "--hidden 256 --layers 2 --batch 32 --learning-rate 0.004 --epochs 5",
        claim=claims.reads_python,
        seeds=3,
        half=True,
    ),
}
