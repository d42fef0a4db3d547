"""``shapes``: which matrices a cell has, why they have these shapes, and how every framework lays them out.

All sizes come from the equations' own ``parameter_shapes``; the other frameworks' arrays stand in ``layouts.py``, the
words in ``shapes_text.py``. Knows nothing of depth and direction: it is one layer, read in one direction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, Literal

from peephole.errors import OptionError
from peephole.nn import checks, options
from peephole.nn.equations import Equations
from peephole.nn.gru import GRUEquations
from peephole.nn.layouts import LETTERS, Layout, layouts
from peephole.nn.lstm import LSTMEquations, Peephole
from peephole.nn.rnn import RNNEquations
from peephole.nn.shapes_text import lines, reasons

_EQUATIONS: dict[str, type[Equations]] = {"lstm": LSTMEquations, "gru": GRUEquations, "rnn": RNNEquations}
#: The matrices that stand side by side in a gate's sum: the weight, and what it is multiplied with.
_READ = {
    "weight_ih": "x_t",
    "weight_hh": "h_{t-1}",
    "weight_peephole": "c_{t-1}",
    "weight_gate_recurrence": "gates_{t-1}",
}


@dataclass(frozen=True)
class Gate:
    """One gate or candidate.

    Attributes:
        name: as in a record, such as "forget_gate".
        letter: as in the equations, such as "f".
        reads: what its matrices are multiplied with, and how many numbers that is: ``{"x_t": 50, "h_{t-1}": 60}``.
        units: numbers that it makes.
        elementwise: weights that it has besides, one a unit: a diagonal peephole.
    """

    name: str
    letter: str
    reads: dict[str, int]
    units: int
    elementwise: tuple[str, ...] = ()

    @property
    def matrix(self) -> tuple[int, int]:
        """Its matrix as the notes write it: [what it reads, units]."""
        return sum(self.reads.values()), self.units

    @property
    def reads_in_words(self) -> str:
        """What it reads, as a sum: "x_t 50 + h_{t-1} 60 = 110"."""
        parts = " + ".join(f"{name} {size}" for name, size in self.reads.items())
        return f"{parts} = {self.matrix[0]}" if len(self.reads) > 1 else parts


@dataclass(frozen=True)
class Count:
    """How many parameters a variant has.

    Attributes:
        variant: in words.
        one_bias: with one bias vector a gate, as papers and TensorFlow have it; a GRU with the reset after the
            product has one more for its candidate, as in Flax.
        two_biases: with two, as ``torch.nn`` and this project have it.
        chosen: whether it is the one that was asked for.
    """

    variant: str
    one_bias: int
    two_biases: int
    chosen: bool


@dataclass(frozen=True)
class Shapes:
    """The shapes of one layer in one direction; ``print`` it.

    Attributes:
        equations: sizes and options.
    """

    equations: Equations

    @property
    def title(self) -> str:
        """The cell, its sizes and the options that differ from their defaults."""
        e = self.equations
        given = [f"{name}={value!r}" for name, value in e.chosen.items() if value != _default(e, name)]
        return f"{e.name.upper()}, {e.input_size} in, {e.hidden_size} hidden" + "".join(
            f", {g}" for g in given
        )

    @cached_property
    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the parameters in this project, in torch's order: ``Equations.parameter_shapes``."""
        return self.equations.parameter_shapes()

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Each gate and candidate, in the order of the stacked weights."""
        return tuple(self._gate(name) for name in self.equations.rows)

    @property
    def stacked(self) -> tuple[int, int]:
        """The matrix over x and h of all gates side by side: [input + hidden, gates · hidden]."""
        rows, input_size = self.parameters["weight_ih"]
        return input_size + self.parameters["weight_hh"][1], rows

    @property
    def counts(self) -> tuple[Count, ...]:
        """Parameters of this cell; for an LSTM with gates, without and with either kind of peephole."""
        e = self.equations
        if not isinstance(e, LSTMEquations) or not e.gates:
            return (_count(e.name.upper(), e, chosen=True),)
        peepholes: dict[str, Peephole | None] = {
            "no peepholes": None,
            "diagonal peepholes": "diagonal",
            "full peepholes": "full",
        }
        return tuple(
            _count(words, replace(e, peephole=kind), chosen=kind == e.peephole)
            for words, kind in peepholes.items()
        )

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """This cell in every framework: orders of the gates, arrays, and what it lacks."""
        return layouts(self.equations)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why a gate's matrix is neither [input, hidden] nor [input, input + hidden], in sentences."""
        return tuple(reasons(self))

    def __str__(self) -> str:
        return "\n".join(lines(self))

    def _gate(self, name: str) -> Gate:
        e, reads, elementwise = self.equations, {}, []
        for weight, source in _READ.items():
            if weight not in self.parameters or name not in self._rows_of(weight):
                continue
            seen = "c_t" if weight == "weight_peephole" and name == "output_gate" else source
            if len(self.parameters[weight]) == 1:
                elementwise.append(seen)
            else:
                reads[seen] = self.parameters[weight][1]
        if e.name == "gru" and name == "candidate" and not getattr(e, "reset_after", True):
            reads = {"x_t": reads["x_t"], "r_t∘h_{t-1}": reads["h_{t-1}"]}
        return Gate(name, LETTERS[e.name][name], reads, e.hidden_size, tuple(elementwise))

    def _rows_of(self, weight: str) -> tuple[str, ...]:
        """Which gates and candidates a weight has rows for: all, or the gates that see the cell and one another."""
        e = self.equations
        return e.rows if weight in ("weight_ih", "weight_hh") else getattr(e, "gates", ())


def shapes(
    input_size: int,
    hidden_size: int,
    *,
    cell: Literal["lstm", "gru", "rnn"] = "lstm",
    bias: bool = True,
    peephole: Peephole | None = None,
    proj_size: int = 0,
    coupled: bool = False,
    input_gate: bool = True,
    forget_gate: bool = True,
    output_gate: bool = True,
    full_gate_recurrence: bool = False,
    reset_after: bool = True,
    layer_norm: bool = False,
) -> Shapes:
    """The shapes of one recurrent layer, explained: ``print(ph.shapes(50, 60, peephole="full"))``.

    Args:
        input_size: features of the input.
        hidden_size: units.
        cell: "lstm", "gru" or "rnn".
        bias, peephole, proj_size, coupled, input_gate, forget_gate, output_gate, full_gate_recurrence, reset_after,
            layer_norm: the options of ``ph.LSTM``, ``ph.GRU`` and ``ph.RNN`` on which shapes or layouts depend.

    Raises:
        OptionError (a ValueError): no such cell, an option out of range or of another cell, options that exclude each
            other.
        TypeError, ValueError: sizes that are no positive whole numbers.
    """
    if cell not in _EQUATIONS:
        raise OptionError(f"cell must be one of {', '.join(_EQUATIONS)}; got {cell!r}")
    checks.layer_widths(input_size, hidden_size, 1)
    if proj_size >= hidden_size:
        raise OptionError(
            f"proj_size must be below hidden_size={hidden_size}, 0 for no projection; got {proj_size}"
        )
    given: dict[str, Any] = {
        "bias": bias,
        "peephole": peephole,
        "proj_size": proj_size,
        "coupled": coupled,
        "input_gate": input_gate,
        "forget_gate": forget_gate,
        "output_gate": output_gate,
        "full_gate_recurrence": full_gate_recurrence,
        "reset_after": reset_after,
        "layer_norm": layer_norm,
    }
    known = options.of_cell(cell)
    for name, value in given.items():
        if name in known:
            continue
        (owner,) = (other for other in _EQUATIONS if name in options.of_cell(other))
        if value != options.option(owner, name).default:
            raise OptionError(f"{name}={value!r} is an option of the {owner.upper()}; cell is {cell!r}")
    chosen = {name: value for name, value in given.items() if name in known}
    return Shapes(_EQUATIONS[cell](input_size=input_size, hidden_size=hidden_size, **chosen))


def _default(equations: Equations, name: str) -> Any:
    return options.option(equations.name, name).default


def _count(variant: str, equations: Equations, *, chosen: bool) -> Count:
    """One bias is what is left where the hidden side's is merged with the input side's."""
    sizes = {name: prod(shape) for name, shape in equations.parameter_shapes().items()}
    merged = sizes.get("bias_hh", 0)
    if isinstance(equations, GRUEquations) and equations.reset_after:
        merged -= merged // len(equations.rows)
    total = sum(sizes.values())
    return Count(variant, total - merged, total, chosen)
