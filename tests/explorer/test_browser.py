"""The explorer as a person meets it: `peephole explore` on a trained network, looked at in a real Chromium.

What a page shows is compared with `ph.trace` of the same network in Python. Every page must load from the explorer
alone and leave the console empty.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    expect,
    sync_playwright,
)

import peephole as ph
from peephole.explorer.app import STATIC

pytestmark = pytest.mark.browser

TEXT = "def f(x):\n    return 'quoted'  # 记忆 é\n\n" * 60
QUANTITIES = ("cell", "hidden", "forget_gate", "input_gate", "candidate", "output_gate")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


@dataclass(frozen=True)
class Explorer:
    """A running `peephole explore`: its process, the address it printed, and that address's origin."""

    process: subprocess.Popen[str]
    address: str

    @property
    def origin(self) -> str:
        return re.match(r"http://[^/]+", self.address)[0]  # type: ignore[index]


class Visit:
    """One page, and what it did behind its looks."""

    def __init__(self, page: Page, explorer: Explorer) -> None:
        self.page = page
        self.explorer = explorer
        self.troubles: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("dialog", self._dismiss)
        page.on("request", self._require_own)

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.troubles.append(said.text)

    def _dismiss(self, dialog: Dialog) -> None:
        self.troubles.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _require_own(self, request: Request) -> None:
        if not request.url.startswith((self.explorer.origin, "data:", "blob:")):
            self.troubles.append(f"asked for {request.url}")

    def go(self, path: str) -> Page:
        self.page.goto(self.explorer.origin + path)
        return self.page

    def expect_moment(self, moment: int) -> None:
        """The readout's first number is the moment."""
        expect(self.page.get_by_test_id("readout").locator("b").first).to_have_text(str(moment))

    def numbers(self) -> dict[str, float]:
        """The chosen unit's quantities as the readout prints them, by letter, once they are there."""
        readout = self.page.get_by_test_id("readout")
        expect(readout).to_contain_text(re.compile(r"h [−\d]"))
        said = readout.inner_text().replace("\u2212", "-")
        return {
            letter: float(value)
            for letter, value in re.findall(r"\b([chfigorznt])\s+(-?\d+(?:\.\d+)?)", said)
        }


def unavailable(reason: str) -> None:
    """A machine without a browser may skip these tests; the one that guards the project may not."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        unavailable("no Chromium on this machine: install chromium, or google-chrome")
    if not (STATIC / "index.html").is_file():
        unavailable("the front end is not built: install the package, or run `npm run build` in web/")
    # Not longer than this module: while it runs, no other test can start an event loop.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "peephole.cli", *map(str, arguments)]


def explore(*paths: Path) -> Explorer:
    process = subprocess.Popen(command("explore", *paths, "--no-open"), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return Explorer(process, process.stdout.readline().split()[0])


def end(explorer: Explorer) -> None:
    explorer.process.terminate()
    explorer.process.communicate(timeout=20)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ph.Run:
    """A network that was trained for a moment, from the command line."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    options = ("--steps", 30, "--hidden", 8, "--layers", 2, "--embedding", 6)
    subprocess.run(command("train", folder / "text.txt", "-o", folder / "run", *options), check=True)
    return ph.open_run(folder / "run")


@pytest.fixture(scope="module")
def explorer(browser: Browser, run: ph.Run) -> Iterator[Explorer]:
    """`peephole explore RUN`; the browser comes first, so that without one nothing is started."""
    explorer = explore(run.path)
    yield explorer
    end(explorer)


@pytest.fixture(scope="module")
def gallery(browser: Browser, zoo: Path) -> Iterator[Explorer]:
    """`peephole explore FOLDER`, with a run of every kind."""
    explorer = explore(zoo)
    yield explorer
    end(explorer)


def visit(browser: Browser, explorer: Explorer, **options: Any) -> tuple[BrowserContext, Visit]:
    """A fresh browser that has opened the printed address."""
    usual: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US"}
    context = browser.new_context(**{**usual, **options})
    context.set_default_timeout(15_000)
    page = context.new_page()
    found = Visit(page, explorer)
    page.goto(explorer.address)
    return context, found


@pytest.fixture
def visitor(browser: Browser, explorer: Explorer) -> Iterator[Visit]:
    """A visit that must end without an error in the console."""
    context, found = visit(browser, explorer)
    yield found
    context.close()
    assert found.troubles == []


def traced(run: ph.Run, text: str, layer: int) -> ph.LayerRecord:
    vocabulary = run.vocabulary()
    assert vocabulary is not None
    return ph.trace(run.network(), torch.from_numpy(vocabulary.encode(text))[:, None])[1].layer(layer)


def assert_shows(numbers: dict[str, float], record: ph.LayerRecord, *, moment: int, unit: int) -> None:
    """The printed numbers are the record's, to the printed precision."""
    letters = {
        "c": "cell",
        "h": "hidden",
        "f": "forget_gate",
        "i": "input_gate",
        "g": "candidate",
        "o": "output_gate",
    }
    assert numbers["t"] == moment
    for letter, quantity in letters.items():
        assert numbers[letter] == pytest.approx(record[quantity][moment, 0, unit].item(), abs=0.0051), (
            quantity
        )


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
    page.get_by_test_id("text-input").fill(own)
    page.get_by_test_id("text-submit").click()
    expect(page).to_have_url(re.compile("text=return"))
    expect(page.get_by_test_id("text-input")).to_have_count(0)
    page.get_by_test_id("unit-row-2").click()
    page.keyboard.press("End")
    visitor.expect_moment(len(own) - 1)
    assert_shows(visitor.numbers(), traced(run, own, layer=0), moment=len(own) - 1, unit=2)
    expect(page.get_by_role("status")).to_contain_text("☃")


def test_an_empty_text_is_answered_with_a_message(visitor: Visit) -> None:
    page = visitor.page
    page.get_by_test_id("edit-text").click()
    page.get_by_test_id("text-input").fill("")
    page.get_by_test_id("text-submit").click()
    expect(page.get_by_test_id("error-message")).to_be_visible()


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
    return ["/", f"{network}?lanes=predictions%2Csurprise", f"{network}/unit/2"]


def settle(page: Page) -> None:
    """Wait until the page has what it asked for."""
    page.wait_for_load_state("networkidle")
    expect(page.locator("main")).to_be_visible()


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
    same = {"Peephole", "English", "LSTM", "tanh", run.name, "run", "peephole", "explore"}
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
