"""Symbols to ids and back: characters, words, or a task's alphabet.

Knows nothing of files other than its own, of batches or of networks.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from peephole.errors import DataError, DataNotFoundError, OptionError, PeepholeError

Unit = Literal["char", "word", "task"]
Ids = npt.NDArray[np.int64]

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""Stands for every symbol that a vocabulary leaves out."""

# Scripts written without spaces between words: Han, the kana, bopomofo. Each of their characters is a word.
_UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Every character is of exactly one kind: a letter of an unspaced script, another \w, a newline, another \s,
# the rest. That is why a split loses nothing.
_WORDS = re.compile(
    rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+(?:['’][^\W{_UNSPACED}]+)*|\n|[^\S\n{_UNSPACED}]+|[^\w\s{_UNSPACED}]"
)


@dataclass(frozen=True)
class Vocabulary:
    """The symbols that a network knows; a symbol's id is its place.

    symbols
        All different.
    unit
        "char": every character (code point) is a symbol. "word": words, runs of spaces, newlines and
        punctuation marks are, and each character of a script without spaces. "task": as "char", for a task's
        alphabet.
    unknown
        The id of ``UNKNOWN``, which stands for all symbols left out; None: there is no such symbol.
    """

    symbols: tuple[str, ...]
    unit: Unit = "char"
    unknown: int | None = None

    def __post_init__(self) -> None:
        if not self.symbols:
            raise DataError("a vocabulary needs at least one symbol, got none")
        if len(set(self.symbols)) != len(self.symbols):
            twice = Counter(self.symbols).most_common(1)[0][0]
            raise DataError(
                f"a vocabulary's symbols must all be different; {twice!r} is there more than once"
            )
        if self.unit not in get_args(Unit):
            raise OptionError(f"unit must be one of {', '.join(get_args(Unit))}, got {self.unit!r}")
        if self.unknown is not None and self.symbols[self.unknown : self.unknown + 1] != (UNKNOWN,):
            raise DataError(f"unknown must be the place of {UNKNOWN!r} among the symbols, got {self.unknown}")

    @classmethod
    def build(
        cls,
        symbols: Iterable[str],
        *,
        unit: Unit = "char",
        min_count: int = 1,
        max_size: int | None = None,
        unknown: bool | None = None,
    ) -> Vocabulary:
        """The vocabulary of a text that is split already: the commonest symbol first, ties by code point.

        min_count
            Rarer symbols are left out.
        max_size
            At most so many symbols are kept, the unknown one counted.
        unknown
            True: there is an unknown symbol, the last; None: only if a symbol was left out; False: never, and
            leaving a symbol out is an error.

        Raises DataError for no symbols at all, OptionError for options that cannot be met.
        """
        if min_count < 1:
            raise OptionError(f"min_count must be at least 1, got {min_count}")
        if max_size is not None and max_size < 2:
            raise OptionError(f"max_size must be at least 2, got {max_size}")
        counts = Counter(symbols)
        if not counts:
            raise DataError("a vocabulary cannot be built from an empty text")
        replaced = counts.pop(UNKNOWN, 0) > 0
        ordered = sorted(counts, key=lambda symbol: (-counts[symbol], symbol))
        kept = [symbol for symbol in ordered if counts[symbol] >= min_count]
        room = len(kept) if max_size is None else max_size
        leaves_out = replaced or len(kept) < len(ordered) or len(kept) > room
        if leaves_out and unknown is False:
            raise OptionError(
                f"min_count={min_count} and max_size={max_size} leave out some of {len(ordered)} symbols, but with "
                "unknown=False none can stand for them: allow the unknown symbol"
            )
        if leaves_out or unknown:
            kept = kept[: room if max_size is None else room - 1]
            if not kept:
                raise DataError(
                    f"min_count={min_count} leaves none of {len(ordered)} symbols: the commonest occurs "
                    f"{counts[ordered[0]]} times, lower min_count"
                )
            return cls((*kept, UNKNOWN), unit, len(kept))
        return cls(tuple(kept), unit)

    def __len__(self) -> int:
        return len(self.symbols)

    def split(self, text: str) -> list[str]:
        """The text's symbols in order, known or not; ``join`` gives the text back exactly."""
        return split(text, self.unit)

    def join(self, symbols: Iterable[str]) -> str:
        """The text whose symbols these are."""
        return "".join(symbols)

    def missing(self, text: str | Sequence[str]) -> list[str]:
        """The symbols of a text (or of a split one) that the vocabulary lacks, each once, in order."""
        symbols = self.split(text) if isinstance(text, str) else text
        return [symbol for symbol in dict.fromkeys(symbols) if symbol not in self._ids]

    def encode(self, text: str | Sequence[str]) -> Ids:
        """The ids (time,) of a text or of a split one.

        Symbols not in the vocabulary become the unknown one; DataError if there is none.
        """
        if isinstance(text, str) and self.unit != "word":
            ids = self._encode_characters(text)
        else:
            symbols = self.split(text) if isinstance(text, str) else text
            ids = np.fromiter((self._ids.get(s, -1) for s in symbols), dtype=np.int64, count=len(symbols))
        lacking = ids < 0
        if lacking.any():
            if self.unknown is None:
                raise DataError(self._refusal(self.missing(text)))
            ids[lacking] = self.unknown
        return ids

    def decode(self, ids: Iterable[int] | Ids) -> str:
        """The text with these ids. Raises DataError for an id outside the vocabulary."""
        places = np.asarray(ids if isinstance(ids, np.ndarray) else list(ids), dtype=np.int64).ravel()
        if places.size and (places.min() < 0 or places.max() >= len(self)):
            wrong = places.min() if places.min() < 0 else places.max()
            raise DataError(f"there is no symbol {wrong}: this vocabulary's ids go from 0 to {len(self) - 1}")
        return self.join(self.symbols[place] for place in places.tolist())

    def to_json(self) -> dict[str, object]:
        """What ``from_json`` takes."""
        return {"unit": self.unit, "unknown": self.unknown, "symbols": list(self.symbols)}

    @classmethod
    def from_json(cls, data: object) -> Vocabulary:
        """The vocabulary that ``to_json`` wrote. Raises DataError for anything else."""
        if not isinstance(data, Mapping):
            raise DataError(f"a vocabulary is a JSON object, got {type(data).__name__}")
        symbols, unit, unknown = data.get("symbols"), data.get("unit"), data.get("unknown")
        if not isinstance(symbols, list) or not all(isinstance(s, str) and s for s in symbols):
            raise DataError("a vocabulary's 'symbols' must be a list of texts that are not empty")
        if unit not in ("char", "word", "task"):
            raise DataError(f"a vocabulary's 'unit' must be char, word or task, got {unit!r}")
        if unknown is not None and (type(unknown) is not int or unknown < 0):
            raise DataError(f"a vocabulary's 'unknown' must be null or an id, got {unknown!r}")
        return cls(tuple(symbols), cast(Unit, unit), unknown)

    def save(self, path: Path) -> None:
        """Write the vocabulary as JSON."""
        path.write_text(json.dumps(self.to_json(), ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read what ``save`` wrote. Raises DataNotFoundError, or DataError for any other content."""
        try:
            return cls.from_json(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise DataNotFoundError(f"{path} is not there: a vocabulary was expected") from error
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
        except (PeepholeError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise DataError(f"{path} is not a vocabulary that can be read: {error}") from error

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {symbol: place for place, symbol in enumerate(self.symbols)}

    @cached_property
    def _id_of_code_point(self) -> npt.NDArray[np.int64]:
        """The id of each code point, −1 where there is none; the last entry is −1 and past them all."""
        single = {ord(symbol): place for symbol, place in self._ids.items() if len(symbol) == 1}
        table = np.full(max(single, default=0) + 2, -1, dtype=np.int64)
        table[list(single)] = list(single.values())
        return table

    def _encode_characters(self, text: str) -> Ids:
        # A table instead of a dictionary: 2 million characters take milliseconds. Half a surrogate pair,
        # which a browser can send, is an unknown character like any other.
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        table = self._id_of_code_point
        ids: Ids = table[np.minimum(points, table.size - 1)]
        return ids

    def _refusal(self, missing: Sequence[str]) -> str:
        shown = ", ".join(repr(symbol) for symbol in missing[:8]) + (", …" if len(missing) > 8 else "")
        known = ", ".join(repr(symbol) for symbol in self.symbols[:12]) + (", …" if len(self) > 12 else "")
        noun = "symbol" if len(missing) == 1 else "symbols"
        return f"{noun} {shown} not in the vocabulary, which is {known}: use its symbols only"


def split(text: str, unit: Unit) -> list[str]:
    """A text's symbols by ``unit``; joined, they are the text again."""
    return _WORDS.findall(text) if unit == "word" else list(text)
