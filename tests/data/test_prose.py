"""The prose of modules: plain paragraphs of documentation, a line each, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from peephole.data import python_sources
from peephole.data.problems import problem_from
from peephole.data.prose import prose_of
from peephole.data.text_problem import TextProblem
from peephole.errors import DataError

MODULE = '''"""Look here: this is the first paragraph of a module,
and it goes on in a second line.

    >>> example(1)

Too short a paragraph.

x = 1 is no sentence that anybody would care to read aloud.
"""
# A comment is not documentation, however long it may be and whatever it says.
class A:
    """A class may say what it does, and this one (the only one) does nothing."""

    async def method(self):
        """a paragraph must begin with a capital letter, or it is the rest of something."""

    def other(self):
        """Whoever calls this gets nothing, but gets it very quickly and for nothing

        What has no mark at its end is a heading or a line of a table
        """
        return "This is a string of a function, and it is no documentation of it at all."
'''


def test_plain_paragraphs_of_documentation_become_lines() -> None:
    assert prose_of(MODULE) == (
        "Look here: this is the first paragraph of a module, and it goes on in a second line.\n"
        "A class may say what it does, and this one (the only one) does nothing.\n"
    )


@pytest.mark.parametrize("source", ["", "x = 1\n", "this is no Python", "x = '\0'", "'\\d is an old escape'"])
def test_a_module_without_prose_gives_none(source: str) -> None:
    assert prose_of(source) == ""


def test_the_librarys_prose_is_of_sentences() -> None:
    training, held_out = python_sources(30_000, 5_000, part="prose")
    assert (len(training), len(held_out)) == (30_000, 5_000)
    lines = training.splitlines()[:-1]
    assert all(line[0].isupper() and line[-1] in ".:?!" for line in lines)
    assert "import " not in {line[:7] for line in lines}


def test_too_little_prose_is_refused(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(MODULE, encoding="utf-8")
    with pytest.raises(DataError, match="has 157 characters of prose, but 2,000"):
        python_sources(1_000, 1_000, part="prose", library=tmp_path)


def test_a_problem_of_prose_is_built_again_as_prose() -> None:
    problem = TextProblem.from_library(20_000, 2_000, part="prose", unit="word")
    description = problem.describe()
    again = problem_from(description)
    assert isinstance(again, TextProblem)
    assert (again.training_part == problem.training_part).all()
    assert description["title"] == "the Python library's documentation"
    with pytest.raises(DataError, match="code or prose, got 'poetry'"):
        problem_from({**description, "part": "poetry"})
    code = problem_from(
        {name: v for name, v in TextProblem.from_library(20_000, 2_000).describe().items() if name != "part"}
    )
    assert code.describe()["part"] == "code"
