"""The table of every option: what it means, which values it takes, and what it cannot be combined with.

The equations check themselves against this table, the docs' matrix of pairs is made from it and the tests go
through it. It knows no equation; what an option does stands in ``lstm.py``, ``gru.py`` and ``rnn.py``.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from peephole.errors import OptionError
from peephole.nn.activations import EXPECTED as AN_ACTIVATION
from peephole.nn.activations import is_activation


@dataclass(frozen=True)
class Option:
    """One option of some cells.

    Attributes:
        name: the keyword.
        of: the cells that have it: "rnn", "lstm", "gru".
        default: torch's behaviour.
        values: other values, which tests go through; each does something at the sizes of a test.
        expects: what it takes, in words.
        accepts: whether it takes a value.
        meaning: the equation, or what it does.
        source: where it comes from.
        needs: other options without which it means nothing, for the tests.
        in_step: whether one step's equations have it (and the cells, not only the layers).
        random: whether it draws masks in training.
    """

    name: str
    of: tuple[str, ...]
    default: Any
    values: tuple[Any, ...]
    expects: str
    accepts: Callable[[Any], bool]
    meaning: str
    source: str
    needs: Mapping[str, Any] = field(default_factory=dict)
    in_step: bool = True
    random: bool = False


class _Set:
    """Stands for every value of an option but its default."""

    def __repr__(self) -> str:
        return "set"


SET = _Set()


@dataclass(frozen=True)
class Refusal:
    """Options that exclude each other.

    Attributes:
        of: the cell.
        when: option to value, or to ``SET`` for every value but the default; all of them together are refused.
        why: the reason, as the end of a sentence.
    """

    of: str
    when: Mapping[str, Any]
    why: str

    def holds(self, chosen: Mapping[str, Any]) -> bool:
        """Whether ``chosen``, option to value, is refused; what it leaves out has its default."""
        for name, refused in self.when.items():
            default = option(self.of, name).default
            value = chosen.get(name, default)
            if (value == default) if refused is SET else (value != refused):
                return False
        return True


def _number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, numbers.Real) and math.isfinite(value)


def _probability(value: Any) -> bool:
    return _number(value) and 0 <= value <= 1


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _limit(value: Any) -> bool:
    return value is None or (_number(value) and value > 0)


def _zoneout_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(map(_probability, value))


_FLAG = ("True or False", _flag)
_PROBABILITY = ("a probability, 0 to 1", _probability)
_LIMIT = ("a positive number, or None", _limit)
_ACTIVATION = (AN_ACTIVATION, is_activation)

_ALL = ("rnn", "lstm", "gru")
_GATED = ("lstm", "gru")
_LSTM = ("lstm",)

OPTIONS: tuple[Option, ...] = (
    # torch.nn's own
    Option("bias", _ALL, True, (False,), *_FLAG, "whether b_ih and b_hh are there", "torch.nn"),
    Option(
        "proj_size", _LSTM, 0, (2,), "an integer below hidden_size, 0 for none",
        lambda value: isinstance(value, int) and not isinstance(value, bool),
        "h_t = P (o_t∘tanh(c_t))", "Sak, Senior & Beaufays 2014",
    ),
    Option(
        "nonlinearity", ("rnn",), "tanh", ("relu", "softsign", ("leaky_relu", 0.1)), *_ACTIVATION,
        "φ in h_t = φ(W x_t + b_ih + R h_{t-1} + b_hh)", "Elman 1990",
    ),
    # the LSTM's gates
    Option(
        "peephole", _LSTM, None, ("diagonal", "full"), "None, 'diagonal' or 'full'",
        lambda value: value is None or (isinstance(value, str) and value in ("diagonal", "full")),
        "i and f see c_{t-1}, o sees the new cell: by a weight a unit, or by a matrix",
        "Gers & Schmidhuber 2000",
    ),
    Option(
        "forget_bias", _LSTM, None, (1.0,), "a finite number, or None",
        lambda value: value is None or _number(value),
        "b_if + b_hf at the start; b_if holds it", "Gers 1999; Jozefowicz 2015",
    ),
    Option("coupled", _LSTM, False, (True,), *_FLAG, "f_t = 1 − i_t, without parameters (CIFG)", "Greff 2017"),
    Option("input_gate", _LSTM, True, (False,), *_FLAG, "False: i_t = 1, without parameters (NIG)", "Greff 2017"),
    Option("forget_gate", _LSTM, True, (False,), *_FLAG, "False: f_t = 1, without parameters (NFG)", "Greff 2017"),
    Option("output_gate", _LSTM, True, (False,), *_FLAG, "False: o_t = 1, without parameters (NOG)", "Greff 2017"),
    Option(
        "full_gate_recurrence", _LSTM, False, (True,), *_FLAG,
        "each gate also receives R^{gate→gate}·(i, f, o at t−1) (FGR)", "Greff 2017",
    ),
    # functions
    Option(
        "gate_activation", _GATED, "sigmoid", ("hard_sigmoid", "hard_sigmoid_6", "softsign"), *_ACTIVATION,
        "σ of the gates", "Graves 2012; ONNX",
    ),
    Option(
        "input_activation", _GATED, "tanh", ("identity", "relu", ("leaky_relu", 0.1)), *_ACTIVATION,
        "tanh of the candidate (identity: NIAF)", "Graves 2012; ONNX",
    ),
    Option(
        "output_activation", _LSTM, "tanh", ("identity", "softsign", ("scaled_tanh", 1.7159, 0.6667)),
        *_ACTIVATION, "tanh between cell and output gate (identity: NOAF)", "Graves 2012; ONNX",
    ),
    Option(
        "reset_after", ("gru",), True, (False,), *_FLAG,
        "True: r∘(R_n h + b_hn), False: R_n (r∘h) + b_hn", "cuDNN; Cho et al. 2014",
    ),
    Option(
        "layer_norm", _ALL, False, (True,), *_FLAG,
        "layer normalisation of the pre-activations, and of an LSTM's cell before its tanh", "Ba 2016",
    ),
    # clips
    Option("gate_clip", _ALL, None, (0.3,), *_LIMIT, "every pre-activation to [−clip, clip]", "ONNX"),
    Option("cell_clip", _LSTM, None, (0.2,), *_LIMIT, "c_t to [−clip, clip] before o and tanh see it", "TF1"),
    Option(
        "proj_clip", _LSTM, None, (0.05,), *_LIMIT, "the projected h_t to [−clip, clip]", "TF1",
        needs={"proj_size": 2},
    ),
    # noise
    Option(
        "zoneout", _LSTM, (0.0, 0.0), ((0.4, 0.3), (0.0, 0.5), (0.5, 0.0)),
        "a pair of probabilities (cell, hidden), each 0 to 1", _zoneout_pair,
        "c_t = d_c∘c_{t-1} + (1−d_c)∘c̃_t, h_t likewise; in evaluation d is its expectation",
        "Krueger 2017", random=True,
    ),
    Option(
        "zoneout", ("rnn", "gru"), 0.0, (0.4,), *_PROBABILITY,
        "h_t = d∘h_{t-1} + (1−d)∘h̃_t; in evaluation d is its expectation", "Krueger 2017", random=True,
    ),
    Option(
        "recurrent_dropout", _GATED, 0.0, (0.4,), *_PROBABILITY,
        "a mask a step on the candidate where it enters the cell (the GRU's new state)", "Semeniuta 2016",
        random=True,
    ),
    Option(
        "variational_dropout", _ALL, 0.0, (0.4,), *_PROBABILITY,
        "one mask a sequence on h_{t-1} where it enters R, and one on the input", "Gal & Ghahramani 2016",
        random=True,
    ),
    Option(
        "weight_dropout", _ALL, 0.0, (0.4,), *_PROBABILITY, "one mask a call on R (DropConnect)",
        "Merity 2018", random=True,
    ),
    # time × depth × direction, which no step knows of
    Option(
        "num_layers", _ALL, 1, (2,), "an integer above 0", lambda value: isinstance(value, int) and value > 0,
        "layers, each reading the outputs of the one below", "torch.nn", in_step=False,
    ),
    Option(
        "batch_first", _ALL, False, (True,), *_FLAG, "input and output are (batch, time, feature)", "torch.nn",
        in_step=False,
    ),
    Option(
        "dropout", _ALL, 0.0, (0.4,), *_PROBABILITY, "dropout of every layer's output but the last's", "torch.nn",
        needs={"num_layers": 2}, in_step=False, random=True,
    ),
    Option(
        "bidirectional", _ALL, False, (True,), *_FLAG, "each layer also runs from the end to the beginning",
        "Schuster & Paliwal 1997", in_step=False,
    ),
    Option(
        "merge", _ALL, "concat", ("sum", "mean", "product"), "'concat', 'sum', 'mean' or 'product'",
        lambda value: value in ("concat", "sum", "mean", "product"), "how the two directions' outputs join",
        "Keras", needs={"bidirectional": True}, in_step=False,
    ),
    Option(
        "connection", _ALL, None, ("residual", "highway"), "None, 'residual' or 'highway'",
        lambda value: value in (None, "residual", "highway"), "how a layer's input joins its output",
        "He 2016; Srivastava 2015", needs={"num_layers": 2}, in_step=False,
    ),
    Option(
        "learned_state", _ALL, False, (True,), *_FLAG, "the initial states are parameters", "", in_step=False,
    ),
    Option(
        "reverse", _ALL, False, (True,), *_FLAG, "each layer runs from the end to the beginning only", "ONNX",
        in_step=False,
    ),
)  # fmt: skip

_NO_GATE = {"input_gate": False, "forget_gate": False, "output_gate": False}
REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "lstm", {"coupled": True, "forget_gate": False},
        "a coupled forget gate is 1 − input_gate, one left out is 1",
    ),
    Refusal(
        "lstm", {"coupled": True, "input_gate": False},
        "the coupled forget gate is 1 − input_gate, and there is no input gate",
    ),
    Refusal(
        "lstm", {"coupled": True, "forget_bias": SET},
        "the coupled forget gate is 1 − input_gate and has no bias of its own",
    ),
    Refusal("lstm", {"forget_gate": False, "forget_bias": SET}, "without a forget gate there is no bias of it"),
    Refusal("lstm", {"bias": False, "forget_bias": SET}, "without biases there is none to set"),
    Refusal("lstm", {"proj_size": 0, "proj_clip": SET}, "without a projection there is nothing to clip"),
    Refusal("lstm", {"peephole": SET, **_NO_GATE}, "there is no gate that could see the cell"),
    Refusal("lstm", {"full_gate_recurrence": True, **_NO_GATE}, "there is no gate to connect"),
    Refusal("lstm", {"gate_activation": SET, **_NO_GATE}, "there is no gate that it could act on"),
    *(Refusal(cell, {"merge": SET, "reverse": True}, "there is one direction alone") for cell in _ALL),
    *(Refusal(cell, {"bidirectional": True, "reverse": True}, "both directions are run already") for cell in _ALL),
)  # fmt: skip


_BY_CELL = {cell: {o.name: o for o in OPTIONS if cell in o.of} for cell in _ALL}


def of_cell(cell: str) -> Mapping[str, Option]:
    """The options of a cell by name, in the order of the table."""
    return _BY_CELL[cell]


def option(cell: str, name: str) -> Option:
    """One option of a cell."""
    return of_cell(cell)[name]


def refusal(cell: str, chosen: Mapping[str, Any]) -> Refusal | None:
    """Why ``chosen``, option to value, cannot be had together; None where it can."""
    return next((r for r in REFUSALS if r.of == cell and r.holds(chosen)), None)


def check(cell: str, chosen: Mapping[str, Any]) -> None:
    """Checks options alone and together.

    Args:
        cell: "rnn", "lstm" or "gru".
        chosen: option to value; names that the table does not have are not looked at.

    Raises:
        OptionError: a value out of range, or options that exclude each other.
    """
    for name, row in of_cell(cell).items():
        if name in chosen and not row.accepts(chosen[name]):
            raise OptionError(f"{name} must be {row.expects}; got {chosen[name]!r}")
    if (found := refusal(cell, chosen)) is not None:
        values = {name: chosen.get(name, option(cell, name).default) for name in found.when}
        named = " and ".join(f"{name}={value!r}" for name, value in values.items())
        raise OptionError(f"{named} exclude each other: {found.why}")


def pairs(cell: str) -> Iterator[tuple[dict[str, Any], Refusal | None]]:
    """Every pair of options of a cell, at every value of the table, and why it is refused (or None).

    What an option needs beside it comes with it, so a pair may name more than two options.
    """
    for first, second in combinations(of_cell(cell).values(), 2):
        for a in first.values:
            for b in second.values:
                chosen = {**first.needs, **second.needs, first.name: a, second.name: b}
                yield chosen, refusal(cell, chosen)
