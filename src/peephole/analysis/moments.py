"""The speaking moment: what one unit did at one step, taken apart exactly, and said in a sentence.

Every number comes from the record; the sentence is a template. In what is printed, kept + written (+ held) is the
new state to the last digit shown. Knows one unit and one step, nothing of the text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from peephole.analysis.steps import state_before
from peephole.errors import OptionError, TraceError
from peephole.trace.trace import LayerRecord

Language = Literal["en", "zh"]
HELD = 1e-4
"""A state further than this from kept + written was put there by somebody."""


@dataclass(frozen=True)
class Part:
    """A piece of a sentence; ``mark`` names the field of the ``Moment`` whose number it is, or is None."""

    text: str
    mark: str | None = None


@dataclass(frozen=True)
class Moment:
    """One unit at one step.

    An LSTM keeps f·c_{t−1}, writes i·g and shows o of tanh(c_t). A GRU's one lever does both: it keeps z·h_{t−1} and
    writes (1−z)·n; it shows all. An RNN keeps nothing: its state is new at each step.

    Attributes:
        kind: "lstm", "gru" or "rnn".
        unit, step: which unit, and which input time.
        before: the state that the step started from, c_{t−1} or h_{t−1}.
        kept_share: f or z, 0 to 1; an RNN's is 0.
        kept: kept_share · before.
        write_share: i or 1 − z; an RNN's is 1.
        candidate: g or n; an RNN's is its new state.
        written: write_share · candidate.
        held: what the state is beyond kept + written: 0 to rounding, unless it was held by ``ph.intervene``.
        state: c_t or h_t.
        shown_share: o; a GRU's and an RNN's is 1.
        shown: h_t of this unit, with a projection what it gives to it: o·tanh(c_t).
    """

    kind: str
    unit: int
    step: int
    before: float
    kept_share: float
    kept: float
    write_share: float
    candidate: float
    written: float
    held: float
    state: float
    shown_share: float
    shown: float

    def printed(self, digits: int = 2) -> dict[str, str]:
        """Every number as it is printed, by field: shares in per cent, values signed with ``digits`` decimals.

        Where rounding each for itself would not add up, ``kept`` and ``written`` (and ``held``) are rounded so that
        their sum is the printed ``state``; each stays within one unit of its last digit.

        Raises:
            OptionError: ``digits`` not from 0 to 3.
        """
        if not 0 <= digits <= 3:
            raise OptionError(f"digits must be from 0 to 3, got {digits}")
        names = ["kept", "written", *(["held"] if self.was_held else [])]
        parts = _adding_up([getattr(self, name) for name in names], self.state, digits)
        values = dict(zip(names, parts, strict=True))
        values |= {name: getattr(self, name) for name in ("before", "candidate", "state", "shown")}
        shares = ("kept_share", "write_share", "shown_share")
        return {name: _signed(value, digits) for name, value in values.items()} | {
            name: _percent(getattr(self, name)) for name in shares
        }

    @property
    def was_held(self) -> bool:
        """Whether the state was put where it is from outside."""
        return abs(self.held) > HELD * max(1.0, abs(self.state))

    def parts(self, language: Language = "en") -> tuple[Part, ...]:
        """The sentence in pieces, each number apart.

        Raises:
            OptionError: another language than "en" or "zh".
        """
        if language not in TEMPLATES:
            raise OptionError(f"language must be one of {', '.join(TEMPLATES)}, got {language!r}")
        templates = TEMPLATES[language]
        clauses = [templates["unit"], templates[f"{self.kind} state"]]
        if self.was_held:
            clauses.append(templates["held"])
        if self.kind == "lstm":
            clauses.append(templates["shown"])
        numbers = self.printed() | {"unit": str(self.unit)}
        found: list[Part] = []
        # "kept {kept_share} of" splits at the braces into text, mark, text, …
        for place, piece in enumerate(("".join(clauses) + templates["end"]).replace("}", "{").split("{")):
            if place % 2:
                found.append(Part(numbers[piece], piece))
            elif piece:
                found.append(Part(piece))
        return tuple(found)

    def sentence(self, language: Language = "en") -> str:
        """The moment in words: "Unit 7 kept 98 % of −0.91, wrote +0.02, shows 4 %.", or the same in Chinese ("zh").

        Raises:
            OptionError: another language.
        """
        return "".join(part.text for part in self.parts(language))


TEMPLATES: dict[str, dict[str, str]] = {
    "en": {
        "unit": "Unit {unit} ",
        "lstm state": "kept {kept_share} of {before}, wrote {written}",
        "gru state": "kept {kept_share} of {before}, wrote {written}, is {state}",
        "rnn state": "was {before}, is {state}",
        "held": ", was moved by {held}",
        "shown": ", shows {shown_share}",
        "end": ".",
    },
    "zh": {
        "unit": "单元 {unit} ",
        "lstm state": "保留了 {before} 的 {kept_share}，写入 {written}",
        "gru state": "保留了 {before} 的 {kept_share}，写入 {written}，现为 {state}",
        "rnn state": "原为 {before}，现为 {state}",
        "held": "，被外力移动 {held}",
        "shown": "，显露 {shown_share}",
        "end": "。",
    },
}
"""The clauses of the sentence by language; what stands in braces is a field of the ``Moment``."""


def moment(record: LayerRecord, unit: int, step: int, *, sequence: int = 0) -> Moment:
    """What one unit did at one step.

    Args:
        record: the record of one layer and direction.
        unit: which unit.
        step: which input time, from 0.
        sequence: which sequence of the batch.

    Raises:
        OptionError: no such unit or sequence.
        TraceError: the sequence has no such step.
        MissingQuantityError: the record lacks a gate that the sentence needs.
    """
    name = "cell" if "cell" in record.initial else "hidden"
    time, batch, units = record[name].shape
    if not 0 <= unit < units:
        raise OptionError(f"unit {unit}: the units are 0 to {units - 1}")
    if not 0 <= sequence < batch:
        raise OptionError(f"sequence {sequence}: the batch's sequences are 0 to {batch - 1}")
    steps = time if record.lengths is None else int(record.lengths[sequence])
    if not 0 <= step < steps:
        raise TraceError(f"no step {step}: sequence {sequence} has {steps} steps")

    def value(quantity: str) -> float:
        return float(record[quantity][step, sequence, unit])

    before, state = float(state_before(record, name, step, sequence)[unit]), value(name)
    if record.kind == "lstm":
        keep, write, candidate, show = (
            value(q) for q in ("forget_gate", "input_gate", "candidate", "output_gate")
        )
        shown = show * math.tanh(state)
    elif record.kind == "gru":
        keep, candidate, show, shown = value("update_gate"), value("candidate"), 1.0, state
        write = 1 - keep
    else:
        keep, write, candidate, show, shown = 0.0, 1.0, state, 1.0, state
    kept, written = keep * before, write * candidate
    return Moment(
        kind=record.kind,
        unit=unit,
        step=step,
        before=before,
        kept_share=keep,
        kept=kept,
        write_share=write,
        candidate=candidate,
        written=written,
        held=state - kept - written,
        state=state,
        shown_share=show,
        shown=shown,
    )


def _adding_up(parts: list[float], total: float, digits: int) -> list[float]:
    """The parts rounded so that they sum to the rounded total, moved where that costs least."""
    scale = 10**digits
    # Rounded as they are printed: multiplying first would break ties another way.
    rounded = [round(float(f"{part:.{digits}f}") * scale) for part in parts]
    errors = [part * scale - whole for part, whole in zip(parts, rounded, strict=True)]
    missing = round(float(f"{total:.{digits}f}") * scale) - sum(rounded)
    step = 1 if missing > 0 else -1
    # Those that rounding had moved furthest the other way are moved back.
    for place in sorted(range(len(parts)), key=lambda p: -step * errors[p])[: abs(missing)]:
        rounded[place] += step
    return [whole / scale for whole in rounded]


def _signed(value: float, digits: int) -> str:
    """A value as it is printed: "+0.02", "−0.91", "0.00"."""
    text = f"{abs(value):.{digits}f}"
    if not float(text):
        return text
    return ("−" if value < 0 else "+") + text


def _percent(share: float) -> str:
    """A share as it is printed: "98 %". What is not quite shut or open says so: "<1 %", ">99 %"."""
    whole = round(100 * share)
    if whole == 0 and share > 0.0005:
        return "<1 %"
    if whole == 100 and share < 0.9995:
        return ">99 %"
    return f"{whole} %"
