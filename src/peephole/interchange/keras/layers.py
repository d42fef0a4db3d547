"""One layer of a Keras file, with its arrays, as parts of a chain. Knows nothing of files and of other layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from peephole.errors import InterchangeError
from peephole.interchange.found import FoundPart
from peephole.interchange.keras import cells
from peephole.interchange.keras.activations import LAYERS as ACTIVATION_LAYERS
from peephole.interchange.keras.activations import CannotExpress, activation, is_custom
from peephole.interchange.keras.cells import Cell, flag, size
from peephole.interchange.keras.files import plain
from peephole.interchange.keras.graph import KerasLayer
from peephole.interchange.keras.weights import Weight
from peephole.nn.chain import DensePart, EmbeddingPart, RecurrentPart

RECURRENT = ("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU", "RNN")
ACTIVATIONS = ("Activation", "Softmax", "ReLU", *ACTIVATION_LAYERS)
MERGES = {"concat": "concat", "sum": "sum", "mul": "product", "ave": "mean"}

# Layers that let their input through once training is over.
TRAINING_ONLY = (
    "Dropout",
    "SpatialDropout1D",
    "GaussianDropout",
    "GaussianNoise",
    "AlphaDropout",
    "ActivityRegularization",
)


@dataclass(frozen=True)
class Understood:
    """What one layer came to: parts, and sentences about it."""

    parts: tuple[FoundPart, ...]
    notes: tuple[str, ...] = ()


def understood(layer: KerasLayer, weights: Sequence[Weight], version: int) -> Understood:
    """A layer as parts.

    Args:
        layer: of the architecture.
        weights: its arrays in Keras's order.
        version: Keras's.

    Raises:
        CannotExpress: no part is the same.
        InterchangeError: it is damaged; its message does not name the layer.
    """
    if layer.kind == "Lambda":
        raise CannotExpress("it is code of the file's author, which is never run")
    if layer.custom:
        raise CannotExpress("its class is its author's own")
    if layer.kind == "Embedding":
        return _embedding(layer, weights)
    if layer.kind == "Dense":
        return _dense(layer.name, layer.config, weights, version)
    if layer.kind == "TimeDistributed":
        kind, config = _inner(layer.config.get("layer"))
        if kind != "Dense":
            raise CannotExpress(f"it applies {plain(kind)} at every step; only Dense can be expressed")
        return _dense(layer.name, config, weights, version)
    if layer.kind in RECURRENT:
        return _recurrent(layer.name, layer.kind, layer.config, weights, version)
    if layer.kind == "Bidirectional":
        return _bidirectional(layer.name, layer.config, weights, version)
    raise CannotExpress(f"no part of a chain is of the class {plain(layer.kind)}")


def _embedding(layer: KerasLayer, weights: Sequence[Weight]) -> Understood:
    symbols, width = size(layer.config, "input_dim"), size(layer.config, "output_dim")
    (name, table), *_ = _exactly(weights, ["embeddings"], layer.config)
    if table.shape != (symbols, width):
        raise InterchangeError(f"array {plain(name)!r} has the shape {table.shape}, not {(symbols, width)}")
    part = EmbeddingPart(
        name=layer.name,
        symbols=symbols,
        size=width,
        masked=0 if flag(layer.config, "mask_zero", False) else None,
    )
    return Understood((FoundPart(part, {"weight": cells.tensor(name, table)}, {"weight": plain(name)}),))


def _dense(name: str, config: Mapping[str, Any], weights: Sequence[Weight], version: int) -> Understood:
    units, bias = size(config, "units"), flag(config, "use_bias", True)
    found = _exactly(weights, ["kernel", "bias"][: 1 + bias], config)
    kernel_name, kernel = found[0]
    if kernel.ndim != 2 or kernel.shape[1] != units or not kernel.shape[0]:
        raise InterchangeError(
            f"array {plain(kernel_name)!r} has the shape {kernel.shape}, not (inputs, {units})"
        )
    tensors, sources = (
        {"weight": cells.tensor(kernel_name, kernel.T)},
        {"weight": f"{plain(kernel_name)}, transposed"},
    )
    if bias:
        bias_name, values = found[1]
        if values.shape != (units,):
            raise InterchangeError(f"array {plain(bias_name)!r} has the shape {values.shape}, not ({units},)")
        tensors["bias"], sources["bias"] = cells.tensor(bias_name, values), plain(bias_name)
    part = DensePart(
        name=name,
        inputs=kernel.shape[0],
        outputs=units,
        bias=bias,
        activation=activation(config.get("activation"), version, softmax=True),
    )
    return Understood((FoundPart(part, tensors, sources),), _precision(name, config))


def _exactly(weights: Sequence[Weight], names: list[str], config: Mapping[str, Any]) -> Sequence[Weight]:
    """As many arrays as there are names."""
    if config.get("lora_rank"):
        raise CannotExpress("it is a layer with a low-rank update (LoRA) beside its weights; merge it first")
    if len(weights) != len(names):
        have = ", ".join(plain(name) for name, _ in weights[:6]) or "none"
        raise InterchangeError(
            f"it needs the arrays {', '.join(names)} and the file has {len(weights)}: {have}"
        )
    return weights


def _inner(entry: Any) -> tuple[str, Mapping[str, Any]]:
    """Class and configuration of the layer that a wrapper wraps."""
    if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
        raise InterchangeError(
            f"the layer in it is {plain(repr(entry))}, not an object with a class and a configuration"
        )
    if is_custom(entry):
        raise CannotExpress(
            f"the class of the layer in it, {plain(repr(entry.get('class_name')))}, is its author's own"
        )
    return str(entry.get("class_name")), entry["config"]


def _cells(kind: str, config: Mapping[str, Any], version: int) -> list[Cell]:
    """The cells of a recurrent layer, the lowest first."""
    if kind != "RNN":
        return [cells.cell(kind, config, version)]
    inner = config.get("cell")
    if isinstance(inner, dict) and inner.get("class_name") == "StackedRNNCells" and not is_custom(inner):
        listed = inner["config"].get("cells") if isinstance(inner.get("config"), dict) else None
        if not isinstance(listed, list) or not listed:
            raise InterchangeError("its stack of cells lists none")
        return [cells.cell_of(entry, version) for entry in listed]
    return [cells.cell_of(inner, version)]


def _recurrent(
    name: str, kind: str, config: Mapping[str, Any], weights: Sequence[Weight], version: int
) -> Understood:
    """One direction; a stack of cells becomes a part a cell."""
    stack = _cells(kind, config, version)
    if len(weights) != (needed := sum(cell.arrays for cell in stack)):
        raise InterchangeError(f"it needs {needed} arrays and the file has {len(weights)}")
    backwards, sequences = flag(config, "go_backwards", False), flag(config, "return_sequences", False)
    parts, at = [], 0
    for number, cell in enumerate(stack):
        tensors, sources = cells.tensors(cell, weights[at : at + cell.arrays])
        at += cell.arrays
        top = number == len(stack) - 1
        part = RecurrentPart(
            name=name if len(stack) == 1 else f"{name}/{number}",
            cell=cell.name,
            options=_options(cell, tensors) | ({"reverse": True} if backwards else {}),
            returns="sequence" if sequences or not top else "last",
            flipped=backwards and sequences and top,
        )
        parts.append(FoundPart(part, tensors, sources))
    return Understood(tuple(parts), _notes(name, config))


def _bidirectional(
    name: str, config: Mapping[str, Any], weights: Sequence[Weight], version: int
) -> Understood:
    kind, inside = _inner(config.get("layer"))
    if kind not in RECURRENT:
        raise CannotExpress(f"it wraps {plain(kind)}, which is no recurrent layer that can be expressed")
    merge = config.get("merge_mode", "concat")
    if merge is None:
        raise CannotExpress(
            "its merge_mode is None: it gives the outputs of two directions apart, and a chain has one"
        )
    if merge not in MERGES:
        raise InterchangeError(f"its 'merge_mode' is {plain(repr(merge))}, not one of {', '.join(MERGES)}")
    stack = _cells(kind, inside, version)
    if len(stack) > 1:
        raise CannotExpress("both directions of it are stacks of cells, which no one part is")
    if flag(inside, "go_backwards", False):
        raise CannotExpress("the layer in it has go_backwards, so that its directions are exchanged")
    if config.get("backward_layer") is not None:
        _same_backward(stack, config["backward_layer"], kind, inside, version)
    cell, tensors, sources = stack[0], dict[str, Tensor](), dict[str, str]()
    if len(weights) != 2 * cell.arrays:
        raise InterchangeError(f"it needs {2 * cell.arrays} arrays and the file has {len(weights)}")
    for half, suffix in ((weights[: cell.arrays], "_l0"), (weights[cell.arrays :], "_l0_reverse")):
        own, told = cells.tensors(cell, half, suffix)
        tensors |= own
        sources |= told
    if tensors["weight_ih_l0"].shape != tensors["weight_ih_l0_reverse"].shape:
        raise InterchangeError("its two directions read different numbers of features")
    options = _options(cell, tensors) | {"bidirectional": True}
    if merge != "concat":
        options["merge"] = MERGES[merge]
    sequences = flag(inside, "return_sequences", False)
    part = RecurrentPart(
        name=name, cell=cell.name, options=options, returns="sequence" if sequences else "last"
    )
    return Understood((FoundPart(part, tensors, sources),), _notes(name, inside))


def _same_backward(stack: list[Cell], entry: Any, kind: str, inside: Mapping[str, Any], version: int) -> None:
    """A layer of its own for the backward direction must be the forward one's twin."""
    other_kind, other = _inner(entry)
    if other_kind not in RECURRENT or _cells(other_kind, other, version) != stack:
        raise CannotExpress(
            "its backward layer is of another kind, size or activation than its forward layer"
        )
    if not flag(other, "go_backwards", False):
        raise CannotExpress("its backward layer does not have go_backwards")
    if flag(other, "return_sequences", False) != flag(inside, "return_sequences", False):
        raise InterchangeError("one of its directions returns sequences and the other does not")


def _options(cell: Cell, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Keywords of our layer."""
    sizes = {"input_size": tensors["weight_ih_l0"].shape[1], "hidden_size": cell.units}
    return {**sizes, **({} if cell.bias else {"bias": False}), **cell.options}


def _notes(name: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """What else a layer's description says."""
    notes = list(_precision(name, config))
    if config.get("stateful"):
        notes.append(
            f"{name!r} is stateful in Keras: it keeps its state from call to call; here pass the state on."
        )
    if config.get("time_major"):
        notes.append(f"{name!r} reads (time, batch, features) in Keras.")
    if config.get("return_state"):
        notes.append(f"{name!r} also returns its final state in Keras.")
    if config.get("dropout") or config.get("recurrent_dropout"):
        notes.append(f"The dropout of {name!r} acts in training alone and is left out.")
    return tuple(notes)


def _precision(name: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Layers that compute in half precision here compute in the precision of their weights."""
    policy = config.get("dtype")
    if isinstance(policy, dict):
        policy = policy["config"].get("name") if isinstance(policy.get("config"), dict) else None
    if policy in (None, "float32", "float64"):
        return ()
    return (f"{name!r} computes in {plain(policy)} in Keras; here in the precision of its weights.",)
