"""What Python computes of small networks, for the front end's own tests to compare with.

The page runs small networks itself where it is a file (`web/src/engine`) and reads records itself
(`web/src/record`); `web/tests/engine.test.ts` holds both to `web/tests/networks.json`, and
`test_page_fixture.py` holds that file to this module. To write it anew: `python tests/page_fixture.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import peephole as ph
from peephole.analysis.ablation import ablations
from peephole.analysis.clamping import continuations
from peephole.analysis.moments import TEMPLATES, moment
from peephole.analysis.outputs import Output
from peephole.analysis.phrases import find_phrases
from peephole.analysis.predictions import delay, predictions, surprise
from peephole.analysis.sensitivity import sensitivities
from peephole.analysis.steps import flatten, starts
from peephole.analysis.units import histogram, mean_by_symbol, unit_statistics

PLACE = Path(__file__).parents[1] / "web" / "tests" / "networks.json"
LENGTHS = torch.tensor([6, 4])
STEP = 4
"""Of the first sequence: where moments are looked at and the way back begins."""
SYMBOLS = "abcd"

NETWORKS: dict[str, dict[str, Any]] = {
    "rnn": {"cell": "rnn", "layers": 1},
    "gru": {"cell": "gru", "layers": 2, "embedding": 2},
    "lstm": {"cell": "lstm", "layers": 1},
    "peepholes": {"cell": "lstm", "layers": 2, "embedding": 2, "peephole": "diagonal"},
    "both ways": {"cell": "lstm", "layers": 2, "bidirectional": True},
    "both ways gru": {"cell": "gru", "layers": 1, "bidirectional": True},
    "numbers": {"cell": "lstm", "layers": 1, "input": "numbers", "input_size": 2, "output_size": 1},
}


def computed() -> dict[str, Any]:
    """Everything, as the file holds it."""
    networks = {name: _network(seed, chosen) for seed, (name, chosen) in enumerate(NETWORKS.items())}
    return {"templates": TEMPLATES, "networks": networks}


def _network(seed: int, chosen: dict[str, Any]) -> dict[str, Any]:
    base = {"input": "symbols", "input_size": 4, "output_size": 4, "embedding": None, "hidden": 3}
    config = ph.NetworkConfig(**{**base, **chosen})
    torch.manual_seed(seed)
    network = ph.Network(config).eval()
    with torch.no_grad():
        for weight in network.parameters():  # few digits, so that the file says exactly what the network has
            weight.copy_((2 * weight).mul(1000).round().div(1000))
    numbers = torch.randn(6, 2, 2).mul(1000).round().div(1000)
    inputs = numbers if config.input == "numbers" else torch.randint(4, (6, 2))
    held = {"l0.hidden.1": 0.5}
    with torch.no_grad():
        (scores, _), trace = ph.trace(network, inputs, lengths=LENGTHS)
        with ph.intervene(network, held, steps=[1, 2]):
            (clamped, _), _ = ph.trace(network, inputs, lengths=LENGTHS)
    flat = flatten(inputs, LENGTHS)
    return {
        "config": config.to_json(),
        "weights": {name: _list(weight) for name, weight in network.state_dict().items()},
        "inputs": _list(flat),
        "lengths": LENGTHS.tolist(),
        "records": {
            f"{record.layer}.{record.direction}": {
                name: _list(flatten(values, LENGTHS)) for name, values in record.quantities.items()
            }
            for record in trace
        },
        "scores": _list(flatten(scores, LENGTHS)),
        "clamped": _list(flatten(clamped, LENGTHS)),
        "said": None if config.input == "numbers" else _said(scores, flat),
        "light": _light(network, trace),
        "of a record": _of_a_record(trace, flat),
        "going on": _going_on(network, inputs) if config.input == "symbols" else None,
    }


def _said(scores: Tensor, ids: Tensor) -> dict[str, Any]:
    likeliest = predictions(flatten(scores, LENGTHS))
    following = torch.cat([ids[1:], ids[:1]])
    bits = delay(surprise(flatten(scores, LENGTHS), following), starts(LENGTHS))
    return {
        "outputs": _list(likeliest.outputs),
        "probabilities": _list(likeliest.probabilities),
        "surprise": [None if value != value else value for value in _list(bits)],
    }


def _light(network: ph.Network, trace: ph.Trace) -> dict[str, Any]:
    found = sensitivities(network, trace, Output(0), STEP)
    return {
        "lanes": [
            {
                "cRoad": _list(lane.c_road[:, 0]),
                "hRoad": _list(lane.h_road[:, 0]),
                "cell": None if lane.cell is None else _list(lane.cell[:, 0].norm(dim=-1)),
                "hidden": _list(lane.hidden[:, 0].norm(dim=-1)),
            }
            for lane in found.layers
        ],
        "input": _list(found.inputs[:, 0].norm(dim=-1)),
    }


def _of_a_record(trace: ph.Trace, flat: Tensor) -> dict[str, Any]:
    """What is read off the last record: of its first unit, and of its hidden values."""
    record = trace.records[-1]
    said = moment(record, 0, STEP)
    statistics, spread = unit_statistics(record, "hidden"), histogram(record, "hidden", 0)
    stretch = find_phrases(record, "hidden", 1, 3)
    ids = flat.tolist() if flat.dim() == 1 else [round(row[0]) % 4 for row in flat.tolist()]
    symbols = [SYMBOLS[number] for number in ids]
    means = mean_by_symbol(record, "hidden", 0, symbols)
    return {
        "symbols": symbols,
        "moment": {name: getattr(said, name) for name in said.__dataclass_fields__},
        "printed": said.printed(),
        "sentence": {language: said.sentence(language) for language in ("en", "zh")},
        "statistics": {name: _list(getattr(statistics, name)) for name in statistics.__dataclass_fields__},
        "histogram": {"counts": _list(spread.counts), "low": spread.low, "high": spread.high},
        "means": {"symbols": means.symbols, "means": _list(means.means), "counts": _list(means.counts)},
        "phrases": {
            "units": [{"unit": found.unit, "sign": found.sign} for found in stretch.units],
            "matches": [[match.start, match.stop - 1, match.agreement] for match in stretch.matches],
        },
    }


def _going_on(network: ph.Network, inputs: Tensor) -> dict[str, Any]:
    outcomes = inputs.roll(-1, 0)
    weight = (torch.arange(len(inputs)).unsqueeze(1) < LENGTHS - 1).float()
    found = ablations(network, inputs, outcomes, quantity="hidden", lengths=LENGTHS, weight=weight)
    forward = not network.config.bidirectional
    after = continuations(network, inputs[:, 0], 8, {"l0.hidden.1": 0.5}, temperature=0) if forward else None
    return {
        "ablations": _list(found.cost),
        "plain": None if after is None else after.unclamped.tolist(),
        "clamped": None if after is None else after.clamped.tolist(),
    }


def _list(values: Tensor) -> list[Any]:
    """Flat, with seven significant digits."""
    found: list[Any] = values.flatten().tolist()
    return [float(f"{value:.7g}") for value in found] if values.is_floating_point() else found


if __name__ == "__main__":
    PLACE.write_text(json.dumps(computed(), ensure_ascii=False) + "\n", encoding="utf-8")
