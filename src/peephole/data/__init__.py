"""Data: symbols and ids, texts, tasks, digits and series as batches. The first stage; knows nothing of
networks.
"""

from peephole.data.batches import Batch, Input, Problem, Sample, Score, Target, text_sample
from peephole.data.digits import Digits, load_digits, read_idx
from peephole.data.digits_problem import DigitsProblem
from peephole.data.library import python_sources
from peephole.data.ngram import held_out_bits
from peephole.data.problems import problem_from
from peephole.data.series import read_series
from peephole.data.series_problem import SeriesProblem
from peephole.data.task_problem import TaskProblem
from peephole.data.tasks import END, TASKS, Task, task_named
from peephole.data.text import read_text
from peephole.data.text_problem import TextProblem
from peephole.data.vocabulary import UNKNOWN, Unit, Vocabulary

__all__ = [
    "END",
    "TASKS",
    "UNKNOWN",
    "Batch",
    "Digits",
    "DigitsProblem",
    "Input",
    "Problem",
    "Sample",
    "Score",
    "SeriesProblem",
    "Target",
    "Task",
    "TaskProblem",
    "TextProblem",
    "Unit",
    "Vocabulary",
    "held_out_bits",
    "load_digits",
    "problem_from",
    "python_sources",
    "read_idx",
    "read_series",
    "read_text",
    "task_named",
    "text_sample",
]
