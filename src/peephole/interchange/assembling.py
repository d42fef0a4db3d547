"""Modules from found parts: every tensor is checked before it is put in its place.

Values are taken as they are, not-a-numbers too. Parameters are float32, and float64 where the file has any.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from peephole.errors import InterchangeError, OptionError
from peephole.interchange.found import FoundPart
from peephole.nn.chain import ChainConfig, RecurrentPart
from peephole.nn.chain_network import Chain
from peephole.nn.recurrent import RecurrentLayer


def chain_of(parts: Sequence[FoundPart], dtype: torch.dtype) -> Chain:
    """The parts as one network, in evaluation mode.

    Raises:
        InterchangeError: parts that do not fit together, a tensor that is missing, too much, of another shape or no
            float; names it.
    """
    try:
        chain = Chain(ChainConfig(tuple(found.part for found in parts)), device="meta")
    except OptionError as error:
        raise InterchangeError(f"the parts make no network: {error}") from error
    for found, name in zip(parts, chain.module_names, strict=True):
        _fill(chain.get_submodule(name), found, dtype)
    return chain.eval()


def layer_of(found: FoundPart, dtype: torch.dtype) -> RecurrentLayer:
    """A recurrent part as a layer, in evaluation mode.

    Raises:
        InterchangeError: as ``chain_of``.
    """
    if not isinstance(found.part, RecurrentPart):
        raise InterchangeError(f"{found.part.name!r} is no recurrent part")
    layer = found.part.layer(device="meta")
    _fill(layer, found, dtype)
    layer.eval()
    return layer


def dtype_of(parts: Sequence[FoundPart]) -> torch.dtype:
    """float64 where any of the parts' tensors is, else float32."""
    double = any(value.dtype == torch.float64 for found in parts for value in found.tensors.values())
    return torch.float64 if double else torch.float32


def lower_dtypes(parts: Sequence[FoundPart], dtype: torch.dtype) -> str | None:
    """A sentence on values that were stored with less precision than they are computed with."""
    lower = {
        _word(value.dtype)
        for found in parts
        for value in found.tensors.values()
        if value.dtype in (torch.float16, torch.bfloat16)
    }
    if not lower:
        return None
    return f"values are {' and '.join(sorted(lower))} in the file; they are computed with in {_word(dtype)}"


def _word(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _fill(module: nn.Module, found: FoundPart, dtype: torch.dtype) -> None:
    """Gives a module that has no values those of its part."""
    name = found.part.name
    wanted = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    if missing := [key for key in wanted if key not in found.tensors]:
        raise InterchangeError(f"{name!r} lacks {', '.join(missing)}")
    if extra := [key for key in found.tensors if key not in wanted]:
        raise InterchangeError(f"{name!r} has {', '.join(extra)}, for which this kind of part has no place")
    values = {key: _checked(found, key, shape, dtype) for key, shape in wanted.items()}
    module.load_state_dict(values, assign=True)


def _checked(found: FoundPart, key: str, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """A copy of one tensor as a parameter's value."""
    value = found.tensors[key]
    source = found.sources.get(key, "the file")
    if tuple(value.shape) != shape:
        raise InterchangeError(
            f"{key} of {found.part.name!r} must have the shape {list(shape)}, got {list(value.shape)} from {source}"
        )
    if not value.is_floating_point() or value.layout != torch.strided:
        raise InterchangeError(
            f"{key} of {found.part.name!r} must be of floats, got {value.dtype} from {source}: quantised and integer "
            "weights cannot be taken in"
        )
    return value.detach().to("cpu", dtype, copy=True).contiguous()
