"""Symbols and ids: a split loses nothing, ids and symbols stand for one another, what is unknown is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from peephole.data import UNKNOWN, Unit, Vocabulary
from peephole.data.vocabulary import split
from peephole.errors import DataError, DataNotFoundError, OptionError

MIXED = st.text(
    st.sampled_from("ab'’ \n\r\t\u3000\u0301,.。，你好ひらカタ한국एक_1٣\x1c\u2028😀")
    | st.characters(codec="utf-8")
)


@pytest.mark.parametrize("unit", ["char", "word", "task"])
@given(text=MIXED)
@example(text="don’t stop\r\n\r\n  你好，world!\u3000x")
def test_joining_a_split_gives_the_text_back(unit: Unit, text: str) -> None:
    assert "".join(split(text, unit)) == text


def test_words_spaces_newlines_and_marks_are_symbols_of_their_own() -> None:
    assert split("It's  two_words,\n\nok!!", "word") == [
        "It's",
        "  ",
        "two_words",
        ",",
        "\n",
        "\n",
        "ok",
        "!",
        "!",
    ]


def test_chinese_and_japanese_are_split_character_by_character_and_korean_is_not() -> None:
    assert split("我爱你。かな한국 말", "word") == ["我", "爱", "你", "。", "か", "な", "한국", " ", "말"]


@pytest.mark.parametrize("unit", ["char", "word"])
@given(text=MIXED.filter(bool))
def test_decoding_undoes_encoding(unit: Unit, text: str) -> None:
    vocabulary = Vocabulary.build(split(text, unit), unit=unit)
    ids = vocabulary.encode(text)
    assert ids.dtype == np.int64
    assert vocabulary.decode(ids) == text
    assert np.array_equal(vocabulary.encode(vocabulary.split(text)), ids)


def test_the_commonest_symbol_comes_first_and_ties_by_code_point() -> None:
    assert Vocabulary.build("ccbbaad").symbols == ("a", "b", "c", "d")
    assert Vocabulary.build("zzzya").symbols == ("z", "a", "y")


def test_rare_symbols_become_the_unknown_one() -> None:
    vocabulary = Vocabulary.build("aaabbc", min_count=2)
    assert vocabulary.symbols == ("a", "b", UNKNOWN)
    assert vocabulary.encode("acbz").tolist() == [0, 2, 1, 2]
    assert vocabulary.decode([0, 2, 1]) == f"a{UNKNOWN}b"
    assert vocabulary.missing("zaczb") == ["z", "c"]


def test_chinese_text_with_min_count_keeps_the_common_characters() -> None:
    text = "天地玄黄宇宙洪荒" + "天地" * 5 + "人" * 3
    vocabulary = Vocabulary.build(text, min_count=3)
    assert vocabulary.symbols == ("地", "天", "人", UNKNOWN)
    assert vocabulary.decode(vocabulary.encode("天地玄人")) == f"天地{UNKNOWN}人"


@pytest.mark.parametrize(
    ("max_size", "unknown", "expected"),
    [
        (3, None, ("a", "b", "c")),
        (2, None, ("a", UNKNOWN)),
        (3, True, ("a", "b", UNKNOWN)),
        (4, True, ("a", "b", "c", UNKNOWN)),
        (3, False, ("a", "b", "c")),
    ],
)
def test_max_size_counts_the_unknown_symbol(
    max_size: int, unknown: bool | None, expected: tuple[str, ...]
) -> None:
    assert Vocabulary.build("aaabbc", max_size=max_size, unknown=unknown).symbols == expected


def test_leaving_symbols_out_without_an_unknown_one_is_refused() -> None:
    with pytest.raises(OptionError, match="unknown=False"):
        Vocabulary.build("aab", min_count=2, unknown=False)


def test_a_replacement_character_in_the_text_is_the_unknown_symbol() -> None:
    vocabulary = Vocabulary.build(f"aa{UNKNOWN}")
    assert vocabulary.unknown == 1
    assert vocabulary.encode(f"a{UNKNOWN}z").tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("options", "named"), [({"min_count": 0}, "min_count"), ({"max_size": 1}, "max_size")]
)
def test_options_out_of_range_are_named(options: dict[str, int], named: str) -> None:
    with pytest.raises(OptionError, match=f"{named} must be at least"):
        Vocabulary.build("ab", min_count=options.get("min_count", 1), max_size=options.get("max_size"))


def test_an_empty_text_has_no_vocabulary() -> None:
    with pytest.raises(DataError, match="empty"):
        Vocabulary.build("")


def test_without_an_unknown_symbol_encoding_names_what_is_missing() -> None:
    with pytest.raises(DataError, match="'q', 'z' not in the vocabulary"):
        Vocabulary.build("abc").encode("aqzq")


def test_half_a_surrogate_pair_is_an_unknown_character() -> None:
    vocabulary = Vocabulary.build("ab", unknown=True)
    assert vocabulary.encode("a\ud800").tolist() == [0, 2]


@pytest.mark.parametrize("ids", [[0, 3], [-1]])
def test_decoding_an_id_that_is_none_names_it(ids: list[int]) -> None:
    with pytest.raises(DataError, match=f"no symbol {ids[-1]}"):
        Vocabulary.build("abc").decode(ids)


def test_a_saved_vocabulary_loads_as_it_was(tmp_path: Path) -> None:
    vocabulary = Vocabulary.build(["the", " ", "the", "\n", "天", "'"], unit="word", unknown=True)
    vocabulary.save(tmp_path / "vocabulary.json")
    assert Vocabulary.load(tmp_path / "vocabulary.json") == vocabulary


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        '{"symbols": "abc", "unit": "char", "unknown": null}',
        '{"symbols": ["a", 1], "unit": "char", "unknown": null}',
        '{"symbols": ["a", ""], "unit": "char", "unknown": null}',
        '{"symbols": ["a", "a"], "unit": "char", "unknown": null}',
        '{"symbols": [], "unit": "char", "unknown": null}',
        '{"symbols": ["a"], "unit": "syllable", "unknown": null}',
        '{"symbols": ["a"], "unit": "char", "unknown": 0}',
        '{"symbols": ["a"], "unit": "char", "unknown": 7}',
        '{"symbols": ["a"], "unit": "char", "unknown": -1}',
        '{"symbols": ["a"], "unit": ["char"], "unknown": null}',
        json.dumps({"symbols": ["a"], "unit": "char", "unknown": True}),
        "[" * 100_000,
    ],
)
def test_a_file_that_is_no_vocabulary_is_refused_with_its_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "vocabulary.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"vocabulary\.json is not a vocabulary") as caught:
        Vocabulary.load(path)
    assert "\n" not in str(caught.value)


def test_a_missing_vocabulary_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match=r"vocabulary\.json is not there"):
        Vocabulary.load(tmp_path / "vocabulary.json")


def test_a_min_count_that_leaves_no_symbol_is_refused() -> None:
    with pytest.raises(DataError, match="commonest occurs 3 times"):
        Vocabulary.build("abaca", unit="char", min_count=4, unknown=True)
