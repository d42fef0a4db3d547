"""The film of a training in a real Chromium: every frame shows what the network of that frame does."""

from __future__ import annotations

import re

import pytest
import torch
from browsing import Explorer, Visit, assert_shows, settle, visit
from playwright.sync_api import Browser, Page, expect

import peephole as ph
from peephole import zoo

pytestmark = pytest.mark.browser

TEXT = "aaaXbbb"


def at_frame(frame: int | None) -> ph.LayerRecord:
    """What the counter did at a frame of its film."""
    run = zoo.open_run("counter")
    vocabulary = run.vocabulary()
    assert vocabulary is not None
    network = run.network() if frame is None else run.network_at(run.film()[frame])
    return ph.trace(network, torch.from_numpy(vocabulary.encode(TEXT))[:, None])[1].layer(0)


def opened(visitor: Visit, query: str, place: str = "") -> Page:
    page = visitor.go(f"/run/zoo:counter{place}?text={TEXT}&t=5&{query}")
    settle(page)
    return page


@pytest.mark.parametrize("frame", [0, 7, None])
def test_a_frame_shows_the_network_of_that_frame(visitor: Visit, frame: int | None) -> None:
    opened(visitor, "unit=4" + ("" if frame is None else f"&frame={frame}"))
    assert_shows(visitor.numbers(), at_frame(frame), moment=5, unit=4)


def test_the_slider_leads_through_the_training_and_the_unit_stays(visitor: Visit) -> None:
    page = opened(visitor, "sort=index")
    chosen = page.locator(".unit-row[aria-pressed=true]")
    number = chosen.get_attribute("data-testid")
    frames = len(zoo.open_run("counter").film())
    slider = page.get_by_test_id("film-range")
    slider.focus()
    for back in (1, 2, 3):
        page.keyboard.press("ArrowLeft")
        expect(page).to_have_url(re.compile(rf"frame={frames - back}\b"))
    settle(page)
    assert chosen.get_attribute("data-testid") == number
    unit = int((number or "").rpartition("-")[2])
    assert_shows(visitor.numbers(), at_frame(frames - 3), moment=5, unit=unit)
    page.keyboard.press("Home")
    expect(page.get_by_test_id("film")).to_contain_text(re.compile(r"after \d+ step"))
    settle(page)
    assert_shows(visitor.numbers(), at_frame(0), moment=5, unit=unit)
    page.keyboard.press("End")
    expect(page).not_to_have_url(re.compile("frame="))
    settle(page)
    assert_shows(visitor.numbers(), at_frame(None), moment=5, unit=unit)


@pytest.mark.parametrize("place", ["", "/unit/4"])
def test_the_film_plays_to_its_end_and_no_further(visitor: Visit, place: str) -> None:
    frames = len(zoo.open_run("counter").film())
    page = opened(visitor, f"frame={frames - 3}" + ("" if place else "&unit=4"), place)
    page.keyboard.press(" ")
    expect(page).not_to_have_url(re.compile("frame="))
    expect(page.get_by_test_id("film-play")).to_have_attribute("aria-pressed", "false")
    settle(page)
    assert_shows(visitor.numbers(), at_frame(None), moment=5, unit=4)


def test_where_motion_is_unwelcome_each_press_shows_one_frame(browser: Browser, explorer: Explorer) -> None:
    context, found = visit(browser, explorer, reduced_motion="reduce")
    page = opened(found, "frame=2&unit=4")
    for frame in (3, 4):
        page.get_by_test_id("film-play").click()
        expect(page).to_have_url(re.compile(rf"frame={frame}\b"))
        settle(page)
        assert_shows(found.numbers(), at_frame(frame), moment=5, unit=4)
    context.close()
    assert found.troubles == []


def test_a_network_without_a_film_has_no_slider(visitor: Visit, run: ph.Run) -> None:
    page = visitor.go(f"/run/{run.path.name}")
    visitor.numbers()
    expect(page.get_by_test_id("film")).to_have_count(0)
