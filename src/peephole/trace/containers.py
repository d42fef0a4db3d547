"""What a trace's and a survey's file have in common: one safetensors file that names its format in its metadata."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from peephole.errors import TraceError


def write(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str], *, what: str) -> None:
    """Writes ``path``, whole or not at all.

    Args:
        path: the file; its folder must exist. A file that is there is replaced.
        tensors: contiguous, on the CPU, none sharing another's memory.
        metadata: strings, ``format`` among them.
        what: what the file holds, for the error: "trace", "survey".

    Raises:
        TraceError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        save_file(tensors, temporary, metadata)
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        temporary.unlink(missing_ok=True)
        raise TraceError(f"the {what} cannot be written to {path}: {error}") from error


def read(path: Path, *, wanted: str, what: str) -> tuple[Mapping[str, str], dict[str, Tensor]]:
    """The metadata and the tensors of a file of the ``wanted`` format.

    Raises:
        TraceError: no such file, a damaged one, or one of another format.
    """
    if not path.is_file():
        raise TraceError(f"no {what} at {path}: there is no such file")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise TraceError(f"{path} is no {what}, or is damaged: {error}") from error
    if metadata.get("format") != wanted:
        raise TraceError(
            f"{path} is no {what} of this version: its format is {metadata.get('format')!r}, wanted {wanted!r}"
        )
    return metadata, tensors
