"""``LayerRNNCell``: what TensorFlow 1's cells with variables share.

A variable is a ``torch.nn.Parameter`` of TensorFlow's name and shape; a kernel [input + units, columns] holds the rows
of x above those of h. At each run a cell hands our equations their weights, made from the variables inside the autograd
graph, so that gradients arrive where TensorFlow had them. Knows no cell's layout.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from typing_extensions import override

from peephole.errors import OptionError
from peephole.nn import observe
from peephole.nn.call_cell import call_cell
from peephole.nn.equations import Equations, Weights
from peephole.tf1 import sequences
from peephole.tf1.base import RNNCell
from peephole.tf1.functions import Function, name_of

#: Fills a tensor in place, as the functions of ``torch.nn.init`` do.
Initializer = Callable[[Tensor], Any]


class LayerRNNCell(RNNCell):
    """A cell with variables.

    Args:
        num_units: units.
        activation: name or function; None for tanh.
        reuse: None or False; TensorFlow shared variables by name, here one shares the cell.
        name: of the cell in its variables' names; None for the class's own, such as "basic_lstm_cell".
        dtype: of the variables; None for that of the first inputs.
    """

    default_name: ClassVar[str]
    first_variable: ClassVar[str] = "kernel"

    def __init__(
        self,
        num_units: int,
        *,
        activation: str | Function | None,
        reuse: bool | None,
        name: str | None,
        dtype: torch.dtype | None,
    ) -> None:
        super().__init__()
        if reuse:
            raise OptionError(
                f"reuse={reuse!r} shares the variables of another cell by their name: use that cell's object itself"
            )
        self.num_units = _units(num_units)
        self.activation = name_of(activation)
        self.name = name or self.default_name
        self.dtype = dtype

    @abstractmethod
    def variable_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the variables for inputs of ``input_size`` features."""

    @abstractmethod
    def equations_for(self, input_size: int) -> Equations:
        """The equations for inputs of ``input_size`` features."""

    @abstractmethod
    def weights(self) -> Weights:
        """The variables as the equations name and shape them."""

    @property
    def built(self) -> bool:
        """Whether the variables are there."""
        return hasattr(self, self.first_variable)

    def variable(self, name: str) -> Tensor:
        """A variable as it is now: the parameter, or what ``torch.func`` or a parametrization put in its place."""
        return getattr(self, name)  # type: ignore[no-any-return]

    @property
    def input_size(self) -> int | None:
        """Features of the inputs; None before the variables are there."""
        return len(self.variable(self.first_variable)) - self.output_size if self.built else None

    @property
    def equations(self) -> Equations | None:
        """The equations that it runs; None before the variables are there."""
        size = self.input_size
        return None if size is None else self.equations_for(size)

    def build(
        self,
        inputs_shape: Sequence[int],
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        """Makes the variables, which the first call does by itself; does nothing where they are there.

        Kernels are drawn from Glorot's uniform distribution and biases are 0, as TensorFlow 1 did it by default.

        Args:
            inputs_shape: shape of the inputs; only its last number counts.
            dtype, device: of the variables, where the constructor gave no dtype.

        Raises:
            ValueError: they are there, for inputs of another size.
        """
        size = int(inputs_shape[-1])
        if self.built:
            if size != self.input_size:
                raise ValueError(
                    f"{self.name} got inputs of {size} features, and its {self.first_variable} "
                    f"{list(self.variable(self.first_variable).shape)} was made for {self.input_size}: use one "
                    "cell for inputs of one size"
                )
            return
        for name, shape in self.variable_shapes(size).items():
            variable = nn.Parameter(torch.empty(shape, dtype=self.dtype or dtype, device=device))
            self.register_parameter(name, variable)
            self.initialise(name, variable)

    def initialise(self, name: str, variable: Tensor) -> None:
        """Sets a new variable: biases to 0, the others to U(−limit, limit), limit² = 6 / (fan in + fan out)."""
        if name.endswith("bias"):
            nn.init.zeros_(variable)
            return
        limit = math.sqrt(6.0 / (variable.shape[0] + variable.shape[-1]))
        nn.init.uniform_(variable, -limit, limit)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        saved = state_dict.get(prefix + self.first_variable)
        if saved is not None and not self.built:
            self.build((len(saved) - self.output_size,), dtype=saved.dtype, device=saved.device)
        super()._load_from_state_dict(state_dict, prefix, *args)

    @override
    def leaves(self, path: str = "") -> Iterator[tuple[str, LayerRNNCell]]:
        yield f"{path}/{self.name}" if path else self.name, self

    def to_ours(self, state: Any) -> Any:
        """A state as our equations take it."""
        return state

    def to_theirs(self, state: Any) -> Any:
        """The inverse of ``to_ours``."""
        return state

    @override
    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        self.build(x.shape, dtype=x.dtype, device=x.device)
        equations = self.equations_for(x.shape[-1])
        new = call_cell(equations, self.weights(), x, self.to_ours(state), watch=observe.watch(self))
        return (new if isinstance(new, Tensor) else new[0]), self.to_theirs(new)  # type: ignore[return-value]

    @override
    def run(self, x: Tensor, state: Any, *, lengths: Tensor | None, reverse: bool) -> tuple[Tensor, Any]:
        self.build(x.shape, dtype=x.dtype, device=x.device)
        outputs, final = sequences.run(
            self.equations_for(x.shape[-1]),
            self.weights(),
            x,
            self.to_ours(state),
            lengths=lengths,
            reverse=reverse,
            watch=observe.watch(self),
        )
        return outputs, self.to_theirs(final)

    def _halves(self, kernel: Tensor) -> dict[str, Tensor]:
        """W and R from a kernel [input + output, rows], whose columns are in our order."""
        size = len(kernel) - self.output_size
        return {"weight_ih": kernel[:size].t().contiguous(), "weight_hh": kernel[size:].t().contiguous()}

    def extra_repr(self) -> str:
        """Sizes as far as they are known."""
        return f"{self.num_units}" + (f", input_size={self.input_size}" if self.built else ", not built yet")


def _units(value: Any) -> int:
    """``num_units``.

    Raises:
        OptionError: no whole number of at least 1.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise OptionError(f"num_units must be a whole number of at least 1, got {value!r}")
    return value
