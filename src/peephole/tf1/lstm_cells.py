"""``LSTMCell`` and ``BasicLSTMCell``: their variables, and how our equations read them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from typing_extensions import override

from peephole.errors import OptionError
from peephole.nn.equations import Equations, Weights
from peephole.nn.lstm import LSTMEquations
from peephole.tf1.functions import Function
from peephole.tf1.layer_cell import Initializer, LayerRNNCell
from peephole.tf1.states import LSTMStateTuple


class LSTMCell(LayerRNNCell):
    """The LSTM with peepholes, clips and a projection (Gers & Schmidhuber 2000; Sak, Senior & Beaufays 2014).

    i, j, f, o = [x, h] · kernel + bias
    c' = σ(f + forget_bias + w_f∘c)∘c + σ(i + w_i∘c)∘φ(j), clipped to ±cell_clip
    h' = σ(o + w_o∘c')∘φ(c'), times the projection's kernel, clipped to ±proj_clip

    Records call j ``candidate``, and their gates are after σ.

    Args:
        num_units: units.
        use_peepholes: whether there are w_f, w_i and w_o.
        cell_clip: limit of the cell; None for none.
        initializer: fills a new kernel, projection or peephole in place, as ``torch.nn.init``'s functions do.
        num_proj: features of the projected h, fewer than ``num_units``; None for no projection.
        proj_clip: limit of the projected h.
        num_unit_shards, num_proj_shards: None; variables are not split here.
        forget_bias: added to f at each step. It is in no variable, so a checkpoint does not hold it.
        state_is_tuple: False has the state as one tensor, c and h side by side.
        activation: φ, of j and of c' alike.
        reuse, name, dtype: as in ``LayerRNNCell``.

    Variables: ``kernel`` [input + output, 4 · units] in the order i, j, f, o, ``bias`` [4 · units], with peepholes
    ``w_f_diag``, ``w_i_diag`` and ``w_o_diag`` [units], with a projection ``projection/kernel`` [units, num_proj].

    Raises:
        OptionError (a ValueError): an option out of range.
    """

    default_name = "lstm_cell"

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Initializer | None = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: str | Function | None = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(num_units, activation=activation, reuse=reuse, name=name, dtype=dtype)
        if num_proj is not None and not 0 < num_proj < num_units:
            raise OptionError(f"num_proj must be at least 1 and below num_units={num_units}, got {num_proj}")
        if num_unit_shards is not None or num_proj_shards is not None:
            raise OptionError(
                "num_unit_shards and num_proj_shards split variables over machines: leave them out"
            )
        self.use_peepholes = use_peepholes
        self.cell_clip = cell_clip
        self.initializer = initializer
        self.num_proj = num_proj
        self.proj_clip = proj_clip
        self.forget_bias = float(forget_bias)
        self.state_is_tuple = state_is_tuple
        self.equations_for(1)  # the equations check the options; the size of the inputs is not known yet

    @property
    @override
    def state_size(self) -> Any:
        sizes = LSTMStateTuple(self.num_units, self.output_size)
        return sizes if self.state_is_tuple else sum(sizes)

    @property
    @override
    def output_size(self) -> int:
        return self.num_proj or self.num_units

    @override
    def variable_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        units = self.num_units
        shapes: dict[str, tuple[int, ...]] = {
            "kernel": (input_size + self.output_size, 4 * units),
            "bias": (4 * units,),
        }
        if self.use_peepholes:
            shapes |= {"w_f_diag": (units,), "w_i_diag": (units,), "w_o_diag": (units,)}
        if self.num_proj:
            shapes["projection/kernel"] = (units, self.num_proj)
        return shapes

    @override
    def initialise(self, name: str, variable: Tensor) -> None:
        if self.initializer is not None and name != "bias":
            self.initializer(variable)
        else:
            super().initialise(name, variable)

    @override
    def equations_for(self, input_size: int) -> Equations:
        return LSTMEquations(
            input_size=input_size,
            hidden_size=self.num_units,
            proj_size=self.num_proj or 0,
            peephole="diagonal" if self.use_peepholes else None,
            input_activation=self.activation,
            output_activation=self.activation,
            cell_clip=self.cell_clip,
            proj_clip=self.proj_clip if self.num_proj else None,
        )

    @override
    def weights(self) -> Weights:
        """Columns i, j, f, o as rows i, f, g, o; the forget bias where it acts."""
        i, j, f, o = self.variable("kernel").chunk(4, -1)
        weights = self._halves(torch.cat([i, f, j, o], -1))
        i, j, f, o = self.variable("bias").chunk(4)
        weights["bias_ih"] = torch.cat([i, f + self.forget_bias, j, o])
        weights["bias_hh"] = torch.zeros_like(weights["bias_ih"])
        if self.use_peepholes:
            weights["weight_peephole"] = torch.cat([self.variable(f"w_{gate}_diag") for gate in "ifo"])
        if self.num_proj:
            weights["weight_hr"] = self.variable("projection/kernel").t().contiguous()
        return weights

    @override
    def to_ours(self, state: Any) -> Any:
        """(c, h), or both side by side, as (h, c)."""
        c, h = state if self.state_is_tuple else state.split([self.num_units, self.output_size], -1)
        return h, c

    @override
    def to_theirs(self, state: Any) -> Any:
        h, c = state
        return LSTMStateTuple(c, h) if self.state_is_tuple else torch.cat([c, h], -1)


class BasicLSTMCell(LSTMCell):
    """The LSTM of the notes: ``LSTMCell`` without peepholes, clips and projection.

    Args:
        num_units: units.
        forget_bias, state_is_tuple, activation: as in ``LSTMCell``.
        reuse, name, dtype: as in ``LayerRNNCell``.

    Variables: ``kernel`` [input + units, 4 · units] in the order i, j, f, o, ``bias`` [4 · units].
    """

    default_name = "basic_lstm_cell"

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: str | Function | None = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(
            num_units,
            forget_bias=forget_bias,
            state_is_tuple=state_is_tuple,
            activation=activation,
            reuse=reuse,
            name=name,
            dtype=dtype,
        )
