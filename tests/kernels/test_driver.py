"""The kernels' library through its C interface alone: `driver.cpp`, built here and run under each instruction set."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from peephole.nn import library

HERE = Path(__file__).parent
CASES = 150


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver, on the library that is installed."""
    folder, tools = tmp_path_factory.mktemp("driver"), Path(sys.executable).parent
    ninja = (
        [] if not (tools / "ninja").exists() else ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={tools / 'ninja'}"]
    )
    for command in (
        [tools / "cmake", *ninja, "-S", HERE, "-B", folder, f"-DPEEPHOLE_LIBRARY={library.place()}"],
        [tools / "cmake", "--build", folder, "--parallel", "2"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "driver"


@pytest.mark.slow
@pytest.mark.parametrize("name", library.instruction_sets() if library.is_loaded() else ())
def test_every_value_and_gradient_is_that_of_plain_loops(driver: Path, name: str) -> None:
    command = [driver, "--seed", "1", "--cases", str(CASES), "--set", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed, 0 failed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= CASES
