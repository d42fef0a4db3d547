"""What the explorer answers, compared with the network asked directly."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pytest
import torch

import peephole as ph
from peephole import zoo as shipped

Arrays = dict[str, npt.NDArray[Any]]


def network_and_ids(run: Path, text: str) -> tuple[ph.Network, torch.Tensor]:
    """A run's network, and a text as one sequence of it, (time, 1)."""
    opened = ph.open_run(run)
    vocabulary = opened.vocabulary()
    assert vocabulary is not None
    return opened.network(), torch.from_numpy(vocabulary.encode(text))[:, None]


def test_home_lists_every_run_with_what_it_is(client: Any) -> None:
    home = client.json("/api/home")
    cards = {card["id"]: card for card in home["runs"]}
    assert home["version"] == ph.__version__
    assert set(cards) == {"text", "counter", "mirror", "digits", "series"}
    assert cards["mirror"] == {
        "id": "mirror",
        "name": "mirror",
        "problem": "mirror",
        "unit": None,
        "cell": "rnn",
        "layers": 1,
        "hidden": 5,
        "bidirectional": True,
        "parameters": sum(p.numel() for p in ph.RNN(3, 5, bidirectional=True).parameters()) + 33,
        "peephole": None,
        "source": None,
        "result": cards["mirror"]["result"],
        "film": 0,
        "modified": cards["mirror"]["modified"],
        "error": None,
    }
    assert cards["digits"]["peephole"] == "diagonal"
    assert cards["series"]["problem"] == "series"
    assert cards["text"]["unit"] == "char"


def test_a_run_tells_its_layers_directions_and_quantities(client: Any) -> None:
    text, mirror, counter = (client.json(f"/api/runs/{run}") for run in ("text", "mirror", "counter"))
    lstm = ["input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden"]
    assert text["layers_detail"] == [
        {
            "layer": layer,
            "directions": ["forward"],
            "units": 5,
            "quantities": lstm,
            "cell": "lstm",
            "address": f"l{layer}",
        }
        for layer in (0, 1)
    ]
    assert mirror["layers_detail"][0]["directions"] == ["forward", "backward"]
    assert counter["layers_detail"][0]["quantities"] == ["reset_gate", "update_gate", "candidate", "hidden"]
    assert (text["input"], text["target"], text["labels"], text["samples"]) == ("symbols", "next", None, 1)
    assert (mirror["target"], mirror["labels"]) == ("tag", ["a", "b", "c"])
    digits = client.json("/api/runs/digits")
    assert (digits["input"], digits["target"], digits["samples"]) == ("numbers", "class", 1000)
    assert digits["vocabulary"] is None
    assert digits["labels"] == list("0123456789")
    assert client.json("/api/runs/series")["target"] == "value"


def test_values_are_those_of_the_trace_in_half_precision(client: Any, zoo: Path) -> None:
    network, ids = network_and_ids(zoo / "text", "def f(x): return 'quoted'")
    _, trace = ph.trace(network, ids)
    found = client.trace("text", text="def f(x): return 'quoted'")
    for record in trace:
        for quantity in record.quantities:
            got = client.payload(f"/api/traces/{found.facts['trace']}/{record.layer}/forward/{quantity}")
            expected = record[quantity][:, 0].half().numpy()
            assert got["values"].dtype == np.float16
            np.testing.assert_allclose(got["values"], expected, atol=1e-3)  # a unit of the last place
            np.testing.assert_allclose(got["maximum"], record[quantity][:, 0].amax(0), atol=1e-6)
            assert {
                name: array.shape for name, array in got.tensors.items() if name != "values"
            } == dict.fromkeys(
                (
                    "minimum",
                    "maximum",
                    "mean",
                    "deviation",
                    "saturated_low",
                    "saturated_high",
                    "turnover",
                    "telling",
                ),
                (5,),
            )


def test_a_unit_has_every_quantity_in_full_precision(client: Any, zoo: Path) -> None:
    text = "return 'quoted' # e"
    network, ids = network_and_ids(zoo / "text", text)
    record = ph.trace(network, ids)[1].layer(1)
    found = client.payload(f"/api/traces/{client.trace('text', text=text).facts['trace']}/1/forward/unit/3")
    for quantity in record.quantities:
        np.testing.assert_allclose(found[quantity], record[quantity][:, 0, 3], atol=1e-6)
        low, high = found.facts["edges"][quantity]
        assert found[f"hist.{quantity}"].shape == (41,)
        assert found[f"hist.{quantity}"].sum() == len(text)
        assert low <= found[quantity].min() <= found[quantity].max() <= high
    cell_after_e = record["cell"][:, 0, 3].numpy()[[symbol == "e" for symbol in text]]
    place = found.facts["symbols"].index("e")
    assert found["counts"][place] == text.count("e")
    assert found["mean_by_symbol"][place] == pytest.approx(cell_after_e.mean(), rel=1e-5)


def test_predictions_and_surprise_are_those_of_the_readout(client: Any, zoo: Path) -> None:
    text = "return 'quoted'"
    network, ids = network_and_ids(zoo / "text", text)
    with torch.no_grad():
        probabilities = network(ids)[0][:, 0].softmax(-1)
    found = client.trace("text", text=text)
    likeliest = probabilities.topk(5)
    np.testing.assert_array_equal(found["outputs5"], likeliest.indices)
    np.testing.assert_allclose(found["probabilities5"], likeliest.values, rtol=1e-6)
    assert math.isnan(found["surprise"][0])
    for step in range(1, len(text)):
        expected = -math.log2(probabilities[step - 1, ids[step, 0]])
        assert found["surprise"][step] == pytest.approx(expected, rel=1e-5)
    assert found.facts["symbols"] == list(text)
    assert found.facts["predicted"] == client.json("/api/runs/text")["vocabulary"]


def test_a_long_text_read_in_pieces_is_the_text_read_at_once(client: Any, zoo: Path) -> None:
    text = "def f(x):\n    return 'quoted'\n" * 150  # more than two pieces of 2,048 symbols
    network, ids = network_and_ids(zoo / "text", text)
    (scores, _), trace = ph.trace(network, ids)
    found = client.trace("text", text=text)
    values = client.payload(f"/api/traces/{found.facts['trace']}/1/forward/unit/0")
    for quantity, expected in trace.layer(1).quantities.items():
        np.testing.assert_allclose(values[quantity], expected[:, 0, 0], atol=1e-5)
    bits = -scores[:-1, 0].log_softmax(-1).gather(-1, ids[1:])[:, 0].detach() / math.log(2)
    np.testing.assert_allclose(found["surprise"][1:], bits, rtol=1e-4)


def test_strings_of_a_task_are_read_each_by_itself(client: Any, zoo: Path) -> None:
    lines = ["aaXbb.", "aX", "aaaX"]
    found = client.trace("counter", text="\n".join([lines[0], "", *lines[1:]]))
    assert found.facts["lengths"] == [6, 2, 4]
    assert found.facts["symbols"] == list("".join(lines))
    values = client.payload(f"/api/traces/{found.facts['trace']}/0/forward/unit/1")
    alone = [ph.trace(*network_and_ids(zoo / "counter", line))[1].layer() for line in lines]
    for quantity in alone[0].quantities:
        expected = torch.cat([record[quantity][:, 0, 1] for record in alone])
        np.testing.assert_allclose(values[quantity], expected, atol=1e-6)
    assert np.isnan(found["surprise"]).nonzero()[0].tolist() == [0, 6, 8]


def test_the_backward_direction_is_read_from_the_end_of_each_string(client: Any, zoo: Path) -> None:
    lines = ["abcab", "ba"]
    found = client.trace("mirror", text="\n".join(lines))
    values = client.payload(f"/api/traces/{found.facts['trace']}/0/backward/hidden")["values"]
    alone = [ph.trace(*network_and_ids(zoo / "mirror", line))[1].layer(0, "backward") for line in lines]
    np.testing.assert_allclose(values, torch.cat([record["hidden"][:, 0] for record in alone]), atol=1e-3)


def test_a_network_with_few_outputs_still_has_rows_of_five(client: Any) -> None:
    found = client.trace("mirror", sample=0)
    assert found["outputs5"].shape == found["probabilities5"].shape == (len(found.facts["symbols"]), 5)
    assert (found["outputs5"][:, 3:] == -1).all()
    np.testing.assert_allclose(found["probabilities5"].sum(1), 1, rtol=1e-5)


def test_labels_surprise_where_they_are_known_and_only_there(client: Any, zoo: Path) -> None:
    sampled, typed = client.trace("mirror", sample=0), client.trace("mirror", text="abc")
    assert np.isfinite(sampled["surprise"]).all()
    assert np.isnan(typed["surprise"]).all()
    first = "".join(sampled.facts["symbols"][: sampled.facts["lengths"][0]])
    network, ids = network_and_ids(zoo / "mirror", first)
    right = "abc".index(first[-1])
    bits = -network(ids)[0][:, 0].log_softmax(-1)[:, right].detach() / math.log(2)
    np.testing.assert_allclose(sampled["surprise"][: len(first)], bits, rtol=1e-4)


def test_a_digit_is_read_row_by_row(client: Any, zoo: Path) -> None:
    found = client.trace("digits", sample=7)
    sample = ph.open_run(zoo / "digits").problem().sample(7)
    np.testing.assert_array_equal(found["inputs"], sample.sequences[0])
    assert found["inputs"].shape == (28, 28)
    assert found.facts["predicted"] == list("0123456789")
    assert found["surprise"].shape == (28,)
    assert found.facts["title"] == {"en": sample.title, "zh": sample.chinese}
    values = client.payload(f"/api/traces/{found.facts['trace']}/0/forward/unit/0")
    assert "mean_by_symbol" not in values.tensors


def test_a_series_is_told_by_its_forecast_and_its_error(client: Any, zoo: Path) -> None:
    found = client.trace("series", sample=0)
    run = ph.open_run(zoo / "series")
    values = torch.from_numpy(run.problem().sample(0).sequences[0])[:, None]
    with torch.no_grad():
        forecast = run.network()(values)[0][:, 0]
    np.testing.assert_allclose(found["forecast"], forecast, atol=1e-6)
    np.testing.assert_allclose(found["surprise"][1:], (values[1:, 0] - forecast[:-1]).abs()[:, 0], atol=1e-6)
    assert "outputs5" not in found.tensors
    assert found.facts["predicted"] == []


def test_the_sample_of_a_text_is_kept_with_the_run(client: Any, zoo: Path) -> None:
    found = client.trace("text", sample=0)
    assert "".join(found.facts["symbols"]) == ph.open_run(zoo / "text").sample_text()


def test_symbols_that_a_network_does_not_know_are_shown_and_named(client: Any) -> None:
    found = client.trace("text", text="x☃y☃<b>\u202e")
    assert found.facts["symbols"] == list("x☃y☃<b>\u202e")
    assert found.facts["unknown"] == ["☃", "y", "<", "b", ">", "\u202e"]


def test_a_lone_surrogate_is_read_like_any_unknown_symbol(client: Any) -> None:
    answer = client.request(
        "POST",
        "/api/runs/text/trace",
        content=b'{"text": "x\\ud800"}',
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 200
    assert b"\\\\ud800" in answer.content


def test_the_same_text_has_the_same_trace_and_another_text_another(client: Any) -> None:
    first, again, other = (client.trace("text", text=text).facts["trace"] for text in ("x", "x", "xx"))
    assert first == again != other


def test_a_trace_has_the_same_name_after_the_server_was_started_again(
    client: Any, zoo: Path, connect: Any
) -> None:
    assert connect([zoo / "text"]).trace("text", text="x").facts == client.trace("text", text="x").facts


class _Ask(Protocol):
    def __call__(self, client: Any, trace: str) -> Any: ...


REFUSALS: dict[str, tuple[_Ask, int, str]] = {
    "unknown run": (lambda c, t: c.get("/api/runs/nobody"), 404, "'nobody' is not there"),
    "unknown run to trace": (lambda c, t: c.post("/api/runs/nobody/trace", {"text": "x"}), 404, "nobody"),
    "unknown sample": (lambda c, t: c.post("/api/runs/text/trace", {"sample": 1}), 404, "no sample 1"),
    "negative sample": (lambda c, t: c.post("/api/runs/text/trace", {"sample": -1}), 404, "no sample -1"),
    "unknown trace": (lambda c, t: c.get("/api/traces/0123/0/forward/cell"), 404, "0123 is no longer held"),
    "unknown layer": (lambda c, t: c.get(f"/api/traces/{t}/2/forward/cell"), 404, "no layer 3 forward"),
    "layer that is no number": (lambda c, t: c.get(f"/api/traces/{t}/x/forward/cell"), 404, "'x'"),
    "unknown direction": (lambda c, t: c.get(f"/api/traces/{t}/0/backward/cell"), 404, "layer 1 backward"),
    "unknown quantity": (lambda c, t: c.get(f"/api/traces/{t}/0/forward/mood"), 404, "no mood"),
    "unknown unit": (lambda c, t: c.get(f"/api/traces/{t}/0/forward/unit/5"), 404, "no unit 5"),
    "negative unit": (lambda c, t: c.get(f"/api/traces/{t}/0/forward/unit/-1"), 404, "'-1'"),
    "unknown address": (lambda c, t: c.get("/api/nothing"), 404, "/api/nothing"),
    "wrong method": (lambda c, t: c.post("/api/home", {}), 405, "without a body"),
    "empty text": (lambda c, t: c.post("/api/runs/text/trace", {"text": ""}), 400, "empty"),
    "empty lines": (lambda c, t: c.post("/api/runs/counter/trace", {"text": "\n\n"}), 400, "empty"),
    "too long a text": (
        lambda c, t: c.post("/api/runs/text/trace", {"text": "x" * 1_000_001}),
        413,
        "1,000,001 characters and at most 1,000,000",
    ),
    "lines too uneven": (
        lambda c, t: c.post("/api/runs/counter/trace", {"text": "a" * 1000 + "\na" * 250}),
        413,
        "251,000 symbols",
    ),
    "too large a body": (
        lambda c, t: c.post("/api/runs/text/trace", {"text": "x" * 13_000_000}),
        413,
        "larger than 12,582,912 bytes",
    ),
    "symbols of no task": (lambda c, t: c.post("/api/runs/counter/trace", {"text": "aaQ"}), 422, "'Q'"),
    "text for digits": (lambda c, t: c.post("/api/runs/digits/trace", {"text": "3"}), 422, "reads numbers"),
    "neither text nor sample": (lambda c, t: c.post("/api/runs/text/trace", {"words": 3}), 400, '"text"'),
    "a text that is no text": (lambda c, t: c.post("/api/runs/text/trace", {"text": 3}), 400, '"text"'),
    "no body": (lambda c, t: c.get("/api/runs/text/trace"), 405, "with a body"),
    "a method that is none": (lambda c, t: c.request("PUT", "/api/home"), 405, "Method Not Allowed"),
    "a list": (lambda c, t: c.post("/api/runs/text/trace", ["x"]), 400, "no JSON object"),
    "no JSON": (
        lambda c, t: c.request(
            "POST",
            "/api/runs/text/trace",
            content=b"\xff{",
            headers={"content-type": "application/json"},
        ),
        400,
        "not JSON",
    ),
    "a form": (
        lambda c, t: c.request("POST", "/api/runs/text/trace", content=b'{"text": "x"}'),
        415,
        "not said to be JSON",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_answered_is_refused_with_a_reason(client: Any, name: str) -> None:
    ask, status, reason = REFUSALS[name]
    trace = client.trace("text", text="x").facts["trace"]
    assert reason in client.refusal(ask(client, trace), status)


def test_the_home_page_has_the_shipped_networks_apart_from_the_runs(client: Any) -> None:
    home = client.json("/api/home")
    assert [card["id"] for card in home["gallery"]] == [f"zoo:{name}" for name in shipped.names()]
    assert not {card["id"] for card in home["gallery"]} & {card["id"] for card in home["runs"]}
    for card, known in zip(home["gallery"], shipped.cards(), strict=True):
        assert (card["name"], card["error"]) == (known.name, None)
        assert card["title"] == known.title
        assert card["look_for"] == known.look_for
        assert (card["first_failure"], card["film"]) == (known.first_failure, known.film)


def test_a_shipped_network_is_read_like_any_run(client: Any) -> None:
    assert client.json("/api/runs/zoo:memorizer")["config"]["hidden"] == 20
    assert client.trace("zoo:memorizer", text="AxxxYa").facts["trace"]
    client.refusal(client.get("/api/runs/zoo:nothing"), 404)


def test_the_gallery_is_there_without_any_run(connect: Callable[..., Any]) -> None:
    home = connect([]).json("/api/home")
    assert home["runs"] == []
    assert len(home["gallery"]) == len(shipped.names())
