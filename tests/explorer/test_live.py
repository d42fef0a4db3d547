"""Networks that are typed to, held and grabbed in a real Chromium, compared with the same done in Python."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import torch
from browsing import Explorer, Visit, assert_shows, settle, traced, visit
from playwright.sync_api import Browser, Page, expect

import peephole as ph
from peephole import zoo
from peephole.analysis.ablation import ablations
from peephole.analysis.clamping import Clamp, continuations

pytestmark = pytest.mark.browser

COUNTED = "aaaaXbbbb"


def typing(visitor: Visit, run: str, query: str = "unit=2") -> Page:
    """The network page of a run, with an empty text that is being typed."""
    page = visitor.go(f"/run/{run}?edit=1&text=&{query}")
    expect(page.get_by_test_id("live-text")).to_be_focused()
    return page


def counting(visitor: Visit, query: str) -> Page:
    """The counter, reading one string."""
    page = visitor.go(f"/run/zoo:counter?text={COUNTED}&{query}")
    settle(page)
    return page


def counter() -> tuple[ph.Network, torch.Tensor]:
    """The same in Python: the network, and the string's ids (time, 1)."""
    run = zoo.open_run("counter")
    vocabulary = run.vocabulary()
    assert vocabulary is not None
    return run.network(), torch.from_numpy(vocabulary.encode(COUNTED))[:, None]


def ghost(page: Page) -> tuple[float, dict[str, float]]:
    """The memory, and what is expected next, as the page prints them for what is held."""
    said = page.get_by_test_id("ghost-readout").inner_text().replace("\u2212", "-")
    memory = re.search(r"\b[ch]\s+(-?[\d.]+)", said)
    assert memory is not None, said
    guesses = re.findall(r"(\S)\s+(1\b|\.\d\d)", said.partition("next")[2])
    return float(memory[1]), {symbol: float(share) for symbol, share in guesses}


def assert_ghost(page: Page, scores: torch.Tensor, memory: float, step: int) -> None:
    """The page says of a step what a network whose (time, 1, output) scores these are says."""
    settle(page)
    vocabulary = zoo.open_run("counter").vocabulary()
    assert vocabulary is not None
    shown, guesses = ghost(page)
    assert shown == pytest.approx(memory, abs=0.0051)
    shares = scores[step, 0].softmax(-1)
    assert guesses
    for symbol, share in guesses.items():
        assert share == pytest.approx(shares[vocabulary.symbols.index(symbol)].item(), abs=0.0051), symbol


def grip(page: Page) -> float:
    return float(page.get_by_test_id("grip").get_attribute("aria-valuenow") or "nan")


def test_each_character_typed_is_read_at_once(visitor: Visit, run: ph.Run) -> None:
    page = typing(visitor, run.path.name)
    text = ""
    for character in "def g(":
        page.keyboard.type(character)
        text += character
        visitor.expect_moment(len(text) - 1)
        expect(page).to_have_url(re.compile(rf"t={len(text) - 1}\b"))
        assert_shows(visitor.numbers(), traced(run, text, layer=0), moment=len(text) - 1, unit=2)
    expect(page.get_by_test_id("minimap")).to_contain_text(str(len(text)))


def test_a_change_in_the_middle_changes_what_comes_after(visitor: Visit, run: ph.Run) -> None:
    page = typing(visitor, run.path.name)
    page.keyboard.type("return x")
    visitor.expect_moment(7)
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Backspace")
    visitor.expect_moment(2)
    page.keyboard.press("End")
    visitor.expect_moment(6)
    settle(page)
    assert_shows(visitor.numbers(), traced(run, "retrn x", layer=0), moment=6, unit=2)


def test_symbols_the_network_does_not_know_are_told(visitor: Visit, run: ph.Run) -> None:
    page = typing(visitor, run.path.name)
    page.keyboard.insert_text("x ☃")
    expect(page.get_by_role("status").filter(has_text="☃")).to_be_visible()
    visitor.expect_moment(2)
    assert_shows(visitor.numbers(), traced(run, "x ☃", layer=0), moment=2, unit=2)


def test_a_text_that_cannot_be_read_waits_to_be_put_right(browser: Browser, explorer: Explorer) -> None:
    context, found = visit(browser, explorer)
    page = typing(found, "zoo:counter")
    page.keyboard.type("aaXbz", delay=50)
    expect(page.get_by_role("status").filter(has_text="'z'")).to_be_visible()
    expect(page.get_by_test_id("live-text")).to_have_value("aaXbz")
    page.keyboard.press("Backspace")
    expect(page.get_by_role("status").filter(has_text="'z'")).to_have_count(0)
    found.expect_moment(3)
    context.close()
    assert [trouble for trouble in found.troubles if "422" not in trouble] == []


def test_each_line_of_a_task_is_a_sequence_of_its_own(visitor: Visit) -> None:
    page = typing(visitor, "zoo:counter")
    page.keyboard.type("aaXbb\n\naX")
    visitor.expect_moment(6)
    network, _ = counter()
    vocabulary = zoo.open_run("counter").vocabulary()
    assert vocabulary is not None
    _, trace = ph.trace(network, torch.from_numpy(vocabulary.encode("aX"))[:, None])
    numbers = visitor.numbers()
    assert numbers.pop("t") == 6
    assert_shows({**numbers, "t": 1}, trace.layer(0), moment=1, unit=2)


def test_an_empty_text_is_calm(visitor: Visit, run: ph.Run) -> None:
    page = visitor.go(f"/run/{run.path.name}?unit=2&edit=1")
    area = page.get_by_test_id("live-text")
    expect(area).to_be_focused()
    expect(area).to_have_value(run.sample_text() or "")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(page).to_have_url(re.compile(r"text=(&|$)"))
    expect(page.get_by_test_id("error-message")).to_have_count(0)
    expect(page.get_by_test_id("units-list")).to_contain_text("8 units")
    page.keyboard.type("x")
    visitor.expect_moment(0)
    assert_shows(visitor.numbers(), traced(run, "x", layer=0), moment=0, unit=2)


def test_paste_and_undo_are_those_of_the_browser(browser: Browser, explorer: Explorer, run: ph.Run) -> None:
    context, found = visit(browser, explorer, permissions=["clipboard-read", "clipboard-write"])
    page = typing(found, run.path.name)
    page.keyboard.type("if ")
    page.evaluate("navigator.clipboard.writeText('x\\n\\ty')")
    page.keyboard.press("Control+v")
    area = page.get_by_test_id("live-text")
    expect(area).to_have_value("if x\n\ty")
    found.expect_moment(6)
    assert_shows(found.numbers(), traced(run, "if x\n\ty", layer=0), moment=6, unit=2)
    page.keyboard.press("Control+z")
    expect(area).to_have_value("if ")
    found.expect_moment(2)
    assert_shows(found.numbers(), traced(run, "if ", layer=0), moment=2, unit=2)
    context.close()
    assert found.troubles == []


def test_chinese_is_composed_and_read_once_it_is_decided(visitor: Visit, run: ph.Run) -> None:
    page = typing(visitor, run.path.name)
    page.keyboard.type("# ")
    expect(page).to_have_url(re.compile(r"text=%23\+"))
    before = page.url
    client = page.context.new_cdp_session(page)
    for composed in ("j", "ji", "ji yi"):
        client.send(
            "Input.imeSetComposition",
            {"text": composed, "selectionStart": len(composed), "selectionEnd": len(composed)},
        )
    expect(page.get_by_test_id("live-text")).to_have_value("# ji yi")
    page.wait_for_timeout(300)
    assert page.url == before
    client.send("Input.insertText", {"text": "记忆"})
    visitor.expect_moment(3)
    assert_shows(visitor.numbers(), traced(run, "# 记忆", layer=0), moment=3, unit=2)


def test_escape_leaves_the_mode_and_the_text_stays(visitor: Visit, run: ph.Run) -> None:
    page = typing(visitor, run.path.name)
    page.keyboard.type("for i")
    visitor.expect_moment(4)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("live-text")).to_have_count(0)
    assert "edit=1" not in page.url
    page.keyboard.press("ArrowLeft")
    visitor.expect_moment(3)
    assert_shows(visitor.numbers(), traced(run, "for i", layer=0), moment=3, unit=2)


def test_a_click_puts_the_caret_where_the_letter_is(visitor: Visit, run: ph.Run) -> None:
    page = typing(visitor, run.path.name)
    page.keyboard.type("abc\n记忆de")
    visitor.expect_moment(7)
    box = page.locator(".text-canvas .scroller").bounding_box()
    caret = page.get_by_test_id("live-text").bounding_box()
    assert box is not None
    assert caret is not None
    # One line above the caret's, left of its first letter.
    page.mouse.click(box["x"] + 56, caret["y"] - 6)
    selection = "document.activeElement.selectionStart"
    assert page.evaluate(selection) == 0
    page.mouse.click(caret["x"], caret["y"] + 6)
    assert page.evaluate(selection) == 8
    page.keyboard.press("ArrowUp")
    assert page.evaluate(selection) == 3


def test_a_sample_can_be_chosen_while_typing(visitor: Visit) -> None:
    page = visitor.go("/run/zoo:counter?edit=1")
    area = page.get_by_test_id("live-text")
    expect(area).not_to_have_value("")
    page.keyboard.type("a")
    expect(page).to_have_url(re.compile("text="))
    page.get_by_role("button", name="Sample").click()
    expect(page).not_to_have_url(re.compile("text="))
    expect(area).to_have_value(re.compile(r"^a{10}Xb{10}\n"))


@pytest.mark.parametrize(
    ("quantity", "value", "when", "steps"),
    [
        ("cell", 0.5, "on", slice(4, None)),
        ("hidden", -1.0, "always", None),
        ("forget_gate", 0.0, "stretch", [5, 6]),
        ("output_gate", 0.25, "on", slice(4, None)),
    ],
)
def test_a_clamp_does_what_intervene_does(
    visitor: Visit, quantity: str, value: float, when: str, steps: Any
) -> None:
    page = counting(visitor, "unit=3&t=4")
    page.get_by_test_id("menu").click()
    page.get_by_test_id("clamp").click()
    page.get_by_test_id("clamp-quantity").select_option(quantity)
    page.get_by_test_id("clamp-value").fill(str(value))
    page.get_by_test_id("clamp-when").select_option(when)
    if when == "stretch":
        page.get_by_label("First step").fill("5")
        page.get_by_label("Last step").fill("6")
    page.get_by_test_id("clamp-hold").click()
    expect(page.get_by_test_id("clamp-chip")).to_have_count(1)
    network, ids = counter()
    with ph.intervene(network, {f"l0.{quantity}.3": value}, steps=steps):
        (scores, _), trace = ph.trace(network, ids)
    for step in range(5, 9):
        page.keyboard.press("ArrowRight")
        visitor.expect_moment(step)
        assert_ghost(page, scores, trace.layer(0)["cell"][step, 0, 3].item(), step)


def test_clamps_are_in_the_address_and_are_let_go_one_by_one(visitor: Visit) -> None:
    page = counting(visitor, "unit=3&t=8&clamp=l0.cell.3:0.5@2-2,l0.cell.7:-1@4-")
    expect(page.get_by_test_id("clamp-chip")).to_have_count(2)
    network, ids = counter()
    with (
        ph.intervene(network, {"l0.cell.3": 0.5}, steps=[2]),
        ph.intervene(network, {"l0.cell.7": -1.0}, steps=slice(4, None)),
    ):
        (scores, _), trace = ph.trace(network, ids)
    assert_ghost(page, scores, trace.layer(0)["cell"][8, 0, 3].item(), 8)
    page.get_by_test_id("clamp-chip").last.get_by_role("button").click()
    expect(page.get_by_test_id("clamp-chip")).to_have_count(1)
    assert "l0.cell.7" not in page.url
    page.get_by_test_id("clamp-chip").get_by_role("button").click()
    expect(page.get_by_test_id("held-row")).to_have_count(0)


def test_what_an_address_holds_in_vain_is_told(visitor: Visit) -> None:
    page = counting(visitor, "unit=3&clamp=l0.cell.99:1@0-")
    expect(page.get_by_test_id("error-message")).to_contain_text("99")
    page.get_by_role("button", name="Let everything go").click()
    expect(page.get_by_test_id("error-message")).to_have_count(0)
    visitor.troubles[:] = [trouble for trouble in visitor.troubles if "404" not in trouble]


def test_the_memory_is_dragged_and_the_network_runs_on_from_there(visitor: Visit) -> None:
    page = counting(visitor, "unit=2&t=3")
    network, ids = counter()
    was = grip(page)
    box = page.get_by_test_id("grip").bounding_box()
    assert box is not None
    x, y = box["x"] + 5, box["y"] + 5
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 24, steps=6)
    expect(page.get_by_test_id("tried")).to_be_visible()
    value = grip(page)
    assert value < was - 1
    with ph.intervene(network, {"l0.cell.2": value}, steps=[3]):
        (scores, _), trace = ph.trace(network, ids)
    settle(page)
    assert_ghost(page, scores, value, 3)
    page.mouse.up()
    for step in (4, 5, 6, 7):
        page.keyboard.press("ArrowRight")
        visitor.expect_moment(step)
        assert_ghost(page, scores, trace.layer(0)["cell"][step, 0, 2].item(), step)
    assert "clamp" not in page.url
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("clamp-chip")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"clamp=l0\.cell\.2:-?[\d.]+@3-3"))


def first_stop(page: Page, readout: str) -> int:
    """The first step after which the page expects the end."""
    page.keyboard.press("Home")
    for step in range(9):
        settle(page)
        if page.get_by_test_id(readout).inner_text().partition("next")[2].split()[0] == ".":
            return step
        page.keyboard.press("ArrowRight")
    return -1


def test_fewer_left_to_count_are_answered_with_fewer(visitor: Visit) -> None:
    """What is left to count stands in one cell: pulled down after the X, the counter stops early."""
    page = counting(visitor, "sort=follows")
    expect(page.locator(".unit-row").first).to_contain_text("what is left to count")
    page.locator(".unit-row").first.click()
    assert first_stop(page, "readout") == 8
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    visitor.expect_moment(4)
    was = grip(page)
    for _ in range(2):
        page.get_by_test_id("grip").press("PageDown" if was > 0 else "PageUp")
    assert abs(grip(page)) < abs(was) - 1
    page.get_by_test_id("grip").press("Enter")
    expect(page.get_by_test_id("clamp-chip")).to_have_count(1)
    assert 4 < first_stop(page, "ghost-readout") < 8


def test_escape_lets_go(visitor: Visit) -> None:
    page = counting(visitor, "unit=2&t=3")
    was = grip(page)
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_test_id("tried")).to_be_visible()
    assert grip(page) > was
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("held-row")).to_have_count(0)
    assert grip(page) == pytest.approx(was)
    assert "clamp" not in page.url


def test_the_grip_is_a_slider_for_the_keyboard(visitor: Visit) -> None:
    page = counting(visitor, "unit=2&t=3")
    handle = page.get_by_test_id("grip")
    handle.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("PageDown")
    expect(page.get_by_test_id("tried")).to_be_visible()
    value = grip(page)
    network, ids = counter()
    with ph.intervene(network, {"l0.cell.2": value}, steps=[3]):
        (scores, _), _ = ph.trace(network, ids)
    settle(page)
    assert_ghost(page, scores, value, 3)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("clamp-chip")).to_have_count(1)


@pytest.mark.parametrize(
    "query",
    [
        "clamp=l0.cell.3:0.5@2-2,l0.cell.7:-1@2-2",
        "clamp=l0.forget_gate.3:1@0-",
        "clamp=l0.cell.3:2@1-3,l0.hidden.1:0@4-",
    ],
)
def test_the_copied_call_gives_the_pages_numbers(browser: Browser, explorer: Explorer, query: str) -> None:
    context, found = visit(browser, explorer, permissions=["clipboard-read", "clipboard-write"])
    page = counting(found, f"unit=3&t=7&{query}")
    page.get_by_test_id("copy-call").click()
    expect(page.get_by_test_id("copy-call")).to_have_text("copied")
    network, ids = counter()
    names: dict[str, Any] = {"ph": ph, "network": network, "ids": ids}
    exec(page.evaluate("navigator.clipboard.readText()"), names)
    assert_ghost(page, names["scores"], names["trace"].layer(0)["cell"][7, 0, 3].item(), 7)
    context.close()
    assert found.troubles == []


def test_the_network_goes_on_twice_with_the_same_luck(visitor: Visit) -> None:
    page = counting(visitor, "unit=0&t=4&clamp=l0.cell.0:1@4-4")
    page.get_by_test_id("continue").click()
    lines = page.get_by_test_id("continued").locator(".symbols")
    expect(lines).to_have_count(2)
    network, ids = counter()
    held = [Clamp("l0.cell.0", 1.0, [4])]
    found = continuations(network, ids[:5, 0], 60, held, temperature=0, seed=0)
    vocabulary = zoo.open_run("counter").vocabulary()
    assert vocabulary is not None
    for line, wanted in zip(lines.all(), (found.unclamped, found.clamped), strict=True):
        assert line.text_content() == vocabulary.join(
            vocabulary.symbols[symbol] for symbol in wanted.tolist()
        )
    assert lines.first.text_content() != lines.last.text_content()
    assert lines.first.locator(".parts").text_content() == lines.first.text_content()[found.agree :]


def test_what_it_costs_to_silence_a_unit_is_measured_on_request(visitor: Visit) -> None:
    page = counting(visitor, "t=4")
    page.get_by_test_id("sort-select").select_option("cost")
    network, ids = counter()
    outcomes = torch.cat([ids[1:], ids[:1]])
    known = torch.ones(ids.shape)
    known[-1] = 0
    ranking = ablations(network, ids, outcomes, quantity="cell", weight=known).ranking
    rows = page.locator(".unit-row")
    expect(rows.first).to_have_attribute("data-testid", f"unit-row-{ranking.units[0]}")
    cost = float(rows.first.inner_text().split()[-1])
    assert cost == pytest.approx(ranking.scores[ranking.units[0]].item(), abs=0.00051)


def test_what_a_unit_follows_is_said_in_both_languages(visitor: Visit) -> None:
    page = visitor.go("/run/zoo:counter?sort=follows")
    expect(page.locator(".unit-row").first).to_contain_text("what is left to count")
    page.locator(".unit-row").first.click()
    page.get_by_test_id("unit-link").click()
    expect(page.get_by_test_id("following")).to_contain_text("follows: what is left to count")
    page.get_by_test_id("menu").click()
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_test_id("following")).to_contain_text(re.compile("[\u4e00-\u9fff]"))
    assert "lang=zh" in page.url


def test_nothing_is_lost_on_a_telephone(browser: Browser, explorer: Explorer) -> None:
    context, found = visit(
        browser, explorer, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    for query in (
        "edit=1",
        "clamp=l0.cell.3:0.5@2-2&lanes=predictions",
        "frame=3",
        "clamp=l0.cell.3:0@2-&lang=zh",
    ):
        page = counting(found, f"unit=3&t=3&{query}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, query
    page = counting(found, "unit=3&t=3")
    assert page.evaluate(
        """() => { window.scrollTo(0, 0);
          const lane = document.querySelector('.lane.lower').getBoundingClientRect();
          const sheet = document.querySelector('.units').getBoundingClientRect();
          return lane.bottom <= sheet.top; }"""
    )
    box = page.get_by_test_id("grip").bounding_box()
    assert box is not None
    client = context.new_cdp_session(page)
    point = {"x": box["x"] + 5, "y": box["y"] + 5}
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    for by in (8, 16, 24):
        client.send(
            "Input.dispatchTouchEvent",
            {"type": "touchMove", "touchPoints": [{**point, "y": point["y"] + by}]},
        )
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.get_by_test_id("tried")).to_be_visible()
    page.get_by_test_id("keep").click()
    expect(page.get_by_test_id("clamp-chip")).to_have_count(1)
    context.close()
    assert found.troubles == []


def test_chinese_leaves_no_english_in_what_is_held_and_typed(visitor: Visit) -> None:
    for query in ("edit=1", "clamp=l0.cell.3:0@2-"):
        page = counting(visitor, f"unit=3&t=3&lang=zh&{query}")
        words = page.evaluate(
            """() => [...document.querySelectorAll('.held-row, .live-bar, .film, .menu')].flatMap(part =>
                 [part, ...part.querySelectorAll('*')]).flatMap(e => [e.innerText, e.ariaLabel])
                 .filter(Boolean).join('\\n')"""
        )
        assert set(re.findall(r"[A-Za-z]{3,}", words)) <= {"Python", "Esc", "Enter", "English"}, json.dumps(
            words
        )
