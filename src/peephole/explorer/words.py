"""What the explorer says to a person, in every language of the page. Knows nothing of what is said."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """One line, in English and in Chinese."""

    en: str
    zh: str

    def to_json(self) -> dict[str, str]:
        """By language, as the page takes it."""
        return self._asdict()


RELOAD = Words("Reload the page.", "请重新加载页面。")
"""What to do about a question that the page would not have asked."""
DIRECTIONS = {"forward": Words("forward", "正向"), "backward": Words("backward", "反向")}


def lane(layer: int, direction: str) -> Words:
    """A layer and direction as they are called on the page, where layers are counted from 1."""
    way = DIRECTIONS.get(direction, Words(direction, direction))
    return Words(f"layer {layer + 1} {way.en}", f"第 {layer + 1} 层{way.zh}")


def joined(parts: list[Words]) -> Words:
    """Several, one after another."""
    return Words(", ".join(part.en for part in parts), "、".join(part.zh for part in parts))
