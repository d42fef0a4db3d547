"""Numbers in the browser: tracks in the text's place, one cursor, files that are given, opened and dropped."""

from __future__ import annotations

import re
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from browsing import Explorer, Visit, command, end, explore, settle, violations, visit
from imported_runs import KINDS, chain_of, write_imported
from playwright.sync_api import Browser, expect

import peephole as ph

pytestmark = pytest.mark.browser

LOOKS = {
    "wide": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "narrow": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "is_mobile": True},
}
STEPS = 90


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A table with names and time stamps, a recording, and many numbers a step."""
    folder = tmp_path_factory.mktemp("files")
    rows = np.stack([np.sin(np.arange(STEPS) / 5), np.arange(STEPS) / 50, np.cos(np.arange(STEPS))], 1)
    table = "when,wind,gate,growing\n" + "".join(
        f"day {step},{a:.4f},{b:.4f},{c:.4f}\n" for step, (a, b, c) in enumerate(rows.tolist())
    )
    (folder / "weather.csv").write_text(table)
    with wave.open(str(folder / "tone.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes((np.sin(np.arange(600) / 9) * 20000).astype("<i2").tobytes())
    np.save(folder / "many.npy", np.random.default_rng(2).standard_normal((60, 40)).astype(np.float32))
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def numeric(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, files: dict[str, Path]
) -> Iterator[Explorer]:
    """`peephole explore FOLDER --input …` with an imported run of every kind."""
    folder = tmp_path_factory.mktemp("imported")
    for kind in KINDS:
        write_imported(folder / kind, kind)
    given = [files[name] for name in ("weather.csv", "tone.wav", "many.npy")]
    explorer = explore(folder, inputs=given)
    yield explorer
    end(explorer)


@pytest.fixture
def visitor(browser: Browser, numeric: Explorer) -> Iterator[Visit]:
    context, found = visit(browser, numeric)
    yield found
    context.close()
    assert found.troubles == []


def hidden_of(kind: str, values: np.ndarray[Any, Any], unit: int) -> torch.Tensor:
    inputs = torch.from_numpy(values.astype(np.float32))[:, None]
    with torch.no_grad():
        return ph.trace(chain_of(kind), inputs)[1].layer()["hidden"][:, 0, unit]


def test_a_table_is_shown_as_named_tracks_with_its_labels(visitor: Visit, files: dict[str, Path]) -> None:
    page = visitor.go("/run/plain?file=0&t=40&unit=2")
    settle(page)
    expect(page.get_by_test_id("text-canvas")).to_have_attribute("data-kind", "tracks")
    expect(page.get_by_test_id("text-select")).to_have_value("0")
    readout = page.get_by_test_id("readout")
    expect(readout).to_contain_text("day 40")
    values = np.loadtxt(files["weather.csv"], delimiter=",", skiprows=1, usecols=(1, 2, 3))
    for name, value in zip(("wind", "gate", "growing"), values[40], strict=True):
        expect(readout).to_contain_text(f"{name} {value:.2f}".replace("-", "\u2212"))
    assert visitor.numbers()["h"] == pytest.approx(float(hidden_of("plain", values, 2)[40]), abs=0.006)
    page.keyboard.press("ArrowRight")
    visitor.expect_moment(41)
    expect(readout).to_contain_text("day 41")


def test_one_cursor_crosses_all_lanes(visitor: Visit) -> None:
    page = visitor.go("/run/plain/unit/2?file=0&t=40")
    settle(page)
    lanes = page.locator(".strip .lane")
    assert lanes.count() == 7
    cursor = page.locator(".strip .cursor").bounding_box()
    assert cursor is not None
    for box in (lanes.first.bounding_box(), lanes.last.bounding_box()):
        assert box is not None
        assert cursor["y"] <= box["y"] + 1
        assert cursor["y"] + cursor["height"] >= box["y"] + box["height"] - 1


def test_a_recording_has_times_and_says_how_many_samples_a_step_holds(visitor: Visit) -> None:
    page = visitor.go("/run/plain?file=1&t=100")
    settle(page)
    expect(page.get_by_test_id("frame-size")).to_contain_text("frame of 3 samples")
    expect(page.get_by_test_id("step-label")).to_have_text("0.0375 s")
    page = visitor.go("/run/single/unit/1/moment?file=1&t=100")
    settle(page)
    expect(page.get_by_test_id("step-label")).to_have_text("0.0125 s")
    expect(page.get_by_test_id("frame-size")).to_have_count(0)


def test_many_inputs_have_a_legend_and_a_unit_its_correlations(visitor: Visit) -> None:
    page = visitor.go("/run/wide?file=2&t=10")
    settle(page)
    expect(page.get_by_test_id("legend-inputs")).to_contain_text("40 inputs")
    page = visitor.go("/run/wide/unit/2?file=2&t=10")
    settle(page)
    expect(page.get_by_test_id("with-features")).to_contain_text("Correlation of hidden with each input")


def test_a_file_is_opened_and_another_dropped(visitor: Visit, files: dict[str, Path]) -> None:
    page = visitor.go("/run/plain")
    settle(page)
    expect(page.get_by_test_id("text-select")).to_contain_text("one impulse")
    page.get_by_test_id("file-input").set_input_files(files["weather.csv"])
    expect(page).to_have_url(re.compile("opened="))
    expect(page.get_by_test_id("minimap")).to_contain_text("weather.csv · 90")
    expect(page.get_by_test_id("readout")).to_contain_text("day 0")
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["1,2,3\\n4,5,6\\n7,8,9\\n"], "dropped.csv"));
            window.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }"""
    )
    expect(page.get_by_test_id("minimap")).to_contain_text("dropped.csv · 3")


def test_what_does_not_fit_is_said_and_the_way_back_offered(
    browser: Browser, numeric: Explorer, files: dict[str, Path]
) -> None:
    context, found = visit(browser, numeric)
    page = found.go("/run/plain")
    settle(page)
    page.get_by_test_id("file-input").set_input_files(files["many.npy"])
    message = page.get_by_test_id("error-message")
    expect(message).to_contain_text("many.npy has 40 numbers a step and this network reads 3")
    message.get_by_role("button").click()
    expect(message).to_have_count(0)
    expect(page.get_by_test_id("minimap")).to_contain_text("one impulse")
    context.close()


def test_a_step_is_made_wider_and_the_address_keeps_it(visitor: Visit) -> None:
    page = visitor.go("/run/plain?file=0&t=40&zoom=6")
    settle(page)
    page.get_by_test_id("zoom-in").click()
    expect(page).to_have_url(re.compile("zoom=12"))
    page.get_by_test_id("zoom-out").click()
    expect(page).to_have_url(re.compile("zoom=6"))


def test_what_does_not_apply_is_absent(visitor: Visit) -> None:
    page = visitor.go("/run/silent?layer=1")
    settle(page)
    for absent in (
        "lane-toggle-predictions",
        "lane-toggle-surprise",
        "light-open",
        "phrase-open",
        "edit-text",
    ):
        expect(page.get_by_test_id(absent)).to_have_count(0)
    options = page.get_by_test_id("sort-select").locator("option").all_inner_texts()
    assert "cost" not in options
    page = visitor.go("/run/plain?t=30&light=30")
    settle(page)
    expect(page.get_by_test_id("light-panel")).to_be_visible()
    page = visitor.go("/run/masked?lanes=predictions")
    settle(page)
    expect(page.get_by_test_id("readout")).to_contain_text("output at the end")


def test_the_second_part_of_a_network_is_a_layer_of_its_own(visitor: Visit) -> None:
    page = visitor.go("/run/two?layer=1&clamp=l1.hidden.2:0.5@20-")
    settle(page)
    expect(page.get_by_test_id("layer-select").locator("option")).to_have_count(3)
    expect(page.get_by_test_id("quantity-select")).to_contain_text("z keep (update gate)")
    expect(page.get_by_test_id("copy-call")).to_have_attribute(
        "title", re.compile(r'"recurrents\.1\.l0\.hidden\.2": 0\.5')
    )


def test_what_was_imported_is_a_table(visitor: Visit) -> None:
    page = visitor.go("/")
    settle(page)
    card = page.get_by_test_id("home-card").filter(has_text="two.bin")
    expect(card).to_contain_text("imported from two.bin")
    page = visitor.go("/run/two")
    settle(page)
    page.get_by_test_id("menu").first.click()
    page.get_by_test_id("imported-open").click()
    expect(page.get_by_test_id("imported")).to_contain_text("between")
    assert violations(page) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(
    browser: Browser, numeric: Explorer, look: str, language: str
) -> None:
    context, found = visit(browser, numeric, **LOOKS[look])
    for path in (
        "/run/plain?file=0&t=40&lanes=predictions",
        "/run/wide?file=2&t=40",
        "/run/plain/unit/2?file=0&t=40",
        "/run/wide/unit/2/moment?file=2&t=40",
    ):
        page = found.go(f"{path}&lang={language}")
        settle(page)
        assert violations(page) == []
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], path
    context.close()


def test_an_exported_page_shows_the_given_inputs_without_a_server(
    browser: Browser, tmp_path: Path, files: dict[str, Path]
) -> None:
    write_imported(tmp_path / "two", "two")
    page_file = tmp_path / "page.html"
    given = ("--input", files["weather.csv"], "--input", files["tone.wav"])
    subprocess.run(
        command("export", tmp_path / "two", *given, "-o", page_file), check=True, capture_output=True
    )
    context = browser.new_context(offline=True, locale="en-US")
    context.set_default_timeout(15_000)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{page_file.resolve().as_uri()}#/run/two?layer=1&t=40")
    settle(page)
    expect(page.get_by_test_id("readout")).to_contain_text("day 40")
    expect(page.get_by_test_id("text-canvas")).to_have_attribute("data-kind", "tracks")
    expect(page.get_by_test_id("open-file")).to_have_count(0)
    options = page.get_by_test_id("text-select").locator("option").all_inner_texts()
    assert options == ["weather.csv", "tone.wav"]
    page.get_by_test_id("text-select").select_option("tone.wav")
    expect(page.get_by_test_id("step-label")).to_be_visible()
    page.goto("about:blank")
    page.goto(f"{page_file.resolve().as_uri()}#/run/two/unit/2/moment?layer=1&t=40")
    settle(page)
    expect(page.get_by_test_id("step-label")).to_have_text("day 40")
    context.close()
    assert troubles == []
