"""Other people's packages, downloaded into a cache: the networks of the tests that are marked ``network``.

    package("g2pM", "0.1.2.5")            the folder of an unpacked wheel
    debian_package("libonnx-testdata")    the folder of an unpacked Debian package

A test that cannot get its package is skipped, and says why. Nothing is installed, nothing of a package is run here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

SECONDS = 240  # of a download


def cache() -> Path:
    """Where packages are kept: ``PEEPHOLE_TEST_CACHE``, or a folder of the user's cache."""
    named = os.environ.get("PEEPHOLE_TEST_CACHE")
    folder = Path(named) if named else Path.home() / ".cache" / "peephole-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def package(name: str, version: str) -> Path:
    """The files of a wheel without dependencies.

    Args:
        name, version: as the package index has them.

    Returns:
        the folder that it is unpacked in.
    """
    kept = cache() / f"{name}-{version}"
    if kept.is_dir():
        return kept
    with tempfile.TemporaryDirectory(dir=cache()) as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", "--dest", scratch, f"{name}=={version}"]
        _download(command, scratch, f"{name} {version}")
        (wheel,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(Path(scratch) / "unpacked")
        return _keep(Path(scratch) / "unpacked", kept)


def debian_package(name: str) -> Path:
    """The files of a package of the Debian release that this machine runs.

    Args:
        name: of the package.

    Returns:
        the folder that stands for ``/``.
    """
    kept = cache() / f"debian-{name}"
    if kept.is_dir():
        return kept
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        pytest.skip(f"{name} is a Debian package, and this machine has no apt-get and dpkg-deb")
    with tempfile.TemporaryDirectory(dir=cache()) as scratch:
        _download(["apt-get", "download", "--quiet", name], scratch, f"Debian's {name}")
        (file,) = Path(scratch).glob("*.deb")
        unpacked = Path(scratch) / "unpacked"
        subprocess.run(["dpkg-deb", "-x", str(file), str(unpacked)], check=True, capture_output=True)
        return _keep(unpacked, kept)


def _download(command: list[str], folder: str, what: str) -> None:
    """Runs a downloader in a folder, or skips the test with what it said last."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{what} could not be downloaded within {SECONDS} s")
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        pytest.skip(f"{what} could not be downloaded: {said[-1]}")


def _keep(unpacked: Path, kept: Path) -> Path:
    """Moves a whole package into the cache; whoever comes second takes what the first has put there."""
    try:
        unpacked.rename(kept)
    except OSError:
        if not kept.is_dir():
            raise
    return kept
