"""The arrays of a TensorFlow 1 checkpoint, by their names, into the variables of a cell. Reads no files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from peephole.errors import OptionError

if TYPE_CHECKING:
    from peephole.tf1.base import RNNCell
    from peephole.tf1.layer_cell import LayerRNNCell


def load(cell: RNNCell, arrays: Mapping[str, Any], scope: str | None) -> None:
    """What ``RNNCell.load_variables`` says."""
    names = {name.removesuffix(":0"): name for name in arrays}
    if scope is None:
        scope = _scope(cell, names)
    wanted = [
        (leaf, name, f"{path}/{name}")
        for path, leaf in cell.leaves(scope)
        for name in leaf.variable_shapes(1)
    ]
    if missing := [full for _, _, full in wanted if full not in names]:
        raise OptionError(f"the arrays lack {', '.join(missing)}; {_there(names)}")
    values = {full: _tensor(arrays[names[full]]) for _, _, full in wanted}
    _check_shapes(cell, scope, values)
    for leaf, name, full in wanted:
        if not leaf.built:
            first = values[full]  # the first variable is a kernel, whose rows tell the size of the inputs
            leaf.build((len(first) - leaf.output_size,), dtype=first.dtype)
        with torch.no_grad():
            leaf.get_parameter(name).copy_(values[full])


def _scope(cell: RNNCell, names: Mapping[str, str]) -> str:
    """The one scope below which the cell's first variable stands.

    Raises:
        OptionError: none, or several.
    """
    path, leaf = next(cell.leaves())
    first = f"{path}/{leaf.first_variable}"
    scopes = sorted(name[: -len(first)].rstrip("/") for name in names if f"/{name}".endswith(f"/{first}"))
    if not scopes:
        raise OptionError(
            f"the arrays have no name that ends in {first}; {_there(names)}. If the cell had another name there, make "
            "it with name="
        )
    if len(scopes) > 1:
        raise OptionError(f"{first} stands below several scopes, say which: scope= one of {scopes}")
    return scopes[0]


def _check_shapes(cell: RNNCell, scope: str, values: Mapping[str, Tensor]) -> None:
    """Every array against the shape of its variable.

    Raises:
        OptionError: shapes that do not fit, all of them named.
    """
    wrong = [
        f"{path}/{name} has {list(values[f'{path}/{name}'].shape)} and must have {list(shape)}"
        for path, leaf in cell.leaves(scope)
        for name, shape in _expected(leaf, values[f"{path}/{leaf.first_variable}"]).items()
        if tuple(values[f"{path}/{name}"].shape) != shape
    ]
    if wrong:
        raise OptionError(
            f"{'; '.join(wrong)}: the cell was made with num_units or options other than the checkpoint's"
        )


def _expected(leaf: LayerRNNCell, kernel: Tensor) -> dict[str, tuple[int, ...]]:
    """The shapes of a cell's variables; where it has none yet, for the inputs that its kernel was made for."""
    rows = len(kernel) if kernel.dim() == 2 else 0
    return leaf.variable_shapes(leaf.input_size or max(1, rows - leaf.output_size))


def _tensor(array: Any) -> Tensor:
    """A copy of an array, so that nothing is shared with the checkpoint."""
    return array.detach().clone() if isinstance(array, Tensor) else torch.tensor(np.asarray(array))


def _there(names: Mapping[str, str]) -> str:
    """The names that there are, as far as a message can hold them."""
    shown = sorted(names)[:8]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"there are {', '.join(shown)}{more}" if shown else "there are none at all"
