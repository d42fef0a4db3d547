"""``RNN``, ``LSTM`` and ``GRU``: time × depth × direction, as drop-ins for ``torch.nn``'s.

Constructors, calls, shapes, defaults, ``state_dict`` keys and types of errors are ``torch.nn``'s, so that replacing
the import is the whole migration and ``load_state_dict`` works both ways. What is new is keyword-only and off by
default. This file holds the options; their meaning stands in ``rnn.py``, ``lstm.py`` and ``gru.py``, the call in
``recurrent.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from peephole.nn.activations import Activation
from peephole.nn.gru import GRUEquations
from peephole.nn.joining import Connection, Merge
from peephole.nn.lstm import LSTMEquations, Peephole
from peephole.nn.recurrent import RecurrentLayer
from peephole.nn.rnn import RNNEquations


def _refuse_projection(proj_size: int) -> None:
    """RNN and GRU name ``proj_size`` only to refuse it as torch does."""
    if proj_size:
        raise ValueError(f"proj_size is only supported for LSTM, not RNN or GRU, got proj_size={proj_size}")


class RNN(RecurrentLayer):
    """The vanilla RNN (Elman 1990): h_t = φ(W x_t + b_ih + R h_{t-1} + b_hh).

    What each option does to a step stands in ``RNNEquations``.

    Args:
        input_size: features of the input.
        hidden_size: units of each layer; a sequence of numbers for layers of different widths.
        num_layers: layers, each reading the outputs of the one below.
        nonlinearity: φ, "tanh", "relu" or another activation by name.
        bias: whether there are biases.
        batch_first: whether input and output have the shape (batch, time, feature).
        dropout: probability with which an output of any layer but the last is dropped in training.
        bidirectional: whether each layer also runs from the end to the beginning.
        device, dtype: of the parameters.
        proj_size: an LSTM's; anything but 0 is refused, as in ``torch.nn``.
        layer_norm: normalises the sum of both products (Ba 2016).
        zoneout: probability with which a unit keeps its previous value (Krueger 2017).
        variational_dropout: probability of a mask a sequence on the input and on the recurrent h (Gal 2016).
        weight_dropout: probability of a mask a call on the recurrent weights (Merity 2018).
        gate_clip: limit of the pre-activation (ONNX).
        merge: how the outputs of two directions join: "concat", "sum", "mean" or "product".
        connection: "residual" or "highway" joins a layer's input to its output; None does not.
        learned_state: whether the initial states are parameters.
        reverse: whether every layer runs from the sequence's end to its beginning only (ONNX's direction="reverse",
            Keras's go_backwards); outputs stand at the time of their input.

    Raises:
        TypeError: an argument of another type.
        ValueError: a size that is not positive, a dropout outside 0 … 1.
        OptionError (a ValueError): an option out of range.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int | Sequence[int],
        num_layers: int = 1,
        nonlinearity: Activation = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        proj_size: int = 0,
        layer_norm: bool = False,
        zoneout: float = 0.0,
        variational_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        gate_clip: float | None = None,
        merge: Merge = "concat",
        connection: Connection | None = None,
        learned_state: bool = False,
        reverse: bool = False,
    ) -> None:
        _refuse_projection(proj_size)
        make = partial(
            RNNEquations,
            nonlinearity=nonlinearity,
            bias=bias,
            layer_norm=layer_norm,
            zoneout=zoneout,
            variational_dropout=variational_dropout,
            weight_dropout=weight_dropout,
            gate_clip=gate_clip,
        )
        super().__init__(
            make,
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            merge=merge,
            connection=connection,
            learned_state=learned_state,
            reverse=reverse,
            device=device,
            dtype=dtype,
        )
        self.nonlinearity = nonlinearity

    def _options(self) -> list[tuple[str, Any, Any]]:
        return [*super()._options(), *self.equations[0].listed]


class LSTM(RecurrentLayer):
    """The LSTM with forget gates (Gers 1999) and its variants.

    What each option does to a step stands in ``LSTMEquations``. The stacked weights are in the order i, f, g, o, the
    peepholes in the order i, f, o; a gate that a variant lacks has no rows.

    Args:
        input_size: features of the input.
        hidden_size: units of each layer; a sequence of numbers for layers of different widths.
        num_layers: layers, each reading the outputs of the one below.
        bias: whether there are biases.
        batch_first: whether input and output have the shape (batch, time, feature).
        dropout: probability with which an output of any layer but the last is dropped in training.
        bidirectional: whether each layer also runs from the end to the beginning.
        proj_size: size to which the hidden state is projected (Sak 2014); 0 for none.
        device, dtype: of the parameters.
        peephole: "diagonal" lets each gate see its own unit's cell by a weight a unit, "full" every unit's by a
            matrix: ``weight_peephole_l{k}[_reverse]``, shape (3 · hidden,) or (3 · hidden, hidden), order i, f, o.
        forget_bias: what the forget gate's two biases sum to at the start, in every layer and direction; the
            input bias holds it. None leaves torch's initialisation (Gers 1999, Jozefowicz 2015).
        coupled: the forget gate is 1 − input_gate and has no parameters (CIFG, Greff 2017).
        input_gate, forget_gate, output_gate: False puts 1 in that gate's place (NIG, NFG, NOG).
        gate_activation, input_activation, output_activation: functions of the gates, of the candidate and of the cell
            before the output gate, by name; "identity" for the latter two gives NIAF and NOAF.
        full_gate_recurrence: the gates also see the gates of the previous step (FGR); these join the state.
        layer_norm: normalises both products, and the cell before its function (Ba 2016).
        zoneout: probabilities with which a unit keeps its previous cell and hidden state (Krueger 2017).
        recurrent_dropout: probability of a mask a step on the candidate (Semeniuta 2016).
        variational_dropout: probability of a mask a sequence on the input and on the recurrent h (Gal 2016).
        weight_dropout: probability of a mask a call on the recurrent weights (Merity 2018).
        proj_clip: limit of the projected hidden state (TensorFlow 1).
        cell_clip: limit of the cell, before the output gate sees it (TensorFlow 1).
        gate_clip: limit of every pre-activation (ONNX).
        merge: how the outputs of two directions join: "concat", "sum", "mean" or "product".
        connection: "residual" or "highway" joins a layer's input to its output; None does not.
        learned_state: whether the initial states are parameters.
        reverse: whether every layer runs from the sequence's end to its beginning only (ONNX's direction="reverse",
            Keras's go_backwards); outputs stand at the time of their input.

    Raises:
        TypeError: an argument of another type.
        ValueError: a size that is not positive, a dropout outside 0 … 1, a projection that does not shrink.
        OptionError (a ValueError): an option out of range, or options that exclude each other.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int | Sequence[int],
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        peephole: Peephole | None = None,
        forget_bias: float | None = None,
        coupled: bool = False,
        input_gate: bool = True,
        forget_gate: bool = True,
        output_gate: bool = True,
        gate_activation: Activation = "sigmoid",
        input_activation: Activation = "tanh",
        output_activation: Activation = "tanh",
        full_gate_recurrence: bool = False,
        layer_norm: bool = False,
        zoneout: tuple[float, float] = (0.0, 0.0),
        recurrent_dropout: float = 0.0,
        variational_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        proj_clip: float | None = None,
        cell_clip: float | None = None,
        gate_clip: float | None = None,
        merge: Merge = "concat",
        connection: Connection | None = None,
        learned_state: bool = False,
        reverse: bool = False,
    ) -> None:
        make = partial(
            LSTMEquations,
            bias=bias,
            proj_size=proj_size,
            peephole=peephole,
            forget_bias=forget_bias,
            coupled=coupled,
            input_gate=input_gate,
            forget_gate=forget_gate,
            output_gate=output_gate,
            gate_activation=gate_activation,
            input_activation=input_activation,
            output_activation=output_activation,
            full_gate_recurrence=full_gate_recurrence,
            layer_norm=layer_norm,
            zoneout=zoneout,
            recurrent_dropout=recurrent_dropout,
            variational_dropout=variational_dropout,
            weight_dropout=weight_dropout,
            proj_clip=proj_clip,
            cell_clip=cell_clip,
            gate_clip=gate_clip,
        )
        super().__init__(
            make,
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            merge=merge,
            connection=connection,
            learned_state=learned_state,
            reverse=reverse,
            device=device,
            dtype=dtype,
        )
        self.proj_size = proj_size

    def _options(self) -> list[tuple[str, Any, Any]]:
        return [("proj_size", self.proj_size, 0), *super()._options(), *self.equations[0].listed]


class GRU(RecurrentLayer):
    """The gated recurrent unit (Cho et al. 2014), by default in torch's form: the reset gate acts after the product.

    What each option does to a step stands in ``GRUEquations``. The stacked weights are in the order r, z, n.

    Args:
        input_size: features of the input.
        hidden_size: units of each layer; a sequence of numbers for layers of different widths.
        num_layers: layers, each reading the outputs of the one below.
        bias: whether there are biases.
        batch_first: whether input and output have the shape (batch, time, feature).
        dropout: probability with which an output of any layer but the last is dropped in training.
        bidirectional: whether each layer also runs from the end to the beginning.
        device, dtype: of the parameters.
        proj_size: an LSTM's; anything but 0 is refused, as in ``torch.nn``.
        reset_after: False lets the reset gate act on h before the product, as in Cho et al. 2014.
        gate_activation, input_activation: functions of the gates and of the candidate, by name.
        layer_norm: normalises both products, gates and candidate apart (Ba 2016).
        zoneout: probability with which a unit keeps its previous value (Krueger 2017).
        recurrent_dropout: probability of a mask a step on the candidate (Semeniuta 2016).
        variational_dropout: probability of a mask a sequence on the input and on the recurrent h (Gal 2016).
        weight_dropout: probability of a mask a call on the recurrent weights (Merity 2018).
        gate_clip: limit of every pre-activation (ONNX).
        merge: how the outputs of two directions join: "concat", "sum", "mean" or "product".
        connection: "residual" or "highway" joins a layer's input to its output; None does not.
        learned_state: whether the initial states are parameters.
        reverse: whether every layer runs from the sequence's end to its beginning only (ONNX's direction="reverse",
            Keras's go_backwards); outputs stand at the time of their input.

    Raises:
        TypeError: an argument of another type.
        ValueError: a size that is not positive, a dropout outside 0 … 1.
        OptionError (a ValueError): an option out of range.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int | Sequence[int],
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        proj_size: int = 0,
        reset_after: bool = True,
        gate_activation: Activation = "sigmoid",
        input_activation: Activation = "tanh",
        layer_norm: bool = False,
        zoneout: float = 0.0,
        recurrent_dropout: float = 0.0,
        variational_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        gate_clip: float | None = None,
        merge: Merge = "concat",
        connection: Connection | None = None,
        learned_state: bool = False,
        reverse: bool = False,
    ) -> None:
        _refuse_projection(proj_size)
        make = partial(
            GRUEquations,
            bias=bias,
            reset_after=reset_after,
            gate_activation=gate_activation,
            input_activation=input_activation,
            layer_norm=layer_norm,
            zoneout=zoneout,
            recurrent_dropout=recurrent_dropout,
            variational_dropout=variational_dropout,
            weight_dropout=weight_dropout,
            gate_clip=gate_clip,
        )
        super().__init__(
            make,
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            merge=merge,
            connection=connection,
            learned_state=learned_state,
            reverse=reverse,
            device=device,
            dtype=dtype,
        )

    def _options(self) -> list[tuple[str, Any, Any]]:
        return [*super()._options(), *self.equations[0].listed]
