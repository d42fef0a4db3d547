"""Out to PyTorch: a ``state_dict`` for ``torch.nn``'s layers, where these can compute what ours does.

Parameters have torch's names, shapes and order of gates already; what is decided here is whether ``torch.nn`` has a
layer that does the same with them. Dropouts of every kind act in training alone and stay behind.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from peephole.errors import InterchangeError, OptionError
from peephole.interchange.imported import Imported
from peephole.interchange.pytorch.modules import weights
from peephole.nn.cells import RecurrentCell
from peephole.nn.chain_network import Chain
from peephole.nn.equations import Equations
from peephole.nn.recurrent import RecurrentLayer

Recurrent = RecurrentLayer | RecurrentCell

_TORCHS = ("num_layers", "bias", "batch_first", "dropout", "bidirectional", "proj_size")
_OF_TRAINING = ("forget_bias", "recurrent_dropout", "variational_dropout", "weight_dropout")
_ADDED = {
    "peephole": "weight_peephole",
    "learned_state": "initial_",
}  # options whose weights do nothing where zero


def to_torch_state_dict(layer: nn.Module) -> dict[str, Tensor]:
    """The values with which ``torch.nn``'s layer of the same sizes computes the same.

    Args:
        layer: a ``peephole.RNN``, ``LSTM``, ``GRU`` or one of their cells, or a module with such layers in it, whose
            other values go along under their own names. Those of a ``Chain`` and of what ``load`` gives go under
            the names of their parts in the file, ``encoder.lstm.weight_ih_l0``.

    Returns:
        copies of the parameters under ``torch.nn``'s names, for ``load_state_dict`` and ``torch.save``; weight_norm is
        folded in. Initial states and peepholes that are all zero, which change nothing, are left out.

    Raises:
        InterchangeError: an option that ``torch.nn`` has not; names the option.
        OptionError: no module.
    """
    if not isinstance(layer, nn.Module):
        raise OptionError(f"to_torch_state_dict takes a layer or another module, got {type(layer).__name__}")
    values: dict[str, Tensor] = {}
    for name, module in _parts(layer).items():
        values |= _values(name, module)
    return values


def _parts(module: nn.Module) -> dict[str, nn.Module]:
    """What a module is made of, by the names in front of its values; itself by "" where it has no names of a file."""
    if isinstance(module, Chain):
        names = zip(module.config.parts, module.module_names, strict=True)
        return {part.name: module.get_submodule(name) for part, name in names}
    if not isinstance(module, Imported):
        return {"": module}
    parts = {**({} if module.chain is None else _parts(module.chain)), **module.layers}
    # A file may hold a layer alone, whose tensors have no name in front.
    rows = [row for row in module.understood.rows if row.sources]
    bare = [row.name for row in rows if all(own == key for own, key in row.sources.items())]
    return {"" if bare == [name] else name: part for name, part in parts.items()}


def _values(name: str, module: nn.Module) -> dict[str, Tensor]:
    """The values of a module, with its name in front."""
    before = f"{name}." if name else ""
    values = {before + key: value.detach().clone() for key, value in module.state_dict().items()}
    for path, inner in module.named_modules(prefix=name):
        if isinstance(inner, Recurrent):
            prefix = f"{path}." if path else ""
            idle = _idle(path, inner)
            values = {key: value for key, value in values.items() if not key.startswith(prefix)}
            own = weights(inner, [key for key in _names(inner) if key not in idle])
            values |= {prefix + key: value for key, value in own.items()}
    return values


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
