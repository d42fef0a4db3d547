"""Layers of weights that come without an architecture, as far as shapes and names decide.

The width of a recurrent kernel is 4, 3 or 1 times its height in an LSTM, a GRU or a simple RNN. What shapes do not
tell (activations, and in a GRU without biases where its reset gate acts) is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peephole.errors import InterchangeError
from peephole.interchange.found import LeftOut
from peephole.interchange.keras.files import plain
from peephole.interchange.keras.graph import KerasLayer
from peephole.interchange.keras.weights import Weight

KINDS = {4: "LSTM", 3: "GRU", 1: "SimpleRNN"}


@dataclass(frozen=True)
class Told:
    """What a person says of weights, in Keras's words; None where nothing was said."""

    cell_activation: str | None = None
    recurrent_activation: str | None = None
    reset_after: bool | None = None
    merge_mode: str | None = None


@dataclass(frozen=True)
class Guessed:
    """Layers with their arrays, and arrays that no layer was seen in."""

    layers: tuple[tuple[KerasLayer, tuple[Weight, ...]], ...]
    left_out: tuple[LeftOut, ...]


def guessed(weights: Sequence[Weight], told: Told) -> Guessed:
    """Layers from arrays.

    Args:
        weights: every array of the file, those of a layer one after another in Keras's order.
        told: what the shapes do not decide.

    Raises:
        InterchangeError: something that must be told was not; the message says which option tells it.
    """
    groups: dict[str, list[Weight]] = {}
    for name, array in weights:
        groups.setdefault(name.rpartition("/")[0], []).append((name, array))
    layers: list[tuple[KerasLayer, tuple[Weight, ...]]] = []
    left_out: list[LeftOut] = []
    backward = {twin for path in groups for twin in _twins(path) if twin in groups}
    for path, own in groups.items():
        if path in backward:
            continue
        twin = next((t for t in _twins(path) if t in groups), None)
        kind = _kind(own)
        if kind is None and len(own) == 1 and "embedding" in own[0][0] and own[0][1].ndim == 2:
            rows, width = own[0][1].shape
            layers.append((_layer(path, "Embedding", {"input_dim": rows, "output_dim": width}), tuple(own)))
        elif kind is None and _is_dense(own):
            units = own[1][1].shape[0]
            layers.append((_layer(path, "Dense", {"units": units, "activation": None}), tuple(own)))
        elif kind is None:
            left_out += [_left(name, array) for name, array in own]
        else:
            config = _config(path, kind, own, told)
            if twin is not None:
                own = [*own, *groups[twin]]
                merge = told.merge_mode or "concat"
                config = {"layer": {"class_name": kind, "config": config}, "merge_mode": merge}
                kind = "Bidirectional"
            layers.append((_layer(path, kind, config), tuple(own)))
    return Guessed(tuple(layers), tuple(left_out))


def _twins(path: str) -> list[str]:
    """Names that the backward direction of a layer may have."""
    pieces = path.split("/")
    found = []
    for at, piece in enumerate(pieces):
        if piece.startswith("forward_"):
            found.append(
                "/".join([*pieces[:at], f"backward_{piece.removeprefix('forward_')}", *pieces[at + 1 :]])
            )
    return found


def _kind(weights: Sequence[Weight]) -> str | None:
    """Keras's class of a recurrent layer whose arrays these can be."""
    arrays = [array for _, array in weights]
    if len(arrays) not in (2, 3) or any(array.ndim != 2 for array in arrays[:2]):
        return None
    (_, width), (units, own) = arrays[0].shape, arrays[1].shape
    gates = own // units if units else 0
    if width != own or gates * units != own or gates not in KINDS:
        return None
    if len(arrays) == 3 and gates in (3, 4) and arrays[2].shape == (2 * own,):
        return f"CuDNN{KINDS[gates]}"
    return KINDS[gates]


def _is_dense(weights: Sequence[Weight]) -> bool:
    """Whether these are a kernel and a bias."""
    arrays = [array for _, array in weights]
    return len(arrays) == 2 and arrays[0].ndim == 2 and arrays[1].shape == arrays[0].shape[1:]


def _config(path: str, kind: str, weights: Sequence[Weight], told: Told) -> dict[str, Any]:
    """What Keras would write of a layer."""
    config: dict[str, Any] = {
        "units": weights[1][1].shape[0],
        "use_bias": len(weights) == 3,
        "return_sequences": True,
    }
    if kind.startswith("CuDNN"):
        return config
    wanted: dict[str, Any] = {"cell_activation": told.cell_activation}
    if kind != "SimpleRNN":
        wanted["recurrent_activation"] = told.recurrent_activation
    if kind == "GRU":
        bias = weights[2][1] if len(weights) == 3 else None
        wanted["reset_after"] = bias.ndim == 2 if bias is not None else told.reset_after
    if missing := [f"{name}=" for name, value in wanted.items() if value is None]:
        raise InterchangeError(
            f"{plain(path)!r} is a {kind} by its shapes; they do not tell {' and '.join(missing)}: say so, or give "
            "the architecture as config= (Keras's defaults are cell_activation='tanh', recurrent_activation='sigmoid', "
            "before Keras 2.3 'hard_sigmoid', and reset_after=True)"
        )
    return config | wanted | {"activation": told.cell_activation}


def _layer(path: str, kind: str, config: Mapping[str, Any]) -> KerasLayer:
    """A layer as an architecture would name it."""
    unneeded = ("", "layers", "_layer_checkpoint_dependencies", "vars", "cell", "forward_layer")
    pieces = [piece for piece in path.split("/") if piece not in unneeded]
    name = "/".join(dict.fromkeys(pieces)) or path
    name = plain(name)
    return KerasLayer(name, kind, config, False, name, name, path, "")


def _left(name: str, array: Any) -> LeftOut:
    what = f"{array.dtype} {tuple(array.shape)}"
    return LeftOut(
        name, what, "weights alone do not tell which layer's it is and what that does: give config="
    )
