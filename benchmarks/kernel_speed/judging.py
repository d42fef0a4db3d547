"""From results to the table: geometric means and worst shapes beside their aims."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kernel_speed.results import Result, threads_in_words
from kernel_speed.works import WORKS, Aim, Work


@dataclass(frozen=True)
class Verdict:
    """One work at one number of threads under one malloc.

    Attributes:
        work, threads, malloc: which.
        mean: geometric mean of the figures over the shapes; 0 where there is none.
        worst: the lowest figure.
        at: the shape of that.
        faults: what went wrong, a line a shape.
        missing: shapes that were not measured.
        scattered: shapes at which the samples scatter.
        disturbed: shapes during which others were at work.
        ways: how our layers ran.
    """

    work: Work
    threads: int
    malloc: str
    mean: float
    worst: float
    at: str
    faults: tuple[str, ...]
    missing: int
    scattered: int
    disturbed: int
    ways: tuple[str, ...]

    @property
    def aims(self) -> list[Aim]:
        """Those under this malloc."""
        return [aim for aim in self.work.aims if aim.malloc in (None, self.malloc)]

    def reached(self, aim: Aim) -> bool:
        """Whether the aim is reached; never where something went wrong."""
        return not self.faults and getattr(self, aim.by) >= aim.least

    def aim(self, by: str) -> Aim | None:
        """That of the mean or of the worst."""
        return next((aim for aim in self.aims if aim.by == by), None)


def verdicts(results: Sequence[Result]) -> list[Verdict]:
    """Of everything that was measured, in the order of ``WORKS``."""
    return [
        _verdict(work, threads, malloc, here)
        for work in WORKS
        for malloc in sorted({result.malloc for result in results})
        for threads in sorted({result.threads for result in results})
        if (here := [r for r in results if (r.work, r.threads, r.malloc) == (work.name, threads, malloc)])
    ]


def _verdict(work: Work, threads: int, malloc: str, results: Sequence[Result]) -> Verdict:
    good = [result for result in results if not result.fault]
    worst = min(good, key=lambda result: result.figure, default=None)
    return Verdict(
        work,
        threads,
        malloc,
        math.exp(sum(math.log(result.figure) for result in good) / len(good)) if good else 0.0,
        worst.figure if worst else 0.0,
        worst.shape if worst else "",
        tuple(f"{result.shape}: {result.fault}" for result in results if result.fault),
        len({str(shape) for shape in work.shapes} - {result.shape for result in results}),
        sum(result.scatter >= 0.2 for result in good),
        sum(result.disturbed for result in good),
        tuple(sorted({result.way for result in good})),
    )


def text(judged: Sequence[Verdict]) -> str:
    """The table, as it is printed."""
    lines: list[str] = []
    before = None
    for verdict in judged:
        if verdict.work is not before:
            before = verdict.work
            lines += ["", f"{before.what} ({before.name}), beside {before.peer}"]
        parts = [f"mean {verdict.mean:5.2f}{_beside(verdict, 'mean')}"] if len(before.shapes) > 1 else []
        parts += [f"worst {verdict.worst:5.2f}{_beside(verdict, 'worst')} at {verdict.at}"]
        parts = parts if verdict.at else ["failed"]
        notes = [f"{verdict.missing} shapes not measured"] * (verdict.missing > 0)
        notes += [f"{verdict.scattered} shapes scatter"] * (verdict.scattered > 0)
        notes += [f"{verdict.disturbed} while others worked"] * (verdict.disturbed > 0)
        notes += [f"by {way}" for way in verdict.ways if way != "kernel"]
        parts += [f"[{', '.join(notes)}]"] * bool(notes)
        lines.append(f"  {threads_in_words(verdict.threads)}  {verdict.malloc:8s} {'   '.join(parts)}")
        lines += [f"    {fault}" for fault in verdict.faults]
    aims = [verdict.reached(aim) for verdict in judged for aim in verdict.aims]
    return "\n".join([*lines, "", f"{sum(aims)} of {len(aims)} aims reached"])


def _beside(verdict: Verdict, by: str) -> str:
    aim = verdict.aim(by)
    if aim is None:
        return ""
    return f" (≥ {aim.least:g} {'reached' if verdict.reached(aim) else 'MISSED'})"


def markdown(judged: Sequence[Verdict], results: Sequence[Result]) -> str:
    """The table of aims, and one of every shape, in Markdown."""
    columns = sorted({(verdict.malloc, verdict.threads) for verdict in judged})
    names = [f"{threads_in_words(threads).strip()}{_tuned(malloc)}" for malloc, threads in columns]
    lines = [
        "Each cell: the geometric mean over the shapes / the worst shape; × is a missed aim.",
        "",
        f"| work | beside | aim | {' | '.join(names)} |",
        f"| --- | --- | --- |{' --- |' * len(columns)}",
    ]
    for work in WORKS:
        cells = {(v.malloc, v.threads): _cell(v) for v in judged if v.work is work}
        if cells:
            row = " | ".join(cells.get(column, "") for column in columns)
            lines.append(f"| {work.what} | {work.peer} | {_aims(work)} | {row} |")
    return "\n".join([*lines, "", *_by_shape(results)]) + "\n"


def _tuned(malloc: str) -> str:
    return "" if malloc == "default" else f", malloc {malloc}"


def _aims(work: Work) -> str:
    def least(by: str) -> str:
        aims = [
            f"≥ {aim.least:g}{f' {aim.malloc}' if aim.malloc else ''}" for aim in work.aims if aim.by == by
        ]
        return ", ".join(aims) or "–"

    return f"{least('mean')} / {least('worst')}" if len(work.shapes) > 1 else least("worst")


def _cell(verdict: Verdict) -> str:
    def number(by: str) -> str:
        aim = verdict.aim(by)
        return f"{getattr(verdict, by):.2f}{'' if aim is None or verdict.reached(aim) else ' ×'}"

    if verdict.faults and not verdict.worst:
        return "failed ×"
    several = len(verdict.work.shapes) > 1
    return f"{number('mean')} / {number('worst')}" if several else number("worst")


def _by_shape(results: Sequence[Result]) -> list[str]:
    """Each work at each shape under the default malloc, or the one that there is."""
    malloc = min(result.malloc for result in results)
    figures = {result.key: result for result in results}
    threads = sorted({result.threads for result in results})
    works = [work for work in WORKS if len(work.shapes) > 1 and any(r.work == work.name for r in results)]
    shapes = list(dict.fromkeys(str(shape) for work in works for shape in work.shapes))
    if not works:
        return []
    lines = [
        f"Each shape T,B,I,H{_tuned(malloc)}; each cell: {' / '.join(threads_in_words(n).strip() for n in threads)}.",
        "",
        f"| work | {' | '.join(shapes)} |",
        f"| --- |{' --- |' * len(shapes)}",
    ]
    for work in works:
        cells = []
        for shape in shapes:
            here = [figures.get((work.name, shape, number, malloc)) for number in threads]
            told = [("failed" if r.fault else f"{r.figure:.2f}") if r else "–" for r in here]
            cells.append(" / ".join(told) if any(here) else "")
        lines.append(f"| {work.what} | {' | '.join(cells)} |")
    return lines
