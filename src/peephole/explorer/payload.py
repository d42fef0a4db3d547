"""Where Python's values become bytes for the page, and nowhere else.

Facts travel as JSON. Numbers travel as safetensors, the few facts beside them as one JSON string in its metadata,
under "json". Steps are those of all sequences, one after another, without padding. What each payload holds is told
by the endpoint that makes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from safetensors.numpy import save
from torch import Tensor

Json = dict[str, object]


@dataclass(frozen=True, eq=False)
class Payload:
    """Numbers by name, and what is to be known of them."""

    tensors: Mapping[str, Tensor]
    facts: Json = field(default_factory=dict)


def to_bytes(content: Payload | Json) -> tuple[str, bytes]:
    """The media type and the bytes of what an endpoint gives."""
    if isinstance(content, Payload):
        arrays = {name: values.contiguous().numpy() for name, values in content.tensors.items()}
        return "application/octet-stream", save(arrays, metadata={"json": _json(content.facts)})
    return "application/json", _json(content).encode()


def _json(facts: Json) -> str:
    # ensure_ascii, the default, lets even a lone surrogate through, which is no valid UTF-8.
    return json.dumps(facts, allow_nan=False)
