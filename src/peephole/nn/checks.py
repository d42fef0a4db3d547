"""What a layer's constructor checks of the options around the equations: sizes, depth, direction.

Where ``torch.nn`` refuses the same, with torch's type of error and its words.
"""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Sequence
from typing import Any, get_args

from peephole.errors import OptionError
from peephole.nn.joining import Connection, Merge


def layer_widths(input_size: Any, hidden_size: Any, num_layers: Any) -> list[int]:
    """The hidden size of each layer.

    Args:
        input_size: features of the input; only checked.
        hidden_size: units of every layer, or a sequence with the units of each.
        num_layers: layers; may be left at 1 with a sequence.

    Raises:
        TypeError: no whole number.
        ValueError: a size that is not positive.
        OptionError: a sequence of widths for another number of layers.
    """
    _check_size("input_size", input_size)
    each = isinstance(hidden_size, Sequence) and not isinstance(hidden_size, str)
    for width in hidden_size if each else [hidden_size]:
        _check_size("hidden_size", width)
    _check_size("num_layers", num_layers)
    if not each:
        return [hidden_size] * num_layers
    if not hidden_size or num_layers not in (1, len(hidden_size)):
        raise OptionError(
            f"hidden_size={list(hidden_size)} gives the widths of {len(hidden_size)} layers, and num_layers is "
            f"{num_layers}: leave num_layers out, or give as many widths"
        )
    return list(hidden_size)


def _check_size(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} should be of type int, got: {type(value).__name__}")
    if value <= 0:
        raise ValueError(f"{name} must be greater than zero, got {value}")


def layer_options(
    *,
    layers: int,
    bias: Any,
    batch_first: Any,
    dropout: Any,
    bidirectional: Any,
    merge: Any,
    connection: Any,
    learned_state: Any,
    reverse: Any,
) -> None:
    """Checks the options around the equations, alone and together.

    Raises:
        TypeError: a flag of another type.
        ValueError: a dropout outside 0 … 1.
        OptionError: an unknown merge or connection, or one that has nothing to join, or two that exclude each other.
    """
    flags = {"bias": bias, "batch_first": batch_first, "learned_state": learned_state, "reverse": reverse}
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise TypeError(f"{name} should be of type bool, got: {type(flag).__name__}")
    if isinstance(dropout, bool) or not isinstance(dropout, numbers.Real) or not 0 <= float(dropout) <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed, "
            f"got {dropout!r}"
        )
    if float(dropout) > 0 and layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
            f"num_layers greater than 1, but got dropout={dropout} and num_layers=1",
            stacklevel=4,
        )
    if merge not in get_args(Merge):
        raise OptionError(f"merge must be one of {', '.join(get_args(Merge))}; got {merge!r}")
    if reverse and merge != "concat":
        raise OptionError(
            f"merge={merge!r} and reverse=True exclude each other: there is one direction alone"
        )
    if merge != "concat" and not bidirectional:
        raise OptionError(
            f"merge={merge!r} joins two directions: it needs bidirectional=True, got {bidirectional!r}"
        )
    if reverse and bidirectional:
        raise OptionError(
            "bidirectional=True and reverse=True exclude each other: both directions are run already"
        )
    if connection is not None and connection not in get_args(Connection):
        raise OptionError(f"connection must be None, {' or '.join(get_args(Connection))}; got {connection!r}")
    if connection is not None and layers == 1:
        raise OptionError(
            f"connection={connection!r} stands around every layer above the first: it needs num_layers of at least "
            f"2, got {layers}"
        )


def connection_fits(connection: Connection, widths: Sequence[int]) -> None:
    """Checks that each layer returns as many features as the one below it, which it reads.

    Raises:
        OptionError: it does not.
    """
    if len(set(widths)) > 1:
        raise OptionError(
            f"connection={connection!r} joins what a layer reads to what it returns, so all layers must return as "
            f"many features; got {list(widths)}: give every layer the same hidden_size"
        )
