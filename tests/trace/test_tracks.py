"""Tracks say of each step of a text what a reader knows after it."""

from __future__ import annotations

import numpy as np
import pytest

from peephole.errors import TraceError
from peephole.trace.tracks import checked_tracks, derived_tracks


def of(symbols: list[str] | str) -> dict[str, np.ndarray]:
    """The tracks of a text, each as a list of whole numbers."""
    names = sorted(set(symbols))
    ids = np.array([names.index(symbol) for symbol in symbols])
    return derived_tracks(ids, names)


def digits(text: str, track: str) -> str:
    """A track of a text, a digit a character."""
    return "".join(str(int(value)) for value in of(text)[track])


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ('a "bc" d', "00111000"),
        ("a 'bc' d", "00111000"),
        ('"a\\"b"c', "1111100"),
        ("don't 'x'", "000000110"),
        ("f'x' rb'y'", "0110000110"),
        ('"open\nnext', "1111100000"),
        ('"""a\nb"""c', "1111111100"),
        ('# don\'t "x"', "00000000000"),
        ("“a” 「b」", "1100110"),
        ("''", "10"),
    ],
)
def test_inside_quotes(text: str, inside: str) -> None:
    assert digits(text, "inside quotes") == inside


def test_a_comment_goes_to_the_end_of_its_line_and_not_from_within_quotes() -> None:
    assert digits("a # b\nc '#' d", "inside comment") == "0011100000000"


def test_indentation_is_that_of_the_lines_beginning() -> None:
    assert digits("a\n  b c\n\n x", "indentation") == "00122220011"


def test_position_in_line_counts_from_one_and_is_zero_after_a_newline() -> None:
    assert digits("ab\nc\n\n", "position in line") == "120100"


def test_classes_brackets_words_and_repeats() -> None:
    assert digits("aB1 (é)\n", "letter") == "11000100"
    assert digits("aB1 (é)\n", "uppercase") == "01000000"
    assert digits("aB1 (é)\n", "digit") == "00100000"
    assert digits("aB1 (é)\n", "punctuation") == "00001010"
    assert digits("f(a[1])", "bracket depth") == "0112210"
    assert digits("ab_c d", "position in word") == "123401"
    assert digits("aabbb", "repeats") == "01012"
    assert digits("a\nb\n", "line") == "0112"


def test_a_words_track_is_that_of_its_last_character() -> None:
    tracks = of(["say", " ", '"', "Hi", '"', "\n", "  "])
    assert tracks["inside quotes"].tolist() == [0, 0, 1, 1, 0, 0, 0]
    assert tracks["position in line"].tolist() == [3, 4, 5, 7, 8, 0, 2]
    assert tracks["indentation"].tolist() == [0, 0, 0, 0, 0, 0, 2]


@pytest.mark.parametrize("text", ["x", "\n", "\U0001f600", "\ud800", "\\", '"', "'"])
def test_any_single_character_has_all_tracks(text: str) -> None:
    tracks = of(text)
    assert all(track.shape == (1,) and track.dtype == np.float32 for track in tracks.values())
    assert list(tracks)[:2] == ["position in text", "position in line"]


def test_hostile_quotes_take_no_more_than_linear_time() -> None:
    # Each of these made a backtracking matcher quadratic or worse; the suite's own limit of time is the test.
    for text in ('"' * 100_000, '"""' + '\\"' * 100_000, "'" * 100_001, "“" * 50_000, '"\\\n' * 50_000):
        assert len(of(text)["inside quotes"]) == len(text)


@pytest.mark.parametrize(
    ("track", "message"),
    [([1.0, 2.0], "give one number a step"), ([1.0, 2.0, float("nan")], "not finite")],
)
def test_a_track_that_does_not_fit_is_named(track: list[float], message: str) -> None:
    with pytest.raises(TraceError, match=f"'mine'.*{message}"):
        checked_tracks({"mine": track}, 3)
