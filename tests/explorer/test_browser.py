"""The explorer as a person meets it: `peephole explore` on a trained network, looked at in a real Chromium.

What a page shows is compared with `ph.trace` of the same network in Python. Every page must load from the explorer
alone and leave the console empty.
"""

from __future__ import annotations

import re

import pytest
from browsing import Explorer, Visit, assert_shows, end, explore, settle, traced, visit
from playwright.sync_api import Browser, expect

import peephole as ph

pytestmark = pytest.mark.browser

QUANTITIES = ("cell", "hidden", "forget_gate", "input_gate", "candidate", "output_gate")


def test_from_home_to_the_numbers_of_a_unit(visitor: Visit, run: ph.Run) -> None:
    text = run.sample_text()
    assert text is not None
    page = visitor.go("/")
    card = page.get_by_test_id("home-card")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("LSTM")
    card.click()
    expect(page.get_by_test_id("network-page")).to_be_visible()
    expect(page.get_by_test_id("text-canvas").locator("canvas").first).to_be_visible()
    expect(page.get_by_test_id("legend").first).to_be_visible()
    for number in range(8):
        expect(page.get_by_test_id(f"unit-row-{number}")).to_have_count(1)

    page.get_by_test_id("unit-row-5").click()
    expect(page).to_have_url(re.compile(r"unit=5"))
    layer = int(re.search(r"layer=(\d)", page.url)[1])  # type: ignore[index]
    record = traced(run, text, layer)
    assert_shows(visitor.numbers(), record, moment=0, unit=5)

    page.get_by_test_id("unit-link").click()
    expect(page).to_have_url(re.compile(r"/unit/5\?"))
    expect(page.get_by_test_id("unit-page")).to_be_visible()
    expect(page.get_by_test_id("histogram").locator("canvas").first).to_be_visible()
    for quantity in QUANTITIES:
        expect(page.get_by_test_id(f"lane-{quantity}")).to_be_visible()
    for moment in (1, 2, 3):
        page.keyboard.press("ArrowRight")
        visitor.expect_moment(moment)
        assert_shows(visitor.numbers(), record, moment=moment, unit=5)


def test_own_text_is_traced_and_shown_at_once(visitor: Visit, run: ph.Run) -> None:
    own = "return <img src=x onerror=alert(1)> \u202e☃\n\n\tx"
    page = visitor.page
    page.get_by_test_id("edit-text").click()
    page.get_by_test_id("live-text").fill(own)
    expect(page).to_have_url(re.compile("text=return"))
    expect(page.get_by_role("status").filter(has_text="☃")).to_be_visible()
    page.get_by_test_id("unit-row-2").click()
    page.keyboard.press("Escape")
    page.get_by_test_id("live-done").click()
    expect(page.get_by_test_id("live-text")).to_have_count(0)
    page.keyboard.press("End")
    visitor.expect_moment(len(own) - 1)
    assert_shows(visitor.numbers(), traced(run, own, layer=0), moment=len(own) - 1, unit=2)
    expect(page.get_by_role("status").filter(has_text="☃")).to_be_visible()


@pytest.mark.parametrize("place", ["", "/unit/3"])
def test_the_address_opens_the_same_view_again(visitor: Visit, run: ph.Run, place: str) -> None:
    query = "layer=1&quantity=forget_gate&t=7&text=return+%27x%27&lanes=predictions%2Csurprise&sort=range"
    page = visitor.go(f"/run/{run.path.name}{place}?{query}{'' if place else '&unit=3'}")
    before = visitor.numbers()
    settle(page)
    shown = page.locator("main").inner_text()
    url = page.url
    page.reload()
    assert visitor.numbers() == before
    settle(page)
    assert page.url == url
    assert page.locator("main").inner_text() == shown
    assert_shows(before, traced(run, "return 'x'", layer=1), moment=7, unit=3)
    if not place:
        expect(page.get_by_test_id("quantity-select")).to_have_value("forget_gate")
        expect(page.get_by_test_id("unit-row-3")).to_have_attribute("aria-pressed", "true")


def test_back_leads_where_one_came_from(visitor: Visit) -> None:
    page = visitor.go("/")
    page.get_by_test_id("home-card").click()
    page.get_by_test_id("unit-row-1").click()
    page.get_by_test_id("quantity-select").select_option("hidden")
    page.get_by_test_id("unit-link").click()
    expect(page.get_by_test_id("unit-page")).to_be_visible()
    page.go_back()
    expect(page.get_by_test_id("quantity-select")).to_have_value("hidden")
    page.go_back()
    expect(page.get_by_test_id("quantity-select")).to_have_value("cell")
    expect(page.get_by_test_id("unit-row-1")).to_have_attribute("aria-pressed", "true")
    page.go_back()
    page.go_back()
    expect(page.get_by_test_id("home-card")).to_be_visible()
    page.go_forward()
    expect(page.get_by_test_id("network-page")).to_be_visible()


def places(run: ph.Run) -> list[str]:
    network = f"/run/{run.path.name}"
    unit = f"{network}/unit/2"
    return [
        "/",
        f"{network}?lanes=predictions%2Csurprise",
        unit,
        f"{unit}/moment?t=3",
        f"{unit}/moment?t=3&all=1",
        "/compare/zoo:counter/zoo:counter-rnn",
        "/run/zoo:digits/digit",
    ]


def test_a_telephone_shows_every_page_without_sideways_scroll(
    browser: Browser, explorer: Explorer, run: ph.Run
) -> None:
    context, found = visit(
        browser, explorer, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    for place in places(run):
        page = found.go(place)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, place
    context.close()
    assert found.troubles == []


def test_light_and_dark_have_one_layout_and_their_own_ground(
    browser: Browser, explorer: Explorer, run: ph.Run
) -> None:
    grounds, layouts = {}, {}
    for scheme in ("light", "dark"):
        context, found = visit(browser, explorer, color_scheme=scheme)
        for place in places(run):
            page = found.go(place)
            settle(page)
            ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
            if ground == "rgba(0, 0, 0, 0)":
                ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            grounds[scheme, place] = sum(map(float, re.findall(r"[\d.]+", ground)[:3])) / 3
            layouts[scheme, place] = page.evaluate(
                """[...document.querySelectorAll('main *')].map(element => {
                     const box = element.getBoundingClientRect(); return [box.x, box.y, box.width]; })"""
            )
        context.close()
        assert found.troubles == []
    for place in places(run):
        assert grounds["light", place] > 230, place
        assert grounds["dark", place] < 50, place
        assert layouts["light", place] == layouts["dark", place], place


def test_chinese_leaves_no_english_label(browser: Browser, explorer: Explorer, run: ph.Run) -> None:
    context, found = visit(browser, explorer)
    same = {"Peephole", "Python", "English", "LSTM", "GRU", "RNN", "tanh", "SVG", "peephole", "explore"}
    same |= {run.name, "run", "counter", "rnn", "gru", "digits"}
    same |= {"Enter", "Escape", "Shift"}  # what is written on the keys
    for place in places(run):
        page = found.go(f"{place}{'&' if '?' in place else '?'}lang=zh")
        settle(page)
        assert page.evaluate("document.documentElement.lang").startswith("zh")
        words = page.evaluate(
            """() => [...document.querySelectorAll('[translate=no]')].forEach(data => data.remove()) ||
               [document.body.innerText, ...[...document.querySelectorAll('main *')].flatMap(
                 e => [e.title, e.ariaLabel, e.placeholder])].filter(Boolean).join('\\n')"""
        )
        assert re.search(r"[\u4e00-\u9fff]{2}", words)
        assert set(re.findall(r"[A-Za-z]{3,}", words)) <= same, place
    context.close()
    assert found.troubles == []


@pytest.mark.parametrize("kind", ["text", "counter", "mirror", "digits", "series"])
def test_every_kind_of_network_has_its_pages(browser: Browser, gallery: Explorer, kind: str) -> None:
    context, found = visit(browser, gallery)
    page = found.page
    expect(page.get_by_test_id("home-card")).to_have_count(5)
    page.locator(f"[data-testid=home-card][href^='/run/{kind}']").click()
    expect(page.get_by_test_id("unit-row-4")).to_have_count(1)
    page.get_by_test_id("unit-row-4").click()
    numbers = found.numbers()
    assert numbers["t"] == 0
    for option in page.get_by_test_id("layer-select").locator("option").all():
        page.get_by_test_id("layer-select").select_option(option.get_attribute("value"))
        expect(page.get_by_test_id("unit-row-0")).to_have_count(1)
        found.numbers()
    page.get_by_test_id("unit-link").click()
    expect(page.get_by_test_id("lane-hidden")).to_be_visible()
    found.numbers()
    context.close()
    assert found.troubles == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/run/nobody", "'nobody' is not there"),
        ("/run/run?layer=7", "no layer 8"),
        ("/run/run/unit/99", "no unit 99"),
        ("/run/run?quantity=mood", "mood"),
        ("/run/run?sample=9", "no sample"),
        ("/no/such/page", "no page"),
    ],
)
def test_an_address_of_nothing_says_what_is_missing(
    browser: Browser, explorer: Explorer, path: str, says: str
) -> None:
    context, found = visit(browser, explorer)
    page = found.go(path)
    expect(page.get_by_test_id("error-message")).to_contain_text(says)
    context.close()
    # Chromium itself notes in the console that an answer was a 404.
    assert [trouble for trouble in found.troubles if "404" not in trouble] == []


def test_without_the_token_there_is_no_page(browser: Browser, explorer: Explorer) -> None:
    context = browser.new_context()
    answer = context.new_page().goto(explorer.origin)
    assert answer is not None
    assert answer.status == 403
    context.close()


def test_a_server_that_is_gone_is_told(browser: Browser, run: ph.Run) -> None:
    explorer = explore(run.path)
    context, found = visit(browser, explorer)
    page = found.page
    found.numbers()
    end(explorer)
    page.get_by_test_id("quantity-select").select_option("output_gate")
    expect(page.get_by_test_id("error-message")).to_contain_text("server does not answer")
    context.close()
    assert [trouble for trouble in found.troubles if "ERR_CONNECTION_REFUSED" not in trouble] == []
