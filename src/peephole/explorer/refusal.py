"""The explorer's answer when it cannot do what a request asks.

Knows nothing of what was asked. On the wire a refusal is ``{"error": …, "do": …}``, each ``{"en": …, "zh": …}``.
"""

from __future__ import annotations

from peephole.errors import ServerError
from peephole.explorer.words import Words


class Refusal(ServerError):
    """A request cannot be answered.

    Attributes:
        error: what was wrong, one line.
        do: what to do about it, one sentence.
        status: the HTTP status that says so.
    """

    def __init__(self, error: Words, *, do: Words, status: int = 400) -> None:
        super().__init__(f"{error.en}. {do.en}")
        self.error = error
        self.do = do
        self.status = status

    def to_json(self) -> dict[str, object]:
        """As the page takes it."""
        return {"error": self.error.to_json(), "do": self.do.to_json()}
