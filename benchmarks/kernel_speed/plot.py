"""A picture of the table: every shape a dot, every mean a bar, beside the aims."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from kernel_speed.judging import Verdict, verdicts
from kernel_speed.results import Result, threads_in_words
from kernel_speed.works import WORKS, Work

COLOURS = ("#1f6f8b", "#d1495b", "#7a9e48", "#8d6a9f")
AIMS = {"mean": "D", "worst": "<"}
TICKS = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)
APART = 0.3
"""Rows between two numbers of threads."""


def draw(results: Sequence[Result], path: Path, title: str) -> None:
    """Writes the picture, in the format that the name of the file says; a panel for each malloc.

    Raises:
        ModuleNotFoundError: without matplotlib.
    """
    matplotlib: Any = import_module("matplotlib")
    matplotlib.use("agg")
    pyplot: Any = import_module("matplotlib.pyplot")
    good = [result for result in results if not result.fault]
    judged = verdicts(good)
    mallocs = sorted({verdict.malloc for verdict in judged})
    works = [work for work in WORKS if any(verdict.work is work for verdict in judged)]
    size = (2.8 + 4.6 * len(mallocs), 1.8 + 0.42 * len(works))
    figure, panels = pyplot.subplots(1, len(mallocs), sharey=True, sharex=True, squeeze=False, figsize=size)
    for panel, malloc in zip(panels[0], mallocs, strict=True):
        _panel(
            panel,
            works,
            [result for result in good if result.malloc == malloc],
            [verdict for verdict in judged if verdict.malloc == malloc],
        )
        panel.set_title(f"malloc {malloc}", fontsize=10)
    left = panels[0][0]
    low, high = left.get_xlim()
    ticks = [tick for tick in TICKS if low <= tick <= high]
    left.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    left.set_xticks([], minor=True)
    left.set_yticks(range(len(works)), [work.what for work in works], fontsize=8)
    left.invert_yaxis()
    figure.suptitle("\n".join(textwrap.wrap(title, 48 * len(mallocs) + 30)), fontsize=8)
    _legend(figure, matplotlib.lines.Line2D, sorted({verdict.threads for verdict in judged}))
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


def _panel(panel: Any, works: Sequence[Work], results: Sequence[Result], judged: Sequence[Verdict]) -> None:
    """The figures of one malloc."""
    threads = sorted({verdict.threads for verdict in judged})
    rows = {work.name: row for row, work in enumerate(works)}

    def place(row: int, number: int) -> tuple[float, str]:
        lane = threads.index(number)
        return row + (lane - (len(threads) - 1) / 2) * APART, COLOURS[lane % len(COLOURS)]

    panel.set_xscale("log")
    panel.axvline(1.0, color="#999999", linewidth=0.8)
    for result in results:
        height, colour = place(rows[result.work], result.threads)
        panel.plot(result.figure, height, "o", color=colour, alpha=0.45, markersize=4)
    for verdict in judged:
        height, colour = place(rows[verdict.work.name], verdict.threads)
        panel.plot(verdict.mean, height, "|", color=colour, markersize=11, markeredgewidth=2.5)
        for aim in verdict.aims:
            row = rows[verdict.work.name]
            panel.plot(aim.least, row, AIMS[aim.by], color="black", markersize=5, markerfacecolor="none")
    panel.set_xlabel("the peer's time ÷ ours, or share of the peak", fontsize=8)
    panel.grid(axis="x", alpha=0.3)


def _legend(figure: Any, line: Any, threads: Sequence[int]) -> None:
    """What the marks mean."""
    handles = [
        line(
            [],
            [],
            color=COLOURS[lane % len(COLOURS)],
            marker="o",
            linestyle="",
            label=threads_in_words(number),
        )
        for lane, number in enumerate(threads)
    ]
    marks = {"|": "geometric mean", AIMS["mean"]: "aim of the mean", AIMS["worst"]: "aim of the worst shape"}
    for mark, label in marks.items():
        handles.append(
            line([], [], color="black", marker=mark, markerfacecolor="none", linestyle="", label=label)
        )
    figure.legend(handles=handles, ncols=len(handles), loc="lower center", fontsize=8, frameon=False)
