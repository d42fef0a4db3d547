"""What the page is told about runs, as JSON: the card of each, and the facts that its own page begins with.

Numbers of units and steps travel in ``payload.py``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from peephole.errors import RunError
from peephole.explorer.models import SHOWN, address_of, layers_of, reads_forward
from peephole.explorer.opened import OpenRun
from peephole.explorer.payload import Json
from peephole.nn.models import Network
from peephole.train.run import CONFIG, Run
from peephole.zoo import cards


def home_page(folders: Mapping[str, Path]) -> list[Json]:
    """A card for each run, the latest first; one that cannot be opened says why."""
    found = [_card_of_folder(name, folder) for name, folder in folders.items()]
    return sorted(found, key=lambda card: str(card["modified"]), reverse=True)


def gallery_page(shipped: Mapping[str, Path]) -> list[Json]:
    """A card for each shipped network by its id, with what to look for in it.

    Raises:
        RunError: a shipped network is damaged.
    """
    return [
        _card_of_folder(name, folder)
        | {
            "title": known.title,
            "look_for": known.look_for,
            "first_failure": known.first_failure,
        }
        for (name, folder), known in zip(shipped.items(), cards(), strict=True)
    ]


def run_page(id: str, opened: OpenRun) -> Json:
    """A run's card, what its network is made of, and how its training went."""
    run, network = opened.run, opened.network
    return card(id, run) | {
        "config": run.config.to_json(),
        "input": run.config.input,
        "target": opened.target,
        "layers_detail": [
            {
                "layer": layer.number,
                "directions": list(layer.directions),
                "units": layer.equations.hidden_size,
                "quantities": [name for name in layer.equations.quantities if name in SHOWN],
                "cell": layer.equations.name,
                "address": address_of(network, layer),
            }
            for layer in layers_of(network)
        ],
        "vocabulary": None if opened.vocabulary is None else list(opened.vocabulary.symbols),
        "labels": None if opened.labels is None else list(opened.labels),
        "samples": opened.samples,
        "sample_titles": [title.to_json() for title in opened.demonstrations] or None,
        "understood": run.understood(),
        "one_stack": isinstance(network, Network),
        "causal": reads_forward(network),
        "film": _film(run),
        "metrics": [[row.step, _finite(row.train), _finite(row.validation)] for row in run.metrics()],
    }


def card(id: str, run: Run) -> Json:
    """What the home page shows of a run."""
    config = run.config
    return {
        "id": id,
        "name": run.name,
        "problem": run.description.get("task") or run.description.get("kind"),
        "unit": run.description.get("unit"),
        "cell": config.cell,
        "layers": config.layers,
        "hidden": config.hidden,
        "bidirectional": config.bidirectional,
        "parameters": run.parameters,
        "peephole": config.peephole,
        "source": run.description.get("file") if run.imported else None,
        "result": {name: _finite(value) for name, value in run.result.items()},
        "film": len(run.film()),
        "modified": _modified(run.path),
        "error": None,
    }


def _film(run: Run) -> list[Json]:
    """Each frame of the film, with the losses that were last known at its step; None before the first."""
    metrics = run.metrics()
    frames: list[Json] = []
    for frame in run.film():
        known = [row for row in metrics if row.step <= frame.step]
        frames.append(
            {
                "frame": frame.number,
                "step": frame.step,
                "validation": _finite(known[-1].validation) if known else None,
                "train": _finite(known[-1].train) if known else None,
            }
        )
    return frames


def _card_of_folder(id: str, folder: Path) -> Json:
    try:
        return card(id, Run.open(folder))
    except RunError as error:
        unknown = dict.fromkeys(
            (
                "problem",
                "unit",
                "cell",
                "layers",
                "hidden",
                "bidirectional",
                "parameters",
                "peephole",
                "result",
            )
        )
        return {
            "id": id,
            "name": folder.name,
            **unknown,
            "modified": _modified(folder),
            "film": 0,
            "error": str(error),
        }


def _modified(folder: Path) -> str | None:
    """When the run was last written, ISO 8601 in UTC; None if it has just been deleted."""
    try:
        seconds = (folder / CONFIG).stat().st_mtime
    except FileNotFoundError:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _finite(value: object) -> object:
    """JSON has neither NaN nor infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
