"""Home: a shipped network remembers a letter before one's eyes, and every other one is a click away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from browsing import Explorer, Visit, settle, visit
from playwright.sync_api import Browser, Locator, Page, expect

import peephole as ph
import peephole.analysis as pa
from peephole.zoo import gallery as shipped

pytestmark = pytest.mark.browser

STRINGS = ("AxxxxxxY", "BxxxxxxY")
TOLD = re.compile(r"read (?P<symbol>\w), unit (?P<unit>\d+) holds (?P<value>[−\d.]+), says (?P<next>\S) next")


@pytest.fixture
def home(browser: Browser, gallery: Explorer) -> Iterator[Visit]:
    """A visit to home that must end without an error in the console."""
    context, found = visit(browser, gallery)
    found.go("/")
    yield found
    context.close()
    assert found.troubles == []


def finished(page: Page) -> Locator:
    """The play, once it is over."""
    play = page.get_by_test_id("play")
    expect(play).to_have_attribute("aria-valuenow", "8")
    expect(play).to_have_attribute("aria-valuetext", re.compile("(read|读入) Y"))
    return play


def told(play: Locator) -> list[dict[str, Any]]:
    """What the play says at every step, gone through with the arrow keys."""
    play.press("Home")
    steps = []
    for step in range(1, 9):
        expect(play).to_have_attribute("aria-valuenow", str(step))
        found = TOLD.match(play.get_attribute("aria-valuetext") or "")
        assert found
        value = float(found["value"].replace("−", "-"))
        steps.append({**found.groupdict(), "unit": int(found["unit"]), "value": value})
        play.press("ArrowRight")
    return steps


def test_the_play_is_what_the_unit_that_best_keeps_a_from_b_does(home: Visit) -> None:
    run = ph.open_run(shipped.folder("memorizer"))
    vocabulary = run.vocabulary()
    assert vocabulary is not None
    inputs = torch.stack([torch.from_numpy(vocabulary.encode(string)) for string in STRINGS], dim=1)
    (scores, _), trace = ph.trace(run.network(), inputs)
    record = trace.layer(run.config.layers - 1)
    began_with_a = torch.tensor([string[0] == "A" for string in STRINGS for _ in string])
    on_x = torch.tensor([symbol == "x" for string in STRINGS for symbol in string])
    unit = pa.apart(record, "cell", began_with_a, where=on_x).units[0]

    play = finished(home.page)
    for place, string in enumerate(STRINGS):
        steps = told(play)
        assert "".join(step["symbol"] for step in steps) == string
        assert {step["unit"] for step in steps} == {unit}
        cells = record["cell"][:, place, unit].tanh()
        assert [step["value"] for step in steps] == pytest.approx(cells.tolist(), abs=0.0051)
        likeliest = vocabulary.decode(scores[:, place].argmax(-1).numpy())
        assert "".join(step["next"] for step in steps) == likeliest
        assert likeliest[-1] == string[0].lower()
        home.page.get_by_test_id("try-other").click()
        finished(home.page)


def test_the_first_screen_has_a_sentence_a_lit_memory_and_one_next_thing(home: Visit) -> None:
    page = home.page
    finished(page)
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    for part in ("memory-play", "story", "try-other"):
        expect(page.get_by_test_id(part)).to_be_in_viewport()
    expect(page.get_by_test_id("memory-play").get_by_test_id("legend")).to_be_in_viewport()
    expect(page.locator(".primary")).to_have_count(1)
    lit = (
        page.get_by_test_id("play")
        .locator("canvas")
        .evaluate(
            """canvas => { const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, 40);
             const at = x => [...data.slice(4 * (20 * width + x), 4 * (20 * width + x) + 3)];
             return [at(400), at(760)]; }"""
        )
    )
    assert all(max(colour) - min(colour) > 60 for colour in lit), lit  # far from grey, at an x and at another


def test_after_b_one_types_ones_own(home: Visit) -> None:
    page = home.page
    finished(page)
    expect(page.get_by_test_id("story")).to_contain_text("A lights unit")
    page.get_by_test_id("try-other").click()
    finished(page)
    expect(page.get_by_test_id("story")).to_contain_text("the other way")
    page.get_by_test_id("own").click()
    expect(page).to_have_url(re.compile(r"/run/zoo:memorizer\?.*text=BxxxxxxYb.*edit=1"))
    expect(page.get_by_test_id("network-page")).to_be_visible()


def test_who_wants_no_motion_sees_the_play_finished(browser: Browser, gallery: Explorer) -> None:
    context, found = visit(browser, gallery, reduced_motion="reduce")
    context.add_init_script(
        """new MutationObserver(() => {
             const play = document.querySelector('[data-testid=play]');
             if (play?.ariaValueText) (window.steps ??= new Set()).add(play.ariaValueNow);
           }).observe(document, { subtree: true, childList: true, attributes: true })"""
    )
    finished(found.go("/"))
    assert found.page.evaluate("[...window.steps]")[-1] == "8"
    assert not set(found.page.evaluate("[...window.steps]")) - {"1", "8"}  # 1: before it is there
    context.close()
    assert found.troubles == []


def test_every_shipped_network_has_a_card_with_its_own_picture_when_it_is_seen(home: Visit) -> None:
    asked: list[str] = []
    settle(home.page)
    home.page.on("request", lambda request: asked.append(request.url) if "/trace" in request.url else None)
    page = home.go("/")
    cards = page.get_by_test_id("gallery-card")
    expect(cards).to_have_count(len(shipped.names()))
    finished(page)
    settle(page)
    before = len(asked)
    for card, known in zip(cards.all(), shipped.cards(), strict=True):
        card.scroll_into_view_if_needed()
        expect(card).to_contain_text(known.title["en"])
        expect(card).to_contain_text(known.look_for["en"])
        expect(card.get_by_test_id("thumbnail")).to_have_attribute("data-unit", re.compile(r"^\d+$"))
        failure = card.get_by_test_id("first-failure")
        if known.first_failure is None:
            expect(failure).to_have_count(0)
        else:
            expect(failure).to_contain_text(f"at n = {known.first_failure} it first fails")
    settle(page)
    assert before < len(asked) <= 2 * (len(shipped.names()) + 1)  # two for each card, and for the play


def test_a_card_opens_its_network_and_the_digits_their_film(home: Visit) -> None:
    page = home.page
    page.locator(
        "[data-testid=gallery-card][href^='/run/zoo:counter?'], [href='/run/zoo:counter']"
    ).first.click()
    expect(page.get_by_test_id("network-page")).to_be_visible()
    page.go_back()
    page.locator("[data-testid=gallery-card][href*='zoo:digits']").click()
    expect(page.get_by_test_id("digit-page")).to_be_visible()
    page.go_back()
    page.locator("[data-testid=home-card][href*='digits']").click()
    expect(page.get_by_test_id("network-page")).to_be_visible()


def test_two_networks_are_chosen_to_be_compared(home: Visit) -> None:
    chosen = home.page.get_by_test_id("choose-two")
    expect(chosen).to_be_visible()
    first, second = chosen.locator("select").all()
    second.select_option(label="mirror")
    expect(first).not_to_have_value(second.input_value())
    chosen.get_by_test_id("compare").click()
    expect(home.page).to_have_url(re.compile(r"/compare/zoo:[a-z-]+/mirror"))
    expect(home.page.get_by_test_id("compare-page")).to_be_visible()


def test_home_is_said_in_chinese_too(home: Visit) -> None:
    page = home.go("/?lang=zh")
    play = finished(page)
    expect(play).to_have_attribute("aria-valuetext", re.compile("单元"))
    expect(page.get_by_test_id("story")).to_contain_text("点亮单元")
    for card, known in zip(page.get_by_test_id("gallery-card").all(), shipped.cards(), strict=True):
        expect(card).to_contain_text(known.title["zh"])
        expect(card).to_contain_text(known.look_for["zh"])
