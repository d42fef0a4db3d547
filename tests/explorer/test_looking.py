"""Looking back and looking around, in the browser: backward light with its lags and nodes, and phrases."""

from __future__ import annotations

import re

import pytest
import torch
from browsing import Explorer, Visit, settle, visit
from playwright.sync_api import Browser, expect

import peephole as ph
import peephole.analysis as pa
from peephole import zoo

pytestmark = pytest.mark.browser

TEXT = "aaaaXbbbb"


def traced(name: str) -> tuple[torch.nn.Module, ph.Trace, torch.Tensor]:
    """A shipped network, its trace of ``TEXT``, and its scores (step, output)."""
    run = zoo.open_run(name)
    network, vocabulary = run.network(), run.vocabulary()
    assert vocabulary is not None
    (scores, _), trace = ph.trace(network, torch.from_numpy(vocabulary.encode(TEXT))[:, None])
    return network, trace, scores[:, 0]


def test_the_light_is_that_of_the_likeliest_output_and_the_nodes_are_lit_by_it(visitor: Visit) -> None:
    network, trace, scores = traced("counter")
    page = visitor.go(f"/run/zoo:counter?text={TEXT}&unit=6&t=7")
    page.get_by_test_id("light-open").click()
    expect(page).to_have_url(re.compile(r"light=7"))
    panel = page.get_by_test_id("light-panel")
    likeliest = int(scores[7].argmax())
    name = "".join(zoo.open_run("counter").vocabulary().symbols[likeliest])  # type: ignore[union-attr]
    expect(panel.locator("h2")).to_contain_text(re.compile(rf"7:\s*{re.escape(name)}\s"))
    for lane in ("light-c", "light-h", "light-rnn"):
        expect(panel.get_by_test_id(lane)).to_be_visible()
    # Brighter nodes are closer to the open gate's grey, and further from the page's own.
    found = pa.sensitivities(network, trace, pa.Output(likeliest), 7).layer(0)
    assert found.cell is not None
    expect(page.get_by_test_id("nodes").locator("circle")).to_have_count(3 * 8)
    columns = page.get_by_test_id("nodes").locator("svg > g")
    circles = [columns.nth(step).locator("circle").nth(1) for step in range(8)]
    greys = [int(str(circle.get_attribute("fill"))[1:3], 16) for circle in circles]
    brightest_first = found.cell[:8, 0, 6].abs().argsort(descending=True).tolist()
    shown = [greys[step] for step in brightest_first]
    assert shown == sorted(shown)
    assert shown[0] < shown[-1]


def test_the_lags_are_those_of_the_three_kinds_of_cell(visitor: Visit) -> None:
    page = visitor.go(f"/run/zoo:counter?text={TEXT}&light=7")
    chart = page.get_by_test_id("lags").locator("svg")
    told = chart.get_attribute("aria-label") or ""
    for name, kind in (("counter-rnn", "RNN"), ("counter-gru", "GRU"), ("counter", "LSTM")):
        network, trace, _ = traced(name)
        curve = pa.lag_curve(network, trace, lags=len(TEXT) - 1).sensitivity
        share = float(curve[-1] / curve[0])
        said = re.search(
            rf"(?:^|; ){kind}: ([\d.e+-]+) of the sensitivity is left {len(TEXT) - 1} steps back", told
        )
        assert said is not None, told
        assert float(said[1]) == pytest.approx(share, rel=0.051)
    expect(chart.locator("text", has_text="∏f")).to_have_count(1)


def test_light_is_played_backwards_and_stops_at_the_beginning(visitor: Visit) -> None:
    page = visitor.go(f"/run/zoo:counter?text={TEXT}&light=7&t=7")
    page.get_by_test_id("light-play").click()
    visitor.expect_moment(0)
    expect(page.get_by_test_id("light-play")).to_have_attribute("aria-pressed", "false")


def test_the_keyboard_looks_back_and_around(visitor: Visit) -> None:
    page = visitor.go(f"/run/zoo:counter?text={TEXT}&t=5")
    visitor.numbers()
    page.keyboard.press("b")
    expect(page.get_by_test_id("light-panel")).to_be_visible()
    page.keyboard.press("b")
    expect(page.get_by_test_id("light-panel")).to_have_count(0)
    page.keyboard.press("[")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("]")
    expect(page).to_have_url(re.compile(r"stretch=5-6"))
    expect(page.get_by_test_id("phrase-panel")).to_be_visible()


def test_phrases_are_those_that_python_finds(visitor: Visit) -> None:
    run = zoo.open_run("words")
    text, vocabulary = run.sample_text(), run.vocabulary()
    assert text is not None
    assert vocabulary is not None
    page = visitor.go("/run/zoo:words?quantity=hidden")
    settle(page)
    record = ph.trace(run.network(), torch.from_numpy(vocabulary.encode(text))[:, None])[1].layer(0)
    start = next(
        step for step in range(1, 400) if pa.find_phrases(record, "hidden", step, step + 2, limit=50).units
    )
    expected = pa.find_phrases(record, "hidden", start, start + 2, limit=50)
    page = visitor.go(f"/run/zoo:words?quantity=hidden&stretch={start}-{start + 1}")
    panel = page.get_by_test_id("phrase-panel")
    for pattern in expected.units[:5]:
        expect(panel.get_by_test_id(f"phrase-unit-{pattern.unit}")).to_be_visible()
    expect(panel.locator("[data-testid^=phrase-unit-]")).to_have_count(len(expected.units))
    places = panel.get_by_test_id("phrase-match")
    expect(places).to_have_count(len(expected.matches))
    assert len(expected.matches) > 0
    expect(places.first).to_contain_text(str(expected.matches[0].start))
    places.first.click()
    visitor.expect_moment(expected.matches[0].start)


def test_a_stretch_is_drawn_with_the_mouse(visitor: Visit) -> None:
    page = visitor.go(f"/run/zoo:counter?text={TEXT}")
    visitor.numbers()
    box = page.get_by_test_id("text-canvas").bounding_box()
    assert box is not None
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 70, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 110, box["y"] + 20, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page).to_have_url(re.compile(r"stretch=\d+-\d+"))
    first, last = map(int, re.search(r"stretch=(\d+)-(\d+)", page.url).groups())  # type: ignore[union-attr]
    assert last > first


def test_both_panels_fit_a_telephone_in_chinese(browser: Browser, explorer: Explorer) -> None:
    context, found = visit(browser, explorer, viewport={"width": 390, "height": 844}, is_mobile=True)
    for place in ("light=7", "stretch=2-3"):
        page = found.go(f"/run/zoo:counter?text={TEXT}&lang=zh&{place}")
        settle(page)
        expect(page.get_by_test_id("light-panel" if "light" in place else "phrase-panel")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, place
    context.close()
    assert found.troubles == []
