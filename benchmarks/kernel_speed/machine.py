"""The machine and the versions, in words."""

from __future__ import annotations

import os
import platform
import re
import time
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = {"torch": "torch", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}


def described() -> str:
    """One sentence: date, processor, cores, versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        _processor(),
        f"{cores} cores",
        f"Python {platform.python_version()}",
    ]
    for package, name in PACKAGES.items():
        try:
            parts.append(f"{name} {version(package).partition('-')[0]}")
        except PackageNotFoundError:
            parts.append(f"no {name}")
    return ", ".join(parts)


class Others:
    """What other processes take of the machine, from now on."""

    def __init__(self) -> None:
        self._begin = self._seconds()

    def cores(self) -> float:
        """So many cores, on the average; 0 where the machine does not tell."""
        everybody, own, clock = (now - then for now, then in zip(self._seconds(), self._begin, strict=True))
        return max(0.0, everybody - own) / clock if everybody else 0.0

    @staticmethod
    def _seconds() -> tuple[float, float, float]:
        """Of the processors, for everybody and for this process; and of the clock."""
        everybody = 0.0
        with suppress(OSError):
            user, nice, system, _idle, _wait, *more = map(int, Path("/proc/stat").read_text().split()[1:9])
            everybody = (user + nice + system + sum(more)) / os.sysconf("SC_CLK_TCK")
        return everybody, time.process_time(), time.perf_counter()


def _processor() -> str:
    """Its name, with family and model (a virtual machine's name tells little), and the widest vectors."""
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor() or platform.machine()
    text = information.read_text()

    def field(name: str) -> str:
        found = re.search(rf"^{name}\s*: (.*)$", text, re.MULTILINE)
        return found[1].strip() if found else "?"

    flags = field("flags").split()
    vectors = next((name for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if flag in flags), "")
    return f"{field('model name')} (family {field('cpu family')}, model {field('model')}) {vectors}".strip()
