"""``Imported``: somebody else's network as a module of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from peephole.errors import InterchangeError
from peephole.interchange.assembling import chain_of, dtype_of, layer_of, lower_dtypes
from peephole.interchange.choosing import Choice, chosen_parts, fitting
from peephole.interchange.found import Found, FoundPart, LeftOut
from peephole.interchange.understood import Understood, rows_of, told
from peephole.nn.chain import RecurrentPart
from peephole.nn.chain_network import Chain
from peephole.nn.recurrent import RecurrentLayer


class Imported(nn.Module):
    """What ``ph.load`` gives: it computes what the original does.

    Called, it is its ``chain``. Where the file does not tell how its parts are wired and holds several recurrent
    layers, there is no chain: its ``layers`` can be used one by one, or chosen when it is loaded.

    Attributes:
        chain: the network, or None.
        understood: what was understood of the file; ``print`` it.
    """

    chain: Chain | None

    def __init__(
        self, chain: Chain | None, others: Mapping[str, RecurrentLayer], understood: Understood
    ) -> None:
        super().__init__()
        self.chain = chain
        self.others = nn.ModuleList(others.values())
        self.understood = understood
        self._names = tuple(others)

    @property
    def layers(self) -> Mapping[str, RecurrentLayer]:
        """Every recurrent layer that was found, by what the file calls it; those of the chain come first."""
        found: dict[str, Any] = {}
        if self.chain is not None:
            names = [part.name for part in self.chain.config.recurrent]
            found |= dict(zip(names, self.chain.recurrents, strict=True))
        return found | dict(zip(self._names, self.others, strict=True))

    def forward(
        self, inputs: Tensor, state: Any = None, *, lengths: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        """As ``Chain.forward``: time first, outputs and the final state.

        Raises:
            InterchangeError: it is not known how the layers are wired.
        """
        outputs, final = self.wired()(inputs, state, lengths=lengths)
        return outputs, final

    def wired(self) -> Chain:
        """The chain.

        Raises:
            InterchangeError: it is not known how the layers are wired.
        """
        if self.chain is None:
            names = ", ".join(map(repr, self.layers))
            raise InterchangeError(
                f"the file does not tell how its recurrent layers {names} are wired: choose by layer= when loading, "
                "one name or several in order, or take one of .layers"
            )
        return self.chain


def imported(found: Found, *, file: str, choice: Choice | None = None) -> Imported:
    """A module from what was found.

    Args:
        found: by a reader.
        file: its name, for the table.
        choice: which parts make the network; None leaves it to the file.

    Raises:
        InterchangeError: parts that make no network, names that are not there, a tensor that does not fit.
        OptionError: an activation without a dense part.
    """
    choice = choice or Choice()
    parts = chosen_parts(found, choice)
    used = parts or tuple(p for p in found.parts if isinstance(p.part, RecurrentPart))
    others = [p for p in found.parts if isinstance(p.part, RecurrentPart) and not _is_among(p, used)]
    dtype = dtype_of((*used, *others))
    chain = None if parts is None else chain_of(parts, dtype)
    apart = others if chain is not None else [*used, *others]
    layers = {p.part.name: layer_of(p, dtype) for p in apart}
    notes = [*found.notes, *([lower] if (lower := lower_dtypes(used, dtype)) else [])]
    if parts is None:
        names = ", ".join(repr(p.part.name) for p in used)
        notes.append(
            f"the file does not tell how {names} are wired: choose by layer=, one name or several in order"
        )
    elif found.chain is None and (fits := fitting(found, parts)) is not None:
        notes.append(fits)
    left_out = (*_not_chosen(found, used), *found.left_out)
    understood = Understood(file, found.kind, rows_of(used), left_out, tuple(dict.fromkeys(notes)))
    return Imported(chain, layers, understood).eval()


def _is_among(part: FoundPart, parts: tuple[FoundPart, ...]) -> bool:
    return any(part.part.name == other.part.name for other in parts)


def _not_chosen(found: Found, used: tuple[FoundPart, ...]) -> tuple[LeftOut, ...]:
    """The parts that could be used and are not."""
    reason = (
        "not chosen" if found.chain is None else "the network does not use it, or another choice was made"
    )
    return tuple(LeftOut(p.part.name, told(p.part), reason) for p in found.parts if not _is_among(p, used))
