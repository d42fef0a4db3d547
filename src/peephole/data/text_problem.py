"""Predict a text's next symbol: the problem, made from a path, the Python library or a text in memory.

Knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from torch import Tensor

from peephole.data.batches import Batch, Input, Sample, Score, Target, require_index, text_sample
from peephole.data.library import Part, python_sources
from peephole.data.streams import EXCERPT, Stream, held_out_from, require_chunk, require_same
from peephole.data.text import read_text
from peephole.data.vocabulary import Unit, Vocabulary, split

_LIBRARY: dict[Part, str] = {"code": "the Python library", "prose": "the Python library's documentation"}


@dataclass(frozen=True, kw_only=True, eq=False)
class TextProblem(Stream):
    """Predict a text's next symbol. Made by ``from_path``, ``from_library`` or ``from_text``.

    excerpt
        The first symbols of the held-out part as they were before any became unknown.
    """

    vocabulary: Vocabulary
    excerpt: str

    name: ClassVar[str] = "text"
    input: ClassVar[Input] = "symbols"
    target: ClassVar[Target] = "next"

    @classmethod
    def from_text(
        cls,
        training: str,
        held_out: str | None = None,
        *,
        chunk: int = 100,
        unit: Unit = "char",
        validation: float = 0.1,
        min_count: int = 1,
        max_size: int | None = None,
        vocabulary: Vocabulary | None = None,
        source: Mapping[str, object] | None = None,
    ) -> Self:
        """Learn from one text and hold out another, or the last part of the first.

        validation
            The share of the text's symbols that is held out where ``held_out`` is not given.
        min_count, max_size
            As in ``Vocabulary.build``; the vocabulary is the training part's and always has an unknown
            symbol, so that any other text can be read afterwards.
        vocabulary
            Take this one instead.
        source
            Where the text came from, as it stands in ``describe()``; None: from memory, and the problem
            cannot be built again from its description.
        """
        symbols = _symbols(training, unit)
        if held_out is None:
            cut = held_out_from(len(symbols), validation)
            symbols, rest = symbols[:cut], symbols[cut:]
        else:
            rest = _symbols(held_out, unit)
        require_chunk(chunk, training=len(symbols), held_out=len(rest))
        if vocabulary is None:
            vocabulary = Vocabulary.build(
                symbols, unit=unit, min_count=min_count, max_size=max_size, unknown=True
            )
        return cls(
            training_part=vocabulary.encode(symbols),
            held_out_part=vocabulary.encode(rest),
            chunk=chunk,
            vocabulary=vocabulary,
            excerpt="".join(rest[:EXCERPT]),
            description={
                "kind": "text",
                **(source or {"source": "memory", "title": "a text"}),
                "unit": unit,
                "validation": None if held_out is not None else validation,
                "min_count": min_count,
                "max_size": max_size,
                "chunk": chunk,
            },
        )

    @classmethod
    def from_path(
        cls,
        path: str | Path,
        *,
        chunk: int = 100,
        unit: Unit = "char",
        validation: float = 0.1,
        min_count: int = 1,
        max_size: int | None = None,
        vocabulary: Vocabulary | None = None,
        sha256: str | None = None,
    ) -> Self:
        """Learn from a file, folder or glob (see ``read_text``), other options as in ``from_text``.

        sha256
            What the text's hash was; DataError if it is another one now.
        """
        place = Path(path).absolute()
        text = read_text(place)
        digest = require_same(text.encode(), sha256, str(place))
        return cls.from_text(
            text,
            chunk=chunk,
            unit=unit,
            validation=validation,
            min_count=min_count,
            max_size=max_size,
            vocabulary=vocabulary,
            source={"source": "path", "title": place.name, "path": str(place), "sha256": digest},
        )

    @classmethod
    def from_library(
        cls,
        characters: int = 2_000_000,
        held_out: int = 100_000,
        *,
        part: Part = "code",
        chunk: int = 100,
        unit: Unit = "char",
        min_count: int = 1,
        max_size: int | None = None,
        vocabulary: Vocabulary | None = None,
        sha256: str | None = None,
    ) -> Self:
        """Learn from the Python library (see ``python_sources``), other options as in ``from_path``."""
        training, rest = python_sources(characters, held_out, part=part)
        digest = require_same((training + rest).encode(), sha256, "this Python's library")
        return cls.from_text(
            training,
            rest,
            chunk=chunk,
            unit=unit,
            min_count=min_count,
            max_size=max_size,
            vocabulary=vocabulary,
            source={
                "source": "library",
                "title": _LIBRARY[part],
                "part": part,
                "characters": characters,
                "held_out": held_out,
                "sha256": digest,
            },
        )

    @property
    def input_size(self) -> int:
        """Symbols in the vocabulary."""
        return len(self.vocabulary)

    @property
    def output_size(self) -> int:
        """Symbols in the vocabulary."""
        return len(self.vocabulary)

    def score(self, outputs: Tensor, batch: Batch) -> dict[str, Score]:
        """Nothing: a text's measure is the loss, in bits per symbol."""
        return {}

    def sample_text(self) -> str:
        """The first 4,000 held-out symbols, as text."""
        return self.excerpt

    def sample(self, index: int = 0) -> Sample:
        """The first 4,000 held-out symbols."""
        require_index(index, self.samples)
        source = self.description["title"]
        return text_sample(
            self.excerpt,
            self.vocabulary,
            title=f"held-out text of {source}",
            chinese=f"{source} 的留出文本",
        )


def _symbols(text: str, unit: Unit) -> str | list[str]:
    """A text as a sequence of symbols: for characters that is the text itself."""
    return split(text, unit) if unit == "word" else text
