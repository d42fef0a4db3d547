"""Indicators are what could be known after each symbol; those of Python agree with Python's own tokenizer."""

from __future__ import annotations

import io
import tokenize
from typing import Any

import pytest
import torch

from peephole.analysis.indicators import (
    NAMES,
    indicator,
    left_to_count,
    number_indicators,
    seen,
    text_indicators,
)
from peephole.errors import OptionError, TraceError

SOURCE = '''def f(x):
    """Told in "words" # and not 'code'."""
    if x["a\\\\"] == 'b\\'c':  # a "comment" (with a bracket
        return {1: ''}, """""" + "" + "\\
tail"
\treturn (2, [3])
'''


def track(key: str, text: Any, **options: Any) -> list[float]:
    values: list[float] = {i.key: i for i in text_indicators(text, **options)}[key].values.tolist()
    return values


def marked(key: str, text: str, **options: Any) -> str:
    """The characters at which an indicator is not 0."""
    return "".join(c for c, value in zip(text, track(key, text, **options), strict=True) if value)


def spans(text: str, kind: int) -> list[tuple[int, int]]:
    """Where the tokens of a kind stand in a source."""
    begins = [0]
    for line in text.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    return [
        (begins[t.start[0] - 1] + t.start[1], begins[t.end[0] - 1] + t.end[1])
        for t in tokenize.generate_tokens(io.StringIO(text).readline)
        if t.type == kind
    ]


def test_inside_quotes_is_where_pythons_tokenizer_sees_strings() -> None:
    source = SOURCE.replace("\treturn", "    return")
    expected = [0.0] * len(source)
    for start, end in spans(source, tokenize.STRING):
        triple = source[start : start + 3] in ('"""', "'" * 3)
        for place in range(start, end - 1):  # after the last mark the string is over
            expected[place] = 1
        if triple:
            expected[start + 1] = 0  # so far two marks: an empty string that has ended
    assert track("inside_quotes", source) == expected


def test_inside_a_comment_is_where_pythons_tokenizer_sees_comments() -> None:
    source = SOURCE.replace("\treturn", "    return")
    found = track("inside_comment", source)
    expected = [0.0] * len(source)
    for start, end in spans(source, tokenize.COMMENT):
        expected[start:end] = [1.0] * (end - start)
    assert found == expected


def test_brackets_count_outside_of_strings_and_comments() -> None:
    assert track("bracket_depth", "(a['(']) # (\n") == [1, 1, 2, 2, 2, 2, 1, 0, 0, 0, 0, 0, 0]
    assert track("bracket_depth", ")(") == [0, 1]


def test_indentation_is_that_of_the_line_as_far_as_it_was_read() -> None:
    assert track("indentation", "  a b\n\tc\n  \td") == [1, 2, 2, 2, 2, 0, 8, 8, 0, 1, 2, 8, 8]


def test_positions_start_anew_with_each_line_word_and_sequence() -> None:
    text = "ab c\nd"
    assert track("line_position", text) == [1, 2, 3, 4, 0, 1]
    assert track("word_position", text) == [1, 2, 0, 1, 0, 1]
    assert track("text_position", text, lengths=[4, 2]) == [0, 1, 2, 3, 0, 1]
    assert track("line_position", text, lengths=[3, 0, 3]) == [1, 2, 3, 1, 0, 1]


def test_classes_of_symbols() -> None:
    text = "aB3 ,\n中"
    assert [
        marked(key, text) for key in ("letter", "uppercase", "digit", "space", "punctuation", "line_end")
    ] == [
        "aB中",
        "B",
        "3",
        " ",
        ",",
        "\n",
    ]


def test_a_longer_symbol_stands_where_its_last_character_does() -> None:
    words = ["say", " ", '"', "Hello", "  ", "there", '"', "!"]
    assert track("inside_quotes", words) == [0, 0, 1, 1, 1, 1, 0, 0]
    assert track("word_position", words) == [3, 0, 0, 5, 0, 5, 0, 0]
    assert track("uppercase", words) == [0, 0, 0, 1, 0, 0, 0, 0]


def test_an_unfinished_string_ends_with_its_line_unless_the_line_is_continued() -> None:
    assert marked("inside_quotes", "'ab\ncd") == "'ab"
    assert marked("inside_quotes", "'ab\\\ncd'e") == "'ab\\\ncd"


def test_prose_has_other_quotes_no_comments_and_apostrophes() -> None:
    text = 'Don\'t say “no” or «non» # 「不」 said\n"he\nhimself\n\n"No'
    assert marked("inside_quotes", text, syntax="prose") == '“no«non「不"he\nhimself\n"No'
    assert marked("inside_comment", text, syntax="prose") == ""


def test_what_is_left_to_count_falls_with_every_answer() -> None:
    assert left_to_count("aaXbbaXb", [5, 3]).values.tolist() == [1, 2, 2, 1, 0, 1, 1, 0]


def test_every_indicator_has_a_name_in_both_languages() -> None:
    found = text_indicators("ab")
    assert [i.key for i in found] == list(NAMES)
    assert all(i.name.isascii() and not i.chinese.isascii() for i in found)
    assert all(i.values.shape == (2,) and i.values.dtype == torch.float64 for i in found)


def test_a_text_of_no_symbols_has_indicators_of_no_steps() -> None:
    assert all(i.values.shape == (0,) for i in text_indicators(""))


def test_ones_own_indicator_is_called_as_one_likes() -> None:
    assert indicator("pen_up", [True, False]).values.tolist() == [1, 0]
    assert indicator("pen_up", [1.0]).name == indicator("pen_up", [1.0]).chinese == "pen up"
    assert indicator("x", [1.0], name="distance", chinese="距离").chinese == "距离"


@pytest.mark.parametrize("values", [[[1.0]], [1.0, float("nan")]])
def test_an_indicator_is_one_finite_number_a_step(values: Any) -> None:
    with pytest.raises(OptionError, match="must be one finite number a step"):
        indicator("x", torch.tensor(values))


def test_lengths_and_syntax_are_checked() -> None:
    with pytest.raises(TraceError, match="3 symbols for 4 recorded steps"):
        text_indicators("abc", [2, 2])
    with pytest.raises(OptionError, match="syntax must be 'python' or 'prose', got 'c'"):
        text_indicators("abc", syntax="c")  # type: ignore[arg-type]


def test_what_has_come_is_told_from_its_first_symbol_on_in_each_sequence() -> None:
    found = {known.key: known.values.tolist() for known in seen("aXabX", [3, 2])}
    assert found == {"seen_a": [1, 1, 1, 0, 0], "seen_X": [0, 1, 1, 0, 1], "seen_b": [0, 0, 0, 1, 1]}


def test_numbers_are_told_by_place_value_change_and_mean_in_each_sequence() -> None:
    numbers = torch.tensor([[1.0, 3.0], [4.0, 4.0], [0.0, 6.0], [5.0, 5.0], [1.0, 1.0]])
    found = {known.key: known.values.tolist() for known in number_indicators(numbers, [3, 2])}
    assert found == {
        "position": [0, 1, 2, 0, 1],
        "value": [2, 4, 3, 5, 1],
        "change": [0, 2, -1, 0, -4],
        "mean_so_far": [2, 3, 3, 5, 3],
    }
    with pytest.raises(TraceError, match="5 numbers for 4"):
        number_indicators(numbers, [4])
