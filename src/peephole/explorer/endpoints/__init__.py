"""What the page may ask: every address with its endpoint.

An endpoint takes the desk and what was asked, and gives facts or a ``Payload``; it raises ``Refusal`` for what it
cannot answer. It knows neither HTTP nor bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from peephole.explorer.asked import Asked
from peephole.explorer.desk import Desk
from peephole.explorer.endpoints import follows, light, long, moments, phrases, runs, traces, weights, whatif
from peephole.explorer.payload import Json, Payload

Endpoint = Callable[[Desk, Asked], Payload | Json]


@dataclass(frozen=True)
class Route:
    """An address, whose ``{…}`` stand for any one part, and what answers there.

    Attributes:
        path: the address, without a query.
        endpoint: what answers.
        posted: whether the page sends a body.
    """

    path: str
    endpoint: Endpoint
    posted: bool = False

    def match(self, parts: Sequence[str]) -> dict[str, str] | None:
        """What stands in this route's places, for an address cut at its slashes; None where it does not fit."""
        own = self.path.split("/")
        if len(own) != len(parts):
            return None
        place: dict[str, str] = {}
        for wanted, part in zip(own, parts, strict=True):
            if wanted.startswith("{"):
                place[wanted[1:-1]] = part
            elif wanted != part:
                return None
        return place


LANE = "/api/traces/{trace}/{layer}/{direction}"
WINDOW = "window/{from}/{to}"

ROUTES = (
    Route("/api/home", runs.home),
    Route("/api/runs/{run}", runs.run),
    Route("/api/runs/{run}/changes", runs.changes),
    Route("/api/runs/{run}/trace", traces.trace, posted=True),
    Route("/api/traces/{trace}/share", long.share),
    Route(f"/api/traces/{{trace}}/{WINDOW}", long.window),
    Route(f"{LANE}/unit/{{unit}}/{WINDOW}", long.unit_window),
    Route(f"{LANE}/{{quantity}}/{WINDOW}", long.quantity_window),
    Route("/api/runs/{run}/weights/{layer}/{direction}", weights.weights),
    Route("/api/runs/{run}/continue", whatif.go_on, posted=True),
    Route("/api/runs/{run}/ablate", whatif.ablate, posted=True),
    Route("/api/traces/{trace}/light", light.light, posted=True),
    Route("/api/traces/{trace}/lags", light.lags),
    Route("/api/traces/{trace}/phrases", phrases.phrases, posted=True),
    Route(f"{LANE}/unit/{{unit}}", traces.unit),
    Route(f"{LANE}/unit/{{unit}}/moment/{{step}}", moments.unit),
    Route(f"{LANE}/moment/{{step}}", moments.layer),
    Route(f"{LANE}/follows", follows.follows),
    Route(f"{LANE}/{{quantity}}", traces.quantity),
)
"""In the order in which they are tried."""
