"""``load``: any file or module that is known here, as a network of ours."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import nn

from peephole.errors import OptionError
from peephole.interchange.choosing import Choice, Names
from peephole.interchange.detecting import KINDS, Kind, detect
from peephole.interchange.found import Found
from peephole.interchange.imported import Imported, imported
from peephole.nn.activations import Activation

_READERS: dict[Kind, str] = {
    "torch": "pytorch.reader",
    "torchscript": "pytorch.reader",
    "safetensors": "pytorch.reader",
    "keras": "keras.reader",
    "onnx": "onnx.reader",
}


def load(
    source: str | Path | nn.Module,
    /,
    *,
    kind: Kind | None = None,
    layer: Names = None,
    embedding: str | None = None,
    readout: Names = None,
    activation: Activation | list[Activation] | None = None,
    **options: Any,
) -> Imported:
    """Opens a recurrent network that was trained elsewhere.

        network = ph.load("model.onnx")
        print(network.understood)               # layers, options, where each tensor came from, what was left out
        outputs, state = network(inputs)        # time first; what the original computes
        _, trace = ph.trace(network, inputs)    # with every gate

    Nothing in the file is executed. Parameters are float32, or float64 where the file's are.

    Args:
        source: a file of PyTorch (a state_dict in .pt, .pth or .safetensors; TorchScript), Keras (.h5, .keras) or ONNX,
            or a live ``torch.nn.Module``.
        kind: "torch", "torchscript", "safetensors", "keras" or "onnx"; None looks into the file.
        layer: the recurrent layers that make the network, one name or several in order, where the file does not tell
            or tells otherwise.
        embedding, readout: the embedding before them, and the dense parts after them in order, by name.
        activation: the function of the last dense part, where the file does not tell; a list has one for each part of
            ``readout``.
        **options: of the reader, for what the file does not tell: for PyTorch ``cell`` and keywords of the layers, such
            as ``nonlinearity="relu"``; for Keras ``config``, the JSON file that describes the model of plain weights;
            for ONNX ``tensors``, the values of inputs that are weights.

    Returns:
        the network; ``.chain`` is a ``Chain``, ``.layers`` the recurrent layers by their names in the file.

    Raises:
        DataNotFoundError: there is no such file.
        InterchangeError: a file of another kind, a damaged one, or one with something that cannot be had here; names
            the tensor or node.
        OptionError: an option that the reader does not have.
        NotInstalledError: the reader needs a package that is not installed.
    """
    choice = Choice(layer, embedding, readout, activation)
    found, name = _found(source, kind, options)
    return imported(found, file=name, choice=choice)


def _found(source: str | Path | nn.Module, kind: Kind | None, options: dict[str, Any]) -> tuple[Found, str]:
    """What a reader finds, and what the source is called."""
    if isinstance(source, nn.Module):
        if kind is not None:
            raise OptionError(f"kind={kind!r} is of a file; a live module needs none")
        _require_known(options, lambda module: None, "a live module")
        found: Found = import_module("peephole.interchange.pytorch.modules").found(source)
        return found, type(source).__name__
    if not isinstance(source, str | Path):
        raise OptionError(f"load takes a file or a torch.nn.Module, got {type(source).__name__}")
    if kind is not None and kind not in KINDS:
        raise OptionError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    path = Path(source)
    detected = detect(path) if kind is None else kind
    if kind is not None and not path.is_file():
        detect(path)  # says what is wrong
    reader = import_module(f"peephole.interchange.{_READERS[detected]}")
    _require_known(options, reader.read, f"the reader of {detected} files")
    found = reader.read(path, **options)
    return found, path.name


def _require_known(options: dict[str, Any], reader: Callable[..., Any], whose: str) -> None:
    """Refuses options that a reader does not have."""
    taken = inspect.signature(reader).parameters.values()
    known = [p.name for p in taken if p.kind == p.KEYWORD_ONLY]
    if any(p.kind == p.VAR_KEYWORD for p in taken):
        return  # it says itself which there are
    if unknown := [name for name in options if name not in known]:
        raise OptionError(f"{whose} has no option {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
