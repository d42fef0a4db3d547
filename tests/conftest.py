"""What all tests share: the helpers' folder on the path, one thread, seeds, and no chance in hypothesis."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

from peephole.nn import library

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


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--instruction-set avx2``: which of the kernels' sets the tests run on; the best that there is without it."""
    parser.addoption("--instruction-set", help="of the kernels: avx512, avx2, neon or portable")


def pytest_configure(config: pytest.Config) -> None:
    """torch says once in a process that oneDNN has no projections, from whichever test comes first."""
    config.addinivalue_line("filterwarnings", "ignore:LSTM with projections is not supported with oneDNN")


@pytest.fixture(scope="session", autouse=True)
def instruction_set(request: pytest.FixtureRequest) -> Iterator[None]:
    """The kernels' instruction set that was asked for."""
    name = request.config.getoption("--instruction-set")
    if name and name not in (there := library.instruction_sets()):
        pytest.skip(f"there is no {name} here, only {', '.join(there)}")
    with library.using(name) if name else nullcontext():
        yield


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """The tensors of the tests are tiny: a second thread costs more than it brings."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Every test starts from the same random numbers, whichever tests ran before it."""
    torch.manual_seed(20)
