"""Values of a model's inputs that the caller gives, for files that keep their weights outside."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from peephole.errors import InterchangeError
from peephole.interchange.onnx.file import load_tensor
from peephole.interchange.onnx.tensors import values_of

Given = Mapping[str, Any] | str | Path

# How many times its size in the file an array may be: numbers do not shrink as text does.
_MOST = 64


def given_values(tensors: Given | None, inputs: Sequence[str]) -> dict[str, np.ndarray]:
    """Arrays by name.

    Args:
        tensors: a mapping, the path of an .npz file, or of a folder of .pb files; None for none.
        inputs: names of the graph's inputs, in whose order ``input_0.pb``, … stand that have no name of their own.

    Raises:
        InterchangeError: nothing that can be read so.
    """
    if tensors is None:
        return {}
    if isinstance(tensors, Mapping):
        return {str(name): np.asarray(value) for name, value in tensors.items()}
    path = Path(tensors)
    if path.is_dir():
        return _folder(path, inputs)
    if path.suffix == ".npz":
        return _archive(path)
    raise InterchangeError(
        f"tensors= must be a mapping from name to array, an .npz file or a folder of .pb files, got {str(path)!r}"
    )


def _folder(folder: Path, inputs: Sequence[str]) -> dict[str, np.ndarray]:
    """ONNX's test data: one tensor a file."""
    found = {}
    for place, name in enumerate(inputs):
        path = folder / f"input_{place}.pb"
        if path.is_file():
            tensor = load_tensor(path)
            found[tensor.name if tensor.name in inputs else name] = values_of(tensor, folder)
    if not found:
        raise InterchangeError(
            f"{folder} has no input_0.pb, input_1.pb, … for the inputs {', '.join(inputs)}"
        )
    return found


def _archive(path: Path) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            most = _MOST * path.stat().st_size
            if sum(entry.file_size for entry in entries) > most:
                raise InterchangeError(f"{path} unpacks to more than {_MOST} times its size: it is not read")
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except InterchangeError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InterchangeError(f"{path} is not an .npz file of plain arrays, or is damaged") from error
