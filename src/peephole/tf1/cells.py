"""``BasicRNNCell`` and ``GRUCell``: their variables, and how our equations read them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from typing_extensions import override

from peephole.nn.equations import Equations, Weights
from peephole.nn.gru import GRUEquations
from peephole.nn.rnn import RNNEquations
from peephole.tf1.functions import Function
from peephole.tf1.layer_cell import Initializer, LayerRNNCell


class BasicRNNCell(LayerRNNCell):
    """The vanilla RNN: output = new state = φ([x, h] · kernel + bias).

    Args:
        num_units: units.
        activation, reuse, name, dtype: as in ``LayerRNNCell``.

    Variables: ``kernel`` [input + units, units], ``bias`` [units].
    """

    default_name = "basic_rnn_cell"

    def __init__(
        self,
        num_units: int,
        activation: str | Function | None = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(num_units, activation=activation, reuse=reuse, name=name, dtype=dtype)

    @property
    @override
    def state_size(self) -> int:
        return self.num_units

    @property
    @override
    def output_size(self) -> int:
        return self.num_units

    @override
    def variable_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        return {"kernel": (input_size + self.num_units, self.num_units), "bias": (self.num_units,)}

    @override
    def equations_for(self, input_size: int) -> Equations:
        return RNNEquations(input_size=input_size, hidden_size=self.num_units, nonlinearity=self.activation)

    @override
    def weights(self) -> Weights:
        bias = self.variable("bias")
        halves = self._halves(self.variable("kernel"))
        return {**halves, "bias_ih": bias, "bias_hh": torch.zeros_like(bias)}


class GRUCell(LayerRNNCell):
    """The gated recurrent unit of Cho et al. 2014: the reset gate acts on h before the product.

    r, u = σ([x, h] · gates/kernel + gates/bias),  c = φ([x, r∘h] · candidate/kernel + candidate/bias),
    h' = u∘h + (1 − u)∘c. Records call u ``update_gate`` and c ``candidate``.

    Args:
        num_units: units.
        activation, reuse, name, dtype: as in ``LayerRNNCell``.
        kernel_initializer, bias_initializer: fill a tensor in place, as ``torch.nn.init``'s functions do. Without the
            latter the gates' bias starts at 1, so that the unit keeps its state, and the candidate's at 0.

    Variables: ``gates/kernel`` [input + units, 2 · units] in the order r, u, ``gates/bias`` [2 · units],
    ``candidate/kernel`` [input + units, units], ``candidate/bias`` [units].
    """

    default_name = "gru_cell"
    first_variable = "gates/kernel"

    def __init__(
        self,
        num_units: int,
        activation: str | Function | None = None,
        reuse: bool | None = None,
        kernel_initializer: Initializer | None = None,
        bias_initializer: Initializer | None = None,
        name: str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(num_units, activation=activation, reuse=reuse, name=name, dtype=dtype)
        self.kernel_initializer = kernel_initializer
        self.bias_initializer = bias_initializer

    @property
    @override
    def state_size(self) -> int:
        return self.num_units

    @property
    @override
    def output_size(self) -> int:
        return self.num_units

    @override
    def variable_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        units = self.num_units
        return {
            "gates/kernel": (input_size + units, 2 * units),
            "gates/bias": (2 * units,),
            "candidate/kernel": (input_size + units, units),
            "candidate/bias": (units,),
        }

    @override
    def initialise(self, name: str, variable: Tensor) -> None:
        given = self.bias_initializer if name.endswith("bias") else self.kernel_initializer
        if given is not None:
            given(variable)
        elif name == "gates/bias":
            nn.init.ones_(variable)
        else:
            super().initialise(name, variable)

    @override
    def equations_for(self, input_size: int) -> Equations:
        return GRUEquations(
            input_size=input_size,
            hidden_size=self.num_units,
            input_activation=self.activation,
            reset_after=False,
        )

    @override
    def weights(self) -> Weights:
        kernel, bias = (
            torch.cat([self.variable(f"{part}/{name}") for part in ("gates", "candidate")], -1)
            for name in ("kernel", "bias")
        )
        return {**self._halves(kernel), "bias_ih": bias, "bias_hh": torch.zeros_like(bias)}
