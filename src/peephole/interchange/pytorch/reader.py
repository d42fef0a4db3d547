"""PyTorch's files: weights wherever they lie in them, read as data. No code of a file is ever run.

Files of ``torch.save`` (state_dicts, checkpoints, whole modules, of which the weights are found by their names),
TorchScript archives, pickles of arrays and safetensors.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from peephole.errors import DataNotFoundError, InterchangeError
from peephole.interchange.found import Found, FoundPart, LeftOut
from peephole.interchange.pytorch import files, left, tree
from peephole.interchange.pytorch.flat import flat_parts
from peephole.interchange.pytorch.layers import Asked, layer
from peephole.interchange.pytorch.names import Group, groups
from peephole.interchange.pytorch.tree import Named
from peephole.interchange.pytorch.values import short

_WRAPPERS = re.compile(r"(?:(?:state_dict|model_state_dict|model_state|module|_orig_mod)\.)+")


def read(path: Path, **options: Any) -> Found:
    """Finds the recurrent layers in a file of PyTorch's, and the embeddings and linear layers beside them.

    Args:
        path: a ``.pt``, ``.pth``, ``.bin``, ``.pkl`` or ``.safetensors`` file, or a TorchScript archive.
        options: what shapes and names cannot decide, for every recurrent layer: ``cell``, and keywords of
            ``peephole.RNN``, ``LSTM`` or ``GRU`` such as ``nonlinearity``, ``coupled`` or ``merge``.

    Raises:
        DataNotFoundError: there is no such file.
        InterchangeError: another kind of file, a damaged one, one that is a program rather than data, or one without a
            complete recurrent layer.
        OptionError: an option that no layer has, or that the weights decide.
    """
    asked = Asked.checked(options)
    if not path.is_file():
        raise DataNotFoundError(f"{short(str(path))} is not there, or is no file")
    try:
        with files.opened(path) as content:
            return _found(content, asked)
    except InterchangeError as error:
        raise InterchangeError(f"{short(path.name)}: {error}") from error


def _found(content: files.Content, asked: Asked) -> Found:
    """What is in a file's content."""
    tensors, objects = tree.flat(content.root)
    recurrent = groups(tensors)
    names = _names([group.prefix or _bare(group) for group in recurrent])
    placed: list[tuple[int, FoundPart]] = []
    notes: list[str] = []
    troubles: dict[str, str] = {}  # path to reason
    order = {named.path: number for number, named in enumerate(tensors)}
    used: set[str] = set()
    problems = []
    for group, name in zip(recurrent, names, strict=True):
        try:
            part, said = layer(group, name, asked, content.code)
        except InterchangeError as error:
            problems.append(str(error))
            troubles |= dict.fromkeys(group.paths, str(error))
            continue
        placed.append((min(order[path] for path in group.paths), part))
        notes += said
        used |= set(group.paths)
    if not placed:
        raise InterchangeError(problems[0] if problems else _nothing(tensors, objects))
    rest = [named for named in tensors if named.path not in used and named.path not in troubles]
    others, taken, unread = flat_parts(rest, [part for _, part in placed], _WRAPPERS)
    placed += [(order[first], part) for first, part in others]
    used |= taken
    troubles |= unread
    parts = tuple(part for _, part in sorted(placed, key=lambda pair: pair[0]))
    rows = left.rows([named for named in tensors if named.path not in used], used, troubles)
    return Found(content.kind, parts, None, (*rows, *_objects(objects, tensors)), tuple(notes))


def _bare(group: Group) -> str:
    """A name for weights that have no prefix."""
    return "cell" if group.cell else "recurrent"


def _names(prefixes: list[str]) -> list[str]:
    """Prefixes without what checkpoints are wrapped in, unless two would be the same."""
    plain = [_WRAPPERS.sub("", f"{prefix}.", count=1).rstrip(".") for prefix in prefixes]
    plain = [name or prefix for name, prefix in zip(plain, prefixes, strict=True)]
    count = Counter(plain)
    return [p if count[p] == 1 else prefix for p, prefix in zip(plain, prefixes, strict=True)]


def _nothing(tensors: list[Named], objects: dict[str, str]) -> str:
    """Why there is no recurrent layer."""
    if packed := next((path for path in [*(n.path for n in tensors), *objects] if _is_packed(path)), None):
        return f"{short(packed)} belongs to a quantized layer, whose weights are packed; save it before quantizing"
    some = ", ".join(short(named.path) for named in tensors[:3]) or "none"
    more = f" and {len(tensors) - 3} more" if len(tensors) > 3 else ""
    calls = ", ".join(dict.fromkeys(short(kind) for kind in [*objects.values()][:3]))
    return (
        f"no tensor is named as a recurrent layer's are (weight_ih_l0, weight_hh_l0, …); its tensors: {some}{more}"
        + (f"; its pickle makes objects of {calls}, which are not data and were not made" if calls else "")
    )


def _is_packed(path: str) -> bool:
    return "_packed_params" in path or "_all_weight_values" in path


def _objects(objects: dict[str, str], tensors: list[Named]) -> list[LeftOut]:
    """Objects without tensors in them: one row for all of a class."""
    holding = {named.owner.path for named in tensors if named.owner is not None}
    ancestors = {".".join(path.split(".")[:n]) for path in holding for n in range(path.count(".") + 2)}
    by_class: dict[str, list[str]] = {}
    for path, kind in objects.items():
        if path not in ancestors and not kind.startswith(("torch.nn.", "__torch__.")):
            by_class.setdefault(kind[:200], []).append(path or "the file")
    reason = "an object and no data: its class is only a name here, and nothing of it was run"
    return [
        LeftOut(
            paths[0],
            f"an object of {kind!r}" if len(paths) == 1 else f"{len(paths)} objects of {kind!r}",
            reason,
        )
        for kind, paths in [*by_class.items()][: left.ROWS]
    ]
