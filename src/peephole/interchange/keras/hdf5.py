"""What an HDF5 file holds, read by ``hdf5_worker.py`` in a process with limits. Knows nothing of networks.

HDF5's C library crashes or hangs at some malformed files. Here that ends the other process, and is a refusal.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import numpy as np

from peephole.errors import InterchangeError, NotInstalledError
from peephole.interchange.keras.hdf5_worker import EXPANSION, SLACK

MAGIC = b"\x89HDF\r\n\x1a\n"
WORKER = Path(__file__).with_name("hdf5_worker.py")
SECONDS = 10.0  # that the other process may take for a small file; its own clock ends it sooner
BYTES_A_SECOND = 20_000_000


@dataclass(frozen=True)
class Contents:
    """All that was read from a file.

    Attributes:
        groups: of each group by its path ("" for the file itself), its attributes: text or lists of text.
        arrays: path to values; read-only.
        skipped: groups at the top that were not read, and how many arrays are in them.
    """

    groups: Mapping[str, Mapping[str, str | list[str]]]
    arrays: Mapping[str, np.ndarray]
    skipped: Mapping[str, int]


def read(
    file: IO[bytes] | bytes, name: str, *, skip: tuple[str, ...] = (), attributes: tuple[str, ...] = ()
) -> Contents:
    """Reads a file.

    Args:
        file: open for reading, with a descriptor of its own; or its bytes.
        name: what to call it in messages.
        skip: groups at the top that are not read.
        attributes: beginnings of the names of attributes that are wanted.

    Raises:
        InterchangeError: it is no HDF5 file, is damaged, or holds something that is not plain.
        NotInstalledError: h5py is not installed.
    """
    if isinstance(file, bytes):
        begin, size = file[: len(MAGIC)], len(file)
    else:
        begin, size = file.read(len(MAGIC)), file.seek(0, 2)
        file.seek(0)
    if begin != MAGIC:
        raise InterchangeError(f"{name} is no HDF5 file: it does not begin with HDF5's mark")
    header, body = _split(_answer(file, name, size, skip, attributes), name)
    if "refused" in header:
        raise InterchangeError(f"{name}: {header['refused']}")
    arrays, at = {}, 0
    for told in header["arrays"]:
        dtype, shape = np.dtype(told["dtype"]), tuple(told["shape"])
        count = math.prod(shape)
        arrays[told["path"]] = np.frombuffer(body, dtype, count, at).reshape(shape)
        at += count * dtype.itemsize
    return Contents(header["groups"], arrays, header["skipped"])


def _answer(
    file: IO[bytes] | bytes, name: str, size: int, skip: tuple[str, ...], attributes: tuple[str, ...]
) -> bytes:
    """What the other process wrote."""
    spec = find_spec("h5py")
    if spec is None or spec.origin is None:
        raise NotInstalledError(f"{name} is an HDF5 file: pip install 'peephole[keras]'")
    task = {
        "size": size,
        "piped": isinstance(file, bytes),
        "skip": skip,
        "attributes": attributes,
        # An isolated interpreter does not look where the user's own packages are.
        "path": [str(Path(spec.origin).parents[1]), str(Path(np.__file__).parents[1])],
    }
    most = 2 * (EXPANSION * size + SLACK) + (1 << 20)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HDF5_")}
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    with subprocess.Popen(
        [sys.executable, "-I", str(WORKER), json.dumps(task)],
        stdin=subprocess.PIPE if isinstance(file, bytes) else file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "HDF5_PLUGIN_PRELOAD": "::"},
    ) as process:
        assert process.stdout is not None
        clock = threading.Timer(SECONDS + size / BYTES_A_SECOND, end)
        clock.start()
        try:
            if isinstance(file, bytes) and process.stdin is not None:
                with suppress(BrokenPipeError):  # it ended early, and its exit code says why
                    process.stdin.write(file)
                    process.stdin.close()
            told = process.stdout.read(most + 1)
            if len(told) <= most:
                process.wait()
        finally:
            clock.cancel()
            process.kill()
    if len(told) > most:
        raise InterchangeError(f"{name}: more than {most:,} bytes came out of a file of {size:,}")
    if process.returncode:
        raise InterchangeError(f"{name}: {_ending(process.returncode, late.is_set())}")
    return told


def _ending(code: int, late: bool) -> str:
    """Why the other process ended before it had answered."""
    if late or -code in (signal.SIGPROF, signal.SIGXCPU):
        return "HDF5's library hung at it, as it does at damaged files"
    if code < 0:
        return f"HDF5's library crashed at it ({signal.Signals(-code).name}), as it does at damaged files"
    return f"the process that reads it ended with the exit code {code}: is h5py, which it needs, whole?"


def _split(told: bytes, name: str) -> tuple[dict[str, Any], memoryview]:
    """The answer's JSON, and the arrays' values."""
    length = int.from_bytes(told[:8], "little")
    body = memoryview(told)[8 + length :]
    try:
        header: dict[str, Any] = json.loads(told[8 : 8 + length])
        needed = sum(np.dtype(a["dtype"]).itemsize * math.prod(a["shape"]) for a in header.get("arrays", []))
    except (ValueError, TypeError, KeyError) as error:
        raise InterchangeError(f"{name}: what the process that reads it says is damaged") from error
    if len(body) != needed:
        raise InterchangeError(f"{name}: the values of its arrays are not all there")
    return header, body
