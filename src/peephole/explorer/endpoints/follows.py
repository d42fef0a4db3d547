"""Which unit follows what, and which hold what they do not show."""

from __future__ import annotations

from peephole.analysis.indicators import (
    Indicator,
    left_to_count,
    number_indicators,
    seen,
    text_indicators,
)
from peephole.analysis.rankings import Correlations, Follows, correlations, silence
from peephole.analysis.reader import Syntax
from peephole.analysis.sketched import sketched_correlations
from peephole.analysis.steps import flatten
from peephole.explorer.asked import Asked
from peephole.explorer.desk import Desk
from peephole.explorer.opened import OpenRun
from peephole.explorer.payload import Json
from peephole.explorer.sessions import Session
from peephole.explorer.sketch_asked import SketchAsked

COUNTERS = ("counter", "selective")
"""The tasks in which every a must be answered by a b."""


def follows(desk: Desk, asked: Asked) -> Json:
    """Every unit with what it follows most closely, the closest first, and how silent each is.

    ``leaders`` tells the other way round: for everything that can be followed the unit that follows it most closely.
    """
    if desk.is_long(asked):
        return _long(desk.sketch(asked))
    found = desk.lane(asked)
    indicators = _indicators(found.session)
    followed = correlations(found.record, found.memory, indicators)
    return _said(followed, silence(found.record).scores.tolist() if found.record.kind == "lstm" else None)


def _long(found: SketchAsked) -> Json:
    """The same of a long text, by the tracks of its survey, which knows nothing of silence."""
    followed = sketched_correlations(
        found.long.survey, found.memory, layer=found.sketch.layer, direction=found.sketch.direction
    )
    return _said(followed, None)


def _said(followed: Correlations, silent: list[float] | None) -> Json:
    keys = [known.key for known in followed.indicators]
    rankings = [ranking for key in keys if (ranking := followed.ranking(key))]
    return {
        "units": [_named(one) for one in followed.telling()],
        "leaders": [_named(ranking[0]) for ranking in rankings],
        "silence": silent,
        "indicators": keys,
    }


def _named(one: Follows) -> Json:
    return {
        "unit": one.unit,
        "indicator": one.key,
        "name": {"en": one.name, "zh": one.chinese},
        "correlation": one.r,
        "sentence": {"en": one.sentence("en"), "zh": one.sentence("zh")},
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
