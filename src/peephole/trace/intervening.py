"""Intervening: holding units at a value while the model runs, to see what they do.

An address names what is held: ``l{layer}[_reverse].{quantity}.{unit}``, with the module's name before it where the
model has several recurrent modules ("encoder.lstm.l0.cell.41"), and ``*`` for every unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Real

import torch
from torch import Tensor, nn

from peephole.errors import OptionError
from peephole.nn.equations import Equations
from peephole.nn.foreign import equations_of, observing
from peephole.nn.observe import Observer
from peephole.nn.record import Override
from peephole.nn.recurrent import RecurrentLayer
from peephole.nn.stack import DIRECTIONS

_ADDRESS = re.compile(
    r"(?:(?P<module>.+)\.)?l(?P<layer>\d+)(?P<reverse>_reverse)?\.(?P<quantity>[a-z_]+)\.(?P<unit>\d+|\*)"
)


class Intervention(Observer):
    """What is held fixed in a model, by module."""

    def __init__(self, model: nn.Module, held: Mapping[int, Sequence[Override]]) -> None:
        super().__init__(model)
        self._held = held

    def overrides(self, module: nn.Module) -> Sequence[Override]:
        """What is held fixed in ``module``."""
        return self._held.get(id(module), ())


@contextmanager
def intervene(
    model: nn.Module, clamps: Mapping[str, float | Tensor], *, steps: slice | Iterable[int] | None = None
) -> Iterator[None]:
    """Within the context, the addressed quantities of ``model`` are held at their values.

    A gate's clamp acts before the cell is updated, a cell's after it, a hidden's last; so a clamped cell still passes
    its output gate. (With zoneout it is cell_before_zoneout that does, and cell what the next step starts from.) Works
    for our layers and cells and for ``torch.nn``'s; layers in which something is held run the kernels on the CPU, and
    the reference where those do not serve.

    Args:
        model: any module with recurrent layers or cells.
        clamps: address to value: ``{"l0.cell.41": 0.0}``; a number, or a tensor of shape (batch,) with one for each
            sequence, NaN where that sequence is left alone.
        steps: the input times at which they are held, from 0: numbers, or a slice of the run's steps, such as
            ``slice(-10, None)``; None for all.

    Raises:
        OptionError: an address that names nothing in the model (the message says what there is), a value that is
            no number, a step before 0.
    """
    if isinstance(model, torch.jit.ScriptModule):
        raise OptionError(
            "a scripted module cannot be reached inside: use the module that it was scripted from"
        )
    times = _times(steps)
    held: dict[int, list[Override]] = {}
    for address, value in clamps.items():
        module, override = _resolve(model, address, value, times)
        held.setdefault(id(module), []).append(override)
    with observing(Intervention(model, held)):
        yield


def _times(steps: slice | Iterable[int] | None) -> frozenset[int] | slice | None:
    """The chosen input times."""
    if steps is None or isinstance(steps, slice):
        return steps
    if isinstance(steps, int):
        raise OptionError(f"steps must be several input times or a slice: write [{steps}], got {steps}")
    times = frozenset(steps)
    if any(time < 0 for time in times):
        raise OptionError(f"steps are input times from 0 on, or a slice; got {sorted(times)}")
    return times


def _layers_of(module: nn.Module) -> tuple[Sequence[Equations], Sequence[str]] | None:
    """The equations and the directions of each layer; None for a module that is not recurrent."""
    if isinstance(module, RecurrentLayer):
        return module.equations, module.directions
    # A cell of ours or of peephole.tf1.
    if isinstance(equations := getattr(module, "equations", None), Equations):
        return [equations], DIRECTIONS[:1]
    if isinstance(module, nn.RNNBase):
        directions = DIRECTIONS[: 1 + bool(module.bidirectional)]
        return [equations_of(module, module.input_size)] * module.num_layers, directions
    if isinstance(module, nn.RNNCellBase):
        return [equations_of(module, module.input_size)], DIRECTIONS[:1]
    return None


def _resolve(
    model: nn.Module, address: str, value: float | Tensor, steps: frozenset[int] | slice | None
) -> tuple[nn.Module, Override]:
    """The module that an address means, and what is held in it."""
    recurrent = {name: m for name, m in model.named_modules() if _layers_of(m) is not None}
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise OptionError(
            f"{address!r} is no address: write l<layer>[_reverse].<quantity>.<unit or *>, for example l0.cell.41, "
            f"after one of the modules {sorted(recurrent)} where there are several"
        )
    name = match["module"]
    if name is None and len(recurrent) == 1:
        (name,) = recurrent
    if name is None:
        name = ""
    if name not in recurrent:
        raise OptionError(f"{address!r} names no recurrent module; the model has {sorted(recurrent)}")
    found = _layers_of(recurrent[name])
    layers, directions = found if found is not None else ((), ())
    layer, direction = int(match["layer"]), "backward" if match["reverse"] else "forward"
    if layer >= len(layers) or direction not in directions:
        suffixes = ["_reverse" if name == "backward" else "" for name in directions]
        lanes = [f"l{k}{suffix}" for k in range(len(layers)) for suffix in suffixes]
        raise OptionError(f"{address!r} names no layer; {name or 'the model'} has {', '.join(lanes)}")
    equations, quantity = layers[layer], match["quantity"]
    if quantity not in equations.quantities:
        reason = equations.absent.get(quantity, f"an {equations.name} has no {quantity}")
        raise OptionError(f"{address!r}: {reason}; it has {', '.join(equations.quantities)}")
    unit = None if match["unit"] == "*" else int(match["unit"])
    size = equations.size_of(quantity)
    if unit is not None and unit >= size:
        raise OptionError(f"{address!r}: the units of this layer's {quantity} are 0 to {size - 1}")
    if not isinstance(value, Real | Tensor):
        raise OptionError(
            f"{address!r} must be held at a number or a tensor of shape (batch,), got {value!r}"
        )
    return recurrent[name], Override(layer, direction, quantity, unit, value, steps)
