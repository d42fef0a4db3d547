"""What the front end's tests compare with is what Python computes today."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

MODULE = Path(__file__).with_name("page_fixture.py")


def loaded() -> Any:
    spec = importlib.util.spec_from_file_location("page_fixture", MODULE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


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
    fixture = loaded()
    found = json.loads(json.dumps(fixture.computed()))
    same(found, json.loads(fixture.PLACE.read_text(encoding="utf-8")), "networks")
