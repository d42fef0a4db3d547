"""Texts too long for a trace: what the page is told of them is what a full trace would have said."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
import torch

import peephole as ph
from peephole.analysis import histogram, mean_by_symbol, unit_statistics
from peephole.analysis.predictions import predictions
from peephole.analysis.sketched import TRACKS
from peephole.explorer import surveyed, surveys
from peephole.explorer.opened import OpenRun
from peephole.explorer.surveyed import SPAN, LongText
from peephole.explorer.task import Task
from peephole.trace.tracks import derived_tracks

TEXT = ("def f(x):\n    return 'quoted'  # 记忆 é\n\n" + "x" * 70 + "\n") * 170
STEPS = len(TEXT)
assert STEPS > surveyed.SURVEYED_FROM
ALL_QUANTITIES = ("input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden")


def wait(client: Any, trace: str) -> None:
    """Until all of a text has been read."""
    while client.json(f"/api/traces/{trace}/share")["share"] < 1:
        time.sleep(0.02)


def read(client: Any, run: str = "text", **task: object) -> Any:
    """The answer about a text that has been read."""
    found = client.trace(run, **task)
    wait(client, found.facts["trace"])
    return found


def full(run: Path, text: str = TEXT) -> tuple[torch.Tensor, ph.Trace]:
    """What the network says of the text, and its full trace."""
    opened = ph.open_run(run)
    vocabulary = opened.vocabulary()
    assert vocabulary is not None
    (scores, _), trace = ph.trace(opened.network(), torch.from_numpy(vocabulary.encode(text))[:, None])
    return scores[:, 0], trace


def ranges(steps: int) -> list[tuple[int, int]]:
    """Windows at the text's beginning, within it, several at once, and its short last one."""
    last = (steps - 1) // SPAN * SPAN
    return [(0, SPAN), (7 * SPAN, 8 * SPAN), (10 * SPAN, 13 * SPAN), (last - SPAN, steps), (last, steps)]


def test_a_long_text_is_there_at_once_as_numbers_and_names(client: Any) -> None:
    found = client.trace("text", text=TEXT)
    names = found.facts["names"]
    assert "".join(names[symbol] for symbol in found["ids"]) == TEXT
    assert len(set(names)) == len(names) == len(set(TEXT))
    assert found.facts["lengths"] == [STEPS]
    assert found.facts["long"]["span"] == SPAN
    assert "symbols" not in found.facts
    wait(client, found.facts["trace"])
    again = client.trace("text", text=TEXT)
    assert again.facts["trace"] == found.facts["trace"]
    assert again.facts["long"]["share"] == 1


@pytest.mark.parametrize("layer", [0, 1])
def test_windows_are_slices_of_the_full_trace(client: Any, zoo: Path, layer: int) -> None:
    trace = read(client, text=TEXT).facts["trace"]
    record = full(zoo / "text")[1].layer(layer)
    for begin, end in ranges(STEPS):
        for quantity in ("cell", "forget_gate"):
            found = client.payload(f"/api/traces/{trace}/{layer}/forward/{quantity}/window/{begin}/{end}")
            assert found["values"].dtype == np.float16
            torch.testing.assert_close(
                torch.from_numpy(found["values"]).float(),
                record[quantity][begin:end, 0],
                rtol=1e-3,
                atol=1e-3,
            )
        found = client.payload(f"/api/traces/{trace}/{layer}/forward/unit/3/window/{begin}/{end}")
        assert set(found.tensors) == set(ALL_QUANTITIES)
        for quantity in ALL_QUANTITIES:
            wanted = record[quantity][begin:end, 0, 3]
            torch.testing.assert_close(torch.from_numpy(found[quantity]), wanted, rtol=0, atol=1e-5)


def test_a_unit_comes_with_the_window_around_a_step(client: Any, zoo: Path) -> None:
    trace = read(client, text=TEXT).facts["trace"]
    record = full(zoo / "text")[1].layer(1)
    for step in (0, 5000, STEPS - 1, 10**8):
        found = client.payload(f"/api/traces/{trace}/1/forward/unit/2?around={step}")
        begin, end = found.facts["window"]
        assert begin <= min(step, STEPS - 1) < end
        torch.testing.assert_close(
            torch.from_numpy(found["cell"]), record["cell"][begin:end, 0, 2], rtol=0, atol=1e-5
        )
    assert "window" not in client.payload(f"/api/traces/{trace}/1/forward/unit/2").facts


def test_what_was_said_is_what_the_network_says(client: Any, zoo: Path) -> None:
    found = read(client, text=TEXT)
    trace = found.facts["trace"]
    scores, _ = full(zoo / "text")
    likeliest = predictions(scores)
    bits = torch.nn.functional.cross_entropy(scores[:-1], ids(zoo, TEXT)[1:], reduction="none") / np.log(2)
    assert found.facts["long"]["ranks"] == likeliest.outputs.shape[1] == 5
    for begin, end in ranges(STEPS):
        said = client.payload(f"/api/traces/{trace}/window/{begin}/{end}")
        wanted = likeliest.probabilities[begin:end]
        torch.testing.assert_close(torch.from_numpy(said["probabilities5"]), wanted, rtol=1e-3, atol=1e-3)
        assert said["outputs5"].shape == (end - begin, 5)
        surprise = torch.from_numpy(said["surprise"])
        assert bool(surprise[0].isnan()) == (begin == 0)
        first = max(begin, 1)
        torch.testing.assert_close(surprise[first - begin :], bits[first - 1 : end - 1], rtol=2e-3, atol=2e-3)


def ids(zoo: Path, text: str) -> torch.Tensor:
    vocabulary = ph.open_run(zoo / "text").vocabulary()
    assert vocabulary is not None
    return torch.from_numpy(vocabulary.encode(text))


@pytest.mark.parametrize("quantity", ["cell", "hidden", "input_gate"])
def test_every_unit_s_figures_are_those_of_the_full_trace(client: Any, zoo: Path, quantity: str) -> None:
    trace = read(client, text=TEXT).facts["trace"]
    record = full(zoo / "text")[1].layer(1)
    found = client.payload(f"/api/traces/{trace}/1/forward/{quantity}")
    assert "values" not in found.tensors
    for name, wanted in vars(unit_statistics(record, quantity)).items():
        near = (
            0.02 if name == "telling" and quantity == "cell" else 1e-4
        )  # of a cell's tanh: from its histogram
        torch.testing.assert_close(torch.from_numpy(found[name]), wanted, rtol=near, atol=near)
    blocks = record[quantity][:, 0].split(512)
    ends = torch.stack([torch.stack([block.amin(0), block.amax(0)]) for block in blocks])
    torch.testing.assert_close(torch.from_numpy(found["envelope"]).float(), ends, rtol=1e-3, atol=1e-3)


def test_one_unit_s_figures_are_those_of_the_full_trace(client: Any, zoo: Path) -> None:
    trace = read(client, text=TEXT).facts["trace"]
    record = full(zoo / "text")[1].layer(1)
    unit = 4
    found = client.payload(f"/api/traces/{trace}/1/forward/unit/{unit}")
    for quantity in ALL_QUANTITIES:
        values, statistics = record[quantity][:, 0, unit], unit_statistics(record, quantity)
        ends = ("minimum", "maximum", "saturated_low", "saturated_high")
        wanted = torch.stack([getattr(statistics, end)[unit] for end in ends])
        torch.testing.assert_close(torch.from_numpy(found[f"figures.{quantity}"]), wanted, rtol=0, atol=1e-4)
        assert found[f"hist.{quantity}"].sum() == STEPS
        low, high = found.facts["edges"][quantity]
        assert low <= float(values.min()) <= float(values.max()) <= high
        at = torch.from_numpy(found[f"highest_at.{quantity}"]).long()
        torch.testing.assert_close(
            torch.from_numpy(found[f"highest.{quantity}"]), values[at], rtol=0, atol=1e-5
        )
        assert float(values[at[0]]) == pytest.approx(float(values.max()), abs=1e-5)
    means = mean_by_symbol(record, "cell", unit, list(TEXT))
    assert dict(zip(found.facts["symbols"], found["counts"], strict=True)) == dict(
        zip(means.symbols, means.counts.tolist(), strict=True)
    )
    wanted_means = dict(zip(means.symbols, means.means.tolist(), strict=True))
    for symbol, mean in zip(found.facts["symbols"], found["mean_by_symbol"], strict=True):
        assert mean == pytest.approx(wanted_means[symbol], abs=1e-4)
    assert histogram(record, "cell", unit).counts.sum() == STEPS


def test_a_bidirectional_network_s_windows_know_what_comes(client: Any, zoo: Path) -> None:
    text = ("ab" * 9000)[:17_000]
    found = read(client, "mirror", text=text)
    _, whole = full(zoo / "mirror", text)
    for direction in ("forward", "backward"):
        path = f"/api/traces/{found.facts['trace']}/0/{direction}/unit/1/window/1024/1536"
        torch.testing.assert_close(
            torch.from_numpy(client.payload(path)["hidden"]),
            whole.layer(0, direction)["hidden"][1024:1536, 0, 1],
            rtol=0,
            atol=1e-5,
        )


def test_a_long_series_is_read_as_numbers(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    short = client.trace("series", sample=0)
    monkeypatch.setattr(surveyed, "SURVEYED_FROM", 10)
    found = read(client, "series", sample=0)
    steps = found.facts["lengths"][0]
    assert found.facts["long"]["forecast"]
    assert found.facts["long"]["ranks"] == 0
    np.testing.assert_array_equal(found["inputs"], short["inputs"])
    said = client.payload(f"/api/traces/{found.facts['trace']}/window/0/{steps}")
    np.testing.assert_allclose(said["forecast"], short["forecast"], atol=1e-5)
    np.testing.assert_allclose(said["surprise"], short["surprise"], atol=2e-3)


@pytest.mark.parametrize(
    "place",
    [
        "1/forward/cell/window/5/512",
        "1/forward/cell/window/0/100",
        "1/forward/cell/window/512/512",
        "1/forward/cell/window/0/999424",
        "1/forward/cell/window/0/16384",
        "1/forward/mood/window/0/512",
        "1/forward/unit/5/window/0/512",
        "7/forward/cell/window/0/512",
        "1/backward/cell",
        "1/forward/unit/99",
        "1/forward/mood",
    ],
)
def test_what_is_not_there_is_refused(client: Any, place: str) -> None:
    trace = read(client, text=TEXT).facts["trace"]
    assert client.refusal(client.get(f"/api/traces/{trace}/{place}"), 404)


def test_nothing_is_held_while_a_long_text_is_read(client: Any) -> None:
    clamp = {"unit": "l0.cell.3", "value": 1, "from": 3, "to": 9}
    answer = client.post("/api/runs/text/trace", {"text": TEXT, "clamps": [clamp]})
    assert "too long" in client.refusal(answer, 413)


def test_a_text_that_is_being_read_says_how_far_it_is(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Event()

    def slow(*args: Any, report: Callable[[float], None], **options: Any) -> ph.Survey:
        report(0.25)
        assert go_on.wait(20)
        return ph.survey(*args, report=report, **options)

    monkeypatch.setattr(surveyed, "survey", slow)
    trace = client.trace("text", text=TEXT).facts["trace"]
    while (share := client.json(f"/api/traces/{trace}/share")["share"]) == 0:
        time.sleep(0.01)
    assert share == 0.25
    answer = client.get(f"/api/traces/{trace}/1/forward/cell")
    assert "still being read" in client.refusal(answer, 409)
    # Meanwhile the same network reads a short text.
    assert client.trace("text", text="x").facts["symbols"] == ["x"]
    go_on.set()
    wait(client, trace)
    assert client.payload(f"/api/traces/{trace}/1/forward/cell")["mean"].shape == (5,)


def test_a_survey_that_fails_says_why(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> ph.Survey:
        raise ph.errors.TraceError("the network leaves the finite numbers")

    monkeypatch.setattr(surveyed, "survey", fail)
    while (answer := client.post("/api/runs/text/trace", {"text": TEXT})).status_code == 200:
        time.sleep(0.01)
    assert "finite numbers" in client.refusal(answer, 422)


class Offered:
    """A run of its own with a file that is offered, and explorers of it."""

    def __init__(self, folder: Path, zoo: Path, connect: Callable[..., Any]) -> None:
        self.run = Path(shutil.copytree(zoo / "text", folder / "text"))
        self.file = folder / "big.py"
        self.file.write_text(TEXT, encoding="utf-8")
        self.connect: Callable[[], Any] = lambda: connect([self.run], texts=[self.file])

    def kept(self) -> list[Path]:
        return sorted((self.run / "surveys").glob("*"))


@pytest.fixture
def offered(tmp_path: Path, zoo: Path, connect: Callable[..., Any]) -> Offered:
    return Offered(tmp_path, zoo, connect)


def test_a_file_is_offered_and_read_as_it_is_now(offered: Offered) -> None:
    client = offered.connect()
    assert client.json("/api/runs/text")["texts"] == ["big.py"]
    found = read(client, file=0)
    assert found.facts["title"] == {"en": "big.py", "zh": "big.py"}
    assert len(found["ids"]) == STEPS
    offered.file.write_text("def f", encoding="utf-8")
    assert client.trace("text", file=0).facts["symbols"] == list("def f")
    offered.file.unlink()
    assert "big.py" in client.refusal(client.post("/api/runs/text/trace", {"file": 0}), 404)
    assert "no file 3" in client.refusal(client.post("/api/runs/text/trace", {"file": 3}), 404)


def test_the_survey_of_a_file_is_kept_and_that_of_a_pasted_text_is_not(
    offered: Offered, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = offered.connect()
    read(client, text=TEXT[1:])
    assert offered.kept() == []
    trace = read(client, file=0).facts["trace"]
    window = f"/api/traces/{trace}/1/forward/unit/1/window/1024/2048"
    before = client.payload(window)
    assert len(offered.kept()) == 1

    def never(*args: Any, **options: Any) -> ph.Survey:
        raise AssertionError("it was read again")

    monkeypatch.setattr(surveyed, "survey", never)
    again = offered.connect()
    assert read(again, file=0).facts["trace"] == trace
    np.testing.assert_array_equal(again.payload(window)["cell"], before["cell"])


def test_a_kept_survey_that_is_damaged_is_made_again(offered: Offered) -> None:
    read(offered.connect(), file=0)
    (kept,) = offered.kept()
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    read(offered.connect(), file=0)
    assert offered.kept() == [kept]
    assert kept.stat().st_size == len(whole)


def long_text(zoo: Path, text: str = TEXT) -> LongText:
    opened = OpenRun(ph.open_run(zoo / "text"))
    found = LongText("name", opened, opened.version(None), Task(opened.typed(text)))
    with ThreadPoolExecutor(1) as reader:
        found.begin(reader, lambda title, share: None)
    return found


def test_windows_are_held_only_while_they_are_few(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveyed, "MOST_WINDOW_NUMBERS", 3 * SPAN * 34)  # three windows of a layer
    text = long_text(zoo)
    for begin in range(0, 16 * SPAN, SPAN):
        text.window(0, begin, begin + SPAN)
        assert len(text._windows) <= 3
    assert (
        len(text.window(0, 0, 8 * SPAN)[0]["cell"]) == 8 * SPAN
    )  # what is asked for at once is given at once


def test_only_so_many_long_texts_are_open(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveys, "MOST_SURVEYS", 2)
    opened = OpenRun(ph.open_run(zoo / "text"))
    store = surveys.Surveys()
    texts = [store.open(opened, opened.version(None), Task(opened.typed(TEXT[start:]))) for start in range(4)]
    assert [store.find(text.id) is text for text in texts] == [False, False, True, True]
    store.close()


def test_closing_ends_what_is_being_read(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = Event(), Event()

    def endless(*args: Any, report: Callable[[float], None], **options: Any) -> ph.Survey:
        try:
            while True:
                report(0.5)
                begun.set()
                time.sleep(0.01)
        finally:
            ended.set()

    monkeypatch.setattr(surveyed, "survey", endless)
    opened = OpenRun(ph.open_run(zoo / "text"))
    store = surveys.Surveys()
    store.open(opened, opened.version(None), Task(opened.typed(TEXT)))
    assert begun.wait(20)
    store.close()
    assert ended.is_set()


@pytest.mark.parametrize("step", [0, 1, 511, 512, 12_345, STEPS - 1])
def test_a_moment_of_a_long_text_is_that_of_the_full_trace(client: Any, zoo: Path, step: int) -> None:
    trace = read(client, text=TEXT).facts["trace"]
    record = full(zoo / "text")[1].layer(1)
    every = client.payload(f"/api/traces/{trace}/1/forward/moment/{step}")
    assert (every.facts["step"], every.facts["first"]) == (step, step == 0)
    for quantity in ALL_QUANTITIES:
        torch.testing.assert_close(
            torch.from_numpy(every[quantity]), record[quantity][step, 0], rtol=0, atol=1e-5
        )
    before = record["cell"][step - 1, 0] if step else torch.zeros(5)
    torch.testing.assert_close(torch.from_numpy(every["before.cell"]), before, rtol=0, atol=1e-5)
    one = client.json(f"/api/traces/{trace}/1/forward/unit/3/moment/{step}")
    assert one["values"]["state"] == pytest.approx(float(record["cell"][step, 0, 3]), abs=1e-5)
    for gate, inside in one["sums"].items():
        if inside["activation"] == "sigmoid":
            value = float(record[gate][step, 0, 3])
            assert 1 / (1 + np.exp(-inside["sum"])) == pytest.approx(value, abs=1e-5)
    assert client.refusal(client.get(f"/api/traces/{trace}/1/forward/moment/{STEPS}"), 404)


def test_what_units_follow_is_found_from_the_survey(client: Any, zoo: Path) -> None:
    trace = read(client, text=TEXT).facts["trace"]
    found = client.json(f"/api/traces/{trace}/1/forward/follows")
    values = full(zoo / "text")[1].layer(1)["cell"][:, 0].double()
    tracks = derived_tracks(ids(zoo, TEXT).numpy(), ph.open_run(zoo / "text").vocabulary().symbols)
    assert {"inside_quotes", "line_position", "line_end"} <= set(found["indicators"])
    names = {key: track for track, key in TRACKS.items()}
    assert found["units"]
    for one in found["units"]:
        track = torch.from_numpy(tracks[names[one["indicator"]]]).double()
        wanted = torch.corrcoef(torch.stack([values[:, one["unit"]], track]))[0, 1]
        assert one["correlation"] == pytest.approx(float(wanted), abs=1e-3)
        assert one["name"]["en"] in one["sentence"]["en"]
    strengths = [abs(one["correlation"]) for one in found["units"]]
    assert strengths == sorted(strengths, reverse=True)


def test_what_needs_a_whole_trace_is_refused_with_how_much_could_be_had(client: Any) -> None:
    trace = read(client, text=TEXT).facts["trace"]
    answer = client.get(f"/api/traces/{trace}/lags")
    assert "too long" in client.refusal(answer, 413)
