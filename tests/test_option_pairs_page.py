"""The pages on options have all that the table of options has."""

from __future__ import annotations

import importlib.util
import re
from itertools import combinations
from pathlib import Path
from types import ModuleType

import pytest

from peephole.nn import options
from peephole.nn.activations import FORMS
from peephole.nn.options import Refusal

DOCS = Path(__file__).parent.parent / "docs"
SCRIPT = DOCS / "pairs.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pairs", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_table_of_options_says(script: ModuleType) -> None:
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run `python docs/pairs.py`"


def test_every_pair_has_one_place(script: ModuleType) -> None:
    pairs = sum(len(list(combinations(options.of_cell(cell), 2))) for cell in script.CELLS)
    places = [place for line in script.page().splitlines() for place in line.split("|")]
    assert sum(place.strip().startswith(("✓", "✗")) for place in places) == pairs


def test_a_pair_that_is_refused_at_some_of_its_values_says_both(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = Refusal("rnn", {"nonlinearity": "relu", "layer_norm": True}, "this test says so")
    monkeypatch.setattr(options, "REFUSALS", (*options.REFUSALS, refusal))
    page = script.page()
    assert "| 3 | `layer_norm` | ✓ | ✓ ✗<sup>3</sup> |" in page
    assert "3. `nonlinearity='relu'` and `layer_norm=True`: this test says so" in page
    assert page != script.PAGE.read_text(encoding="utf-8")


def test_every_option_and_every_function_stands_on_the_page_of_options() -> None:
    page = (DOCS / "options.md").read_text(encoding="utf-8")
    names = {option.name for option in options.OPTIONS}
    assert {name for name in names if not re.search(rf"`{name}[=`]", page)} == set()
    assert {name for name in FORMS if f"| `{name}` |" not in page} == set()
