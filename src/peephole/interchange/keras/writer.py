"""Our layers as arrays for Keras: what ``set_weights`` takes, and what the Keras layer must be told.

    for written in to_keras_arrays(layer):
        made = getattr(keras.layers, written.kind)(**written.config)
        if written.merge_mode is not None:
            made = keras.layers.Bidirectional(made, merge_mode=written.merge_mode)
        …                                             # once the model is built:
        made.set_weights(written.arrays)

Writes no file and needs no Keras. What Keras's layers cannot compute is refused. Options that act in training alone
(dropouts) are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch import Tensor, nn

from peephole.errors import InterchangeError
from peephole.interchange import gate_orders
from peephole.interchange.imported import Imported
from peephole.interchange.keras.cells import CELLS, ORDERS
from peephole.interchange.keras.layers import MERGES
from peephole.nn.activations import Activation
from peephole.nn.chain import ActivationPart, DensePart, EmbeddingPart, Part, RecurrentPart
from peephole.nn.chain_network import Chain, Dense
from peephole.nn.layers import GRU, LSTM, RNN
from peephole.nn.models import CellName, Network
from peephole.nn.recurrent import RecurrentLayer

KINDS = {name: kind for kind, name in CELLS.items()}
OUR_MERGES = {ours: theirs for theirs, ours in MERGES.items()}

# Options that Keras has too, or that do not change what a trained network computes.
EXPRESSED = (
    *(
        "num_layers",
        "bias",
        "batch_first",
        "bidirectional",
        "merge",
        "reverse",
        "reset_after",
        "nonlinearity",
    ),
    *("gate_activation", "input_activation", "output_activation"),
)
TRAINING_ONLY = ("dropout", "recurrent_dropout", "variational_dropout", "weight_dropout", "forget_bias")

SAME = ("tanh", "sigmoid", "relu", "softplus", "softsign", "elu", "selu", "gelu", "silu")


@dataclass(frozen=True, eq=False)
class KerasArrays:
    """One layer of Keras.

    Attributes:
        kind: its class: "LSTM", "GRU", "SimpleRNN", "Embedding", "Dense" or "Activation".
        config: keywords of its constructor.
        merge_mode: of the ``Bidirectional`` around it; None where there is one direction.
        arrays: in the order of ``set_weights``, the forward direction's first.
        name: of the part or layer that it is.
    """

    kind: str
    config: Mapping[str, Any]
    merge_mode: str | None
    arrays: Sequence[np.ndarray]
    name: str


def to_keras_arrays(layer: nn.Module, *, keras_version: Literal[2, 3] = 3) -> tuple[KerasArrays, ...]:
    """A layer or network as layers of Keras, one after another.

    Args:
        layer: a ``peephole.RNN``, ``LSTM`` or ``GRU``, a ``Network``, a ``Chain``, or what ``load`` gives. A
            ``Network`` without an embedding reads its symbols one-hot, and so must the Keras layers.
        keras_version: which Keras they are for: its ``hard_sigmoid`` is ours of that name in Keras 2, and
            ``hard_sigmoid_6`` in Keras 3.

    Returns:
        A layer of Keras for each layer of ours. A ``reverse`` layer gives its outputs in reversed order of time, as
        Keras's ``go_backwards`` does.

    Raises:
        InterchangeError: something that Keras's layers do not have; the message names the option.
    """
    if isinstance(layer, Imported):
        layer = layer.wired()
    if isinstance(layer, Chain):
        return _chain(layer, keras_version)
    if isinstance(layer, Network):
        embedding = [] if layer.embedding is None else [_embedding("embedding", layer.embedding, None)]
        recurrent = _recurrent("recurrent", layer.recurrent, keras_version)
        return (*embedding, *recurrent, _dense("readout", layer.readout, "identity", keras_version))
    if isinstance(layer, RecurrentLayer):
        return tuple(_recurrent(type(layer).__name__.lower(), layer, keras_version))
    raise InterchangeError(
        f"Keras arrays are made of a peephole RNN, LSTM or GRU, a Network, a Chain or what load gives, got "
        f"{type(layer).__name__}"
    )


def _chain(chain: Chain, version: int) -> tuple[KerasArrays, ...]:
    found: list[KerasArrays] = []
    for part, name in zip(chain.config.parts, chain.module_names, strict=True):
        found += _part(part, chain.get_submodule(name), version)
    return tuple(found)


def _part(part: Part, module: nn.Module, version: int) -> list[KerasArrays]:
    """One part of a chain."""
    if isinstance(part, EmbeddingPart) and isinstance(module, nn.Embedding):
        return [_embedding(part.name, module, part.masked)]
    if isinstance(part, DensePart) and isinstance(module, Dense):
        return [_dense(part.name, module, part.activation, version)]
    if isinstance(part, ActivationPart):
        config = {"activation": _function(part.name, part.activation, version)}
        return [KerasArrays("Activation", config, None, [], part.name)]
    assert isinstance(part, RecurrentPart)
    assert isinstance(module, RecurrentLayer)
    if part.returns == "sequence" and part.flipped != module.reverse:
        have, need = ("reversed", "in order") if module.reverse else ("in order", "reversed")
        raise InterchangeError(
            f"{part.name!r}: Keras's layer gives its outputs {have}, and the chain has them {need}"
        )
    return _recurrent(part.name, module, version, last=part.returns == "last")


def _embedding(name: str, module: nn.Embedding, masked: int | None) -> KerasArrays:
    if masked not in (None, 0):
        raise InterchangeError(f"{name!r}: Keras masks the symbol 0 alone, got masked={masked}")
    config = {"input_dim": module.num_embeddings, "output_dim": module.embedding_dim}
    return KerasArrays(
        "Embedding",
        config | ({"mask_zero": True} if masked == 0 else {}),
        None,
        [_array(module.weight)],
        name,
    )


def _dense(name: str, module: nn.Linear, activation: Activation, version: int) -> KerasArrays:
    config = {"units": module.out_features, "activation": _function(name, activation, version)}
    arrays = [_array(module.weight).T]
    if module.bias is None:
        config["use_bias"] = False
    else:
        arrays.append(_array(module.bias))
    return KerasArrays("Dense", config, None, arrays, name)


def _function(name: str, activation: Activation, version: int) -> str:
    """Keras's name of what a part does to its outputs."""
    return "softmax" if activation == "softmax" else _activation(f"{name!r}: activation", activation, version)


def _recurrent(name: str, layer: RecurrentLayer, version: int, *, last: bool = False) -> list[KerasArrays]:
    """A layer of Keras for each layer of a stack."""
    if not isinstance(layer, LSTM | GRU | RNN):
        raise InterchangeError(f"{name!r}: Keras has LSTM, GRU and SimpleRNN, got {type(layer).__name__}")
    cell: CellName = "lstm" if isinstance(layer, LSTM) else "gru" if isinstance(layer, GRU) else "rnn"
    kind = KINDS[cell]
    for option, value, default in layer._options():
        if option not in (*EXPRESSED, *TRAINING_ONLY) and value != default:
            raise InterchangeError(f"{name!r}: {option}={value!r} cannot be expressed by Keras's {kind}")
    if isinstance(layer, LSTM):
        equations = layer.equations[0]
        inner, outer = (getattr(equations, f"{which}_activation") for which in ("input", "output"))
        if inner != outer:
            raise InterchangeError(
                f"{name!r}: input_activation={inner!r} and output_activation={outer!r}: Keras's LSTM has one for both"
            )
    found = []
    for number, equations in enumerate(layer.equations):
        top = number == len(layer.equations) - 1
        config = {"units": equations.hidden_size, **_functions(name, cell, equations, version)}
        config["return_sequences"] = not (last and top)
        if not layer.bias:
            config["use_bias"] = False
        # The first layer leaves its outputs reversed, so that those above read on in that order.
        if layer.reverse and number == 0:
            config["go_backwards"] = True
        arrays = [array for lane in layer._names[number] for array in _arrays(layer, lane, cell, config)]
        label = name if len(layer.equations) == 1 else f"{name}/{number}"
        merge = OUR_MERGES[layer.merge] if layer.bidirectional else None
        found.append(KerasArrays(kind, config, merge, arrays, label))
    return found


def _functions(name: str, cell: CellName, equations: Any, version: int) -> dict[str, Any]:
    """Keywords of a Keras layer that say what a step computes."""
    if cell == "rnn":
        return {"activation": _activation(f"{name!r}: nonlinearity", equations.nonlinearity, version)}
    functions = {
        "activation": _activation(f"{name!r}: input_activation", equations.input_activation, version),
        "recurrent_activation": _activation(f"{name!r}: gate_activation", equations.gate_activation, version),
    }
    return functions | ({"reset_after": equations.reset_after} if cell == "gru" else {})


def _arrays(
    layer: RecurrentLayer, lane: Mapping[str, str], cell: CellName, config: Mapping[str, Any]
) -> list[np.ndarray]:
    """One direction: kernel, recurrent kernel, bias."""

    def reordered(name: str) -> np.ndarray:
        array = _array(getattr(layer, lane[name]))
        return gate_orders.reorder(array, gate_orders.OURS[cell], gate_orders.spelled(ORDERS[cell], cell))

    kernels = [np.ascontiguousarray(reordered(name).T) for name in ("weight_ih", "weight_hh")]
    if not layer.bias:
        return kernels
    both = np.stack([reordered("bias_ih"), reordered("bias_hh")])
    return [*kernels, both if config.get("reset_after") else both.sum(0)]


def _activation(where: str, value: Activation, version: int) -> str:
    """Keras's name of a function.

    Raises:
        InterchangeError: this version of Keras has none; names ``where``.
    """
    name, *parameters = (value,) if isinstance(value, str) else value
    if name == "identity":
        return "linear"
    if (name in SAME and not parameters) or (name, parameters) == ("elu", [1.0]):
        return str(name)
    if (name, parameters) == ("leaky_relu", [0.2]):
        return "leaky_relu"
    if version >= 3 and value == "hard_sigmoid_6":
        return "hard_sigmoid"
    if version < 3 and name == "hard_sigmoid" and parameters in ([], [0.2, 0.5]):
        return "hard_sigmoid"
    if name == "hard_tanh" and version >= 3:
        return "hard_tanh"
    raise InterchangeError(f"{where}={value!r} is no activation of Keras {version}'s by name")


def _array(parameter: Tensor) -> np.ndarray:
    return np.array(parameter.detach().cpu().numpy())
