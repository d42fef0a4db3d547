"""Live modules: the recurrent layers and cells, torch's and this project's, inside any ``torch.nn.Module``.

A live module says what it is, so nothing is guessed: classes decide, and a module whose class is another is left out.
In which order the parts feed each other is in ``forward`` and not known here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, cast

from torch import Tensor, nn
from torch.nn.utils.weight_norm import WeightNorm

from peephole.errors import InterchangeError
from peephole.interchange.found import Found, FoundPart, LeftOut
from peephole.nn.cells import RecurrentCell
from peephole.nn.chain import DensePart, EmbeddingPart, RecurrentPart
from peephole.nn.models import CellName, Network
from peephole.nn.recurrent import RecurrentLayer

_RECURRENT = (nn.RNNBase, nn.RNNCellBase, RecurrentLayer, RecurrentCell)
_NOT_OPTIONS = ("batch_first", "forget_bias")  # forget_bias is what weights start at


def found(module: nn.Module) -> Found:
    """Finds the recurrent layers in a module, and its embeddings and linear layers.

    Args:
        module: any module; it is not run and not changed. Values are copied, to the CPU.

    Raises:
        InterchangeError: there is no recurrent layer in it.
    """
    parts: list[FoundPart] = []
    left: list[LeftOut] = []
    notes: list[str] = []
    inside: list[str] = []
    for path, inner in module.named_modules():
        if any(path.startswith(f"{prefix}.") for prefix in inside):
            continue
        name = path or type(module).__name__.lower()
        if isinstance(inner, _RECURRENT):
            inside.append(path)
            part, said = _recurrent(name, inner)
            parts.append(part)
            notes += said
        elif type(inner) is nn.Embedding and inner.max_norm is None:
            parts.append(_embedding(name, inner))
        elif type(inner) is nn.Linear:
            inside.append(path)
            parts.append(_dense(name, inner))
        elif row := _left(name, inner):
            left.append(row)
    if not any(isinstance(part.part, RecurrentPart) for part in parts):
        some = ", ".join(sorted({type(inner).__name__ for inner in module.modules()})[:8])
        raise InterchangeError(
            f"there is no RNN, LSTM or GRU, and none of their cells, in this {type(module).__name__}: "
            f"it is made of {some}"
        )
    return Found(f"live {type(module).__name__}", tuple(parts), _chain(module), tuple(left), tuple(notes))


def _chain(module: nn.Module) -> tuple[str, ...] | None:
    """The order of the parts where it is certain: a layer alone, or a network of this project."""
    if isinstance(module, _RECURRENT):
        return (type(module).__name__.lower(),)
    if isinstance(module, Network):
        return (
            ("embedding", "recurrent", "readout")
            if module.embedding is not None
            else ("recurrent", "readout")
        )
    return None


def _recurrent(name: str, module: nn.Module) -> tuple[FoundPart, list[str]]:
    """A recurrent layer or cell, with sentences on it."""
    notes = []
    theirs = isinstance(module, nn.RNNBase | nn.RNNCellBase)
    cell, options = _of_torch(module) if theirs else _of_ours(module)
    kind = type(module)
    if not kind.__module__.startswith(("torch.nn.modules.rnn", "peephole.nn.")):
        notes.append(
            f"{name}: {kind.__name__} is a subclass, whose own code was not read; it is taken to compute what "
            f"{cell.upper()} computes."
        )
    if getattr(module, "batch_first", False):
        notes.append(f"{name}: it was made with batch_first=True; here time comes first.")
    part = RecurrentPart(name=name, cell=cell, options=options)
    suffix = "_l0" if isinstance(module, nn.RNNCellBase | RecurrentCell) else ""
    wanted = part.layer(device="meta").state_dict()
    folded = _folded(module)
    own = weights(module, [key.removesuffix(suffix) for key in wanted])
    tensors = {f"{key}{suffix}": value.cpu() for key, value in own.items()}
    sources = {key: f"{name}.{key.removesuffix(suffix)}" for key in wanted}
    if folded:
        sources |= {
            f"{key}{suffix}": f"{sources[f'{key}{suffix}']}, with weight_norm folded in" for key in folded
        }
        notes.append(f"{name}: weight_norm was folded into the weights.")
    return FoundPart(part, tensors, sources), notes


def _of_torch(module: nn.Module) -> tuple[CellName, dict[str, Any]]:
    """Cell and options of one of torch's modules."""
    kinds: tuple[tuple[CellName, tuple[type[nn.Module], ...]], ...] = (
        ("lstm", (nn.LSTM, nn.LSTMCell)),
        ("gru", (nn.GRU, nn.GRUCell)),
        ("rnn", (nn.RNN, nn.RNNCell)),
    )
    cell = next((kind for kind, classes in kinds if isinstance(module, classes)), None)
    if cell is None:
        raise InterchangeError(f"{type(module).__name__} is a recurrent module of no kind that is known here")
    defaults: dict[str, Any] = {
        "num_layers": 1,
        "bias": True,
        "dropout": 0.0,
        "bidirectional": False,
        "proj_size": 0,
    }
    if cell == "rnn":
        defaults |= {"nonlinearity": "tanh"}
    values = {name: getattr(module, name, default) for name, default in defaults.items()}
    chosen = {name: value for name, value in values.items() if value != defaults[name]}
    return cell, {"input_size": module.input_size, "hidden_size": module.hidden_size, **chosen}


def _of_ours(module: nn.Module) -> tuple[CellName, dict[str, Any]]:
    """Cell and options of one of this project's modules."""
    own = cast(RecurrentLayer | RecurrentCell, module)
    equations = own.equations if isinstance(own, RecurrentCell) else own.equations[0]
    chosen = {name: value for name, value, default in own._options() if value != default}
    options = {name: value for name, value in chosen.items() if name not in _NOT_OPTIONS}
    return cast(CellName, equations.name), {
        "input_size": own.input_size,
        "hidden_size": own.hidden_size,
        **options,
    }


def _folded(module: nn.Module) -> dict[str, Tensor]:
    """Weights under the older weight_norm, which makes them before each call; the newer one acts when they are read."""
    hooks: Iterable[object] = module._forward_pre_hooks.values()
    return {hook.name: hook.compute_weight(module) for hook in hooks if isinstance(hook, WeightNorm)}


def weights(module: nn.Module, names: Iterable[str]) -> dict[str, Tensor]:
    """Copies of a module's weights as it computes with them, weight_norm and other parametrizations folded in."""
    folded = _folded(module)
    values = {name: cast(Tensor, folded.get(name, getattr(module, name))) for name in names}
    return {name: value.detach().clone() for name, value in values.items()}


def _flat(part: EmbeddingPart | DensePart, module: nn.Module, *names: str) -> FoundPart:
    """An embedding or a linear layer."""
    values = {name: value.cpu() for name, value in weights(module, names).items()}
    return FoundPart(part, values, {name: f"{part.name}.{name}" for name in names})


def _embedding(name: str, module: nn.Embedding) -> FoundPart:
    return _flat(
        EmbeddingPart(name=name, symbols=module.num_embeddings, size=module.embedding_dim), module, "weight"
    )


def _dense(name: str, module: nn.Linear) -> FoundPart:
    biased = module.bias is not None
    part = DensePart(name=name, inputs=module.in_features, outputs=module.out_features, bias=biased)
    return _flat(part, module, "weight", *(["bias"] if biased else []))


def _left(name: str, module: nn.Module) -> LeftOut | None:
    """A row for a module with values of its own; None for those that hold other modules alone."""
    values = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
    if isinstance(module, nn.Embedding):
        reason = f"its max_norm={module.max_norm} changes the vectors whenever they are read"
    elif "quantized" in type(module).__module__:
        return LeftOut(name, type(module).__name__, "it is quantized: its weights are packed")
    elif not values:
        return None
    else:
        reason = f"{type(module).__name__} is neither recurrent, embedding nor linear"
    numbers = sum(math.prod(value.shape) for value in values)
    return LeftOut(name, f"{type(module).__name__}, {numbers:,} numbers", reason)
