"""What all tests share: the helpers' folder on the path, one thread, seeds, and no chance in hypothesis."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

# `oracles` and `conformance` are helpers of this suite, imported by name whatever pytest's import mode is.
sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile(
    "peephole",
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("peephole")


def pytest_configure(config: pytest.Config) -> None:
    """torch says once in a process that oneDNN has no projections, from whichever test comes first."""
    config.addinivalue_line("filterwarnings", "ignore:LSTM with projections is not supported with oneDNN")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """The tensors of the tests are tiny: a second thread costs more than it brings."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Every test starts from the same random numbers, whichever tests ran before it."""
    torch.manual_seed(20)
