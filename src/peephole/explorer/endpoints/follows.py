"""Which unit follows what, and which hold what they do not show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from torch import Tensor

from peephole.analysis.indicators import (
    Indicator,
    indicator,
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

MOST_FEATURES = 256
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
        numbers = flatten(material.inputs, material.lengths)
        apart = (
            () if opened.target == "class" else _of_features(numbers, material.features)
        )  # no single pixel
        return (*number_indicators(numbers, lengths), *apart)
    if opened.vocabulary is None:
        return _of_ids(material.symbols)
    of_text = text_indicators(material.symbols, lengths, syntax=_syntax(opened))
    if opened.vocabulary.unit != "task":
        return of_text
    count = opened.run.description.get("task") in COUNTERS
    counts = (left_to_count(material.symbols, lengths),) if count else ()
    return (*counts, *seen(material.symbols, lengths), *of_text)


def _of_features(numbers: Tensor, names: Sequence[str]) -> tuple[Indicator, ...]:
    """Each of several inputs, as far as a person can tell them apart."""
    count = numbers.shape[1]
    if not 1 < count <= MOST_FEATURES:
        return ()
    return tuple(
        indicator(
            f"input_{number}",
            numbers[:, number],
            name=f"input {names[number] if names else number}",
            chinese=f"输入 {names[number] if names else number}",
        )
        for number in range(count)
    )


def _of_ids(symbols: Sequence[str]) -> tuple[Indicator, ...]:
    """Symbols that have numbers for names say nothing of quotes or lines: which one it is, and where."""
    known = [symbol for symbol, _ in Counter(symbols).most_common(MOST_FEATURES)]
    each = (
        indicator(
            f"symbol_{one}", [float(s == one) for s in symbols], name=f"symbol {one}", chinese=f"符号 {one}"
        )
        for one in known
    )
    place = indicator(
        "position", list(range(len(symbols))), name="position in the sequence", chinese="序列内位置"
    )
    return (place, *each)


def _syntax(opened: OpenRun) -> Syntax:
    """What marks mean in the text that the network learned."""
    about = opened.run.description
    code = about.get("source") == "library" and about.get("part") != "prose"
    return "python" if code or str(about.get("title")).endswith(".py") else "prose"
