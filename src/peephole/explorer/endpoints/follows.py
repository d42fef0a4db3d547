"""Which unit follows what, and which hold what they do not show."""

from __future__ import annotations

from peephole.analysis.indicators import (
    Indicator,
    left_to_count,
    number_indicators,
    seen,
    text_indicators,
)
from peephole.analysis.rankings import correlations, silence
from peephole.analysis.reader import Syntax
from peephole.analysis.steps import flatten
from peephole.explorer.asked import Asked
from peephole.explorer.desk import Desk
from peephole.explorer.opened import OpenRun
from peephole.explorer.payload import Json
from peephole.explorer.sessions import Session

COUNTERS = ("counter", "selective")
"""The tasks in which every a must be answered by a b."""


def follows(desk: Desk, asked: Asked) -> Json:
    """Every unit with what it follows most closely, the closest first, and how silent each is."""
    found = desk.lane(asked)
    indicators = _indicators(found.session)
    best = correlations(found.record, found.memory, indicators).telling()
    silent = silence(found.record).scores.tolist() if found.record.kind == "lstm" else None
    return {
        "units": [
            {
                "unit": one.unit,
                "indicator": one.key,
                "name": {"en": one.name, "zh": one.chinese},
                "correlation": one.r,
                "sentence": {"en": one.sentence("en"), "zh": one.sentence("zh")},
            }
            for one in best
        ],
        "silence": silent,
        "indicators": [known.key for known in indicators],
    }


def _indicators(session: Session) -> tuple[Indicator, ...]:
    """What can be said of what was read."""
    material, opened = session.material, session.opened
    lengths = material.lengths.tolist()
    if material.inputs.is_floating_point():
        return number_indicators(flatten(material.inputs, material.lengths), lengths)
    of_text = text_indicators(material.symbols, lengths, syntax=_syntax(opened))
    if opened.vocabulary is None or opened.vocabulary.unit != "task":
        return of_text
    count = opened.run.description.get("task") in COUNTERS
    counts = (left_to_count(material.symbols, lengths),) if count else ()
    return (*counts, *seen(material.symbols, lengths), *of_text)


def _syntax(opened: OpenRun) -> Syntax:
    """What marks mean in the text that the network learned."""
    about = opened.run.description
    code = about.get("source") == "library" and about.get("part") != "prose"
    return "python" if code or str(about.get("title")).endswith(".py") else "prose"
