"""Moments and what units follow, compared with the public functions; and what is refused."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import peephole as ph
import peephole.analysis as pa

READ: dict[str, dict[str, object]] = {
    "text": {"text": "def f(x): return 'quoted'"},
    "counter": {"text": "aaXbb.\naX\naaaXbbb."},
    "mirror": {"text": "abcab\nba\nccc"},
    "digits": {"sample": 3},
    "series": {"sample": 0},
}


def alone(run: Path, body: dict[str, object]) -> list[tuple[ph.Network, ph.Trace]]:
    """The network, and its trace of each sequence by itself."""
    opened = ph.open_run(run)
    network = opened.network()
    if "sample" in body:
        sequences = [torch.from_numpy(s) for s in opened.problem().sample(int(str(body["sample"]))).sequences]
    else:
        vocabulary = opened.vocabulary()
        assert vocabulary is not None
        lines = str(body["text"]).split("\n")
        sequences = [torch.from_numpy(vocabulary.encode(line)) for line in lines]
    return [(network, ph.trace(network, sequence[:, None])[1]) for sequence in sequences]


def places(traces: list[tuple[ph.Network, ph.Trace]]) -> list[tuple[ph.Network, ph.Trace, int]]:
    """The network, trace and time of each step over all sequences."""
    return [(network, trace, time) for network, trace in traces for time in range(len(trace.layer().input))]


@pytest.mark.parametrize("run", READ)
def test_a_layers_moment_is_its_record_at_that_step(client: Any, zoo: Path, run: str) -> None:
    trace = client.trace(run, **READ[run]).facts["trace"]
    steps = places(alone(zoo / run, READ[run]))
    for step in {0, 1, len(steps) // 2, len(steps) - 1}:
        _, read, time = steps[step]
        for record in read:
            got = client.payload(f"/api/traces/{trace}/{record.layer}/{record.direction}/moment/{step}")
            last = len(record.input) - 1
            first = time == (last if record.direction == "backward" else 0)
            assert got.facts == {"kind": record.kind, "step": time, "first": first}
            states = {f"before.{state}" for state in record.initial}
            assert set(got.tensors) == {*record.quantities, *states, "input"}
            for quantity, values in record.quantities.items():
                np.testing.assert_allclose(got[quantity], values[time, 0], atol=1e-6)
            for state in record.initial:
                before = pa.steps.state_before(record, state, time)
                np.testing.assert_allclose(got[f"before.{state}"], before, atol=1e-6)
            np.testing.assert_allclose(got["input"], record.input[time, 0], atol=1e-6)


@pytest.mark.parametrize("run", READ)
def test_a_units_moment_is_the_public_functions(client: Any, zoo: Path, run: str) -> None:
    trace = client.trace(run, **READ[run]).facts["trace"]
    steps = places(alone(zoo / run, READ[run]))
    for step in {0, len(steps) // 2, len(steps) - 1}:
        network, read, time = steps[step]
        for record in read:
            lane = f"{record.layer}/{record.direction}"
            got = client.json(f"/api/traces/{trace}/{lane}/unit/3/moment/{step}")
            expected = pa.moment(record, 3, time)
            assert set(got["values"]) == set(asdict(expected))
            assert got["values"]["kind"] == record.kind
            for name, value in asdict(expected).items():
                if name != "kind":
                    assert got["values"][name] == pytest.approx(value, abs=1e-5)
            assert got["printed"].keys() == expected.printed().keys()
            sums = pa.sums(network, read, 3, time, layer=record.layer, direction=record.direction)
            assert list(got["sums"]) == [part.quantity for part in sums]
            for part in sums:
                said = got["sums"][part.quantity]
                assert said["activation"] == part.activation
                for name in ("input", "hidden", "peephole", "bias"):
                    value = getattr(part, name)
                    assert (
                        said[name] is None if value is None else said[name] == pytest.approx(value, abs=1e-4)
                    )
                parts = (said["input"], said["hidden"], said["peephole"] or 0, said["bias"])
                assert said["sum"] == pytest.approx(sum(parts))
                if part.quantity != "hidden":
                    # The gate is what its sum makes of it.
                    gate = getattr(torch, part.activation)(torch.tensor(said["sum"]))
                    assert record[part.quantity][time, 0, 3].item() == pytest.approx(gate.item(), abs=1e-5)


def test_the_sentence_is_told_in_parts_that_are_marked_in_both_languages(client: Any, zoo: Path) -> None:
    trace = client.trace("text", text="return").facts["trace"]
    got = client.json(f"/api/traces/{trace}/1/forward/unit/2/moment/4")
    [(_, read)] = alone(zoo / "text", {"text": "return"})
    expected = pa.moment(read.layer(1), 2, 4)
    for language in ("en", "zh"):
        assert [(part["text"], part["mark"]) for part in got["sentence"][language]] == [
            (part.text, part.mark) for part in expected.parts(language)
        ]
    assert "".join(part["text"] for part in got["sentence"]["en"]).startswith("Unit 2 kept")


def test_what_was_held_is_told_in_the_moment(client: Any) -> None:
    clamps = [{"unit": "l1.cell.2", "value": 3.0, "from": 4, "to": 4}]
    trace = client.trace("text", text="return", clamps=clamps).facts["trace"]
    got = client.json(f"/api/traces/{trace}/1/forward/unit/2/moment/4")
    assert got["values"]["state"] == 3
    assert abs(got["values"]["held"]) > 0.1
    assert "held" in got["printed"]


@pytest.mark.parametrize("run", READ)
def test_what_units_follow_is_the_public_functions(client: Any, zoo: Path, run: str) -> None:
    trace = client.trace(run, **READ[run])
    got = client.json(f"/api/traces/{trace.facts['trace']}/0/forward/follows")
    record = alone(zoo / run, READ[run])
    memory = "cell" if "cell" in record[0][1].layer().quantities else "hidden"
    values = torch.cat([read.layer()[memory][:, 0] for _, read in record]).double()
    lengths = trace.facts["lengths"]
    symbols = trace.facts["symbols"]
    if "inputs" in trace.tensors:
        known = pa.number_indicators(torch.from_numpy(trace["inputs"]), lengths)
    else:
        known = (
            *pa.text_indicators(symbols, lengths, syntax="prose"),
            *(pa.seen(symbols, lengths) if run != "text" else ()),
            *([pa.left_to_count(symbols, lengths)] if run == "counter" else []),
        )
    assert set(got["indicators"]) == {one.key for one in known}
    with np.errstate(invalid="ignore"):  # what never changes
        r = np.corrcoef(values.T, torch.stack([one.values for one in known]))[:5, 5:]
    best = np.nanmax(np.abs(r), axis=1)
    assert [abs(one["correlation"]) for one in got["units"]] == pytest.approx(
        sorted(best, reverse=True), abs=1e-4
    )
    for one in got["units"]:
        assert abs(one["correlation"]) == pytest.approx(best[one["unit"]], abs=1e-4)
        assert one["name"]["en"] in one["sentence"]["en"]
        assert one["name"]["zh"] in one["sentence"]["zh"]
    assert len({one["unit"] for one in got["units"]}) == 5
    with np.errstate(invalid="ignore"):
        most = {
            one.key: np.nanmax(np.abs(r[:, place])) for place, one in enumerate(known) if one.values.std() > 0
        }
    leaders = {one["indicator"]: one for one in got["leaders"]}
    assert set(leaders) == set(most)
    for key, one in leaders.items():
        place = [other.key for other in known].index(key)
        assert abs(one["correlation"]) == pytest.approx(most[key], abs=1e-4)
        assert abs(r[one["unit"], place]) == pytest.approx(most[key], abs=1e-4)
    if memory == "cell":
        shut = 1 - torch.cat([read.layer().output_gate[:, 0] for _, read in record])
        assert got["silence"] == pytest.approx((shut * values.tanh().abs()).mean(0).tolist(), abs=1e-4)
    else:
        assert got["silence"] is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("0/forward/moment/25", "no moment 25"),
        ("0/forward/moment/-1", "'-1' is no number of a moment"),
        ("2/forward/moment/0", "no layer 3 forward"),
        ("0/backward/moment/0", "no layer 1 backward"),
        ("0/forward/unit/5/moment/0", "no unit 5"),
        ("0/forward/unit/0/moment/25", "no moment 25"),
        ("0/forward/unit/0/moment/x", "'x' is no number of a moment"),
        ("2/forward/follows", "no layer 3 forward"),
    ],
)
def test_what_is_not_there_is_refused(client: Any, path: str, reason: str) -> None:
    trace = client.trace("text", **READ["text"]).facts["trace"]
    assert reason in client.refusal(client.get(f"/api/traces/{trace}/{path}"), 404)
    assert "no longer held" in client.refusal(client.get(f"/api/traces/0123/{path}"), 404)
