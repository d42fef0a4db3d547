"""The explorer's answer when it cannot do what a request asks.

Knows nothing of what was asked; the server turns a refusal into ``{"error": …, "do": …}``.
"""

from __future__ import annotations

from peephole.errors import ServerError


class Refusal(ServerError):
    """A request cannot be answered.

    Attributes:
        error: what was wrong, one line.
        do: what to do about it, one sentence.
        status: the HTTP status that says so.
    """

    def __init__(self, error: str, *, do: str, status: int = 400) -> None:
        super().__init__(f"{error}; {do}")
        self.error = error
        self.do = do
        self.status = status
