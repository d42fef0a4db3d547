"""From the weights of one recurrent layer to a part: shapes and names decide what they can, options the rest.

The layer that comes out is made on torch's meta device, and its ``state_dict`` must have exactly the names and shapes
that were found.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from peephole.errors import InterchangeError, OptionError
from peephole.interchange.found import FoundPart
from peephole.interchange.pytorch.names import Group
from peephole.interchange.pytorch.values import short
from peephole.nn.chain import LAYERS, RecurrentPart
from peephole.nn.models import CellName

_BLOCKS: dict[int, CellName] = {4: "lstm", 3: "gru", 1: "rnn"}
_DECIDED = (
    "input_size", "hidden_size", "num_layers", "bias", "bidirectional", "proj_size", "peephole", "layer_norm",
    "full_gate_recurrence", "learned_state", "batch_first", "device", "dtype", "forget_bias",
)  # fmt: skip
_OF_LSTM = ("peephole", "hr", "gate_recurrence", "ln_cell", "initial_cell")


@dataclass(frozen=True)
class Asked:
    """What a person says of the layers that shapes cannot decide.

    Attributes:
        cell: "rnn", "lstm" or "gru"; None lets the shapes decide.
        options: keywords of the layer.
    """

    cell: CellName | None
    options: Mapping[str, Any]

    @classmethod
    def checked(cls, options: Mapping[str, Any]) -> Asked:
        """The options of a call of ``read``.

        Raises:
            OptionError: one that no layer has, or one that the weights decide.
        """
        cell = options.get("cell")
        if cell not in (None, *LAYERS):
            raise OptionError(f"cell must be 'rnn', 'lstm' or 'gru', got {cell!r}")
        rest = {name: value for name, value in options.items() if name != "cell"}
        for name in rest:
            if name in _DECIDED:
                raise OptionError(f"{name} follows from the shapes of the weights and cannot be given")
            if not any(_has(kind, name) for kind in LAYERS):
                kinds = sorted({n for kind in LAYERS for n in _keywords(kind)} - set(_DECIDED))
                raise OptionError(
                    f"PyTorch's weights are read with the options cell, {', '.join(kinds)}; got {name!r}"
                )
            if cell is not None and not _has(cell, name):
                raise OptionError(f"{name} is no option of {LAYERS[cell].__name__}")
        return cls(cell, rest)


def _keywords(kind: CellName) -> set[str]:
    return set(inspect.signature(LAYERS[kind]).parameters)


def _has(kind: CellName, option: str) -> bool:
    return option in _keywords(kind)


def layer(group: Group, name: str, asked: Asked, code: Mapping[str, str]) -> tuple[FoundPart, list[str]]:
    """One recurrent part, with sentences on what was assumed.

    Args:
        group: its weights.
        name: what the part is called.
        asked: what a person said of it.
        code: TorchScript's code by file, never run.

    Raises:
        InterchangeError: weights that are missing, cannot be read or do not fit together, or an option that is needed.
        OptionError: an option that does not go with these weights.
    """
    _complete(group)
    read = {weight: pieces.values() for weight, pieces in group.weights.items()}
    values = {weight: tensor for weight, (tensor, _) in read.items()}
    for weight, tensor in values.items():
        if tensor.numel() == 0:
            raise InterchangeError(
                f"{short(_path(group, weight))} has no numbers: its shape is {tuple(tensor.shape)}"
            )
    notes = []
    shapes = {weight: tuple(tensor.shape) for weight, tensor in values.items()}
    cell = _cell(group, shapes, asked)
    options = _options(group, cell, shapes, asked)
    if cell == "rnn" and "nonlinearity" not in options:
        found = _nonlinearity(group, code)
        if found is None:
            notes.append(
                f"{name}: nothing says whether its function is tanh or relu; tanh, torch's default, was taken."
            )
        elif found != "tanh":
            options["nonlinearity"] = found
    part = _part(group, name, cell, options, shapes, asked)
    notes += _told_by_owner(group, name, cell)
    sources = {weight: source for weight, (_, source) in read.items()}
    if any(" / ‖" in source for source in sources.values()):
        notes.append(f"{name}: weight_norm was folded into the weights.")
    if any("DropConnect" in source for source in sources.values()):
        notes.append(
            f"{name}: the raw weights of its DropConnect were taken, which are what it uses in evaluation."
        )
    return FoundPart(part, values, sources), notes


def _path(group: Group, weight: str) -> str:
    """A path for messages: of the tensor that is there, or that should be."""
    if weight in group.weights:
        return next(iter(group.weights[weight].paths))
    plain = weight.removesuffix("_l0") if group.cell else weight
    return f"{group.prefix}.{plain}" if group.prefix else plain


def _complete(group: Group) -> None:
    """Refuses gaps: a matrix without its other, a layer or direction missing, biases here and not there."""
    places = {_place(weight) for weight in group.weights if weight.startswith(("weight_ih", "weight_hh"))}
    layers = 1 + max(number for number, _ in places)
    reverse = any(way for _, way in places)
    some_bias = next((weight for weight in group.weights if re.match(r"bias_[ih]h_", weight)), None)
    if layers > len(places):
        there = {number for number, _ in places}
        missing = next(n for n in range(layers) if n not in there)
        raise InterchangeError(
            f"{short(_path(group, f'weight_ih_l{missing}'))} is missing: layer {missing} has no weights"
        )
    for number in range(layers):
        for way in ("", "_reverse") if reverse else ("",):
            wanted = [f"weight_ih_l{number}{way}", f"weight_hh_l{number}{way}"]
            wanted += [f"bias_ih_l{number}{way}", f"bias_hh_l{number}{way}"] if some_bias else []
            for weight in wanted:
                if weight not in group.weights:
                    why = (
                        f"{short(_path(group, cast(str, some_bias)))} is"
                        if "bias" in weight
                        else "its layer is"
                    )
                    raise InterchangeError(f"{short(_path(group, weight))} is missing, where {why} there")


def _place(weight: str) -> tuple[int, bool]:
    """Layer and whether reverse."""
    found = re.search(r"_l(\d+)(_reverse)?$", weight)
    assert found is not None  # every name of a group has a place
    return int(found[1]), found[2] is not None


_Shapes = Mapping[str, tuple[int, ...]]


def _hidden(group: Group, shapes: _Shapes, number: int) -> tuple[int, int]:
    """Units of a layer, and features of what leaves it."""
    for weight in (f"weight_ih_l{number}", f"weight_hh_l{number}", f"weight_hr_l{number}"):
        if weight in shapes and len(shapes[weight]) != 2:
            raise InterchangeError(
                f"{short(_path(group, weight))} is no matrix: its shape is {shapes[weight]}"
            )
    out = shapes[f"weight_hh_l{number}"][1]
    return (shapes[f"weight_hr_l{number}"][1] if f"weight_hr_l{number}" in shapes else out), out


def _cell(group: Group, shapes: _Shapes, asked: Asked) -> CellName:
    """Which cell the first layer is."""
    hidden, _ = _hidden(group, shapes, 0)
    rows = shapes["weight_hh_l0"][0]
    weight = short(_path(group, "weight_hh_l0"))
    if rows % hidden:
        raise InterchangeError(
            f"{weight} of shape {shapes['weight_hh_l0']} is no recurrent matrix: its rows are no multiple of {hidden}, "
            "the units that its columns name"
        )
    blocks = rows // hidden
    an_lstm = any(part in name for name in shapes for part in _OF_LSTM)
    cell = asked.cell or ("lstm" if an_lstm or _lacking(asked) else _BLOCKS.get(blocks))
    expected = {"gru": 3, "rnn": 1}.get(cell or "", 4 - _lacking(asked))
    if cell is None or blocks != expected:
        words = f"{weight} has {blocks} blocks of {hidden} rows; an LSTM has 4, a GRU 3, an RNN 1"
        if cell == "lstm" and blocks < 4:
            raise InterchangeError(
                f"{words}. An LSTM that lacks gates needs options that say which: coupled=True, input_gate=False, "
                "forget_gate=False, output_gate=False"
            )
        raise InterchangeError(words + (f", and cell={asked.cell!r} was given" if asked.cell else ""))
    return cell


def _lacking(asked: Asked) -> int:
    """How many blocks of rows the options take from an LSTM."""
    gates = [asked.options.get(name) is False for name in ("input_gate", "forget_gate", "output_gate")]
    return sum(gates) + (asked.options.get("coupled") is True)


def _options(group: Group, cell: CellName, shapes: _Shapes, asked: Asked) -> dict[str, Any]:
    """Keywords of the layer, without those that have their default."""
    layers = 1 + max(_place(weight)[0] for weight in shapes)
    sizes = [_hidden(group, shapes, number) for number in range(layers)]
    widths = [hidden for hidden, _ in sizes]
    options: dict[str, Any] = {
        "input_size": shapes["weight_ih_l0"][1],
        "hidden_size": widths[0] if len(set(widths)) == 1 else tuple(widths),
    }
    bidirectional = any(_place(weight)[1] for weight in shapes)
    peephole = shapes.get("weight_peephole_l0")
    decided = {
        "num_layers": (layers, 1),
        "bias": (any(weight.startswith("bias_ih") for weight in shapes), True),
        "bidirectional": (bidirectional, False),
        "proj_size": (sizes[0][1] if "weight_hr_l0" in shapes else 0, 0),
        "peephole": (peephole and ("diagonal" if len(peephole) == 1 else "full"), None),
        "full_gate_recurrence": ("weight_gate_recurrence_l0" in shapes, False),
        "layer_norm": (any(weight.startswith("weight_ln") for weight in shapes), False),
        "learned_state": ("initial_hidden_l0" in shapes, False),
        "connection": ("highway" if "weight_highway_l1" in shapes else None, None),
    }
    options |= {name: value for name, (value, default) in decided.items() if value != default}
    for option, value in asked.options.items():
        if not _has(cell, option):
            raise OptionError(
                f"{option} is no option of {LAYERS[cell].__name__}, which {short(group.prefix)} is"
            )
        options[option] = value
    if bidirectional and layers > 1 and "merge" not in options and shapes["weight_ih_l1"][1] == sizes[0][1]:
        raise InterchangeError(
            f"{short(_path(group, 'weight_ih_l1'))} reads {sizes[0][1]} features where two directions give "
            f"{2 * sizes[0][1]} unless they are merged: give merge='sum', 'mean' or 'product'"
        )
    return options


def _nonlinearity(group: Group, code: Mapping[str, str]) -> str | None:
    """tanh or relu, where the module's attributes or the operation in its code says so."""
    if group.owner is None:
        return None
    setting = group.owner.setting("nonlinearity")
    if setting in ("tanh", "relu"):
        return str(setting)
    module = group.owner.made_by.rpartition(".")[0]
    text = code.get(f"code/{module.replace('.', '/')}.py", "")
    named = {name for name in ("tanh", "relu") if f"rnn_{name}" in text}
    return named.pop() if len(named) == 1 else None


def _part(
    group: Group, name: str, cell: CellName, options: dict[str, Any], shapes: _Shapes, asked: Asked
) -> RecurrentPart:
    """The part, once a layer made without memory has the names and shapes that were found."""
    try:
        part = RecurrentPart(name=name, cell=cell, options=options)
        expected = {key: tuple(value.shape) for key, value in part.layer(device="meta").state_dict().items()}
    except OptionError as error:
        if asked.options:
            raise
        raise InterchangeError(str(error)) from error
    kind = LAYERS[cell].__name__
    for weight, shape in expected.items():
        if weight not in shapes:
            raise InterchangeError(f"{short(_path(group, weight))} is missing: {kind} needs it")
        if shapes[weight] != shape:
            raise InterchangeError(
                f"{short(_path(group, weight))} has shape {shapes[weight]}, where the other weights need {shape}"
            )
    if extra := [weight for weight in shapes if weight not in expected]:
        raise InterchangeError(f"{short(_path(group, extra[0]))} has no place in this {kind}")
    return part


def _told_by_owner(group: Group, name: str, cell: CellName) -> list[str]:
    """What the module that the weights belong to says of itself."""
    if group.owner is None:
        return []
    notes = []
    kind = re.sub(r"___torch_mangle_\d+\.", "", group.owner.made_by)
    if not kind.removeprefix("__torch__.").startswith(("torch.nn.modules.rnn.", "peephole.nn.")):
        notes.append(
            f"{name}: it is a {kind[:100]!r}, whose code was not read; it is taken to compute what torch's "
            f"{cell.upper()} computes."
        )
    if group.owner.setting("batch_first") is True:
        notes.append(f"{name}: it was made with batch_first=True; here time comes first.")
    return notes
