"""Phrase search: the units that are on all through a chosen stretch, and where else they are on together."""

from __future__ import annotations

from peephole.analysis import phrases as search
from peephole.explorer.asked import Asked
from peephole.explorer.desk import Desk, lane_of
from peephole.explorer.payload import Json
from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words


def phrases(desk: Desk, asked: Asked) -> Json:
    """The pattern of a stretch of one sequence, and the stretches that have it; first and last steps are included."""
    session = desk.session(asked)
    found = lane_of(session, asked.whole("layer"), asked.text("direction"))
    quantity = found.quantity(asked.text("quantity"))
    first, last = asked.whole("from"), asked.whole("to")
    if last < first or session.place(first)[0] != session.place(last)[0]:
        raise Refusal(
            Words(
                f"moments {first} to {last} are no stretch of one sequence",
                f"时刻 {first} 到 {last} 不是同一序列中的一段",
            ),
            do=Words("Choose a stretch within one line.", "请在同一行内选择一段。"),
        )
    said = search.find_phrases(found.record, quantity, first, last + 1)
    return {
        "threshold": said.threshold,
        "units": [{"unit": one.unit, "sign": one.sign} for one in said.units],
        "matches": [
            {"from": match.start, "to": match.stop - 1, "agreement": match.agreement}
            for match in said.matches
        ],
    }
