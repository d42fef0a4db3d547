"""Texts of many windows in a real Chromium: what is printed and painted at any place is what `ph.trace` has there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Explorer, Visit, assert_shows, end, explore, settle, traced, until, visit
from playwright.sync_api import Browser, Page, Route, expect

import peephole as ph

pytestmark = pytest.mark.browser

ODD = "<script>alert(1)</script> \u202eRTL\u202c שלום e\u0301 👩\u200d👧 \ufeff\ttab 你好，世界 \x07\n"
TEXT = (
    ODD
    + "x" * 10_000
    + "\n"
    + "日本語" * 3000
    + "\n"
    + "def f(x):\n    return 'quoted'  # 记忆 é\n\n" * 1400
    + ODD
    + "the end"
)
LAST = len(TEXT) - 1

COLOURS = """() => {
  const canvas = document.querySelector("[data-testid=text-canvas] canvas");
  // Read from a copy: a canvas that is read from is drawn another way from then on.
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let [ink, colour] = [0, 0];
  for (let at = 0; at < data.length; at += 4) {
    const [r, g, b, a] = data.slice(at, at + 4);
    if (a < 128) continue;
    if (Math.max(r, g, b) - Math.min(r, g, b) > 12) colour++;
    else ink++;
  }
  return { ink, colour };
}"""


@pytest.fixture(scope="module")
def long_text(browser: Browser, run: ph.Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explorer]:
    """`peephole explore RUN --text FILE`."""
    file: Path = tmp_path_factory.mktemp("texts") / "big <b>.py"
    file.write_text(TEXT, encoding="utf-8")
    explorer = explore(run.path, texts=[file])
    yield explorer
    end(explorer)


@pytest.fixture(scope="module")
def records(run: ph.Run) -> list[ph.LayerRecord]:
    return [traced(run, TEXT, layer) for layer in (0, 1)]


@pytest.fixture
def reader(browser: Browser, long_text: Explorer) -> Iterator[Visit]:
    """A visit to the file, which must end without an error in the console."""
    context, found = visit(browser, long_text)
    expect(found.page.get_by_test_id("unit-row-0")).to_be_attached(timeout=60_000)
    yield found
    context.close()
    assert found.troubles == []


def jump(visitor: Visit, wanted: str, moment: int) -> None:
    page = visitor.page
    page.keyboard.press("/")
    field = page.get_by_test_id("jump-input")
    field.fill(wanted)
    page.keyboard.press("Enter")
    visitor.expect_moment(moment)
    expect(field).to_have_count(0)  # or the next "/" may still be typed into it


def test_the_file_is_what_the_run_opens_on(reader: Visit) -> None:
    page = reader.page
    expect(page).to_have_url(re.compile(r"/run/run\?file=0"))
    expect(page.get_by_test_id("text-select").locator("option:checked")).to_have_text("big <b>.py")
    expect(page.get_by_test_id("minimap")).to_contain_text("big <b>.py")
    page.get_by_test_id("text-select").select_option("")
    expect(page).not_to_have_url(re.compile("file="))
    expect(page.get_by_test_id("minimap")).not_to_contain_text("big <b>.py")


def test_every_place_shows_the_numbers_of_the_full_trace(
    reader: Visit, records: list[ph.LayerRecord]
) -> None:
    page = reader.page
    page.get_by_test_id("unit-row-5").click()
    for moment in (0, 511, 512, 40_000, 23, LAST - 600):
        jump(reader, str(moment), moment)
        assert_shows(reader.numbers(), records[0], moment=moment, unit=5)
    page.keyboard.press("End")
    reader.expect_moment(LAST)
    assert_shows(reader.numbers(), records[0], moment=LAST, unit=5)
    page.keyboard.press("ArrowLeft")
    reader.expect_moment(LAST - 1)
    assert_shows(reader.numbers(), records[0], moment=LAST - 1, unit=5)
    page.get_by_test_id("layer-select").select_option(label="layer 2 →")
    page.get_by_test_id("unit-row-2").click()
    assert_shows(reader.numbers(), records[1], moment=LAST - 1, unit=2)


def test_words_are_found_far_away_and_back_from_the_start(reader: Visit) -> None:
    jump(reader, "the end", len(TEXT) - len("the end"))
    jump(reader, "<script>alert", 0)
    jump(reader, "记忆", TEXT.index("记忆"))


def test_the_minimap_and_the_wheel_lead_anywhere(reader: Visit, records: list[ph.LayerRecord]) -> None:
    page = reader.page
    page.get_by_test_id("unit-row-3").click()
    box = page.get_by_test_id("minimap").locator("div").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 5)
    moment = int(page.get_by_test_id("readout").locator("b").first.inner_text())
    assert abs(moment / len(TEXT) - 0.75) < 0.01
    assert_shows(reader.numbers(), records[0], moment=moment, unit=3)
    before = painted(page)
    page.mouse.move(300, 300)
    for _ in range(20):
        page.mouse.wheel(0, 400)
    page.wait_for_timeout(300)
    until(page, lambda: painted(page)["colour"] > before["colour"] / 4)


def painted(page: Page) -> dict[str, int]:
    found: dict[str, int] = page.evaluate(COLOURS)
    return found


def test_what_is_not_here_yet_is_plain_ink_and_is_filled_in(reader: Visit) -> None:
    page = reader.page
    until(page, lambda: painted(page)["colour"] > 1000)
    held: list[Route] = []
    holding = True
    page.route("**/window/**", lambda route: held.append(route) if holding else route.continue_())
    jump(reader, "42000", 42_000)
    page.wait_for_timeout(200)
    assert held
    plain = painted(page)
    assert plain["colour"] == 0
    assert plain["ink"] > 1000
    holding = False
    for route in held:
        route.continue_()
    settle(page)
    expect(page.get_by_test_id("readout")).to_contain_text(re.compile(r"c [−\d]"))
    until(page, lambda: painted(page)["colour"] > 1000)


def test_the_unit_page_is_the_same_text(reader: Visit, records: list[ph.LayerRecord]) -> None:
    page = reader.go("/run/run/unit/6?file=0&layer=1&t=30000&quantity=hidden")
    assert_shows(reader.numbers(), records[1], moment=30_000, unit=6)
    for moment in (30_001, 30_002):
        page.keyboard.press("ArrowRight")
        reader.expect_moment(moment)
        assert_shows(reader.numbers(), records[1], moment=moment, unit=6)
    values = records[1]["hidden"][:, 0, 6]
    strongest = page.locator(".context").first
    expect(strongest.locator(".figure")).to_have_text(f"{float(values.max()):.2f}".replace("-", "\u2212"))
    strongest.click()
    numbers = reader.numbers()
    assert values[int(numbers["t"])].item() == pytest.approx(float(values.max()), abs=1e-5)
    assert_shows(numbers, records[1], moment=int(numbers["t"]), unit=6)


def test_odd_characters_are_shown_as_themselves(reader: Visit) -> None:
    page = reader.page
    symbol = page.get_by_test_id("readout").locator(".symbol").first
    start = TEXT.rindex(ODD)
    for character, shown in {
        "<": "<",
        "\u202e": "RLO",
        "\t": "→",
        "\n": "↵",
        "\x07": "BEL",
        "好": "好",
    }.items():
        moment = start + ODD.index(character)
        jump(reader, str(moment), moment)
        expect(symbol).to_have_text(shown)
    assert page.locator("main script").count() == 0


def paste(page: Page, text: str) -> None:
    page.get_by_test_id("edit-text").click()
    page.get_by_test_id("live-text").evaluate(
        """(area, text) => {
             const clipboardData = new DataTransfer();
             clipboardData.setData("text/plain", text);
             area.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
           }""",
        text,
    )


def test_a_long_pasted_text_is_read_with_its_progress_on_the_page(
    browser: Browser, long_text: Explorer, run: ph.Run
) -> None:
    context, found = visit(browser, long_text)
    page = found.page
    expect(page.get_by_test_id("unit-row-0")).to_be_attached(timeout=60_000)
    pasted = "return 'x'  # é\n" * 20_000
    paste(page, pasted)
    expect(page).to_have_url(re.compile("pasted="))
    progress = page.get_by_test_id("survey-progress")
    expect(progress).to_contain_text(re.compile(r"\d+ % of 320\W000 steps"))
    assert painted(page)["ink"] > 1000  # the text is there meanwhile
    expect(page).not_to_have_url(
        re.compile("edit=")
    )  # what is too long to be read with every letter is looked at
    expect(progress).to_have_count(0, timeout=120_000)
    page.get_by_test_id("unit-row-1").click()
    jump(found, "200005", 200_005)
    record = traced(run, pasted[:200_006], layer=0)
    assert_shows(found.numbers(), record, moment=200_005, unit=1)
    context.close()
    assert found.troubles == []


def test_of_a_long_text_what_is_on_screen_can_be_typed_into(reader: Visit) -> None:
    page = reader.page
    jump(reader, "the end", len(TEXT) - len("the end"))
    page.get_by_test_id("edit-text").click()
    area = page.get_by_test_id("live-text")
    expect(area).to_have_value(re.compile(r"quoted[^\0]*the end$"))
    assert len(area.input_value()) < 4000
    expect(page).to_have_url(re.compile(r"text=.*edit=1"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"file=0"))
    reader.expect_moment(len(TEXT) - len("the end"))


def test_a_text_past_the_limit_is_refused_in_words(browser: Browser, long_text: Explorer) -> None:
    context, found = visit(browser, long_text)
    page = found.page
    expect(page.get_by_test_id("unit-row-0")).to_be_attached(timeout=60_000)
    paste(page, "x" * 1_000_001)
    expect(page.get_by_test_id("error-message")).to_contain_text("1,000,001 characters and at most 1,000,000")
    context.close()
    # Chromium itself notes in the console that an answer was a 413.
    assert [trouble for trouble in found.troubles if "413" not in trouble] == []


def test_a_file_that_is_not_offered_is_told(reader: Visit) -> None:
    page = reader.go("/run/run?file=7")
    expect(page.get_by_test_id("error-message")).to_contain_text("--text")
    page.get_by_test_id("error-message").get_by_role("button").click()
    expect(page.get_by_test_id("error-message")).to_have_count(0)
    reader.numbers()
