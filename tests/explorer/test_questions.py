"""Light, lags, phrases, continuations and ablations: what the page gets is what the public functions give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import peephole as ph
import peephole.analysis as pa
from peephole.explorer.endpoints import light, whatif

TEXT = "def f(x): return 'quoted'"
LINES = {"text": [TEXT], "counter": ["aaXbb.", "aX", "aaaXbbb."], "mirror": ["abcab", "ba", "ccc"]}


def ids_of(run: Path, text: str) -> torch.Tensor:
    vocabulary = ph.open_run(run).vocabulary()
    assert vocabulary is not None
    return torch.from_numpy(vocabulary.encode(text))[:, None]


def sequences(run: Path) -> list[torch.Tensor]:
    """What the run reads in these tests, each (time, 1) or (time, 1, feature)."""
    if run.name in LINES:
        return [ids_of(run, line) for line in LINES[run.name]]
    return [torch.from_numpy(s)[:, None] for s in ph.open_run(run).problem().sample(0).sequences]


def opened(client: Any, run: str, **body: object) -> str:
    material = {"text": "\n".join(LINES[run])} if run in LINES else {"sample": 0}
    return str(client.trace(run, **material, **body).facts["trace"])


def post(client: Any, path: str, body: object) -> Any:
    answer = client.post(path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def sent(client: Any, trace: str, **body: object) -> Any:
    return type(client.trace("text", text="x")).of(client.post(f"/api/traces/{trace}/light", body))


# Light


@pytest.mark.parametrize("run", ["text", "counter", "mirror", "digits", "series"])
def test_light_is_the_exact_sensitivity_of_the_likeliest_output(client: Any, zoo: Path, run: str) -> None:
    network, parts = ph.open_run(zoo / run).network(), sequences(zoo / run)
    trace = opened(client, run)
    start = len(parts[0]) if len(parts) > 1 else 0
    part = parts[1] if len(parts) > 1 else parts[0]
    for time in (0, len(part) - 1):
        got = sent(client, trace, step=start + time, output=None)
        (scores, _), read = ph.trace(network, part)
        k = int(scores[time, 0].argmax())
        expected = pa.sensitivities(network, read, pa.Output(k), time)
        assert (got.facts["step"], got.facts["from"]) == (start + time, start)
        if run == "series":
            assert got.facts["output"] is got.facts["name"] is got.facts["probability"] is None
        else:
            names = client.trace(run, sample=0).facts["predicted"]
            assert (got.facts["output"], got.facts["name"]) == (k, names[k])
            probability = scores[time, 0].softmax(-1)[k].item()
            assert got.facts["probability"] == pytest.approx(probability, rel=1e-4)
        told = {"input": expected.inputs.norm(dim=-1)}
        for lane in expected.layers:
            name = f"{lane.layer}.{lane.direction}"
            told |= {f"{name}.c_road": lane.c_road, f"{name}.h_road": lane.h_road}
            told[f"{name}.hidden"] = lane.hidden.norm(dim=-1)
            if lane.cell is not None:
                told[f"{name}.cell"] = lane.cell.norm(dim=-1)
        assert set(got.tensors) == set(told)
        for name, values in told.items():
            assert len(got[name]) == sum(map(len, parts))
            np.testing.assert_allclose(
                got[name][start : start + len(part)], values[:, 0], rtol=1e-3, atol=1e-6
            )
            assert not got[name][:start].any()
            assert not got[name][start + len(part) :].any()


def test_light_of_an_output_that_was_chosen_and_on_a_unit(client: Any, zoo: Path) -> None:
    network = ph.open_run(zoo / "text").network()
    _, read = ph.trace(network, ids_of(zoo / "text", TEXT))
    body = {"step": 20, "output": 2, "layer": 0, "direction": "forward", "unit": 3}
    got = sent(client, opened(client, "text"), **body)
    lane = pa.sensitivities(network, read, pa.Output(2), 20).layer(0)
    assert got.facts["output"] == 2
    assert lane.cell is not None
    np.testing.assert_allclose(got["unit.cell"], lane.cell[:, 0, 3].abs(), rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(got["unit.hidden"], lane.hidden[:, 0, 3].abs(), rtol=1e-3, atol=1e-7)


def test_light_goes_back_only_so_far_and_what_it_reaches_is_exact(
    client: Any, zoo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = opened(client, "text")
    whole = sent(client, trace, step=20)
    monkeypatch.setattr(light, "FURTHEST", 8)
    near = sent(client, trace, step=20)
    assert near.facts["from"] == 13
    for name, values in near.tensors.items():
        assert np.isnan(values[:13]).all()
        np.testing.assert_allclose(values[13:], whole[name][13:], rtol=1e-4, atol=1e-8)
    answer = client.post(
        f"/api/traces/{client.trace('mirror', text='a' * 9).facts['trace']}/light", {"step": 3}
    )
    assert "reads both ways" in client.refusal(answer, 413)


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"step": 25}, 404, "no moment 25"),
        ({"step": -1}, 400, '"step" must be a whole number'),
        ({}, 400, '"step" must be a whole number'),
        ([], 400, "no JSON object"),
        ({"step": 0, "output": 99}, 400, '"output" must be a whole number from 0 to'),
        ({"step": 0, "output": "a"}, 400, '"output" must be a whole number'),
        ({"step": 0, "unit": 0}, 400, '"layer" must be a whole number'),
        ({"step": 0, "unit": 0, "layer": 0}, 400, '"direction" must be a text'),
        ({"step": 0, "unit": 0, "layer": 2, "direction": "forward"}, 404, "no layer 3 forward"),
        ({"step": 0, "unit": 5, "layer": 0, "direction": "forward"}, 404, "no unit 5"),
    ],
)
def test_light_that_cannot_be_sent_is_refused(client: Any, body: object, status: int, reason: str) -> None:
    answer = client.post(f"/api/traces/{opened(client, 'text')}/light", body)
    assert reason in client.refusal(answer, status)


# Lags


def test_lags_are_the_curve_of_the_steps_that_are_looked_at(client: Any, zoo: Path) -> None:
    text = TEXT * 20
    network = ph.open_run(zoo / "text").network()
    _, read = ph.trace(network, ids_of(zoo / "text", text))
    found = client.payload(f"/api/traces/{client.trace('text', text=text).facts['trace']}/lags?lags=12")
    assert (found.facts["kind"], found.facts["lags"]) == ("lstm", 12)
    averaged = found.facts["averaged"]
    ends = list(range(12, len(text)))
    chosen = [ends[len(ends) - 1 - k * len(ends) // averaged] for k in range(averaged)]
    steps = torch.zeros(len(text), 1, dtype=torch.bool)
    steps[chosen] = True
    for layer in (0, 1):
        curve = pa.lag_curve(network, read, lags=12, steps=steps, layer=layer)
        assert curve.gates is not None
        np.testing.assert_allclose(found[f"{layer}.sensitivity"], curve.sensitivity, rtol=1e-3)
        np.testing.assert_allclose(found[f"{layer}.gates"], curve.gates.mean(-1), rtol=1e-3)


def test_lags_of_short_lines_are_those_behind_each_lines_last_step(client: Any, zoo: Path) -> None:
    network, parts = ph.open_run(zoo / "counter").network(), sequences(zoo / "counter")
    found = client.payload(f"/api/traces/{opened(client, 'counter')}/lags")
    longest = max(map(len, parts)) - 1
    assert (found.facts["lags"], found.facts["averaged"]) == (longest, len(parts))
    sums, counts = np.zeros(longest + 1), np.zeros(longest + 1)
    for part in parts:
        _, read = ph.trace(network, part)
        last = torch.zeros(len(part), 1, dtype=torch.bool)
        last[-1] = True
        curve = pa.lag_curve(network, read, lags=len(part) - 1, steps=last)
        sums[: len(part)] += curve.sensitivity.numpy()
        counts[: len(part)] += 1
    np.testing.assert_allclose(found["0.sensitivity"], sums / counts, rtol=1e-3)


def test_lags_of_a_vanilla_rnn_have_no_gates_and_a_symbol_alone_has_one_lag(client: Any) -> None:
    found = client.payload(f"/api/traces/{client.trace('zoo:counter-rnn', text='aXb.').facts['trace']}/lags")
    assert set(found.tensors) == {"0.sensitivity"}
    assert found["0.sensitivity"].shape == (4,)
    alone = client.payload(f"/api/traces/{client.trace('text', text='x').facts['trace']}/lags")
    assert alone["1.sensitivity"].shape == (1,)


@pytest.mark.parametrize("lags", ["0", "1001", "-1", "x", "1.5"])
def test_lags_are_a_whole_number_that_can_be_computed(client: Any, lags: str) -> None:
    answer = client.get(f"/api/traces/{opened(client, 'text')}/lags?lags={lags}")
    assert '"lags" must be a whole number from 1 to 1000' in client.refusal(answer, 400)


def test_a_network_that_reads_both_ways_has_no_lags(client: Any) -> None:
    answer = client.get(f"/api/traces/{opened(client, 'mirror')}/lags")
    assert "has no lag" in client.refusal(answer, 422)


# Phrases


@pytest.mark.parametrize(
    ("run", "quantity"), [("text", "forget_gate"), ("counter", "hidden"), ("digits", "cell")]
)
def test_phrases_are_those_of_the_public_function(client: Any, zoo: Path, run: str, quantity: str) -> None:
    network, parts = ph.open_run(zoo / run).network(), sequences(zoo / run)
    place = {"layer": 0, "direction": "forward", "quantity": quantity, "from": 2, "to": 3}
    found = post(client, f"/api/traces/{opened(client, run)}/phrases", place)
    lengths = torch.tensor([len(part) for part in parts])
    padded = torch.nn.utils.rnn.pad_sequence([part[:, 0] for part in parts])
    _, read = ph.trace(network, padded, lengths=lengths if len(parts) > 1 else None)
    said = pa.find_phrases(read.layer(), quantity, 2, 4)
    assert found["threshold"] == said.threshold
    assert found["units"] == [{"unit": one.unit, "sign": one.sign} for one in said.units]
    assert [(m["from"], m["to"], m["agreement"]) for m in found["matches"]] == [
        (m.start, m.stop - 1, pytest.approx(m.agreement)) for m in said.matches
    ]


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"from": 3, "to": 2}, 400, "3 to 2 are no stretch"),
        ({"from": 4, "to": 7}, 400, "4 to 7 are no stretch of one sequence"),
        ({"to": 99}, 404, "no moment 99"),
        ({"to": "3"}, 400, '"to" must be a whole number'),
        ({"layer": 1}, 404, "no layer 2 forward"),
        ({"direction": "backward"}, 404, "no layer 1 backward"),
        ({"quantity": "cell"}, 404, "no cell"),
        ({"quantity": None}, 400, '"quantity" must be a text'),
    ],
)
def test_a_stretch_that_is_none_is_refused(
    client: Any, change: dict[str, object], status: int, reason: str
) -> None:
    place = {"layer": 0, "direction": "forward", "quantity": "hidden", "from": 2, "to": 3} | change
    answer = client.post(f"/api/traces/{opened(client, 'counter')}/phrases", place)
    assert reason in client.refusal(answer, status)


# Going on


def test_a_continuation_is_the_public_functions(client: Any, zoo: Path) -> None:
    clamps = [{"unit": "l1.hidden.2", "value": 4.0, "from": 10, "to": None}]
    body = {"text": TEXT, "clamps": clamps, "length": 60, "temperature": 0.7, "seed": 5}
    found = post(client, "/api/runs/text/continue", body)
    run = ph.open_run(zoo / "text")
    vocabulary = run.vocabulary()
    assert vocabulary is not None
    expected = pa.continuations(
        run.network(),
        ids_of(zoo / "text", TEXT)[:, 0],
        60,
        {"l1.hidden.2": 4.0},
        steps=slice(10, None),
        temperature=0.7,
        seed=5,
        never=[] if vocabulary.unknown is None else [vocabulary.unknown],
    )
    assert found["plain"] == [vocabulary.symbols[symbol] for symbol in expected.unclamped.tolist()]
    assert found["clamped"] == [vocabulary.symbols[symbol] for symbol in expected.clamped.tolist()]
    assert found["agree"] == expected.agree < 60


def test_without_anything_held_there_is_one_continuation(client: Any) -> None:
    found = post(client, "/api/runs/text/continue", {"text": TEXT, "length": 7})
    assert len(found["plain"]) == found["agree"] == 7
    assert found["clamped"] is None


def test_of_several_lines_the_last_is_gone_on_with_and_held_at_its_own_steps(client: Any) -> None:
    clamps = [{"unit": "l0.hidden.0", "value": 0.9, "from": 5, "to": 6}]
    body = {"text": "aXb.\naaX", "clamps": clamps, "length": 5, "temperature": 0}
    alone = {"text": "aaX", "clamps": [clamps[0] | {"from": 1, "to": 2}], "length": 5, "temperature": 0}
    before = {
        "text": "aXb.\naaX",
        "clamps": [clamps[0] | {"from": 0, "to": 3}],
        "length": 5,
        "temperature": 0,
    }
    found = post(client, "/api/runs/counter/continue", body)
    assert found == post(client, "/api/runs/counter/continue", alone)
    untouched = post(client, "/api/runs/counter/continue", before)
    assert untouched["clamped"] == untouched["plain"] == found["plain"]


@pytest.mark.parametrize(
    ("run", "change", "status", "reason"),
    [
        ("text", {"length": 401}, 400, '"length" must be a whole number from 0 to 400'),
        ("text", {"temperature": -1}, 400, '"temperature" must be a number from 0 to 100'),
        ("text", {"temperature": "hot"}, 400, '"temperature" must be a number'),
        ("text", {"seed": -1}, 400, '"seed" must be a whole number'),
        ("text", {"text": ""}, 400, "empty"),
        ("text", {"clamps": "all"}, 400, '"clamps" must be a list'),
        ("text", {"frame": 0}, 404, "no frame 0"),
        ("counter", {"text": "aQ"}, 422, "'Q'"),
        ("mirror", {"text": "ab"}, 422, "does not say which symbol comes next"),
        ("digits", {"text": None, "sample": 0}, 422, "does not say which symbol comes next"),
        ("nobody", {}, 404, "'nobody' is not there"),
    ],
)
def test_what_cannot_be_gone_on_with_is_refused(
    client: Any, run: str, change: dict[str, object], status: int, reason: str
) -> None:
    answer = client.post(f"/api/runs/{run}/continue", {"text": "x", "length": 5} | change)
    assert reason in client.refusal(answer, status)


# What units are worth


@pytest.mark.parametrize("run", ["text", "counter"])
def test_ablations_are_those_of_the_public_function(client: Any, zoo: Path, run: str) -> None:
    network = ph.open_run(zoo / run).network()
    quantity = "cell" if run == "text" else "update_gate"
    body = {"text": "\n".join(LINES[run]), "layer": 0, "direction": "forward", "quantity": quantity}
    found = post(client, f"/api/runs/{run}/ablate", body)
    parts = sequences(zoo / run)
    cost, baseline, steps = np.zeros(5), 0.0, sum(len(part) - 1 for part in parts)
    for part in parts:
        each = pa.ablations(network, part[:-1], part[1:], quantity=quantity)
        cost += each.cost.numpy() * (len(part) - 1) / steps
        baseline += each.baseline * (len(part) - 1) / steps
    assert found["steps"] == steps
    assert found["bits"] == pytest.approx(baseline, rel=1e-4)
    assert {one["unit"]: one["bits"] for one in found["units"]} == pytest.approx(
        dict(enumerate(cost)), abs=1e-4
    )
    bits = [one["bits"] for one in found["units"]]
    assert bits == sorted(bits, reverse=True)


def test_labels_are_ablated_where_they_are_known(client: Any, zoo: Path) -> None:
    place = {"layer": 0, "direction": "backward", "quantity": "hidden"}
    found = post(client, "/api/runs/mirror/ablate", {"sample": 0, **place})
    trace = client.trace("mirror", sample=0)
    assert found["steps"] == len(trace.facts["symbols"])
    assert found["bits"] == pytest.approx(float(trace["surprise"].mean()), rel=1e-4)
    answer = client.post("/api/runs/mirror/ablate", {"text": "abc", **place})
    assert "nobody has said which outputs are right" in client.refusal(answer, 422)


def test_of_a_long_text_the_beginning_is_ablated(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whatif, "MOST_RUNS", 5 * 10)
    place = {"layer": 1, "direction": "forward", "quantity": "cell"}
    long = post(client, "/api/runs/text/ablate", {"text": TEXT, **place})
    assert long["steps"] == 10
    assert long["units"] == post(client, "/api/runs/text/ablate", {"text": TEXT[:11], **place})["units"]


@pytest.mark.parametrize(
    ("run", "change", "status", "reason"),
    [
        ("text", {"layer": 2}, 404, "no layer 3 forward"),
        ("text", {"direction": "backward"}, 404, "no layer 1 backward"),
        ("text", {"direction": "up"}, 404, "no layer 1 up"),
        ("text", {"quantity": "mood"}, 404, "no mood"),
        ("text", {"layer": "0"}, 400, '"layer" must be a whole number'),
        (
            "text",
            {"clamps": [{"unit": "l0.cell.0", "value": 0, "from": 0, "to": None}]},
            400,
            "nothing else held",
        ),
        ("series", {"text": None, "sample": 0}, 422, "no surprise in bits"),
        ("nobody", {}, 404, "'nobody' is not there"),
    ],
)
def test_what_cannot_be_ablated_is_refused(
    client: Any, run: str, change: dict[str, object], status: int, reason: str
) -> None:
    body = {"text": "xx", "layer": 0, "direction": "forward", "quantity": "cell"} | change
    assert reason in client.refusal(client.post(f"/api/runs/{run}/ablate", body), status)
