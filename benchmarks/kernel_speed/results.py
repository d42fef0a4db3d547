"""One measured figure, and the CSV files that hold many of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """What was measured of one work at one shape.

    Attributes:
        work: its name in ``WORKS``.
        shape: as ``T,B,I,H``.
        threads: that torch and each runtime were given.
        malloc: "default" or "tuned".
        way: how our layer ran, as ``explain`` tells it.
        milliseconds: our median.
        peer: the fastest peer.
        peer_milliseconds: its median.
        figure: the peer's time over ours, or the share of the peak.
        fastest: the figure by the fastest sample of each, which others disturb least.
        scatter: share of the median within which half of the samples lie; of ours and that peer the larger.
        samples: of ours.
        others: cores that other processes took meanwhile.
        peers: the median milliseconds of every peer, in words.
        fault: what went wrong, so that the figure means nothing; else empty.
    """

    work: str
    shape: str
    threads: int
    malloc: str
    way: str = ""
    milliseconds: float = 0.0
    peer: str = ""
    peer_milliseconds: float = 0.0
    figure: float = 0.0
    fastest: float = 0.0
    scatter: float = 0.0
    samples: int = 0
    others: float = 0.0
    peers: str = ""
    fault: str = ""

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What was measured, whatever came of it."""
        return self.work, self.shape, self.threads, self.malloc

    @property
    def disturbed(self) -> bool:
        """Whether others were at work, so that the figure is theirs too."""
        return self.others >= 0.15

    def line(self) -> str:
        """As it is printed when it has been measured."""
        begin = f"{self.work:20s} {self.shape:16s} {threads_in_words(self.threads)} {self.malloc:8s}"
        if self.fault:
            return f"{begin} {self.fault}"
        scatter = f" ±{self.scatter:.0%} ({self.fastest:.2f} at best)" if self.scatter >= 0.1 else ""
        scatter += f"  others took {self.others:.1f} cores" if self.disturbed else ""
        return f"{begin} {self.way:9s} {_short(self.milliseconds)} ms; {self.peers}  = {self.figure:.2f}{scatter}"


def threads_in_words(threads: int) -> str:
    """The number in words, always as wide."""
    return f"{threads} thread{'s' if threads > 1 else ' '}"


def told(milliseconds: dict[str, float]) -> str:
    """The times of the peers in words."""
    return ", ".join(f"{name} {_short(value)}" for name, value in milliseconds.items())


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


COLUMNS = [field.name for field in fields(Result)]


def write(path: Path, results: Iterable[Result]) -> None:
    """A CSV file with a line for each."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(map(asdict, results))


def read(path: Path) -> list[Result]:
    """What ``write`` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Result(
                **{
                    field.name: {"int": int, "float": float}.get(str(field.type), str)(row[field.name])
                    for field in fields(Result)
                }
            )
            for row in csv.DictReader(file)
        ]
