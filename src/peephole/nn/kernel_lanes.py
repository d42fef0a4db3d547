"""A layer in one direction as the kernels take it: its equations, weights, tensors and clamps as C structures.

Structures hold addresses alone: whoever makes one keeps its tensors until the call is over. Knows nothing of gradients'
products or of how an operation is registered.
"""

from __future__ import annotations

import ast
import ctypes
from collections.abc import Iterable, Mapping, Sequence
from ctypes import pointer
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import Any

import torch
from torch import Tensor

from peephole.nn import library
from peephole.nn.activations import FORMS, Activation
from peephole.nn.equations import Equations
from peephole.nn.gru import GRUEquations
from peephole.nn.library import QUANTITIES
from peephole.nn.lstm import LSTMEquations
from peephole.nn.rnn import RNNEquations

DTYPES = {torch.float32: 0, torch.float64: 1}
#: Masks by the names that ``masks.py`` gives them, in the order in which the operation takes them.
MASKS = ("candidate_mask", "cell_zoneout_mask", "hidden_zoneout_mask", "hidden_mask")
FORWARD, BACKWARD, BACKWARD_TO_INPUT = range(3)
"""What matrices are packed for."""

Plane = tuple[int, int, int]
"""The contract's plane: where it begins, and its strides over time and batch in elements."""
NO_PLANE: Plane = (0, 0, 0)

_LARGE = 4 << 20
_KINDS: dict[str, type[Equations]] = {"rnn": RNNEquations, "lstm": LSTMEquations, "gru": GRUEquations}
_QUANTITY_NUMBERS = {name: number for number, name in enumerate(QUANTITIES)}
_FORM_NUMBERS = {name: number for number, name in enumerate(FORMS)}


@lru_cache(maxsize=4096)
def equations_of(key: str) -> Equations:
    """The equations that ``Equations.key`` says."""
    options: dict[str, Any] = ast.literal_eval(key)
    return _KINDS[options.pop("cell")](**options)


@lru_cache(maxsize=4096)
def rows_of(key: str) -> tuple[str, ...]:
    """``Equations.rows``, looked up once."""
    return equations_of(key).rows


@lru_cache(maxsize=4096)
def quantities_of(key: str) -> tuple[str, ...]:
    """``Equations.quantities``, looked up once."""
    return equations_of(key).quantities


@lru_cache(maxsize=4096)
def kept_of(key: str, dtype: torch.dtype, *, whole: bool) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """What one lane keeps by name, with its sizes behind time and batch.

    Args:
        key, dtype: of the cell.
        whole: whether with all that the backward pass reads; else the quantities alone.
    """
    e = equations_of(key)
    rows = len(e.rows) * e.hidden_size
    kept: dict[str, tuple[int, ...]] = {} if e.name == "rnn" else {"gates": (len(e.rows), e.hidden_size)}
    kept |= {name: (e.size_of(name),) for name in e.quantities if name not in e.rows and name != "hidden"}
    if whole and library.kernels().peephole_keeps_before_activation(cell_of(key, dtype)):
        kept["before_activation"] = (rows,)
    if whole and e.layer_norm:
        kept["product"] = (rows,)
    if whole and getattr(e, "reset_after", False):
        kept["candidate_product"] = (e.hidden_size,)
    return tuple(kept.items())


@lru_cache(maxsize=4096)
def places_of(key: str, dtype: torch.dtype, *, whole: bool) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Which planes each tensor of ``kept_of`` holds: their names, and how many bytes into it they begin."""
    e = equations_of(key)
    size = e.hidden_size * dtype.itemsize
    gates = tuple((row, place * size) for place, row in enumerate(e.rows))
    return tuple(gates if name == "gates" else ((name, 0),) for name, _ in kept_of(key, dtype, whole=whole))


def refusal(equations: Equations) -> str | None:
    """Why the kernels do not serve these equations; None where they do."""
    if getattr(equations, "peephole", None) == "full":
        return "the kernels have no full peepholes"
    if getattr(equations, "full_gate_recurrence", False):
        return "the kernels have no full gate recurrence"
    return None


def _activation(chosen: Activation) -> library.Activation:
    name, *given = (chosen,) if isinstance(chosen, str) else chosen
    defaults = FORMS[str(name)].defaults
    alpha, beta = (*(float(p) for p in given), *defaults[len(given) :], 0.0, 0.0)[:2]
    return library.Activation(_FORM_NUMBERS[str(name)], alpha, beta)


def _limit(clip: float | None) -> float:
    return inf if clip is None else float(clip)


@lru_cache(maxsize=4096)
def cell_of(key: str, dtype: torch.dtype, *, bfloat16: bool = False) -> library.Cell:
    """The equations as the contract's ``peephole_cell``; nobody may change it."""
    e = equations_of(key)

    def option(name: str, default: Any) -> Any:
        return getattr(e, name, default)

    return library.Cell(
        kind=library.CELLS.index(e.name),
        dtype=DTYPES[dtype],
        bfloat16=bfloat16,
        input=e.input_size,
        hidden=e.hidden_size,
        output=e.output_size,
        input_gate=option("input_gate", False),
        forget_gate=option("forget_gate", False) and not option("coupled", False),
        output_gate=option("output_gate", False),
        coupled=option("coupled", False),
        peephole=option("peephole", None) == "diagonal",
        reset_after=option("reset_after", False),
        layer_norm=e.layer_norm,
        gate_activation=_activation(option("gate_activation", "sigmoid")),
        input_activation=_activation(option("nonlinearity", None) or option("input_activation", "tanh")),
        output_activation=_activation(option("output_activation", "tanh")),
        gate_clip=_limit(e.gate_clip),
        cell_clip=_limit(option("cell_clip", None)),
        proj_clip=_limit(option("proj_clip", None)),
    )


@lru_cache(maxsize=4096)
def _weight_places(key: str) -> tuple[int | None, ...]:
    """Where each of the contract's weights stands among ``weight_names``; None without it.

    Biases that ``from_input`` adds are not the kernel's.
    """
    e = equations_of(key)
    names = e.weight_names
    outside = e.layer_norm and e.name in ("lstm", "gru")
    left_out = {"bias_ih": outside, "bias_hh": outside and e.name == "lstm"}
    wanted = (
        *(("weight_ih",), ("weight_hh",), ("bias_ih",), ("bias_hh",), ("weight_hr",), ("weight_peephole",)),
        *(("weight_ln_hh", "weight_ln"), ("bias_ln_hh", "bias_ln"), ("weight_ln_cell",), ("bias_ln_cell",)),
    )
    return tuple(
        next((names.index(name) for name in either if name in names and not left_out.get(name)), None)
        for either in wanted
    )


def weights_of(key: str, weights: Sequence[Tensor]) -> library.Weights:
    """Contiguous weights in the order of ``weight_names`` as the contract has them."""
    return library.Weights(
        *[None if place is None else weights[place].data_ptr() for place in _weight_places(key)]
    )


def packed(cell: library.Cell, weights: library.Weights, purpose: int) -> Tensor:
    """The matrices as the kernels read them for a purpose: ``FORWARD``, …."""
    kernels = library.kernels()
    result = aligned(kernels.peephole_packed_size(cell, purpose))
    kernels.peephole_pack(cell, weights, purpose, address(result))
    return result


def large(values: Tensor) -> Tensor:
    """A new tensor that will be written from end to end: where it is large the system may use large pages for it."""
    if type(values) is Tensor and values.nbytes >= _LARGE and values.is_cpu:
        library.kernels().peephole_expect(values.data_ptr(), values.nbytes)
    return values


def aligned(size: int) -> Tensor:
    """Room for so many bytes; ``address`` gives where it begins at a multiple of 64."""
    return torch.empty(size + 64, dtype=torch.uint8)


def address(room: Tensor) -> int:
    """The first multiple of 64 in room made by ``aligned``."""
    return -(-room.data_ptr() // 64) * 64


def laid_out(values: Tensor) -> Tensor:
    """A tensor (time, batch, unit), copied where its units do not lie side by side; what repeats goes on doing so."""
    if values.is_neg():
        values = values.resolve_neg()
    if values.stride(-1) == 1 or values.shape[-1] == 1:
        return values
    if values.stride()[:-1] == (0, 0) and values.numel():
        return values[:1, :1].contiguous().expand_as(values)
    return values.contiguous()


def plane_of(values: Tensor, start: int = 0) -> Plane:
    """A tensor (time, batch, unit) as ``laid_out`` gives it, from the input time ``start`` on."""
    time, batch, _ = values.stride()
    return values.data_ptr() + start * time * values.element_size(), time, batch


def addresses(states: Sequence[Tensor], lane: int) -> list[int]:
    """Where a lane's part of each state begins, (lanes, batch, size) and contiguous."""
    if not lane:
        return [state.data_ptr() for state in states]
    return [state.data_ptr() + lane * state.stride(0) * state.element_size() for state in states]


@dataclass(frozen=True)
class Held:
    """What is held fixed in one lane.

    Attributes:
        quantity: by name.
        unit: −1 for all.
        values: shape (), or (batch,) with NaN where a sequence is left alone.
        each: whether there is one for each sequence.
        steps: shape (time,), 1 where it is held, uint8; None everywhere.
    """

    quantity: str
    unit: int
    values: Tensor
    each: bool
    steps: Tensor | None

    def structure(self, start: int) -> library.Clamp:
        """As the contract has it, for a run that begins at the input time ``start``."""
        return library.Clamp(
            QUANTITIES.index(self.quantity),
            self.unit,
            self.values.data_ptr(),
            self.each,
            None if self.steps is None else self.steps.data_ptr() + start,
        )


def gate_planes(key: str, gates: Tensor) -> dict[str, Tensor]:
    """The gates of a record, (time, batch, gates, hidden), by name."""
    return dict(zip(rows_of(key), gates.unbind(2), strict=True))


def lane_of(
    cell: library.Cell,
    weights: library.Weights,
    packing: Tensor | None,
    *,
    reverse: bool,
    span: slice,
    batch: int,
    lengths: Tensor | None,
    x: Tensor | None,
    sums: Tensor | None,
    initial: Sequence[int],
    final: Sequence[int],
    masks: Mapping[str, Tensor],
    held: Sequence[Held],
    record: Iterable[tuple[str, Plane]],
) -> library.Lane:
    """One lane over the input times ``span``.

    Args:
        cell, weights, packing: of the lane; the backward pass needs no packing of the forward one
        reverse: whether it runs from the end.
        span: what of the tensors over time it runs over.
        batch: sequences.
        lengths: steps of each sequence within the span, int64.
        x: inputs, (time, batch, input); None with ``sums``.
        sums: what ``from_input`` gives for the span alone, with layer norm.
        initial, final: where the states are, each contiguous (batch, size). The backward pass needs no final ones.
        masks: by the names of ``MASKS``, each (time, batch, size), ``hidden_mask`` of one time.
        held: what is held fixed.
        record: by quantity, and before_activation, product, candidate_product: where they are written from the span's
            first time on.
    """
    start = span.start
    lane = library.Lane(
        pointer(cell),
        pointer(weights),
        None if packing is None else address(packing),
        span.stop - start,
        batch,
        reverse,
        None if lengths is None else lengths.data_ptr(),
        NO_PLANE if x is None else plane_of(x, start),
        NO_PLANE if sums is None else plane_of(sums),
        tuple(initial),
        tuple(final),
    )
    for name, mask in masks.items():
        setattr(lane, name, plane_of(mask, 0 if name == "hidden_mask" else start))
    if held:
        lane.clamps = (library.Clamp * len(held))(*(one.structure(start) for one in held))
        lane.clamp_count = len(held)
    record_planes(lane, record)
    return lane


def record_planes(structure: library.Lane | library.Gradient, planes: Iterable[tuple[str, Plane]]) -> None:
    """Sets planes by the names of quantities, and others by the contract's names."""
    record = structure.record
    for name, plane in planes:
        if (number := _QUANTITY_NUMBERS.get(name)) is None:
            setattr(structure, name, plane)
        else:
            record[number] = plane


def array_of(kind: Any, structures: Sequence[ctypes.Structure]) -> Any:
    """Structures side by side, as functions of the contract take them."""
    return (kind * len(structures))(*structures)
