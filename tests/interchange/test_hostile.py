"""The harness of damaged files finds what it is there for."""

from __future__ import annotations

from pathlib import Path

import pytest
from interchange.bad_readers import WHOLE
from interchange.hostile import campaign

FAULTS = {
    "raises": "raised ValueError",
    "says_two_lines": "said",
    "hangs": "still reading",
    "crashes": "died or hung",
    "floods": "raised MemoryError",
    "writes": "left .'written'. behind",
    "looks_up_classes": "did pickle.find_class",
    "shows_control_characters": "says",
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_readers_fault_is_found(name: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=FAULTS[name]):
        campaign(f"interchange.bad_readers:{name}", {"seed": WHOLE}, tmp_path, mutations=1, seconds=0.5)


def test_a_reader_without_fault_passes(tmp_path: Path) -> None:
    campaign("interchange.bad_readers:good", {"seed": WHOLE}, tmp_path, mutations=50)


def test_a_seed_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="a seed cannot be read: seed: not whole"):
        campaign("interchange.bad_readers:good", {"seed": b"other"}, tmp_path, mutations=1)
