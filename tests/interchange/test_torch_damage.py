"""Damaged files of PyTorch's: each is read or refused in one line, and nothing else happens."""

from __future__ import annotations

from pathlib import Path

from interchange.hostile import campaign
from interchange.torch_seeds import seeds


def test_damage_to_files_of_pytorch_does_no_more_than_refuse(tmp_path: Path) -> None:
    campaign("peephole.interchange.pytorch.reader:read", seeds(), tmp_path, mutations=400)
