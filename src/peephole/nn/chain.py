"""``ChainConfig`` and its parts: what networks consist of that other people's files describe.

``Network`` is what ``peephole train`` makes; a chain is what ``peephole import`` finds: embedding, recurrent layers of
any options, dense layers, functions, in the order of the file. ``chain_network.py`` makes the module. Knows nothing of
files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, get_args

from peephole.errors import OptionError
from peephole.nn.activations import EXPECTED as AN_ACTIVATION
from peephole.nn.activations import Activation, is_activation
from peephole.nn.layers import GRU, LSTM, RNN
from peephole.nn.models import CellName, NetworkConfig
from peephole.nn.recurrent import RecurrentLayer

LAYERS: Mapping[CellName, type[RNN | LSTM | GRU]] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
_NOT_OPTIONS = ("batch_first", "device", "dtype")


@dataclass(frozen=True, kw_only=True)
class EmbeddingPart:
    """Symbols to vectors; the first part or none.

    Tensors: ``weight``, shape (symbols, size).

    Attributes:
        name: what the file calls it.
        symbols: how many there are.
        size: of a symbol's vector.
        masked: the symbol that every recurrent layer skips (Keras's mask_zero): it keeps its state, and repeats its
            output, or puts out zeros if it is bidirectional; None where there is none.
    """

    name: str
    symbols: int
    size: int
    masked: int | None = None
    kind: Literal["embedding"] = "embedding"

    def __post_init__(self) -> None:
        _check_sizes(self, "symbols", "size")
        if self.masked is not None and not (_is_whole(self.masked) and 0 <= self.masked < self.symbols):
            raise OptionError(
                f"{self.name!r}: masked must be one of the symbols 0 to {self.symbols - 1}, got {self.masked!r}"
            )

    @property
    def outputs(self) -> int:
        """Features that leave it."""
        return self.size


@dataclass(frozen=True, kw_only=True)
class RecurrentPart:
    """A recurrent layer, with its depth and directions.

    Tensors: those of the layer's ``state_dict``.

    Attributes:
        name: what the file calls it.
        cell: "rnn", "lstm" or "gru".
        options: keywords of ``peephole.RNN``, ``LSTM`` or ``GRU``: input_size, hidden_size and every other that is
            not the default; never batch_first.
        returns: "sequence" for the outputs of every step; "last" for those at the sequence's end, of each direction
            at its own end (Keras's return_sequences=False).
        flipped: whether the outputs leave it in reversed order of time (Keras's go_backwards).
    """

    name: str
    cell: CellName
    options: Mapping[str, Any] = field(default_factory=dict)
    returns: Literal["sequence", "last"] = "sequence"
    flipped: bool = False
    kind: Literal["recurrent"] = "recurrent"

    def __post_init__(self) -> None:
        if self.cell not in get_args(CellName):
            raise OptionError(
                f"{self.name!r}: cell must be one of {', '.join(get_args(CellName))}, got {self.cell!r}"
            )
        if self.returns not in ("sequence", "last"):
            raise OptionError(f"{self.name!r}: returns must be 'sequence' or 'last', got {self.returns!r}")
        if not isinstance(self.flipped, bool):
            raise OptionError(f"{self.name!r}: flipped must be True or False, got {self.flipped!r}")
        if refused := [name for name in _NOT_OPTIONS if name in self.options]:
            raise OptionError(f"{self.name!r}: {', '.join(refused)} is not part of what a chain's layer is")
        if self.returns == "last" and self.options.get("connection") is not None:
            raise OptionError(
                f"{self.name!r}: returns='last' and a connection around layers exclude each other"
            )
        object.__setattr__(self, "options", _with_tuples(dict(self.options)))
        _ = self._sizes  # the layer checks every option

    def layer(self, **more: Any) -> RecurrentLayer:
        """The layer, its weights drawn at random.

        Args:
            **more: device, dtype, and options that replace the part's.

        Raises:
            OptionError: it cannot be made.
        """
        try:
            return LAYERS[self.cell](**{**self.options, **more})
        except (TypeError, ValueError) as error:
            raise OptionError(f"{self.name!r} is no {self.cell.upper()} that can be made: {error}") from error

    @property
    def inputs(self) -> int:
        """Features that it reads."""
        return self._sizes[0]

    @property
    def outputs(self) -> int:
        """Features that leave it."""
        return self._sizes[1]

    @cached_property
    def _sizes(self) -> tuple[int, int]:
        made = self.layer(device="meta")
        return made.input_size, made._width(made.equations[-1])

    @property
    def bidirectional(self) -> bool:
        """Whether it reads both ways."""
        return bool(self.options.get("bidirectional", False))

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each of its layers."""
        hidden = self.options["hidden_size"]
        return (hidden,) * self.options.get("num_layers", 1) if isinstance(hidden, int) else tuple(hidden)


@dataclass(frozen=True, kw_only=True)
class DensePart:
    """An affine map of the features at every step, and a function.

    Tensors: ``weight``, shape (outputs, inputs), and ``bias``, shape (outputs,), where it has one.

    Attributes:
        name: what the file calls it.
        inputs, outputs: features.
        bias: whether there is one.
        activation: of the outputs, by name as the cells' are, or "softmax".
    """

    name: str
    inputs: int
    outputs: int
    bias: bool = True
    activation: Activation = "identity"
    kind: Literal["dense"] = "dense"

    def __post_init__(self) -> None:
        _check_sizes(self, "inputs", "outputs")
        if not isinstance(self.bias, bool):
            raise OptionError(f"{self.name!r}: bias must be True or False, got {self.bias!r}")
        _check_activation(self)


@dataclass(frozen=True, kw_only=True)
class ActivationPart:
    """A function of the features at every step that stands by itself, after something that is no dense part.

    Tensors: none.

    Attributes:
        name: what the file calls it.
        size: features that it reads, and as many that leave it.
        activation: as a dense part's.
    """

    name: str
    size: int
    activation: Activation
    kind: Literal["activation"] = "activation"

    def __post_init__(self) -> None:
        _check_sizes(self, "size")
        _check_activation(self)

    @property
    def inputs(self) -> int:
        """Features that it reads."""
        return self.size

    @property
    def outputs(self) -> int:
        """Features that leave it."""
        return self.size


Part = EmbeddingPart | RecurrentPart | DensePart | ActivationPart
_KINDS: Mapping[str, type[Part]] = {
    "embedding": EmbeddingPart,
    "recurrent": RecurrentPart,
    "dense": DensePart,
    "activation": ActivationPart,
}


@dataclass(frozen=True)
class ChainConfig:
    """Parts one after another, each reading what the one before it puts out.

    What a network's config is asked for elsewhere (``NetworkConfig``) it answers too, over all its parts.

    Attributes:
        parts: at least one of them recurrent; an embedding is the first or there is none.

    Raises:
        OptionError: sizes that do not fit together, a part that cannot stand where it stands; names the part.
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        if not self.recurrent:
            raise OptionError("a chain needs a recurrent part, RNN, LSTM or GRU, and has none")
        for before, part in pairwise(self.parts):
            if isinstance(part, EmbeddingPart):
                raise OptionError(
                    f"{part.name!r} is an embedding and reads symbols: it must be the first part, "
                    f"and {before.name!r} is before it"
                )
            if part.inputs != before.outputs:
                raise OptionError(
                    f"{part.name!r} reads {part.inputs} features and {before.name!r} before it puts out "
                    f"{before.outputs}: they cannot follow one another"
                )
        for part in self.recurrent[:-1]:
            if part.returns == "last":
                raise OptionError(
                    f"{part.name!r} returns one step alone, which {self.recurrent[-1].name!r} after it cannot read "
                    "as a sequence"
                )

    @property
    def recurrent(self) -> tuple[RecurrentPart, ...]:
        """The recurrent parts in order."""
        return tuple(part for part in self.parts if isinstance(part, RecurrentPart))

    @property
    def masked(self) -> int | None:
        """The symbol at which every recurrent part keeps its state; None where there is none."""
        first = self.parts[0]
        return first.masked if isinstance(first, EmbeddingPart) else None

    @property
    def input(self) -> Literal["symbols", "numbers"]:
        """What is read: "symbols" for integer ids, "numbers" for float features."""
        return "symbols" if isinstance(self.parts[0], EmbeddingPart) else "numbers"

    @property
    def input_size(self) -> int:
        """Number of symbols, or of features."""
        first = self.parts[0]
        return first.symbols if isinstance(first, EmbeddingPart) else first.inputs

    @property
    def output_size(self) -> int:
        """Features of what the chain returns."""
        return self.parts[-1].outputs

    @property
    def output_activation(self) -> Activation:
        """The function that the last part applies; "identity" where a recurrent part is the last."""
        last = self.parts[-1]
        return last.activation if isinstance(last, DensePart | ActivationPart) else "identity"

    @property
    def embedding(self) -> int | None:
        """Size of a symbol's vector; None where numbers are read."""
        first = self.parts[0]
        return first.size if isinstance(first, EmbeddingPart) else None

    @property
    def cell(self) -> CellName:
        """The first recurrent part's cell."""
        return self.recurrent[0].cell

    @property
    def hidden(self) -> int:
        """Units of the widest layer."""
        return max(width for part in self.recurrent for width in part.widths)

    @property
    def layers(self) -> int:
        """Layers of all recurrent parts."""
        return sum(len(part.widths) for part in self.recurrent)

    @property
    def bidirectional(self) -> bool:
        """Whether any recurrent part reads both ways."""
        return any(part.bidirectional for part in self.recurrent)

    @property
    def causal(self) -> bool:
        """Whether every output rests on earlier steps alone, so that sequences can be read piece by piece."""
        return not any(
            part.bidirectional or part.options.get("reverse", False) or part.flipped
            for part in self.recurrent
        )

    @property
    def simple(self) -> bool:
        """Whether it is what a ``Network`` is: one recurrent part that reads every step and puts out every step."""
        first = self.recurrent[0]
        return (
            len(self.recurrent) == 1
            and self.masked is None
            and first.returns == "sequence"
            and not first.flipped
        )

    @property
    def peephole(self) -> Literal["diagonal", "full"] | None:
        """The peepholes of the first recurrent part that has some."""
        found = (part.options.get("peephole") for part in self.recurrent)
        return next((peephole for peephole in found if peephole is not None), None)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; its one key, "chain", tells it from a ``NetworkConfig``'s."""
        return {"chain": [asdict(part) for part in self.parts]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ChainConfig:
        """The inverse of ``to_json``.

        Raises:
            OptionError: something missing, not known or of another type; names the part.
        """
        if set(values) != {"chain"} or not isinstance(values["chain"], list):
            raise OptionError(
                f"a chain's config has the key 'chain', a list of parts, and no other; got {values!r}"
            )
        return cls(tuple(_part(number, entry) for number, entry in enumerate(values["chain"])))


def config_from_json(values: Mapping[str, Any]) -> NetworkConfig | ChainConfig:
    """A network's config of either kind.

    Raises:
        OptionError: it is damaged.
    """
    return ChainConfig.from_json(values) if "chain" in values else NetworkConfig.from_json(dict(values))


def _part(number: int, entry: Any) -> Part:
    """A part from its JSON object."""
    if not isinstance(entry, dict) or entry.get("kind") not in _KINDS:
        raise OptionError(f"part {number} of a chain must be an object with a kind of {', '.join(_KINDS)}")
    kind = _KINDS[entry["kind"]]
    if unknown := sorted(set(entry) - {f.name for f in fields(kind)}):
        raise OptionError(f"part {number} of a chain, {entry['kind']}, has no {', '.join(unknown)}")
    if not isinstance(entry.get("name"), str) or not isinstance(entry.get("options", {}), dict):
        raise OptionError(f"part {number} of a chain must have a name and, if any, an object of options")
    try:
        return kind(**entry)
    except TypeError as error:
        raise OptionError(f"part {number} of a chain is incomplete: {error}") from error


def _with_tuples(value: Any) -> Any:
    """JSON has lists where options have tuples."""
    if isinstance(value, list | tuple):
        return tuple(_with_tuples(part) for part in value)
    return {name: _with_tuples(part) for name, part in value.items()} if isinstance(value, dict) else value


def _check_activation(part: DensePart | ActivationPart) -> None:
    if isinstance(part.activation, list):  # from JSON
        object.__setattr__(part, "activation", tuple(part.activation))
    if part.activation != "softmax" and not is_activation(part.activation):
        raise OptionError(
            f"{part.name!r}: an activation is softmax, {AN_ACTIVATION}; got {part.activation!r}"
        )


def _check_sizes(part: EmbeddingPart | DensePart | ActivationPart, *names: str) -> None:
    for name in names:
        size = getattr(part, name)
        if not _is_whole(size) or size < 1:
            raise OptionError(f"{part.name!r}: {name} must be a whole number above 0, got {size!r}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
