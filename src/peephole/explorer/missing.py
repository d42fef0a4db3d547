"""Refusals of what a network or a text does not have. Knows nothing of where it was looked for."""

from __future__ import annotations

from collections.abc import Iterable

from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words, joined, lane


def no_lane(wanted: tuple[int, str], there: Iterable[tuple[int, str]]) -> Refusal:
    """The network has no such layer, or not in this direction."""
    wrong, names = lane(*wanted), joined([lane(*key) for key in there])
    return Refusal(
        Words(f"there is no {wrong.en}", f"没有{wrong.zh}"),
        do=Words(f"This network has {names.en}.", f"该网络有：{names.zh}。"),
        status=404,
    )


def no_quantity(name: str, there: Iterable[str]) -> Refusal:
    """The layer has no such quantity."""
    names = ", ".join(there)
    return Refusal(
        Words(f"this layer has no {name}", f"该层没有 {name}"),
        do=Words(f"It has {names}.", f"可选：{names}。"),
        status=404,
    )


def no_unit(unit: int, units: int) -> Refusal:
    """The layer has no such unit."""
    return Refusal(
        Words(f"there is no unit {unit}", f"没有单元 {unit}"),
        do=Words(f"This layer has units 0 to {units - 1}.", f"该层的单元为 0 到 {units - 1}。"),
        status=404,
    )


def no_moment(step: int, steps: int) -> Refusal:
    """The text has no such step."""
    return Refusal(
        Words(f"there is no moment {step}", f"没有时刻 {step}"),
        do=Words(f"This text has moments 0 to {steps - 1}.", f"此文本的时刻为 0 到 {steps - 1}。"),
        status=404,
    )
