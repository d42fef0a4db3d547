"""What a request asks: the parts of its path, its query and its body, each read with a refusal of its own.

Knows nothing of runs or traces.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

from peephole.explorer.refusal import Refusal
from peephole.explorer.words import RELOAD, Words

NAMES = {
    "layer": Words("layer", "层"),
    "unit": Words("unit", "单元"),
    "step": Words("moment", "时刻"),
    "from": Words("moment", "时刻"),
    "to": Words("moment", "时刻"),
}
"""What the page calls the numbers that stand in a path."""


@dataclass(frozen=True)
class Asked:
    """One request.

    Attributes:
        place: what stands in the path, by the names that the route gives it.
        query: what stands behind the question mark.
        body: the JSON value that was sent; None where none was.
    """

    place: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    def __getitem__(self, name: str) -> str:
        return self.place[name]

    def number(self, name: str) -> int:
        """A number in the path.

        Raises:
            Refusal: something else stands there.
        """
        text = self.place[name]
        if not is_number(text):
            called = NAMES[name]
            raise Refusal(
                Words(f"{text!r} is no number of a {called.en}", f"“{text}”不是{called.zh}的编号"),
                do=Words(f"Choose a {called.en} on the page.", f"请在页面上选择{called.zh}。"),
                status=404,
            )
        return int(text)

    def queried(self, name: str, otherwise: int, most: int, least: int = 1) -> int:
        """A number from ``least`` to ``most`` in the query.

        Raises:
            Refusal: something else stands there.
        """
        text = self.query.get(name, str(otherwise))
        if not is_number(text) or not least <= int(text) <= most:
            raise _wrong(name, Words(f"a whole number from {least} to {most}", f"{least} 到 {most} 的整数"))
        return int(text)

    @property
    def frame(self) -> int | None:
        """The frame of a film that the query names; None where it names none.

        Raises:
            Refusal: it is no number.
        """
        text = self.query.get("frame")
        if text is not None and not is_number(text):
            raise _wrong("frame", Words("a whole number", "整数"))
        return None if text is None else int(text)

    @property
    def fields(self) -> Mapping[str, object]:
        """The body's fields.

        Raises:
            Refusal: it is no JSON object.
        """
        if not isinstance(self.body, dict):
            raise Refusal(
                Words("the request's body is no JSON object", "请求内容不是 JSON 对象"),
                do=RELOAD,
            )
        return self.body

    def whole(
        self, name: str, *, most: int | None = None, least: int = 0, otherwise: int | None = None
    ) -> int:
        """A whole number in the body, from ``least`` to ``most``; ``otherwise`` where none is given.

        Raises:
            Refusal: something else stands there.
        """
        value = self.fields.get(name, otherwise)
        # True is an int in Python, and no number on the page.
        if type(value) is not int or value < least or (most is not None and value > most):
            ends = (
                Words(f"from {least} on", f"不小于 {least} ")
                if most is None
                else Words(f"from {least} to {most}", f"{least} 到 {most} ")
            )
            raise _wrong(name, Words(f"a whole number {ends.en}", f"{ends.zh}的整数"))
        return value

    def real(self, name: str, *, least: float, most: float, otherwise: float | None = None) -> float:
        """A number in the body, from ``least`` to ``most``; ``otherwise`` where none is given.

        Raises:
            Refusal: something else stands there.
        """
        value = self.fields.get(name, otherwise)
        if not is_real(value) or not least <= value <= most:
            raise _wrong(
                name, Words(f"a number from {least:g} to {most:g}", f"{least:g} 到 {most:g} 之间的数")
            )
        return float(value)

    def truth(self, name: str, *, otherwise: bool) -> bool:
        """True or false in the body.

        Raises:
            Refusal: something else stands there.
        """
        value = self.fields.get(name, otherwise)
        if not isinstance(value, bool):
            raise _wrong(name, Words("true or false", " true 或 false"))
        return value

    def text(self, name: str) -> str:
        """A text in the body.

        Raises:
            Refusal: something else stands there.
        """
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise _wrong(name, Words("a text", "文本"))
        return value


def is_number(text: str) -> bool:
    """Whether it is a whole number from 0 on, as an address writes it."""
    return text.isascii() and text.isdigit() and len(text) < 10


def is_real(value: object) -> TypeGuard[float]:
    """Whether it is a finite number; true is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _wrong(name: str, wanted: Words) -> Refusal:
    return Refusal(Words(f'"{name}" must be {wanted.en}', f"“{name}”必须是{wanted.zh}"), do=RELOAD)
