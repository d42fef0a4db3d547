"""Tracks: one number a step of a text, such as "inside quotes", for units to be compared with.

They are derived from what the symbols say, which is read as a person (or Python) would: a symbol may be a character or
a word, and a track's value at a step is that of its last character, since it stands for what is known *after* reading
it. Knows nothing of networks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from peephole.errors import TraceError

Track = npt.NDArray[np.float32]
_Places = npt.NDArray[np.int64]

_CLASSES: dict[str, Callable[[str], bool]] = {
    "letter": str.isalpha,
    "uppercase": str.isupper,
    "digit": str.isdecimal,
    "space": lambda character: character.isspace() and character != "\n",
    "newline": lambda character: character == "\n",
    "punctuation": lambda character: not (character.isalnum() or character.isspace()),
}
_BRACKETS = {**dict.fromkeys("([{", 1), **dict.fromkeys(")]}", -1)}

# Strings and comments as Python writes them, and other languages' quotation marks. An apostrophe between letters is
# none, but f'…' is one. What is not closed ends with its line, or, of three quotes, with the text.
_QUOTED = re.compile(
    r"""
    (?P<comment> \#[^\n]*)
    | \"{3} (?:[^\\"]|\\.|\"(?!\"\"))*+ (?:\"{3}|\\?\Z)
    | (?:(?<!\w)|(?<=\b[rbfuRBFU])|(?<=\b[rbfuRBFU]{2})) '{3} (?:[^\\']|\\.|'(?!''))*+ (?:'{3}|\\?\Z)
    | \" (?:[^\\"\n]|\\.)*+ \"?
    | (?:(?<!\w)|(?<=\b[rbfuRBFU])|(?<=\b[rbfuRBFU]{2})) ' (?:[^\\'\n]|\\.)*+ '?
    | “[^”\n]*”? | «[^»\n]*»? | 「[^」\n]*」? | 『[^』\n]*』?
    """,
    re.VERBOSE | re.DOTALL,
)


def derived_tracks(ids: npt.NDArray[np.int64], symbols: Sequence[str]) -> dict[str, Track]:
    """The tracks of a text, each (steps,) float32.

    Args:
        ids: (steps,) what each step read.
        symbols: the names of the ids: characters or words.

    Returns:
        by name: position in text (0 to 1), position in line, line, indentation (blanks at the line's start), position
        in word, bracket depth, repeats (how often this symbol has come in a row), and 1 or 0 for: inside quotes,
        inside comment, letter, uppercase, digit, space, newline, punctuation.
    """
    text = "".join([symbols[i] for i in ids.tolist()])
    lengths = np.array([len(symbol) for symbol in symbols])
    # A symbol without a character, if a vocabulary has one, goes on with what was before it.
    ends = np.maximum(lengths[ids].cumsum() - 1, 0)
    by_character = _of_characters(text) if text else {}
    position = np.arange(len(ids))
    repeats = position - _latest(np.concatenate([[True], ids[1:] != ids[:-1]]))
    return {
        "position in text": (position / max(len(ids) - 1, 1)).astype(np.float32),
        **{name: track[ends].astype(np.float32) for name, track in by_character.items()},
        "repeats": repeats.astype(np.float32),
    }


def _of_characters(text: str) -> dict[str, npt.NDArray[np.generic]]:
    """The tracks that each character has."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    distinct, which = np.unique(codes, return_inverse=True)
    characters = [chr(code) for code in distinct.tolist()]

    def of_class(test: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
        return np.array([test(character) for character in characters])[which]

    classes = {name: of_class(test) for name, test in _CLASSES.items()}
    depth = np.array([_BRACKETS.get(character, 0) for character in characters])[which]
    position = np.arange(len(codes), dtype=np.int64)
    newline = classes["newline"]
    # A newline ends its line, so that the line starts after it.
    after_newline = np.concatenate([np.ones(1, bool), newline[:-1]])
    line_start = _latest(after_newline)
    in_line = position - line_start + 1
    in_line[newline] = 0  # after a newline nothing of the next line has been read
    # As far as the line has no more than blanks, the indentation is still growing.
    last_ink = _latest(~(classes["space"] | newline), none=-1)
    blank_so_far = last_ink < line_start
    first_ink = ~blank_so_far & np.concatenate([np.ones(1, bool), blank_so_far[:-1] | after_newline[1:]])
    indentation = np.where(blank_so_far, in_line, _latest(first_ink) - line_start)
    indentation[newline] = 0
    word = classes["letter"] | classes["digit"] | (codes == ord("_"))
    quotes, comments = _quoted(text)
    return {
        "position in line": in_line,
        "line": np.cumsum(newline),
        "indentation": indentation,
        "position in word": position - _latest(~word, none=-1),
        "bracket depth": np.cumsum(depth),
        "inside quotes": quotes,
        "inside comment": comments,
        **classes,
    }


def _quoted(text: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which characters stand inside quotes, with the opening mark and without the closing one; and in comments."""
    quotes, comments = np.zeros(len(text), bool), np.zeros(len(text), bool)
    for match in _QUOTED.finditer(text):
        if match["comment"] is not None:
            comments[match.start() : match.end()] = True
            continue
        closing = match[0][-1] in "\"'”»」』" and len(match[0]) > 1
        quotes[match.start() : match.end() - closing] = True
    return quotes, comments


def _latest(marked: npt.NDArray[np.bool_], *, none: int = 0) -> _Places:
    """The position of the latest mark at or before each position; ``none`` where there was none yet."""
    return np.maximum.accumulate(np.where(marked, np.arange(len(marked)), none), dtype=np.int64)


def checked_tracks(tracks: Mapping[str, object], steps: int) -> dict[str, Track]:
    """The caller's tracks as (steps,) float32.

    Raises:
        TraceError: a track that is not one finite number a step; the message names it.
    """
    checked: dict[str, Track] = {}
    for name, values in tracks.items():
        track = np.asarray(values, dtype=np.float32)
        if track.shape != (steps,):
            raise TraceError(
                f"track {name!r} has the shape {track.shape}; give one number a step, ({steps},)"
            )
        if not np.isfinite(track).all():
            raise TraceError(f"track {name!r} has numbers that are not finite")
        checked[name] = track
    return checked
