"""What each shipped network must be found to do, as figures with bounds.

A claim takes a run and measures it; the units that it speaks of are found by ranking, never by number. The recipes
keep a network only if every figure of its claim holds, and the tests ask again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

import peephole.analysis as pa
from peephole.analysis.steps import steps_of
from peephole.data.tasks import END, MOST, task_named
from peephole.data.vocabulary import Vocabulary
from peephole.errors import RunError
from peephole.trace.recording import trace
from peephole.train.objective import validate
from peephole.train.run import Run
from peephole.zoo.exam import Exam, examine, first_failure
from peephole.zoo.strings import Strings, read_strings


@dataclass(frozen=True)
class Figure:
    """Something measured, and the bounds within which it holds.

    Attributes:
        name: what was measured.
        value: the figure; NaN holds within no bounds.
        at_least, at_most: the bounds, None for none.
    """

    name: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it is within its bounds."""
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    def __str__(self) -> str:
        bounds = [f"≥ {self.at_least:g}"] if self.at_least is not None else []
        bounds += [f"≤ {self.at_most:g}"] if self.at_most is not None else []
        return f"{self.name} {self.value:.4g}" + (f" ({', '.join(bounds)})" if bounds else "")


Claim = Callable[[Run], list[Figure]]


def counts(run: Run) -> list[Figure]:
    """It counts: every string right, n from 1 to 10."""
    return exam_figures(run)


def counts_in_a_cell(run: Run) -> list[Figure]:
    """It counts in one cell: put at another count, that cell is what the rest of the string follows."""
    read = _held_out(run)
    found = pa.correlations(read.record, "cell", [pa.left_to_count(read.symbols, read.lengths)])
    statistics = pa.unit_statistics(read.record, "cell")
    largest = torch.maximum(statistics.maximum, -statistics.minimum)
    unit = found.ranking("left_to_count")[0].unit
    return [
        Figure("a cell's correlation with what is left to count", _closest(found, "left_to_count"), 0.95),
        Figure(
            "of 64 counts that it is put at, those that do not follow", len(disobeyed(run, unit)), at_most=2
        ),
        Figure("the largest cell", float(largest.max()), at_most=12),
        *exam_figures(run),
    ]


@torch.no_grad()
def disobeyed(run: Run, unit: int) -> list[tuple[int, int]]:
    """Counts (counted, put at) at which a counter does not go on as if it had counted the second.

    The cell of ``unit`` is put, at X, where it stands at the X of another string; what follows should be as many b's
    as that string has.
    """
    network, vocabulary = run.trained_network(), _vocabulary(run)
    prompts = {count: torch.from_numpy(vocabulary.encode("a" * count + "X")) for count in range(2, MOST)}
    at_x = {
        count: float(trace(network, prompt[:, None])[1].layer().cell[-1, 0, unit])
        for count, prompt in prompts.items()
    }
    wrong = []
    for counted, prompt in prompts.items():
        for count, cell in at_x.items():
            gone_on = pa.continuations(
                network, prompt, count + 1, {f"l0.cell.{unit}": cell}, steps=[counted], temperature=0
            )
            if vocabulary.decode(gone_on.clamped.numpy()) != "b" * count + END:
                wrong.append((counted, count))
    return wrong


def counts_selectively(run: Run) -> list[Figure]:
    """One unit's input gate is shut on X and open on a, and that unit counts."""
    read = _held_out(run)
    gates = pa.by_symbol(read.record, "input_gate", read.symbols)
    unit = gates.contrast("a", "X").units[0]
    counting = pa.correlations(read.record, "cell", [pa.left_to_count(read.symbols, read.lengths)])
    return [
        Figure("its input gate on X, mean", float(gates.mean[gates.row("X"), unit]), at_most=0.1),
        Figure("its input gate on a, mean", float(gates.mean[gates.row("a"), unit]), 0.8),
        Figure("its cell's correlation with what is left to count", float(counting.r[unit, 0].abs()), 0.8),
        *exam_figures(run),
    ]


def keeps_a_from_b(run: Run) -> list[Figure]:
    """One cell has one sign from A on and the other from B on, evenly through all x's, behind an open forget gate."""
    read = _held_out(run)
    begins_with_a = read.beginning("A")
    held = read.where("A") | read.where("B") | read.where("x")
    gaps = pa.apart(read.record, "cell", begins_with_a, where=held)
    unit = gaps.units[0]
    cell = steps_of(read.record, "cell")[:, unit]
    sign = cell[held & begins_with_a].mean().sign()
    strengths = torch.where(begins_with_a, sign * cell, -sign * cell)[held]
    gates = pa.by_symbol(read.record, "forget_gate", read.symbols)
    return [
        Figure("gap between A's and B's tanh of a cell, letter and x's", float(gaps.scores[unit]), 0.8),
        Figure("the cell at its weakest, of its strongest", float(strengths.min() / strengths.max()), 0.4),
        Figure("its forget gate on every x, least", float(gates.minimum[gates.row("x"), unit]), 0.95),
        *exam_figures(run),
    ]


def copies(run: Run) -> list[Figure]:
    """A threshold on one unit of the second layer tells one next letter, on strings where it was not chosen."""
    task, read = task_named("copy"), _held_out(run)
    certain = torch.tensor([step for string in read.strings for step in task.determined(string)])
    answers = "".join(map(task.targets, read.strings))
    told = [
        pa.best_thresholds(
            read.record, "hidden", torch.tensor([answer == letter for answer in answers]), where=certain
        )
        for letter in "abc"
    ]
    best = max(told, key=lambda found: float(found.chosen_accuracy[found.best]))
    return [
        Figure("a threshold's accuracy on one next letter", float(best.accuracy[best.best]), 0.95),
        Figure("without looking", best.baseline, at_most=0.9),
        *exam_figures(run),
    ]


def mirrors(run: Run) -> list[Figure]:
    """Every letter of every string is tagged with the last one."""
    return exam_figures(run)


def reads_digits(run: Run) -> list[Figure]:
    """It tells digits that it has not seen, and half of a digit goes far."""
    scores = validate(run.trained_network(), run.problem(), batch=100).scores
    return [
        Figure("right at the last row", scores["accuracy"], 0.965),
        Figure("right at row 14", scores["accuracy_row_14"], 0.60),
    ]


def predicts_words(run: Run) -> list[Figure]:
    """It predicts the words of text that it has not seen."""
    return [Figure("held-out bits a symbol", run.result["validation_bits"], at_most=4.0)]


def reads_python(run: Run) -> list[Figure]:
    """It predicts source that it has not seen, and units follow what a reader of source would."""
    found = follows(run)
    return [
        Figure("held-out bits a character", run.result["validation_bits"], at_most=1.7),
        *(
            Figure(f"a cell's correlation with {known.name}", _closest(found, known.key), least)
            for known in found.indicators
            if (least := _FOLLOWED.get(known.key)) is not None
        ),
    ]


_FOLLOWED = {"inside_quotes": 0.6, "bracket_depth": 0.5, "indentation": 0.5, "line_position": 0.7}
"""What units of the network ``python`` must follow, and how closely."""


@torch.no_grad()
def follows(run: Run) -> pa.Correlations:
    """The cells of all layers of a Python network, layer after layer, against every indicator of its sample.

    The sample is read from its first definition on: before that nobody knows whether a quote opens or closes.
    """
    text, vocabulary = run.sample_text() or "", _vocabulary(run)
    symbols = vocabulary.split(text[text.find("\ndef ") + 1 :])
    _, record = trace(run.trained_network(), torch.from_numpy(vocabulary.encode(symbols))[:, None])
    known = pa.text_indicators(symbols)
    layers = [pa.correlations(layer, "cell", known).r for layer in record.records]
    return pa.Correlations("cell", known, torch.cat(layers))


def failure(run: Run) -> int | None:
    """The least n that a counter gets wrong; None for another network, or where none was found."""
    if run.description.get("task") != "counter":
        return None
    return first_failure(run.trained_network(), _vocabulary(run))


def exam_figures(run: Run) -> list[Figure]:
    """All strings of the language: no wrong answer where one is certain, nothing likely that cannot follow."""
    exam = examined(run)
    return [
        Figure("wrong answers", exam.wrong, at_most=0),
        Figure("most given to what cannot follow", exam.leak, at_most=0.5),
    ]


def examined(run: Run) -> Exam:
    """How a task's network does on every string of its language."""
    return examine(run.trained_network(), _vocabulary(run), task_named(str(run.description["task"])))


def _held_out(run: Run) -> Strings:
    """A task's network over the strings that it is validated on."""
    problem = run.problem()
    strings: tuple[str, ...] = problem.held_out  # type: ignore[attr-defined]  # a task's
    return read_strings(run, strings)


def _closest(found: pa.Correlations, key: str) -> float:
    """How closely the unit that follows an indicator most closely does so; 0 where none does."""
    ranking = found.ranking(key)
    return abs(ranking[0].r) if ranking else 0.0


def _vocabulary(run: Run) -> Vocabulary:
    vocabulary = run.vocabulary()
    if vocabulary is None:
        raise RunError(f"{run.path} reads numbers, not symbols")
    return vocabulary
