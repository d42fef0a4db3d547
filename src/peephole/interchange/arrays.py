"""``from_arrays``: a layer from plain arrays whose orders are stated, wherever they come from.

Serves TensorFlow 1, Flax and whatever else keeps its weights in ``.npz``: what the arrays do not say is said beside
them, and their shapes are checked against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from peephole.errors import InterchangeError, OptionError
from peephole.interchange.assembling import dtype_of, layer_of
from peephole.interchange.found import FoundPart
from peephole.interchange.gate_orders import OURS, PEEPHOLES, reorder, spelled
from peephole.nn.chain import RecurrentPart
from peephole.nn.layouts import LETTERS
from peephole.nn.models import CellName
from peephole.nn.recurrent import RecurrentLayer

_DERIVED = ("input_size", "hidden_size", "num_layers", "bidirectional", "bias", "proj_size")


def from_arrays(
    cell: CellName,
    *,
    gates: str | None = None,
    input: Any = None,
    recurrent: Any = None,
    kernel: Any = None,
    bias: Any = None,
    recurrent_bias: Any = None,
    peephole: Any = None,
    projection: Any = None,
    peephole_gates: str = "ifo",
    transposed: bool | None = None,
    forget_bias: float = 0.0,
    **options: Any,
) -> RecurrentLayer:
    """A recurrent layer from arrays.

        ph.from_arrays("lstm", gates="iofc", input=W, recurrent=R, bias=Wb, recurrent_bias=Rb)       # ONNX
        ph.from_arrays("gru", gates="zrh", input=kernel, recurrent=recurrent_kernel, bias=b)         # Keras
        ph.from_arrays("lstm", gates="ijfo", kernel=kernel, bias=bias, forget_bias=1.0)              # TensorFlow 1

    Each array is a NumPy array or a tensor, for one layer of one direction. A tuple of two is one layer of two
    directions, forward and backward; a list has one entry a layer, from the lowest up.

    Args:
        cell: "lstm", "gru" or "rnn".
        gates: the order of the gates in what is stacked, one letter each: i, f, o and the candidate g, c or j; r, z
            and the candidate n, h, g or c. An RNN has none.
        input: W, shape (gates · hidden, input), or transposed.
        recurrent: R, shape (gates · hidden, hidden), or transposed; with a projection (gates · hidden, projected).
        kernel: in place of both, TensorFlow 1's one matrix (input + hidden, gates · hidden), x above h.
        bias: of the input's side, or the only one, shape (gates · hidden,).
        recurrent_bias: of the state's side; zeros where there is another alone.
        peephole: shape (3 · hidden,) or (3, hidden); (3 · hidden, hidden) for full ones.
        projection: P, shape (projected, hidden), or transposed as the others are.
        peephole_gates: their order in ``peephole``.
        transposed: whether matrices are (input, gates · hidden), as Keras, Flax and TensorFlow 1 have them. None lets
            the shapes tell, which they do but for an RNN with as many inputs as units.
        forget_bias: is added to the forget gate's bias: TensorFlow 1 adds it when it runs and does not store it.
        **options: further ones of ``ph.LSTM``, ``GRU`` or ``RNN``, such as ``reset_after=False``, ``cell_clip=3.0``.

    Returns:
        the layer, in evaluation mode; float32, or float64 where an array is.

    Raises:
        InterchangeError: arrays whose shapes do not fit, orders of other gates; names the array.
        OptionError: an option that does not exist or that the arrays decide.
    """
    if cell not in OURS:
        raise OptionError(f"cell must be one of {', '.join(OURS)}, got {cell!r}")
    if decided := [name for name in _DERIVED if name in options]:
        raise OptionError(f"{', '.join(decided)} is decided by the arrays: leave it out")
    if gates is None:
        if cell != "rnn":
            raise OptionError(
                f"say the order of the gates in the arrays, such as gates={'iofc' if cell == 'lstm' else 'zrh'!r}"
            )
        gates = OURS["rnn"]
    if (kernel is None) == (input is None and recurrent is None):
        raise OptionError("give input= and recurrent=, or kernel= in place of both")
    given = {
        "input": input,
        "recurrent": recurrent,
        "kernel": kernel,
        "bias": bias,
        "recurrent_bias": recurrent_bias,
        "peephole": peephole,
        "projection": projection,
    }
    if not isinstance(forget_bias, Real):
        raise OptionError(f"forget_bias must be a number, got {forget_bias!r}")
    order = spelled(gates, cell)
    lanes = [
        [_Lane(where, own, order, transposed) for where, own in layer]
        for layer in _by_lane({name: value for name, value in given.items() if value is not None})
    ]
    part = RecurrentPart(name=cell, cell=cell, options=_sizes(lanes, forget_bias) | options)
    letters = _letters(part)
    tensors: dict[str, Tensor] = {}
    for depth, layer in enumerate(lanes):
        for lane, suffix in zip(layer, ("", "_reverse"), strict=False):
            own = lane.tensors(letters, spelled(peephole_gates, "lstm"), forget_bias)
            tensors |= {f"{name}_l{depth}{suffix}": value for name, value in own.items()}
    found = FoundPart(part, tensors, dict.fromkeys(tensors, "the array"))
    return layer_of(found, dtype_of([found]))


def _by_lane(given: Mapping[str, Any]) -> list[list[tuple[str, dict[str, Tensor]]]]:
    """For each layer and direction where it is, in words, and its arrays by name."""
    nested = {
        name: [entry if isinstance(entry, tuple) else (entry,) for entry in _listed(value)]
        for name, value in given.items()
    }
    counts = {name: [len(entry) for entry in layers] for name, layers in nested.items()}
    first, expected = next(iter(counts.items()))
    for name, found in counts.items():
        if found != expected or not found or len(set(found)) > 1 or found[0] not in (1, 2):
            raise InterchangeError(
                f"{name} has arrays for {_counted(found)} and {first} for {_counted(expected)}: a list has one entry a "
                "layer, a tuple one or two directions, and all must have the same"
            )
    return [
        [
            (
                f" of layer {depth}{', backward' if way else ''}"
                if len(expected) > 1 or expected[0] > 1
                else "",
                {name: _tensor(layers[depth][way], name) for name, layers in nested.items()},
            )
            for way in range(expected[0])
        ]
        for depth in range(len(expected))
    ]


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _counted(counts: Sequence[int]) -> str:
    each = "/".join(map(str, sorted(set(counts)))) or "no"
    return f"{len(counts)} layer{'s' * (len(counts) != 1)} of {each} direction{'s' * (each != '1')}"


def _tensor(value: Any, name: str) -> Tensor:
    """An array of numbers, of whatever byte order, as a tensor."""
    if isinstance(value, Tensor):
        return value.detach()
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise InterchangeError(f"{name} must be an array of numbers, got one of {array.dtype}")
    return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))


@dataclass(frozen=True, eq=False)
class _Lane:
    """The arrays of one layer in one direction.

    Attributes:
        where: in words, for messages.
        arrays: by the names of ``from_arrays``'s arguments.
        order: of the gates, in this project's letters.
        asked: what the caller said of ``transposed``.
    """

    where: str
    arrays: Mapping[str, Tensor]
    order: str
    asked: bool | None

    @property
    def hidden(self) -> int:
        """Units."""
        return self.weights[1].shape[0] // len(self.order)

    @property
    def weights(self) -> tuple[Tensor, Tensor]:
        """W (rows, input) and R (rows, recurrent)."""
        if "kernel" in self.arrays:
            return self._split_kernel()
        for name in ("input", "recurrent"):
            if name not in self.arrays:
                raise InterchangeError(f"{name}{self.where} is missing")
        w, r = self._matrix("input"), self._matrix("recurrent")
        if self._is_transposed(w, r):
            w, r = w.T, r.T
        rows = r.shape[0]
        if rows % len(self.order) or w.shape[0] != rows or r.shape[1] > rows // len(self.order):
            raise self._shapes("input", "recurrent")
        return w, r

    def _matrix(self, name: str) -> Tensor:
        array = self.arrays[name]
        if array.dim() != 2:
            raise InterchangeError(f"{name}{self.where} must be a matrix, got the shape {list(array.shape)}")
        return array

    def _is_transposed(self, w: Tensor, r: Tensor) -> bool:
        """Whether matrices stand as (input, rows)."""
        if self.asked is not None:
            return self.asked
        if r.shape[0] != r.shape[1]:
            return r.shape[0] < r.shape[1]
        rows = r.shape[0]
        fits = [turned for turned, length in ((False, w.shape[0]), (True, w.shape[1])) if length == rows]
        if not fits:
            raise self._shapes("input", "recurrent")
        if len(fits) == 2:
            raise InterchangeError(
                f"input and recurrent{self.where} are both {list(w.shape)}, which does not tell whether they are "
                "(units, inputs) or (inputs, units): say transposed=False or transposed=True"
            )
        return fits[0]

    def _split_kernel(self) -> tuple[Tensor, Tensor]:
        kernel = self._matrix("kernel")
        kernel = kernel.T if self.asked is not False else kernel
        rows, columns = kernel.shape
        hidden = rows // len(self.order)
        width = self._projected or hidden
        if rows % len(self.order) or columns <= width:
            raise self._shapes("kernel")
        return kernel[:, :-width], kernel[:, -width:]

    @property
    def peepholes(self) -> Tensor:
        """Those of all gates, (gates · hidden,), or (gates · hidden, hidden) for full ones."""
        own = self.arrays["peephole"]
        by_gate = own.dim() == 2 and len(own) <= len(PEEPHOLES) and self.hidden > 1
        return own.reshape(-1) if by_gate else own

    @property
    def _projected(self) -> int:
        """Features of the projected state; 0 without a projection. It is narrower than the cell, or none."""
        return min(self._matrix("projection").shape) if "projection" in self.arrays else 0

    def _shapes(self, *names: str) -> InterchangeError:
        shapes = ", ".join(f"{name} {list(self.arrays[name].shape)}" for name in names)
        return InterchangeError(
            f"the shapes do not fit together: {shapes}{self.where}, with the {len(self.order)} gates {self.order!r}"
            + ("" if self.asked is None else f" and transposed={self.asked}")
        )

    def tensors(self, ours: str, peepholes: str, forget_bias: float) -> dict[str, Tensor]:
        """The parameters in this project's order ``ours``, by a cell's names of them."""
        w, r = self.weights
        found = {"weight_ih": w, "weight_hh": r}
        biases = [self.arrays.get("bias"), self.arrays.get("recurrent_bias")]
        there = [b for b in biases if b is not None]
        if there or forget_bias:
            empty = torch.zeros(len(w), dtype=there[0].dtype if there else w.dtype)
            for name, own in zip(("bias_ih", "bias_hh"), biases, strict=True):
                found[name] = empty if own is None else own
                if tuple(found[name].shape) != (len(w),):
                    raise InterchangeError(
                        f"{'bias' if name == 'bias_ih' else 'recurrent_bias'}{self.where} must have the shape "
                        f"[{len(w)}], got {list(found[name].shape)}"
                    )
        found = {name: reorder(value, self.order, ours) for name, value in found.items()}
        if forget_bias:
            found["bias_ih"] = self._raised(found["bias_ih"], ours, forget_bias)
        if "projection" in self.arrays:
            projection = self._matrix("projection")
            found["weight_hr"] = projection if len(projection) == self._projected else projection.T
        if "peephole" in self.arrays:
            gates = "".join(gate for gate in PEEPHOLES if gate in peepholes)
            if len(self.peepholes) != len(gates) * self.hidden:
                raise InterchangeError(
                    f"peephole{self.where} must have the shape [{len(gates) * self.hidden}], or [{len(gates)}, "
                    f"{self.hidden}], or [{len(gates) * self.hidden}, {self.hidden}] for full ones, got "
                    f"{list(self.arrays['peephole'].shape)}"
                )
            found["weight_peephole"] = reorder(self.peepholes, peepholes, gates)
        return found

    def _raised(self, bias: Tensor, ours: str, forget_bias: float) -> Tensor:
        if "f" not in ours:
            raise OptionError(f"forget_bias={forget_bias} needs a forget gate; the gates are {ours!r}")
        gate = ours.index("f")
        raised = bias.clone()
        raised[gate * self.hidden : (gate + 1) * self.hidden] += forget_bias
        return raised


def _sizes(lanes: Sequence[Sequence[_Lane]], forget_bias: float) -> dict[str, Any]:
    """What the arrays decide of the layer."""
    first = lanes[0][0]
    widths = [layer[0].hidden for layer in lanes]
    options: dict[str, Any] = {
        "input_size": first.weights[0].shape[1],
        "hidden_size": widths[0] if len(set(widths)) == 1 else tuple(widths),
        "num_layers": len(widths),
        "bidirectional": len(lanes[0]) == 2,
        "bias": bool({"bias", "recurrent_bias"} & set(first.arrays) or forget_bias),
    }
    if first._projected:
        options["proj_size"] = first._projected
    if "peephole" in first.arrays:
        options["peephole"] = "diagonal" if first.peepholes.dim() == 1 else "full"
    return options


def _letters(part: RecurrentPart) -> str:
    """The letters of the gates that the layer has, in its order."""
    rows = part.layer(device="meta").equations[0].rows
    return "".join(LETTERS[part.cell][name] for name in rows)
