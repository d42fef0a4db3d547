"""Which of the parts that were found make the network, and in which order.

A file may tell how its parts are wired; one that holds weights alone does not, and then somebody has to choose. Knows
nothing of tensors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from peephole.errors import InterchangeError, OptionError
from peephole.interchange.found import Found, FoundPart
from peephole.interchange.understood import told
from peephole.nn.activations import Activation
from peephole.nn.chain import DensePart, EmbeddingPart, Part, RecurrentPart

Names = str | Sequence[str] | None
_MOST = 8


@dataclass(frozen=True)
class Choice:
    """What somebody chose of the parts of a file; None leaves it to the file.

    Attributes:
        layer: the recurrent parts, in order.
        embedding: the embedding before them.
        readout: the dense parts after them, in order.
        activation: of the last dense part; a list has one for each of the ``readout``.
    """

    layer: Names = None
    embedding: str | None = None
    readout: Names = None
    activation: Activation | list[Activation] | None = None


def chosen_parts(found: Found, choice: Choice) -> tuple[FoundPart, ...] | None:
    """The parts of the network in order; None where the file tells no order and nobody chose.

    Raises:
        InterchangeError: a name that is not there or of another kind of part, no recurrent part at all.
        OptionError: an activation without a dense part.
    """
    by_name = _by_name(found)
    names = _names(found, by_name, choice)
    if names is None:
        if choice.activation is not None:
            raise OptionError(f"activation={choice.activation!r} is a dense part's: choose one by readout=")
        return None
    parts = [by_name[name] for name in names]
    if choice.activation is None:
        return tuple(parts)
    given = choice.activation if isinstance(choice.activation, list) else [choice.activation]
    if isinstance(choice.activation, list) and len(given) != len(_each(choice.readout)):
        raise OptionError(
            f"a list of activations has one for each part of readout=, got {len(given)} for "
            f"{len(_each(choice.readout))}"
        )
    return (*parts[: -len(given)], *map(_with_activation, parts[-len(given) :], given))


def _with_activation(found: FoundPart, activation: Activation) -> FoundPart:
    """A dense part with another function."""
    if not isinstance(found.part, DensePart):
        raise OptionError(
            f"activation={activation!r} is of the last dense part, and the network ends with {found.part.name!r}: "
            "choose a dense part by readout="
        )
    return replace(found, part=replace(found.part, activation=activation))


def fitting(found: Found, parts: Sequence[FoundPart]) -> str | None:
    """A sentence on which other parts of the file would fit before and after ``parts``; None if none do."""
    first, last = parts[0].part, parts[-1].part
    taken = {p.part.name for p in parts}
    others = [p.part for p in found.parts if p.part.name not in taken]
    before = [p for p in others if isinstance(p, EmbeddingPart) and p.outputs == _inputs(first)]
    after: list[Part] = [p for p in others if isinstance(p, DensePart) and p.inputs == last.outputs]
    told_of = [f"before {first.name!r} fits embedding={p.name!r}" for p in before[:_MOST]]
    told_of += [f"after {last.name!r} fits readout={p.name!r}" for p in after[:_MOST]]
    if not told_of:
        return None
    return f"the file does not tell what feeds what; by their sizes, {'; '.join(told_of)}"


def _inputs(part: Part) -> int | None:
    return None if isinstance(part, EmbeddingPart) else part.inputs


def _by_name(found: Found) -> dict[str, FoundPart]:
    by_name: dict[str, FoundPart] = {}
    for part in found.parts:
        if part.part.name in by_name:
            raise InterchangeError(
                f"two parts of the file are called {part.part.name!r}: they cannot be told apart"
            )
        by_name[part.part.name] = part
    if not any(isinstance(p.part, RecurrentPart) for p in found.parts):
        there = ", ".join(told(p.part) for p in found.parts[:_MOST]) or "none that is known here"
        reasons = "; ".join(f"{entry.name}: {entry.reason}" for entry in found.left_out[:2])
        raise InterchangeError(
            f"no LSTM, GRU or RNN was found in this {found.kind}; its parts are {there}"
            + (f" ({reasons})" if reasons else "")
        )
    return by_name


def _names(found: Found, by_name: Mapping[str, FoundPart], choice: Choice) -> list[str] | None:
    """The names of the chosen parts in order."""
    if (
        choice.layer is None
        and choice.embedding is None
        and choice.readout is None
        and found.chain is not None
    ):
        return list(found.chain)
    recurrent = [name for name, p in by_name.items() if isinstance(p.part, RecurrentPart)]
    layers = _each(choice.layer)
    if choice.layer is None:
        wired = [name for name in found.chain or () if name in recurrent]
        layers = wired or (recurrent if len(recurrent) == 1 else [])
    if not layers:
        if choice.embedding is not None or choice.readout is not None:
            raise InterchangeError(
                f"the file has several recurrent layers: choose by layer= among {', '.join(map(repr, recurrent))}"
            )
        return None
    embedding = [] if choice.embedding is None else [choice.embedding]
    readout = _each(choice.readout)
    for option, kind, names in (
        ("layer", RecurrentPart, layers),
        ("embedding", EmbeddingPart, embedding),
        ("readout", DensePart, readout),
    ):
        there = [name for name, p in by_name.items() if isinstance(p.part, kind)]
        for name in names:
            if name not in there:
                listed = ", ".join(map(repr, there)) or "none"
                raise InterchangeError(
                    f"{option}={name!r} is not in this file; such parts of it are {listed}"
                )
    return [*embedding, *layers, *readout]


def _each(names: Names) -> list[str]:
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)
