"""What a network is asked to do: at a frame of its film, with something held, on a digit that somebody drew."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import peephole as ph
from peephole.explorer.answers import Answers
from peephole.explorer.catalog import Catalog
from peephole.train.metrics import Metric, to_csv

TEXT = "def f(x): return 'quoted'"


def ids_of(run: Path, text: str) -> torch.Tensor:
    vocabulary = ph.open_run(run).vocabulary()
    assert vocabulary is not None
    return torch.from_numpy(vocabulary.encode(text))[:, None]


def values(client: Any, trace: str, layer: int, unit: int, direction: str = "forward") -> Any:
    return client.payload(f"/api/traces/{trace}/{layer}/{direction}/unit/{unit}")


def drawing(rows: np.ndarray[Any, Any]) -> str:
    """28 × 28 values from 0 to 15 as the page writes them."""
    flat = rows.reshape(-1, 2).astype(np.uint8)
    packed = bytes((flat[:, 0] << 4) | flat[:, 1])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


@pytest.fixture
def filmed(zoo: Path, tmp_path: Path) -> Path:
    """A run of the zoo with a film of three frames, and losses known from step 20 on."""
    run = tmp_path / "filmed"
    shutil.copytree(zoo / "counter", run)
    (run / "film").mkdir()
    weights = load_file(run / "weights.safetensors")
    frames = []
    for number, step in enumerate((0, 20, 25)):
        file = f"{number:04d}.safetensors"
        save_file({name: number * value for name, value in weights.items()}, run / "film" / file)
        frames.append({"number": number, "file": file, "step": step, "share": step / 25})
    (run / "film" / "index.json").write_text(json.dumps(frames))
    known = {"epoch": 0, "seconds": 1.0, "symbols": 9, "learning_rate": 0.1}
    row = Metric(step=20, train=1.5, validation=float("nan"), **known)
    (run / "metrics.csv").write_text(to_csv([row], unit="bits"))
    return run


def test_a_frame_of_the_film_is_the_network_as_it_was(filmed: Path, connect: Any) -> None:
    client = connect([filmed])
    assert client.json("/api/home")["runs"][0]["film"] == 3
    run = ph.open_run(filmed)
    for frame in run.film():
        found = client.trace("filmed", text="aaXbb.", frame=frame.number)
        assert found.facts["frame"] == frame.number
        record = ph.trace(run.network_at(frame), ids_of(filmed, "aaXbb."))[1].layer()
        got = values(client, found.facts["trace"], 0, 2)
        for quantity in record.quantities:
            np.testing.assert_allclose(got[quantity], record[quantity][:, 0, 2], atol=1e-6)
    finished = client.trace("filmed", text="aaXbb.")
    assert finished.facts["frame"] is None
    assert finished.facts["trace"] != client.trace("filmed", text="aaXbb.", frame=1).facts["trace"]


def test_a_frame_has_the_losses_that_were_last_known(filmed: Path, connect: Any) -> None:
    film = connect([filmed]).json("/api/runs/filmed")["film"]
    assert film == [
        {"frame": 0, "step": 0, "validation": None, "train": None},
        {"frame": 1, "step": 20, "validation": None, "train": 1.5},
        {"frame": 2, "step": 25, "validation": None, "train": 1.5},
    ]


def test_a_frame_that_is_not_there_is_refused(filmed: Path, zoo: Path, connect: Any) -> None:
    client = connect([filmed, zoo / "text"])
    refused = client.post("/api/runs/filmed/trace", {"text": "aXb", "frame": 3})
    assert "no frame 3" in client.refusal(refused, 404)
    assert refused.json()["do"]["en"] == "It has frames 0 to 2."
    refused = client.post("/api/runs/text/trace", {"text": "x", "frame": 0})
    assert "no frame 0" in client.refusal(refused, 404)
    assert "--film" in refused.json()["do"]["en"]


@pytest.mark.parametrize("frame", ["1", 1.5, True, -1])
def test_a_frame_is_a_whole_number(client: Any, frame: object) -> None:
    answer = client.post("/api/runs/text/trace", {"text": "x", "frame": frame})
    assert '"frame" must be a whole number from 0 on' in client.refusal(answer, 400)


def test_what_is_held_is_held_as_intervene_holds_it(client: Any, zoo: Path) -> None:
    clamps = [
        {"unit": "l0.cell.3", "value": 2.5, "from": 4, "to": 6},
        {"unit": "l1.forget_gate.1", "value": 0, "from": 10, "to": None},
    ]
    found = client.trace("text", text=TEXT, clamps=clamps)
    assert found.facts["clamps"] == clamps
    network = ph.open_run(zoo / "text").network()
    with (
        ph.intervene(network, {"l0.cell.3": 2.5}, steps=[4, 5, 6]),
        ph.intervene(network, {"l1.forget_gate.1": 0.0}, steps=slice(10, None)),
    ):
        (scores, _), trace = ph.trace(network, ids_of(zoo / "text", TEXT))
    np.testing.assert_allclose(
        found["probabilities5"], scores[:, 0].detach().softmax(-1).topk(5).values, rtol=1e-4
    )
    for layer in (0, 1):
        got = values(client, found.facts["trace"], layer, 3)
        for quantity, expected in trace.layer(layer).quantities.items():
            np.testing.assert_allclose(got[quantity], expected[:, 0, 3].detach(), atol=1e-6)
    free = client.trace("text", text=TEXT)
    assert free.facts["trace"] != found.facts["trace"]
    np.testing.assert_allclose(found["probabilities5"][:4], free["probabilities5"][:4], rtol=1e-5)


@pytest.mark.parametrize(("run", "unit"), [("counter", "l0.hidden.2"), ("mirror", "l0_reverse.hidden.2")])
def test_steps_to_hold_count_over_all_sequences(client: Any, zoo: Path, run: str, unit: str) -> None:
    lines = {"counter": ["aXb.", "aaXbb.", "aX", "aaa"], "mirror": ["abca", "bacbac", "ab", "ccc"]}[run]
    clamps = [
        {"unit": unit, "value": 0.25, "from": 2, "to": 10}
    ]  # the first's last two, the second, the third's first
    found = client.trace(run, text="\n".join(lines), clamps=clamps)
    direction = "backward" if "reverse" in unit else "forward"
    got = client.payload(f"/api/traces/{found.facts['trace']}/0/{direction}/unit/2")["hidden"]
    network, alone = ph.open_run(zoo / run).network(), []
    for line, steps in zip(lines, [[2, 3], range(6), [0], []], strict=True):
        with ph.intervene(network, {unit: 0.25}, steps=steps):
            alone.append(ph.trace(network, ids_of(zoo / run, line))[1].layer(0, direction).hidden[:, 0, 2])
    np.testing.assert_allclose(got, torch.cat(alone).detach(), atol=1e-6)
    assert (got[2:11] == 0.25).all()


CLAMP = {"unit": "l0.cell.3", "value": 0.5, "from": 0, "to": 3}
MALFORMED: dict[str, tuple[object, int, str]] = {
    "no list": ({"unit": "l0.cell.3"}, 400, '"clamps" must be a list'),
    "too many": ([CLAMP] * 101, 400, "at most 100"),
    "no object": (["l0.cell.3"], 400, "no JSON object"),
    "no unit": ([CLAMP | {"unit": 3}], 400, '"unit" must be a text'),
    "no address": ([CLAMP | {"unit": "cell 3"}], 400, "'cell 3' is no address"),
    "every unit": ([CLAMP | {"unit": "l0.cell.*"}], 400, "no address of a unit"),
    "a digit of another script": ([CLAMP | {"unit": "l٠.cell.3"}], 400, "no address of a unit"),
    "no layer": ([CLAMP | {"unit": "l2.cell.3"}], 404, "there is no layer 3 forward"),
    "no direction": ([CLAMP | {"unit": "l1_reverse.cell.3"}], 404, "there is no layer 2 backward"),
    "no quantity": ([CLAMP | {"unit": "l0.mood.3"}], 404, "no mood"),
    "no such unit": ([CLAMP | {"unit": "l0.cell.5"}], 404, "no unit 5"),
    "no value": ([{"unit": "l0.cell.3", "from": 0}], 400, "must be held at a number"),
    "a value too great": ([CLAMP | {"value": 1e39}], 400, "must be held at a number"),
    "a truth": ([CLAMP | {"value": True}], 400, "must be held at a number"),
    "no beginning": ([{"unit": "l0.cell.3", "value": 1}], 400, '"from" must be a whole number'),
    "before the start": ([CLAMP | {"from": -1}], 400, '"from" must be a whole number'),
    "an end before the beginning": ([CLAMP | {"from": 4}], 400, '"to" must be a whole number from 4'),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_cannot_be_held_is_refused_with_a_reason(client: Any, name: str) -> None:
    clamps, status, reason = MALFORMED[name]
    answer = client.post("/api/runs/text/trace", {"text": "x", "clamps": clamps})
    assert reason in client.refusal(answer, status)


def test_a_value_that_is_not_finite_is_refused(client: Any) -> None:
    answer = client.request(
        "POST",
        "/api/runs/text/trace",
        content=b'{"text": "x", "clamps": [{"unit": "l0.cell.3", "value": NaN, "from": 0}]}',
        headers={"content-type": "application/json"},
    )
    assert "must be held at a number" in client.refusal(answer, 400)


def test_a_drawn_digit_is_read_row_by_row(client: Any, zoo: Path) -> None:
    rows = np.random.default_rng(0).integers(16, size=(28, 28))
    found = client.trace("digits", drawn=drawing(rows))
    assert len(drawing(rows)) == 523
    np.testing.assert_array_equal(found["inputs"], rows.astype(np.float32) / np.float32(15))
    assert found.facts["symbols"] == [str(row) for row in range(1, 29)]
    assert found.facts["title"] is None
    assert np.isnan(found["surprise"]).all()
    network = ph.open_run(zoo / "digits").network()
    with torch.no_grad():
        likeliest = network(torch.from_numpy(rows / 15).float()[:, None])[0][:, 0].softmax(-1).topk(5)
    np.testing.assert_allclose(found["probabilities5"], likeliest.values, rtol=1e-4)


@pytest.mark.parametrize("drawn", ["", "AAAA", "é" * 523, "*" * 523, "A" * 524, "A" * 525])
def test_what_is_no_drawing_is_refused(client: Any, drawn: str) -> None:
    answer = client.post("/api/runs/digits/trace", {"drawn": drawn})
    assert "the drawing cannot be read" in client.refusal(answer, 400)


@pytest.mark.parametrize("run", ["text", "series", "mirror"])
def test_only_a_network_of_digits_reads_a_drawing(client: Any, run: str) -> None:
    answer = client.post(f"/api/runs/{run}/trace", {"drawn": drawing(np.zeros((28, 28)))})
    assert "does not read drawn digits" in client.refusal(answer, 422)


def test_siblings_learned_the_same_problem_and_read_the_same_symbols(
    zoo: Path, tmp_path: Path, connect: Any
) -> None:
    for name in ("counter", "mirror"):
        shutil.copytree(zoo / name, tmp_path / f"other-{name}")
    client = connect([zoo, tmp_path])
    counters = ["zoo:counter", "zoo:counter-gru", "zoo:counter-rnn"]
    assert client.json("/api/runs/counter")["siblings"] == ["other-counter", *counters]
    assert client.json("/api/runs/zoo:counter")["siblings"] == ["counter", "other-counter", *counters[1:]]
    assert client.json("/api/runs/other-mirror")["siblings"] == ["mirror", "zoo:mirror"]
    assert client.json("/api/runs/text")["siblings"] == []
    (tmp_path / "other-counter" / "config.json").write_text("{")
    assert client.json("/api/runs/counter")["siblings"] == counters


def test_a_network_is_causal_unless_it_reads_backwards_too(client: Any) -> None:
    assert client.json("/api/runs/text")["causal"] is True
    assert client.json("/api/runs/mirror")["causal"] is False


def test_without_a_server_the_same_is_answered(client: Any, zoo: Path) -> None:
    answers = Answers(Catalog([zoo]))
    home = answers.answer("/api/home")
    assert (home.status, home.media_type) == (200, "application/json")
    assert json.loads(home.body) == client.json("/api/home")
    trace = answers.answer("/api/runs/text/trace", {"text": "x"})
    assert (trace.status, trace.media_type) == (200, "application/octet-stream")
    assert trace.body == client.post("/api/runs/text/trace", {"text": "x"}).content
    missing = answers.answer("/api/runs/no%20body?x=1")
    assert missing.status == 404
    assert "'no body' is not there" in json.loads(missing.body)["error"]["en"]
