"""What the front end's tests compare with is what Python computes today."""

from __future__ import annotations

import json
from typing import Any

import pytest
from page_fixture import PLACE, computed


def same(found: Any, expected: Any, where: str) -> None:
    """The same but for rounding."""
    if isinstance(expected, dict):
        assert set(found) == set(expected), where
        for key, value in expected.items():
            same(found[key], value, f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for place, value in enumerate(expected):
            same(found[place], value, f"{where}[{place}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-6), where
    else:
        assert found == expected, where


def test_the_networks_of_the_front_ends_tests_do_what_the_file_says() -> None:
    same(json.loads(json.dumps(computed())), json.loads(PLACE.read_text(encoding="utf-8")), "networks")
