"""Cells made of cells: ``MultiRNNCell`` stacks them, ``DropoutWrapper`` puts noise around one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from typing_extensions import override

from peephole.errors import OptionError
from peephole.nn.sequences import alive_steps
from peephole.tf1.base import RNNCell, is_cell
from peephole.tf1.layer_cell import LayerRNNCell
from peephole.tf1.states import LSTMStateTuple, mapped


class MultiRNNCell(RNNCell):
    """Cells on one another: each reads the output of the one below.

    The cells are the children ``cell_0``, ``cell_1``, …; a cell that stands twice shares its variables.

    Args:
        cells: from the lowest up, as a list or tuple.
        state_is_tuple: True: the state is a tuple with one entry a cell. False: one tensor with all of them side by
            side, which cells must then have too.

    Raises:
        ValueError: no cells, or ``state_is_tuple=False`` with cells whose states are tuples.
        TypeError: something that is no cell, or cells that are no list.
    """

    def __init__(self, cells: Sequence[RNNCell], state_is_tuple: bool = True) -> None:
        super().__init__()
        if not isinstance(cells, list | tuple):
            raise TypeError(f"cells must be a list or tuple, but saw: {cells}")
        if not cells:
            raise ValueError("must specify at least one cell for MultiRNNCell")
        self._count = len(cells)
        self.state_is_tuple = state_is_tuple
        for number, cell in enumerate(cells):
            if is_cell(f"cells[{number}]", cell):
                self.add_module(f"cell_{number}", cell)
        if not state_is_tuple and any(isinstance(cell.state_size, tuple) for cell in cells):
            raise ValueError(
                "state_is_tuple=False needs cells whose states are tensors; these have the state sizes "
                f"{[cell.state_size for cell in cells]}"
            )

    @property
    def cells(self) -> list[RNNCell]:
        """The cells from the lowest up."""
        return [self.get_submodule(f"cell_{number}") for number in range(self._count)]  # type: ignore[misc]

    @property
    @override
    def state_size(self) -> Any:
        sizes = tuple(cell.state_size for cell in self.cells)
        return sizes if self.state_is_tuple else sum(sizes)

    @property
    @override
    def output_size(self) -> int:
        return self.cells[-1].output_size

    @override
    def leaves(self, path: str = "") -> Iterator[tuple[str, LayerRNNCell]]:
        here = f"{path}/multi_rnn_cell" if path else "multi_rnn_cell"
        for number, cell in enumerate(self.cells):
            yield from cell.leaves(f"{here}/cell_{number}")

    @override
    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        return self._upwards(x, state, lambda cell, x, state: cell(x, state))

    @override
    def run(self, x: Tensor, state: Any, *, lengths: Tensor | None, reverse: bool) -> tuple[Tensor, Any]:
        return self._upwards(
            x, state, lambda cell, x, state: cell.run(x, state, lengths=lengths, reverse=reverse)
        )

    def _upwards(
        self, x: Tensor, state: Any, through: Callable[[RNNCell, Tensor, Any], tuple[Tensor, Any]]
    ) -> tuple[Tensor, Any]:
        """The inputs through one cell after the other."""
        parts = state if self.state_is_tuple else state.split([cell.state_size for cell in self.cells], -1)
        new = []
        for cell, part in zip(self.cells, parts, strict=True):
            x, after = through(cell, x, part)
            new.append(after)
        return x, tuple(new) if self.state_is_tuple else torch.cat(new, -1)


class DropoutWrapper(RNNCell):
    """Dropout around a cell: kept values are divided by the probability to keep them.

    Output dropout acts on what leaves the cell upwards; the h that the cell itself reads at the next step is whole.
    State dropout acts on that h, and on no c. All of it acts while the module is in training, which it is at first;
    after ``eval()`` everything is kept, as with the probability 1 that one fed TensorFlow for a test.

    Args:
        cell: the cell.
        input_keep_prob, output_keep_prob, state_keep_prob: probabilities to keep a value, above 0 and up to 1.
        variational_recurrent: True holds one mask over all steps of a run, the same for all sequences (Gal &
            Ghahramani 2016, as TensorFlow 1 did it); False draws one for each step.
        input_size, dtype: needed for it by TensorFlow 1: ``dtype`` always, ``input_size`` with ``input_keep_prob``.
        seed: of the masks; the numbers are torch's, not TensorFlow's.

    Raises:
        TypeError: ``cell`` is no cell.
        ValueError: a probability out of range, ``variational_recurrent`` without what it needs.
    """

    def __init__(
        self,
        cell: RNNCell,
        input_keep_prob: float = 1.0,
        output_keep_prob: float = 1.0,
        state_keep_prob: float = 1.0,
        variational_recurrent: bool = False,
        input_size: int | None = None,
        dtype: torch.dtype | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        is_cell("cell", cell)
        self.wrapped_cell = cell
        self.input_keep_prob = _probability("input_keep_prob", input_keep_prob)
        self.output_keep_prob = _probability("output_keep_prob", output_keep_prob)
        self.state_keep_prob = _probability("state_keep_prob", state_keep_prob)
        self.variational_recurrent = variational_recurrent
        if variational_recurrent and dtype is None:
            raise ValueError("when variational_recurrent=True, dtype must be provided")
        if variational_recurrent and self.input_keep_prob < 1 and input_size is None:
            raise ValueError(
                "when variational_recurrent=True and input_keep_prob < 1.0, input_size must be provided"
            )
        self._seed = seed
        self._generator: torch.Generator | None = None

    @property
    @override
    def state_size(self) -> Any:
        return self.wrapped_cell.state_size

    @property
    @override
    def output_size(self) -> int:
        return self.wrapped_cell.output_size

    @property
    def _drops_state(self) -> bool:
        return self.training and self.state_keep_prob < 1

    @override
    def leaves(self, path: str = "") -> Iterator[tuple[str, LayerRNNCell]]:
        yield from self.wrapped_cell.leaves(path)

    @override
    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """One step; the masks are of this step alone.

        Raises:
            OptionError: ``variational_recurrent`` in training.
        """
        if self.variational_recurrent and self.training:
            raise OptionError(
                "variational_recurrent=True holds its masks over a sequence, whose beginning a step does not know: "
                "run the cell by dynamic_rnn, or call eval() on it"
            )
        output, new = self.wrapped_cell(self._dropped(x, self.input_keep_prob), state)
        if self._drops_state:
            new = self._dropped_state(new, self._state_masks(new))
        return self._dropped(output, self.output_keep_prob), new

    @override
    def run(self, x: Tensor, state: Any, *, lengths: Tensor | None, reverse: bool) -> tuple[Tensor, Any]:
        x = self._dropped(x, self.input_keep_prob)
        if self._drops_state:
            outputs, final = self._run_stepped(x, state, lengths, reverse=reverse)
        else:
            outputs, final = self.wrapped_cell.run(x, state, lengths=lengths, reverse=reverse)
        return self._dropped(outputs, self.output_keep_prob), final

    def _run_stepped(
        self, x: Tensor, state: Any, lengths: Tensor | None, *, reverse: bool
    ) -> tuple[Tensor, Any]:
        """Step by step, since what a step hands to the next one passes through a mask."""
        alive = alive_steps(lengths, len(x), x.device)
        if alive is not None:
            x = x.where(alive, 0)  # what stands in the padding must reach neither a value nor a gradient
        held = self._state_masks(state) if self.variational_recurrent else None
        outputs: dict[int, Tensor] = {}
        for t in reversed(range(len(x))) if reverse else range(len(x)):
            output, new = self.wrapped_cell(x[t], state)
            new = self._dropped_state(new, self._state_masks(new) if held is None else held)
            if alive is None:
                state, outputs[t] = new, output
            else:
                here = alive[t]
                state = mapped(lambda after, before, here=here: torch.where(here, after, before), new, state)
                outputs[t] = output.where(here, 0)
        return torch.stack([outputs[t] for t in range(len(x))]), state

    def _dropped(self, values: Tensor, keep: float) -> Tensor:
        """Values (…, batch, feature) through a mask: one for each, or one that all steps and sequences share."""
        if keep == 1 or not self.training:
            return values
        return values * self._mask(
            values.shape[-1:] if self.variational_recurrent else values.shape, keep, values
        )

    def _state_masks(self, state: Any) -> Any:
        """A mask for each tensor of a state."""

        def mask(part: Tensor) -> Tensor:
            shape = part.shape[-1:] if self.variational_recurrent else part.shape
            return self._mask(shape, self.state_keep_prob, part)

        return mapped(mask, state)

    def _dropped_state(self, state: Any, masks: Any) -> Any:
        """A state through its masks, c left whole."""
        if isinstance(state, LSTMStateTuple):
            return LSTMStateTuple(state.c, state.h * masks.h)
        if isinstance(state, tuple):
            return tuple(self._dropped_state(*each) for each in zip(state, masks, strict=True))
        return state * masks

    def _mask(self, shape: Sequence[int], keep: float, like: Tensor) -> Tensor:
        """0 with probability 1 − ``keep``, else 1 / ``keep``."""
        if self._seed is not None and (self._generator is None or self._generator.device != like.device):
            self._generator = torch.Generator(like.device).manual_seed(self._seed)
        kept = torch.empty(tuple(shape), dtype=like.dtype, device=like.device)
        return kept.bernoulli_(keep, generator=self._generator) / keep

    def extra_repr(self) -> str:
        """The probabilities that differ from 1."""
        names = ("input_keep_prob", "output_keep_prob", "state_keep_prob")
        return ", ".join(f"{name}={getattr(self, name)}" for name in names if getattr(self, name) < 1)


def _probability(name: str, value: Any) -> float:
    """A probability to keep, a number or a tensor of one.

    Raises:
        OptionError: outside (0, 1].
    """
    number = float(value)
    if not 0 < number <= 1:
        raise OptionError(f"{name} must be above 0 and at most 1, got {number}")
    return number
