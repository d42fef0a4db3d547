"""Out to PyTorch: a ``state_dict`` for ``torch.nn``'s layers, where these can compute what ours does.

Parameters have torch's names, shapes and order of gates already; what is decided here is whether ``torch.nn`` has a
layer that does the same with them. Dropouts of every kind act in training alone and stay behind.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from peephole.errors import InterchangeError
from peephole.interchange.pytorch.modules import weights
from peephole.nn.cells import RecurrentCell
from peephole.nn.equations import Equations
from peephole.nn.recurrent import RecurrentLayer

Recurrent = RecurrentLayer | RecurrentCell

_TORCHS = ("num_layers", "bias", "batch_first", "dropout", "bidirectional", "proj_size")
_OF_TRAINING = ("forget_bias", "recurrent_dropout", "variational_dropout", "weight_dropout")
_MODULES = {"rnn": (nn.RNN, nn.RNNCell), "lstm": (nn.LSTM, nn.LSTMCell), "gru": (nn.GRU, nn.GRUCell)}
_ADDED = {
    "peephole": "weight_peephole",
    "learned_state": "initial_",
}  # options whose weights do nothing where zero


def to_torch_state_dict(layer: nn.Module) -> dict[str, Tensor]:
    """The values with which ``torch.nn``'s layer of the same sizes computes the same.

    Args:
        layer: a ``peephole.RNN``, ``LSTM``, ``GRU`` or one of their cells, or a module with such layers in it, whose
            other values go along under their own names.

    Returns:
        copies of the parameters under ``torch.nn``'s names, for ``load_state_dict`` and ``torch.save``; weight_norm is
        folded in. Initial states and peepholes that are all zero, which change nothing, are left out.

    Raises:
        InterchangeError: an option that ``torch.nn`` has not; names the option.
    """
    values = {name: value.detach().clone() for name, value in layer.state_dict().items()}
    for path, module in layer.named_modules():
        if isinstance(module, Recurrent):
            prefix = f"{path}." if path else ""
            idle = _idle(path, module)
            values = {name: value for name, value in values.items() if not name.startswith(prefix)}
            own = weights(module, [name for name in _names(module) if name not in idle])
            values |= {prefix + name: value for name, value in own.items()}
    return values


def to_torch(layer: Recurrent) -> nn.Module:
    """``torch.nn``'s layer or cell that computes the same, with its weights.

    Raises:
        InterchangeError: as ``to_torch_state_dict``.
    """
    values = to_torch_state_dict(layer)
    equations = _equations(layer)[0]
    options = {name: value for name, value, _ in layer._options() if name in (*_TORCHS, "nonlinearity")}
    if isinstance(layer, RecurrentCell) or equations.name != "lstm":
        options.pop("proj_size", None)
    made = _MODULES[equations.name][isinstance(layer, RecurrentCell)]
    like = next(iter(values.values()))
    theirs = made(
        equations.input_size, equations.hidden_size, **options, device=like.device, dtype=like.dtype
    )
    theirs.load_state_dict(values)
    return cast(nn.Module, theirs.train(layer.training))


def _equations(layer: Recurrent) -> tuple[Equations, ...]:
    return layer.equations if isinstance(layer, RecurrentLayer) else (layer.equations,)


def _names(layer: Recurrent) -> list[str]:
    """Of its weights, in their order."""
    if isinstance(layer, RecurrentLayer):
        return [name for name, _ in layer._parameter_shapes()]
    return list(layer.equations.parameter_shapes())


def _idle(path: str, layer: Recurrent) -> list[str]:
    """Names of weights that torch has not and that change nothing, once every option is one that torch has."""
    kind = type(layer).__name__
    where = f"{path}: " if path else ""
    if len({equations.hidden_size for equations in _equations(layer)}) > 1:
        raise InterchangeError(
            f"{where}torch.nn.{kind} has layers of one width; this one has hidden_size={layer.hidden_size}"
        )
    if isinstance(layer, RecurrentCell) and (size := getattr(layer, "proj_size", 0)):
        raise InterchangeError(f"{where}torch.nn.{kind} has no projection; this one has proj_size={size}")
    idle: list[str] = []
    for name, value, default in layer._options():
        if value == default or name in _TORCHS or name in _OF_TRAINING:
            continue
        if name == "nonlinearity" and value == "relu":
            continue
        own = weights(
            layer, [key for key in _names(layer) if name in _ADDED and key.startswith(_ADDED[name])]
        )
        if own and not any(bool(torch.any(weight)) for weight in own.values()):
            idle += own
            continue
        hint = "; give its values as the call's initial state instead" if name == "learned_state" else ""
        raise InterchangeError(f"{where}torch.nn.{kind} has no {name}; this one has {name}={value!r}{hint}")
    return idle
