"""Embeddings and linear layers among the tensors that are left, where something says that they are such.

An embedding's table and a linear layer without bias are both a matrix called ``weight``. The class that the file names
decides, else the name, else that a recurrent layer reads vectors of that size.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from torch import Tensor

from peephole.errors import InterchangeError
from peephole.interchange.found import FoundPart
from peephole.interchange.pytorch.tree import Named, floats
from peephole.interchange.pytorch.values import short
from peephole.nn.chain import DensePart, EmbeddingPart, RecurrentPart

_EMBEDDING = re.compile(r"emb|lookup|wte|word_vec|char_vec", re.IGNORECASE)
_DENSE = re.compile(r"linear|dense|fc|decod|out|logit|head|classif|proj|readout|predict", re.IGNORECASE)
_NEITHER = re.compile(r"norm|bn\d|attn|attention|conv", re.IGNORECASE)


def flat_parts(
    tensors: Sequence[Named], recurrent: Sequence[FoundPart], wrappers: re.Pattern[str]
) -> tuple[list[tuple[str, FoundPart]], set[str], dict[str, str]]:
    """Embeddings and linear layers.

    Args:
        tensors: those that no recurrent layer has taken.
        recurrent: the recurrent parts.
        wrappers: what is left away at the beginning of a name.

    Returns:
        the first path and the part of each; the paths that they took; path to reason for those that are damaged.
    """
    layers = [part.part for part in recurrent if isinstance(part.part, RecurrentPart)]
    read = {int(part.options["input_size"]) for part in layers}
    by_path = {named.path: named for named in tensors}
    parts: list[tuple[str, FoundPart]] = []
    taken: set[str] = set()
    troubles: dict[str, str] = {}
    for path, named in by_path.items():
        prefix, _, leaf = path.rpartition(".")
        if (
            leaf != "weight"
            or len(named.held.shape) != 2
            or not floats(named.held.dtype)
            or 0 in named.held.shape
        ):
            continue
        bias = by_path.get(f"{prefix}.bias" if prefix else "bias")
        kind = _kind(named, bias, read)
        if kind is None or re.search(r"optim|exp_avg|momentum", path):
            continue
        members = {"weight": named} | ({"bias": bias} if bias is not None and kind == "dense" else {})
        try:
            values = _values(members)
        except InterchangeError as error:
            troubles |= {member.path: str(error) for member in members.values()}
            continue
        name = wrappers.sub("", f"{prefix}.", count=1).rstrip(".") or prefix or kind
        rows, columns = named.held.shape
        part = (
            EmbeddingPart(name=name, symbols=rows, size=columns)
            if kind == "embedding"
            else DensePart(name=name, inputs=columns, outputs=rows, bias="bias" in members)
        )
        parts.append((path, FoundPart(part, values, {key: member.path for key, member in members.items()})))
        taken |= {member.path for member in members.values()}
    return parts, taken, troubles


def _kind(named: Named, bias: Named | None, read: Iterable[int]) -> str | None:
    """Either "embedding" or "dense"; None where nothing says so."""
    rows, columns = named.held.shape
    made_by = named.owner.made_by.rpartition(".")[2] if named.owner is not None else ""
    prefix = named.path.rpartition(".")[0].rpartition(".")[2] or named.path
    if made_by in ("Embedding", "EmbeddingBag"):
        return "embedding"
    if bias is not None:
        fits = bias.held.shape == (rows,) and floats(bias.held.dtype)
        return "dense" if fits and made_by in ("", "Linear", "NonDynamicallyQuantizableLinear") else None
    if made_by == "Linear":
        return "dense"
    if made_by or _NEITHER.search(prefix):
        return None
    if _EMBEDDING.search(prefix):
        return "embedding"
    if _DENSE.search(prefix):
        return "dense"
    return "embedding" if columns in read and rows != columns else None


def _values(members: dict[str, Named]) -> dict[str, Tensor]:
    values = {}
    for key, member in members.items():
        try:
            values[key] = member.held.values()
        except InterchangeError as error:
            raise InterchangeError(f"{short(member.path)}: {error}") from error
    return values
