"""``RNNCell``: what TensorFlow 1 asks of anything that ``dynamic_rnn`` can run. Knows no equations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard

import torch
from torch import Tensor, nn

from peephole.tf1.states import checked, mapped

if TYPE_CHECKING:
    from peephole.tf1.layer_cell import LayerRNNCell


class RNNCell(nn.Module, ABC):
    """A cell of TensorFlow 1: ``output, new_state = cell(inputs, state)``.

    It is a ``torch.nn.Module``: put it into a model and its variables are parameters, saved, moved and trained like
    any other. Variables are made at the first call, which is when TensorFlow 1 knew the size of the inputs.
    """

    stepped_by_hand: ClassVar[bool] = True

    @property
    @abstractmethod
    def state_size(self) -> Any:
        """Sizes of the state: a number, an ``LSTMStateTuple`` of two, or a tuple of these."""

    @property
    @abstractmethod
    def output_size(self) -> int:
        """Features of the output."""

    @abstractmethod
    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """One step.

        Args:
            x: inputs, shape [batch, input].
            state: in the form of ``state_size``.

        Returns:
            the output, [batch, output], and the new state.
        """

    @abstractmethod
    def run(self, x: Tensor, state: Any, *, lengths: Tensor | None, reverse: bool) -> tuple[Tensor, Any]:
        """Whole sequences.

        Args:
            x: inputs, shape [time, batch, input].
            state: before the first step, in the form of ``state_size``.
            lengths: steps of each sequence, [batch]; None where all have every step.
            reverse: True runs from each sequence's last step to its first.

        Returns:
            the outputs, [time, batch, output], each at the time of its input and 0 past a sequence's end; and the
            state after each sequence's last step.
        """

    @abstractmethod
    def leaves(self, path: str = "") -> Iterator[tuple[str, LayerRNNCell]]:
        """Every cell with variables in here, after TensorFlow's name of it, below the scope ``path``."""

    def zero_state(self, batch_size: int, dtype: torch.dtype) -> Any:
        """A state of zeros.

        Args:
            batch_size: sequences.
            dtype: of the inputs that the cell is going to read.
        """
        return mapped(lambda size: torch.zeros(int(batch_size), size, dtype=dtype), self.state_size)

    def forward(self, inputs: Tensor, state: Any, scope: str | None = None) -> tuple[Tensor, Any]:
        """One step: ``output, new_state = cell(inputs, state)``.

        Args:
            inputs: shape [batch, input].
            state: in the form of ``state_size``, as ``zero_state`` and this call return it.
            scope: taken for TensorFlow's sake; it named variables, which here belong to their cell.

        Raises:
            ValueError: inputs or a state of another shape or dtype.
        """
        x = floating(inputs)
        if x.dim() != 2:
            raise ValueError(f"inputs must have the shape [batch, features], got {list(x.shape)}")
        return self.step(x, checked(self.state_size, state, x, len(x), "state"))

    def variables(self, scope: str = "rnn") -> dict[str, nn.Parameter]:
        """The variables by the names that TensorFlow 1 gave them: ``rnn/basic_lstm_cell/kernel`` and so on.

        Args:
            scope: of the function that ran the cell: "rnn" for ``dynamic_rnn``, "bidirectional_rnn/fw" and
                "bidirectional_rnn/bw" for the two cells of ``bidirectional_dynamic_rnn``.

        Returns:
            none before the first call.
        """
        return {
            f"{path}/{name}": p for path, cell in self.leaves(scope) for name, p in cell.named_parameters()
        }

    def load_variables(self, arrays: Mapping[str, Any], scope: str | None = None) -> None:
        """Takes the arrays of a TensorFlow 1 checkpoint by their names; nothing is changed if one does not fit.

        What belongs to an optimizer (``…/kernel/Adam``) and all other names are left alone.

        Args:
            arrays: name to array or tensor, such as an open ``.npz`` file.
            scope: what stands before the cell's own names, such as "rnn" or "model/bidirectional_rnn/fw"; may be
                left out where there is one place that fits.

        Raises:
            OptionError: a missing name, an array of another shape, or several scopes to choose from.
        """
        from peephole.tf1.variables import load

        load(self, arrays, scope)


def is_cell(name: str, cell: Any) -> TypeGuard[RNNCell]:
    """True for a cell.

    Raises:
        TypeError: anything else.
    """
    if not isinstance(cell, RNNCell):
        raise TypeError(
            f"the argument {name!r} is not an RNNCell but a {type(cell).__name__}: make one with tf.nn.rnn_cell, such "
            "as tf.nn.rnn_cell.BasicLSTMCell(128)"
        )
    return True


def floating(inputs: Any) -> Tensor:
    """Inputs as a tensor of floating-point numbers.

    Raises:
        ValueError: other numbers.
    """
    x = inputs if isinstance(inputs, Tensor) else torch.as_tensor(inputs)
    if not x.is_floating_point():
        raise ValueError(f"RNN cell only supports floating point inputs, but saw dtype: {x.dtype}")
    return x
