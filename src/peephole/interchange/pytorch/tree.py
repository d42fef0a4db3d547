"""From a tree of values to a list of tensors by their paths: nested mappings, lists and objects made flat.

Paths are joined by dots. Inside a pickled or scripted module its ``_parameters`` and ``_modules`` are no part of a
path, so that names come out as they stand in a ``state_dict``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from peephole.errors import InterchangeError
from peephole.interchange.pytorch.values import Held, Items, Opaque, told

TENSORS = 20_000
"""How many tensors a file may hold."""
_DEPTH, _PATH = 200, 400
_INNER = ("_parameters", "_buffers", "_modules")
_AGAIN = ("_flat_weights", "_non_persistent_buffers_set", "_metadata")  # the same tensors once more, or none


@dataclass(frozen=True, eq=False)
class Owner:
    """The object that a tensor is an attribute of.

    Attributes:
        path: where it is.
        value: the object itself.
    """

    path: str
    value: Opaque

    @property
    def made_by(self) -> str:
        """The class, as the file names it."""
        return self.value.made_by

    def setting(self, name: str) -> object:
        """An attribute that is a plain value; None where there is none."""
        state = self.value.state
        pairs = state.pairs[:1000] if isinstance(state, Items) else []
        found = [value for key, value in pairs if key == name and isinstance(value, bool | int | float | str)]
        return found[-1] if found else None


@dataclass(frozen=True, eq=False)
class Named:
    """A tensor with its path, and the object that it belongs to; None in plain mappings."""

    path: str
    held: Held
    owner: Owner | None = None

    @property
    def what(self) -> str:
        """Type and shape in words."""
        return f"{told(self.held.dtype)} {self.held.shape}"


def flat(root: object) -> tuple[list[Named], dict[str, str]]:
    """Every tensor of a tree, in the order of the file, and every object whose class is only a name.

    A container that stands in several places counts once, where it is met first.

    Returns:
        the tensors, and path to class of the objects.

    Raises:
        InterchangeError: more tensors than any network has.
    """
    tensors: list[Named] = []
    objects: dict[str, str] = {}
    seen: set[int] = set()
    # What is still to be looked at on each level, with the object that it belongs to.
    levels: list[tuple[Iterator[tuple[str, object]], Owner | None]] = [(iter([("", root)]), None)]
    while levels:
        rest, owner = levels[-1]
        path, value = next(rest, (None, None))
        if path is None:
            levels.pop()
        elif _is_held(value):
            if len(tensors) == TENSORS:
                raise InterchangeError(
                    f"it holds more than {TENSORS:,} tensors, which no recurrent network has"
                )
            tensors.append(Named(path, value, owner))  # type: ignore[arg-type]
        elif isinstance(value, Items | Opaque | list | tuple):
            if id(value) in seen or len(levels) > _DEPTH:
                continue
            seen.add(id(value))
            if isinstance(value, Opaque):
                owner = Owner(path, value)
                if len(objects) < TENSORS:
                    objects[path] = value.made_by
            levels.append((_children(path, value), owner))
    return tensors, objects


def _is_held(value: object) -> bool:
    return isinstance(getattr(value, "shape", None), tuple) and hasattr(value, "values")


def _children(
    path: str, value: Items | Opaque | list[object] | tuple[object, ...]
) -> Iterator[tuple[str, object]]:
    """Paths and values of what stands in a container; an object's attributes stand at its own path."""
    if isinstance(value, list | tuple):
        yield from ((_joined(path, key), child) for key, child in enumerate(value))
        return
    if isinstance(value, Opaque):
        yield path, value.state
        yield from ((_joined(path, key), child) for key, child in enumerate(value.elements))
    for key, child in value.pairs:
        if key in _INNER and isinstance(child, Items):
            yield path, child
        elif key not in _AGAIN:
            yield _joined(path, key), child


def _joined(path: str, key: object) -> str:
    part = key if isinstance(key, str) else str(key) if _short_number(key) else f"<{type(key).__name__}>"
    part = part[:_PATH] if part.isprintable() else repr(part[:_PATH])[1:-1]  # it will be shown in a terminal
    whole = f"{path}.{part}" if path else part
    return whole if len(whole) <= _PATH else "…" + whole[-_PATH:]


def _short_number(key: object) -> bool:
    return isinstance(key, int) and abs(key) < 2**63


def floats(dtype: torch.dtype | None) -> bool:
    """Whether these are numbers that weights are made of."""
    return dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16)
