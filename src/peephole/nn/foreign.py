"""Adapters that let torch's own recurrent modules be watched: ``torch.nn.RNN``, ``LSTM``, ``GRU`` and their cells.

While anything is being watched, the ``forward`` of those classes asks first who watches this very module; if
somebody does, the module is described as a ``Stack`` and runs like one of ours on the module's own weights: by torch's
own operation, unless the watcher wants another way or holds something fixed. Otherwise torch's code runs untouched.
Classes are adapted rather than instances, so that subclasses which call ``super().forward`` are seen too and no module
is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache, wraps
from threading import Lock
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from peephole.nn import observe
from peephole.nn.call import call_stack
from peephole.nn.call_cell import call_cell
from peephole.nn.equations import Equations
from peephole.nn.gru import GRUEquations
from peephole.nn.lstm import LSTMEquations
from peephole.nn.recurrent import RecurrentLayer
from peephole.nn.rnn import RNNEquations
from peephole.nn.stack import Lane, Stack

Forward = Callable[..., Any]
_THEIRS = (nn.RNNBase, nn.RNNCellBase)


def equations_of(module: nn.RNNBase | nn.RNNCellBase, input_size: int) -> Equations:
    """The equations of one of torch's modules, for a layer that reads ``input_size`` features."""
    sizes: dict[str, Any] = {
        "input_size": input_size,
        "hidden_size": module.hidden_size,
        "bias": bool(module.bias),
    }
    if isinstance(module, nn.LSTM | nn.LSTMCell):
        return LSTMEquations(**sizes, proj_size=getattr(module, "proj_size", 0))
    if isinstance(module, nn.GRU | nn.GRUCell):
        return GRUEquations(**sizes)
    return RNNEquations(**sizes, nonlinearity=str(module.nonlinearity))


def stack_of(module: nn.RNNBase | RecurrentLayer) -> Stack:
    """Describes a recurrent layer, torch's or one of ours, by its equations and its own weights."""
    if isinstance(module, RecurrentLayer):
        return module._stack()
    module._update_flat_weights()
    directions = 2 if module.bidirectional else 1
    flat = iter([weight for weight in module._flat_weights if isinstance(weight, Tensor)])
    layers, size = [], module.input_size
    for _ in range(module.num_layers):
        equations = equations_of(module, size)
        lanes = tuple(
            Lane(equations, {name: next(flat) for name in equations.parameter_shapes()})
            for _ in range(directions)
        )
        layers.append(lanes)
        size = equations.output_size * directions
    return Stack(tuple(layers), module.dropout, module.training, torchs=True)


@lru_cache(maxsize=64)
def _layer_forward(original: Forward) -> Forward:
    """torch's forward of a layer, preceded by the question who watches."""

    @wraps(original)
    def forward(self: nn.RNNBase, input: Tensor | PackedSequence, hx: Any = None) -> Any:
        watch = observe.watch(self)
        if watch is None:
            return original(self, input, hx)
        return call_stack(stack_of(self), input, hx, batch_first=self.batch_first, watch=watch)

    return forward


@lru_cache(maxsize=64)
def _cell_forward(original: Forward) -> Forward:
    """torch's forward of a cell, preceded by the question who watches."""

    @wraps(original)
    def forward(self: nn.RNNCellBase, input: Tensor, hx: Any = None) -> Any:
        watch = observe.watch(self)
        if watch is None:
            return original(self, input, hx)
        equations = equations_of(self, self.input_size)
        weights = {name: getattr(self, name) for name in equations.parameter_shapes()}
        return call_cell(equations, weights, input, hx, watch=watch, torchs=True)

    return forward


class _Adapted:
    """Counts who needs torch's classes adapted; the first adapts them, the last puts them back."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._originals: dict[Any, Forward] = {}

    def __enter__(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                for kind in (nn.RNN, nn.LSTM, nn.GRU):
                    self._adapt(kind, _layer_forward)
                for cell in (nn.RNNCell, nn.LSTMCell, nn.GRUCell):
                    self._adapt(cell, _cell_forward)

    def _adapt(self, kind: Any, adapter: Callable[[Forward], Forward]) -> None:
        self._originals[kind] = kind.forward
        kind.forward = adapter(kind.forward)

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                for kind, original in self._originals.items():
                    kind.forward = original
                self._originals.clear()


_adapted = _Adapted()


@contextmanager
def observing(observer: observe.Observer) -> Iterator[None]:
    """Within the context ``observer`` watches its model, our modules and torch's alike."""
    theirs = any(isinstance(module, _THEIRS) for module in observer.model.modules())
    with _adapted if theirs else nullcontext(), observe.active(observer):
        yield
