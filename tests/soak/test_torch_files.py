"""Many damaged files of PyTorch's, run by `make soak`."""

from __future__ import annotations

from pathlib import Path

import pytest
from interchange.hostile import campaign
from interchange.torch_seeds import seeds

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]


def test_no_damage_to_a_file_of_pytorch_does_more_than_refuse(tmp_path: Path) -> None:
    campaign("peephole.interchange.pytorch.reader:read", seeds(), tmp_path, mutations=20_000)
