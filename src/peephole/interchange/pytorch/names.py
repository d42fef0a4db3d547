"""From names to weights: which tensors belong to which recurrent layer, and in which forms one weight is stored.

``torch.nn``'s names, ``weight_ih_l0_reverse`` and so on, those of its cells, ``weight_ih``, and this project's own. A
weight may be stored in pieces; they are put together as the module would:

    weight_hh_l0_g, weight_hh_l0_v                        torch.nn.utils.weight_norm: g·v/‖v‖
    parametrizations.weight_hh_l0.original0, .original1   the same by torch.nn.utils.parametrizations
    weight_hh_l0_raw                                      AWD-LSTM's: what DropConnect acts on in training
    weight_hh_l0_orig, weight_hh_l0_mask                  torch.nn.utils.prune: their product
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from peephole.errors import InterchangeError
from peephole.interchange.pytorch.tree import Named, Owner, floats
from peephole.interchange.pytorch.values import short, told

LAYERS = 500
"""How many recurrent layers, one beside or above another, a file may hold."""

# Every name of this form that stands beside weight_ih or weight_hh: what has no place in a layer must not pass unseen.
_WEIGHT = re.compile(
    r"(?P<name>(?:weight|bias|initial)_[a-z_]{1,40}?)(?P<place>_l\d{1,4}(?:_reverse)?)?"
    r"(?P<form>_g|_v|_raw|_orig|_mask)?"
)
_PIECE = re.compile(r"(?P<prefix>.*?)\.?parametrizations\.(?P<weight>[^.]+)\.(?P<form>original[01]?)")


@dataclass(frozen=True, eq=False)
class Weight:
    """One weight, in one piece or several.

    Attributes:
        pieces: form ("" for the weight itself, "_g", "original0", …) to tensor.
    """

    pieces: dict[str, Named]

    def values(self) -> tuple[Tensor, str]:
        """The weight, and which tensors it came from and how.

        Raises:
            InterchangeError: a piece is missing, cannot be read, or is of whole numbers.
        """
        for piece in self.pieces.values():
            if piece.held.dtype is not None and not floats(piece.held.dtype):
                raise InterchangeError(f"{short(piece.path)} holds {told(piece.held.dtype)}, no weights")
        forms = set(self.pieces)
        if "_raw" in forms:
            return self._piece("_raw"), f"{self._path('_raw')}, the weights under DropConnect"
        for g, v in (("_g", "_v"), ("original0", "original1")):
            if {g, v} & forms:
                return self._weight_norm(g, v), f"{self._path(g)} · {self._path(v)} / ‖{self._path(v)}‖"
        if "_mask" in forms:
            return self._product("_orig", "_mask"), f"{self._path('_orig')} · {self._path('_mask')}"
        if "" not in forms:
            raise InterchangeError(
                f"{self._path(min(forms))} is stored under a parametrization that isn't weight_norm: what it makes of "
                "it is in code; call torch.nn.utils.parametrize.remove_parametrizations before saving"
            )
        return self._piece(""), self._path("")

    def _path(self, form: str) -> str:
        return self.pieces[form].path if form in self.pieces else f"(missing {form})"

    def _piece(self, form: str) -> Tensor:
        if form not in self.pieces:
            other = next(iter(self.pieces.values())).path
            raise InterchangeError(
                f"{short(other)} is one of two pieces of a weight, and the other one is missing"
            )
        piece = self.pieces[form]
        try:
            return piece.held.values()
        except InterchangeError as error:
            raise InterchangeError(f"{short(piece.path)}: {error}") from error

    def _weight_norm(self, g: str, v: str) -> Tensor:
        gain, direction = self._piece(g), self._piece(v)
        if gain.ndim == 0:  # one norm of the whole
            whole: Tensor = torch.linalg.vector_norm(direction)
            return direction * (gain / whole)
        wide = [n for n, size in enumerate(gain.shape) if size != 1]
        if (
            gain.ndim != direction.ndim
            or len(wide) > 1
            or any(gain.shape[n] != direction.shape[n] for n in wide)
        ):
            raise InterchangeError(
                f"{short(self._path(g))} of shape {tuple(gain.shape)} is no norm of {short(self._path(v))}, "
                f"of shape {tuple(direction.shape)}"
            )
        rest = [n for n in range(direction.ndim) if n not in (wide or [0])]
        norm = torch.linalg.vector_norm(direction, dim=rest, keepdim=True) if rest else direction.abs()
        return direction * (gain / norm)

    def _product(self, one: str, other: str) -> Tensor:
        a, b = self._piece(one), self._piece(other)
        if a.shape != b.shape:
            raise InterchangeError(
                f"{short(self._path(other))} has another shape than {short(self._path(one))}"
            )
        return a * b

    @property
    def paths(self) -> Iterable[str]:
        """Of all pieces."""
        return (piece.path for piece in self.pieces.values())


@dataclass(frozen=True, eq=False)
class Group:
    """The weights of one recurrent layer or cell.

    Attributes:
        prefix: the path before their names.
        weights: by names as a layer's ``state_dict`` has them: a cell's get "_l0".
        owner: the object that they are attributes of; None in plain mappings.
        cell: whether the names are a cell's.
    """

    prefix: str
    weights: dict[str, Weight] = field(default_factory=dict)
    owner: Owner | None = None
    cell: bool = False

    @property
    def paths(self) -> list[str]:
        """Of every tensor in it."""
        return [path for weight in self.weights.values() for path in weight.paths]


def groups(tensors: Iterable[Named]) -> list[Group]:
    """The recurrent layers among the tensors of a file, in its order; complete or not.

    Raises:
        InterchangeError: more of them than any network has.
    """
    pieces: dict[tuple[str, bool], dict[str, dict[str, Named]]] = {}
    owners: dict[tuple[str, bool], Owner | None] = {}
    for named in tensors:
        if (split := _split(named.path)) is None:
            continue
        prefix, name, cell, form = split
        pieces.setdefault((prefix, cell), {}).setdefault(name, {})[form] = named
        owner = named.owner
        if owner is not None and owner.path == prefix:
            owners.setdefault((prefix, cell), owner)
    _join_wrapped(pieces)
    found = [
        Group(prefix, {n: Weight(p) for n, p in weights.items()}, owners.get((prefix, cell)), cell)
        for (prefix, cell), weights in pieces.items()
        if any(name.startswith(("weight_ih", "weight_hh")) for name in weights)
    ]
    most = max([len(found), *(len(group.weights) // 4 for group in found)])
    if most > LAYERS:
        raise InterchangeError(f"it names {most:,} recurrent layers, more than the {LAYERS} that are read")
    return found


def _split(path: str) -> tuple[str, str, bool, str] | None:
    """Prefix, name as a layer's, whether it was a cell's, and form; None for any other name."""
    if piece := _PIECE.fullmatch(path):
        found = _WEIGHT.fullmatch(piece["weight"])
        if found is None or found["form"]:
            return None
        return piece["prefix"], *_placed(found), piece["form"]
    prefix, _, leaf = path.rpartition(".")
    found = _WEIGHT.fullmatch(leaf)
    return None if found is None else (prefix, *_placed(found), found["form"] or "")


def _placed(found: re.Match[str]) -> tuple[str, bool]:
    place = found["place"]
    return found["name"] + (place or "_l0"), place is None


def _join_wrapped(pieces: dict[tuple[str, bool], dict[str, dict[str, Named]]]) -> None:
    """AWD-LSTM's wrapper holds weight_hh_l0_raw itself and all else in a module within it."""
    for (prefix, cell), weights in [*pieces.items()]:
        inner = (f"{prefix}.module" if prefix else "module", cell)
        if inner in pieces and all(set(forms) == {"_raw"} for forms in weights.values()):
            for name, forms in weights.items():
                pieces[inner].setdefault(name, {}).update(forms)
            del pieces[prefix, cell]
