"""Indicators: one number a step that says something of what has been read, for units to be compared with.

An indicator tells what could be known after its step's symbol and no more: inside quotes is true from the opening
mark on and false from the closing one. Everything is read off the symbols; knows nothing of units.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import or_
from typing import get_args

import torch
from torch import Tensor

from peephole.analysis.reader import Reader, Syntax
from peephole.analysis.steps import one_a_step
from peephole.errors import OptionError


@dataclass(frozen=True, eq=False)
class Indicator:
    """One number a step.

    Attributes:
        key: its name in code, "inside_quotes".
        name: its name in a sentence, "inside quotes".
        chinese: the same in Chinese.
        values: (step,) float64; a yes is 1 and a no 0.
    """

    key: str
    name: str
    chinese: str
    values: Tensor


NAMES: dict[str, tuple[str, str]] = {
    "inside_quotes": ("inside quotes", "引号内"),
    "inside_comment": ("inside a comment", "注释内"),
    "bracket_depth": ("bracket depth", "括号深度"),
    "indentation": ("indentation", "缩进"),
    "line_position": ("position in the line", "行内位置"),
    "word_position": ("position in the word", "词内位置"),
    "text_position": ("position in the text", "全文位置"),
    "letter": ("a letter", "字母"),
    "uppercase": ("an uppercase letter", "大写字母"),
    "digit": ("a digit", "数字"),
    "space": ("a space", "空格"),
    "line_end": ("the end of a line", "行尾"),
    "punctuation": ("punctuation", "标点"),
}
"""Every indicator of a text: key to its English and Chinese name."""

NUMBER_NAMES: dict[str, tuple[str, str]] = {
    "position": ("position in the sequence", "序列内位置"),
    "value": ("what is read", "读入值"),
    "change": ("the change in what is read", "读入值的变化"),
    "mean_so_far": ("the mean of what has been read", "已读平均值"),
}
"""Every indicator of numbers."""


def text_indicators(
    symbols: Sequence[str], lengths: Iterable[int] | None = None, *, syntax: Syntax = "python"
) -> tuple[Indicator, ...]:
    """Everything in ``NAMES`` for a text.

    Args:
        symbols: what each step read, sequence after sequence: characters or longer symbols. What stands for a
            longer symbol is what is true after its last character.
        lengths: steps of each sequence; None for one. Each sequence starts anew.
        syntax: "python": '…', "…" and their triple forms with escapes, comments from # to the line's end, tabs to
            multiples of 8; quotes and brackets count outside of comments only. "prose": "…", “…”, «…», 「…」 and 『…』,
            which a blank line ends; no comments, and ' is an apostrophe.

    Raises:
        OptionError: another syntax.
        TraceError: the lengths do not sum to the number of symbols.
    """
    if syntax not in get_args(Syntax):
        raise OptionError(f"syntax must be 'python' or 'prose', got {syntax!r}")
    rows: list[tuple[float, ...]] = []
    for sequence in _sequences(symbols, lengths):
        reader = Reader(syntax)
        for place, symbol in enumerate(sequence):
            reader.read(symbol)
            rows.append(
                (
                    bool(reader.quote),
                    reader.comment,
                    reader.depth,
                    reader.indentation,
                    reader.column,
                    reader.word,
                    place,
                    symbol.isalpha(),
                    symbol[:1].isupper(),
                    symbol.isdecimal(),
                    symbol.isspace() and "\n" not in symbol,
                    "\n" in symbol,
                    not (symbol.isalnum() or symbol.isspace()),
                )
            )
    columns = torch.tensor(rows, dtype=torch.float64).reshape(-1, len(NAMES)).T
    return tuple(
        Indicator(key, *names, values.contiguous())
        for (key, names), values in zip(NAMES.items(), columns, strict=True)
    )


def left_to_count(
    symbols: Sequence[str], lengths: Iterable[int] | None = None, *, up: str = "a", down: str = "b"
) -> Indicator:
    """How many ``up`` have come in this sequence that no ``down`` has answered yet: what a counter must know."""
    values: list[float] = []
    for sequence in _sequences(symbols, lengths):
        left = 0
        for symbol in sequence:
            left += (symbol == up) - (symbol == down)
            values.append(left)
    values64 = torch.tensor(values, dtype=torch.float64)
    return Indicator("left_to_count", "what is left to count", "剩余计数", values64)


def seen(symbols: Sequence[str], lengths: Iterable[int] | None = None) -> tuple[Indicator, ...]:
    """For each different symbol, whether it has come in this sequence: what a memorizer must know.

    For small alphabets; keys are "seen_a", in the order in which the symbols first come.
    """
    sequences = _sequences(symbols, lengths)
    found: list[Indicator] = []
    for wanted in dict.fromkeys(symbols):
        values = [
            float(come)
            for sequence in sequences
            for come in accumulate((symbol == wanted for symbol in sequence), or_)
        ]
        names = (f"whether {wanted} has come", f"{wanted} 是否已出现")
        found.append(Indicator(f"seen_{wanted}", *names, torch.tensor(values, dtype=torch.float64)))
    return tuple(found)


def number_indicators(numbers: Tensor, lengths: Iterable[int] | None = None) -> tuple[Indicator, ...]:
    """What can be said of numbers that are read, such as a series or the rows of an image.

    Args:
        numbers: (step, feature), sequence after sequence. Where a step has several features, its mean stands for it.
        lengths: steps of each sequence; None for one.

    Returns:
        "position" in the sequence, from 0; "value", what the step reads; "change" from the step before it (0 at the
        first); "mean_so_far", of all that was read in the sequence.

    Raises:
        TraceError: the lengths do not sum to the number of steps.
    """
    values = numbers.detach().to("cpu", torch.float64).mean(-1)
    counts = [len(values)] if lengths is None else [int(length) for length in lengths]
    one_a_step(len(values), sum(counts), "numbers")
    columns: dict[str, list[Tensor]] = {key: [] for key in NUMBER_NAMES}
    for part in torch.split(values, counts):
        position = torch.arange(len(part), dtype=torch.float64)
        columns["position"].append(position)
        columns["value"].append(part)
        columns["change"].append(part.diff(prepend=part[:1]))
        columns["mean_so_far"].append(part.cumsum(0) / (position + 1))
    return tuple(Indicator(key, *names, torch.cat(columns[key])) for key, names in NUMBER_NAMES.items())


def indicator(
    key: str, values: Sequence[float] | Tensor, *, name: str | None = None, chinese: str | None = None
) -> Indicator:
    """One's own: (step,) numbers or truths.

    Args:
        key: its name in code.
        values: one a step, sequence after sequence.
        name, chinese: in a sentence; without them the key, its underscores as spaces.

    Raises:
        OptionError: not one number a step, or one that is not finite.
    """
    found = torch.as_tensor(values).detach().to("cpu", torch.float64)
    if found.dim() != 1 or not found.isfinite().all():
        raise OptionError(
            f"indicator {key!r} must be one finite number a step, got shape {tuple(found.shape)}"
        )
    name = name or key.replace("_", " ")
    return Indicator(key, name, chinese or name, found)


def _sequences(symbols: Sequence[str], lengths: Iterable[int] | None) -> list[Sequence[str]]:
    """Each sequence's symbols."""
    if lengths is None:
        return [symbols]
    counts = [int(length) for length in lengths]
    one_a_step(len(symbols), sum(counts), "symbols")
    ends = torch.tensor([0, *counts]).cumsum(0).tolist()
    return [symbols[start:end] for start, end in pairwise(ends)]
