"""Reads what Keras 2 and 3 saved, whole models and weights, without Keras and TensorFlow.

    found = read(Path("model.keras"))
    found = read(Path("model.weights.h5"), config=Path("model.json"))

``files.py`` knows the files, ``graph.py`` the order of layers, ``weights.py`` where arrays are,
``layers.py`` what each layer computes; ``guess.py`` serves weights without an architecture.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from peephole.errors import InterchangeError, OptionError
from peephole.interchange.found import Found, FoundPart, LeftOut
from peephole.interchange.keras import files
from peephole.interchange.keras.activations import CannotExpress
from peephole.interchange.keras.activations import layer as layer_activation
from peephole.interchange.keras.files import KerasFile, plain
from peephole.interchange.keras.graph import Graph, KerasLayer, graph
from peephole.interchange.keras.guess import Told, guessed
from peephole.interchange.keras.layers import ACTIVATIONS, RECURRENT, TRAINING_ONLY, understood
from peephole.interchange.keras.weights import ByLayer, ByObject, Weight
from peephole.nn.chain import ActivationPart, ChainConfig, DensePart, EmbeddingPart, RecurrentPart

MASKED = ("Embedding", "Bidirectional", *RECURRENT)
WEIGHTLESS = (
    "InputLayer",
    "Masking",
    "Flatten",
    "Reshape",
    "Concatenate",
    "Add",
    *ACTIVATIONS,
    *TRAINING_ONLY,
)


def read(
    path: Path,
    *,
    config: Path | str | None = None,
    cell_activation: str | None = None,
    recurrent_activation: str | None = None,
    reset_after: bool | None = None,
    merge_mode: str | None = None,
) -> Found:
    """Reads a file.

    Args:
        path: a ``.h5`` or ``.keras`` file.
        config: a JSON file with the architecture, as ``model.to_json()`` writes it; None takes the file's own, or
            one that lies beside it under its name, as ``model.json`` or as ``config.json``.
        cell_activation, recurrent_activation, reset_after, merge_mode: of every recurrent layer, in Keras's words
            (its ``activation`` is ``cell_activation`` here), where there is no architecture; with one they are refused.

    Returns:
        parts and, where there is an architecture whose layers stand in one line, their order.

    Raises:
        DataNotFoundError: there is no such file.
        InterchangeError: the file is damaged or not Keras's, holds no recurrent layer that can be used, or does not
            tell something that an option must; the message names the layer or array.
        NotInstalledError: h5py is not installed.
        OptionError: options that contradict the file's architecture.
    """
    file = files.read(path, None if config is None else Path(config))
    told = Told(cell_activation, recurrent_activation, reset_after, merge_mode)
    try:
        if file.architecture is None:
            return _weights(file, told)
        if told != Told():
            given = [name for name, value in vars(told).items() if value is not None]
            raise OptionError(f"{', '.join(given)} cannot be said of {path.name}: its architecture tells it")
        return _model(file)
    except InterchangeError as error:
        raise InterchangeError(f"{path.name}: {error}") from error


def _version(file: KerasFile) -> int:
    """Keras's main version; a file that does not tell it is Keras 1's or of the first of Keras 2."""
    number = re.match(r"(\d{1,3})", file.version)
    return int(number[1]) if number else 2


def _kind(file: KerasFile) -> str:
    return f"Keras {plain(file.version)} {file.what}" if file.version else f"Keras {file.what}"


def _model(file: KerasFile) -> Found:
    """A model whose architecture is known."""
    assert file.architecture is not None
    version = _version(file)
    store = _store(file)
    model = graph(file.architecture, store.root if isinstance(store, ByObject) else "layers")
    model, renamed = _matched(model, store)
    found = _Collected(version, model.reason)
    for layer in model.layers:
        found.add(layer, store.of(layer))
    parts, left_out = found.parts, found.left_out
    if not any(isinstance(part.part, RecurrentPart) for part in parts):
        told = "; ".join(f"{entry.name!r}, {entry.reason}" for entry in left_out[:3])
        there = ", ".join(f"{plain(layer.name)!r} ({plain(layer.kind)})" for layer in model.layers[:4])
        raise InterchangeError(
            f"no recurrent layer in it can be used{': ' + told if told else f'; its layers begin with {there}'}"
        )
    if isinstance(store, ByLayer) and (foreign := store.unclaimed({layer.top for layer in model.layers})):
        left_out += [
            LeftOut(plain(name), "arrays", "the architecture has no layer of this name") for name in foreign
        ]
    left_out += [
        LeftOut(name, f"{n} arrays", "the optimizer's state") for name, n in file.contents.skipped.items()
    ]
    reason = found.reason or _masks(parts, model)
    if reason is None:
        _fits(parts)
    notes = [*file.notes, *renamed, *found.notes]
    if reason is not None:
        notes.append(f"The parts are not put one after another: {reason}.")
    names = tuple(part.part.name for part in parts)
    return Found(_kind(file), tuple(parts), names if reason is None else None, tuple(left_out), tuple(notes))


def _store(file: KerasFile) -> ByLayer | ByObject:
    contents = file.contents
    legacy = "model_weights" in contents.groups or any(
        n.startswith("layer_names") for n in contents.groups[""]
    )
    return ByLayer(contents) if legacy else ByObject(contents)


def _matched(model: Graph, store: ByLayer | ByObject) -> tuple[Graph, list[str]]:
    """The layers with the names that the weights have: an architecture built anew numbers its layers anew."""
    if not isinstance(store, ByLayer):
        return model, []
    have = [name for name, weights in store.layers.items() if weights]
    tops = list(dict.fromkeys(layer.top for layer in model.layers))
    if set(have) <= set(tops):
        return model, []
    heavy = [
        top
        for top in tops
        if any(layer.top == top and layer.kind not in WEIGHTLESS for layer in model.layers)
    ]
    if len(heavy) != len(have):
        missing = next(name for name in have if name not in tops)
        raise InterchangeError(
            f"weights and architecture do not belong together: {plain(missing)!r} is a layer with weights "
            f"({len(have)} in all) and not one of the architecture's ({len(heavy)} in all)"
        )
    names = dict(zip(heavy, have, strict=True))
    layers = tuple(replace(layer, top=names.get(layer.top, layer.top)) for layer in model.layers)
    return Graph(layers, model.reason), [
        "The layers of the weights have other names than those of the architecture and were taken in their order."
    ]


class _Collected:
    """Parts as layers come, what was left out, and why there is no chain."""

    def __init__(self, version: int, reason: str | None) -> None:
        self.version, self.reason = version, reason
        self.parts: list[FoundPart] = []
        self.left_out: list[LeftOut] = []
        self.notes: list[str] = []
        self._last: KerasLayer | None = None  # the layer before that does something

    def add(self, layer: KerasLayer, weights: list[Weight]) -> None:
        """Takes one layer."""
        if layer.kind == "InputLayer" and not layer.custom:
            return
        if layer.kind in TRAINING_ONLY and not layer.custom:
            self.left_out.append(LeftOut(layer.name, layer.kind, "it acts in training alone"))
            return
        before, self._last = self._last, layer
        try:
            if layer.kind in ACTIVATIONS and not layer.custom:
                self._function(layer, before)
                return
            if layer.kind == "Masking" and not layer.custom:
                value = plain(repr(layer.config.get("mask_value", 0.0)))
                raise CannotExpress(
                    f"steps whose features are all {value} are skipped in Keras, which a chain cannot do: without such "
                    "steps it gives the same"
                )
            found = understood(layer, weights, self.version)
        except CannotExpress as error:
            self.left_out.append(LeftOut(layer.name, plain(layer.kind), str(error)))
            self.reason = self.reason or f"{layer.name!r} is left out"
            return
        except InterchangeError as error:
            raise InterchangeError(f"layer {plain(layer.name)!r} ({plain(layer.kind)}): {error}") from error
        except OptionError as error:
            raise InterchangeError(f"layer {plain(layer.name)!r} ({plain(layer.kind)}): {error}") from error
        self.parts += found.parts
        self.notes += found.notes

    def _function(self, layer: KerasLayer, before: KerasLayer | None) -> None:
        """A layer of activation joins the plain Dense layer before it, or is a part by itself.

        Raises:
            CannotExpress: the layer before it is no part of a chain.
        """
        function = layer_activation(layer.kind, layer.config, self.version, softmax=True)
        if function == "identity":
            return
        last = self.parts[-1].part if self.parts else None
        follows = self.reason is None and before is not None and last is not None and last.name == before.name
        if not follows or last is None:
            raise CannotExpress(
                f"it applies {plain(function)} to the outputs of a layer that is no part of the chain"
            )
        if not (isinstance(last, DensePart) and last.activation == "identity"):
            alone = ActivationPart(name=layer.name, size=last.outputs, activation=function)
            self.parts.append(FoundPart(alone, {}, {}))
            return
        self.parts[-1] = replace(self.parts[-1], part=replace(last, activation=function))
        self.notes.append(f"The function of {layer.name!r}, {plain(function)}, is applied by {last.name!r}.")


def _masks(parts: list[FoundPart], model: Graph) -> str | None:
    """Why masked steps cannot be followed through a chain; None where they can, or there are none."""
    if not any(isinstance(part.part, EmbeddingPart) and part.part.masked is not None for part in parts):
        return None
    recurrent = [part.part for part in parts if isinstance(part.part, RecurrentPart)]
    marks = [n for n, layer in enumerate(model.layers) if layer.kind in MASKED]
    homes = {layer.name.rpartition("/")[0] for layer in model.layers[marks[0] : marks[-1] + 1]}
    if len(homes) > 1:
        return "masks do not reach into every model inside a model"
    for part in recurrent[:-1]:
        if part.flipped:
            return f"{part.name!r} turns its outputs round and Keras does not turn their mask"
    if model.layers[marks[-1]].config.get("zero_output_for_mask"):
        return f"{model.layers[marks[-1]].name!r} has zero_output_for_mask"
    return None


def _fits(parts: list[FoundPart]) -> None:
    """Sizes of parts that follow one another.

    Raises:
        InterchangeError: they do not fit: architecture and weights contradict each other.
    """
    try:
        ChainConfig(tuple(part.part for part in parts))
    except OptionError as error:
        raise InterchangeError(f"its layers contradict each other: {error}") from error


def _weights(file: KerasFile, told: Told) -> Found:
    """Weights without an architecture."""
    store = _store(file)
    if isinstance(store, ByLayer):
        arrays = [weight for weights in store.layers.values() for weight in weights]
    else:
        arrays = sorted(store.arrays.items(), key=lambda item: _natural(item[0]))
    found = guessed(arrays, told)
    parts: list[FoundPart] = []
    notes = [
        "There is no architecture: how the layers follow one another is not known.",
        "Every recurrent layer is taken to return its whole sequence, and none to go backwards alone.",
    ]
    for layer, weights in found.layers:
        try:
            own = understood(layer, weights, _version(file))
        except InterchangeError as error:
            raise InterchangeError(f"{plain(layer.name)!r}: {error}") from error
        parts += own.parts
    if told.merge_mode is None and any(layer.kind == "Bidirectional" for layer, _ in found.layers):
        notes.append(
            "The outputs of two directions are taken to be joined one after the other (merge_mode='concat')."
        )
    if not any(isinstance(part.part, RecurrentPart) for part in parts):
        raise InterchangeError(f"none of its {len(arrays)} arrays belongs to a recurrent layer by shape")
    skipped = [
        LeftOut(name, f"{n} arrays", "the optimizer's state") for name, n in file.contents.skipped.items()
    ]
    return Found(_kind(file), tuple(parts), None, (*found.left_out, *skipped), tuple(notes))


def _natural(path: str) -> list[tuple[int, str]]:
    """Sorts numbers in names by their value."""
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in re.split(r"(\d{1,9})", path)]
