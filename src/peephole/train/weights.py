"""The weights of a run: a safetensors file, counted by its header and loaded into a network."""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from peephole.errors import RunError


def count_parameters(path: Path) -> int:
    """The number of weights in a file, by its header; the file's length is checked against it too.

    Raises RunError for a file that is missing or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            total = 0
            for name in file.keys():  # noqa: SIM118  # not a mapping
                size = 1
                for length in file.get_slice(name).get_shape():
                    size *= length
                total += size
            return total
    except (SafetensorError, OSError) as error:
        raise _weights_error(path, error) from error


def load_weights(network: nn.Module, path: Path) -> None:
    """Put a file's weights into a network, which takes their dtype where it is float64.

    Raises RunError for a file that is missing, damaged or another network's.
    """
    try:
        weights: dict[str, Tensor] = safetensors.torch.load_file(path)
        if any(weight.dtype == torch.float64 for weight in weights.values()):
            network.double()
        network.load_state_dict(weights)
    except (SafetensorError, OSError, RuntimeError) as error:
        raise _weights_error(path, error) from error


def _weights_error(path: Path, error: Exception) -> RunError:
    if isinstance(error, FileNotFoundError):
        return RunError(
            f"{path} is not there: train the network again, or --resume if the run has a checkpoint"
        )
    reason = " ".join(str(error).split())
    return RunError(
        f"{path} is truncated or damaged ({reason}): train the network again, or --resume if the run has a "
        "checkpoint"
    )
