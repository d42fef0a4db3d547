"""The prose of a Python module: the paragraphs of its documentation strings that are plain sentences.

Real English that is on every machine, a paragraph a line. Knows nothing of where modules lie.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

_MARKS = frozenset(" ,.;:'\"()-?!")
"""What a sentence may hold besides letters. Examples, tables and signatures have more."""
_FEWEST = 8
"""Words of a paragraph."""


def prose_of(source: str) -> str:
    """The prose in a module's source, each paragraph a line; empty where there is none or it does not parse."""
    return "".join(paragraph + "\n" for text in _documentation(source) for paragraph in _paragraphs(text))


def _documentation(source: str) -> Iterator[str]:
    """The documentation strings of the module, its classes and its functions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an old module's escapes are none of the reader's business
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def _paragraphs(text: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text):
        paragraph = " ".join(block.split())
        plain = all(mark.isalpha() or mark in _MARKS for mark in paragraph)
        if (
            plain
            and paragraph.count(" ") + 1 >= _FEWEST
            and paragraph[0].isupper()
            and paragraph[-1] in ".:?!"
        ):
            yield paragraph
