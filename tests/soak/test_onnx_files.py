"""Many damaged ONNX models, run by `make soak`."""

from __future__ import annotations

from pathlib import Path

import pytest
from interchange.hostile import campaign
from interchange.onnx_seeds import seeds

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]


def test_no_damage_to_an_onnx_model_does_more_than_refuse(tmp_path: Path) -> None:
    campaign(
        "peephole.interchange.onnx.reader:read",
        seeds(),
        tmp_path,
        mutations=20_000,
        more="interchange.onnx_mutations:FIELDS",
    )
