"""Takes the pictures of the README and the docs: the explorer on the shipped networks, in a real Chromium.

Run it without arguments: ``python docs/screenshots.py``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
TOUR = 15
SETTLED = 1200
"""Milliseconds that a page has for what moves on it, after it has all it asked for."""


def _phrase(page: Page) -> None:
    """Chooses a stretch that has a pattern: the first such after the sample's beginning."""
    for start in range(30, 90):
        page.goto(re.sub(r"stretch=[\d-]+", f"stretch={start}-{start + 1}", page.url))
        page.wait_for_load_state("networkidle")
        if page.get_by_test_id("phrase-match").count() > 3:
            return
    raise LookupError("no stretch of the sample has a pattern")


def _first_unit(page: Page) -> None:
    page.get_by_test_id("unit-link").first.click()


def _changing_digit(page: Page) -> None:
    page.get_by_test_id("digit-changing").click()


@dataclass(frozen=True)
class View:
    """What a picture is of: an address, how it is looked at, and what is done before."""

    path: str
    act: Callable[[Page], None] | None = None
    size: tuple[int, int] = (1280, 800)
    scheme: str = "light"


COUNTER = "/run/zoo:counter"
PYTHON = "/run/zoo:python?layer=1&t=1200"
PHONE = (390, 844)
VIEWS = {
    "home": View("/"),
    "network": View(PYTHON),
    "network-dark-zh": View(f"{PYTHON}&lanes=surprise&lang=zh", scheme="dark"),
    "network-phone": View(PYTHON, size=PHONE),
    "unit": View(PYTHON, _first_unit),
    "moment": View(f"{COUNTER}/unit/0/moment?t=8"),
    "moment-all": View("/run/zoo:python/unit/0/moment?layer=1&t=1200&all=1"),
    "moment-gru": View("/run/zoo:counter-gru/unit/2/moment?t=8", scheme="dark"),
    "moment-phone": View(f"{COUNTER}/unit/0/moment?t=8", size=PHONE),
    "editing": View("/run/zoo:memorizer?text=BxxxxxxxYb&edit=1&lanes=predictions&t=9"),
    "clamp": View(f"{COUNTER}?text=aaaaaaaXbbbbbbb&clamp=l0.cell.0:3@7-7&unit=0&t=9&lanes=predictions"),
    "film": View(f"{COUNTER}?frame=20&unit=0&t=9"),
    "light": View(f"{COUNTER}?unit=0&light=18&t=18"),
    "phrase": View("/run/zoo:words?quantity=hidden&stretch=30-31", _phrase),
    "digit": View("/run/zoo:digits/digit", _changing_digit),
    "compare": View("/compare/zoo:counter/zoo:counter-rnn?text=aaaaaaaaaaaaaXbbbbbbbbbbbbb&t=16"),
}


def save(page: Page, name: str) -> None:
    """The page as it is, once it has what it asked for."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(SETTLED)
    page.screenshot(path=IMAGES / f"{name}.png")


def take(browser: Browser, address: str, name: str, view: View) -> None:
    """One picture, on a page of its own, so that nothing of the one before is left."""
    width, height = view.size
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=view.scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    page.goto(_origin(address) + view.path)
    page.wait_for_load_state("networkidle")
    if view.act is not None:
        view.act(page)
    save(page, name)
    context.close()


def take_tour(browser: Browser, address: str, language: str) -> None:
    """Every step of the tour, by the way that a visitor goes."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page = context.new_page()
    page.goto(address)
    page.goto(f"{_origin(address)}/?lang={language}")
    page.get_by_test_id("take-tour").first.click()
    for step in range(1, TOUR + 1):
        save(page, f"tour-{step:02}-{language}")
        if step < TOUR:
            page.get_by_test_id("tour-next").click()
    context.close()


def _origin(address: str) -> str:
    return address.split("/", 3)[0] + "//" + address.split("/", 3)[2]


def main() -> None:
    """Serves the shipped networks, takes every picture, and stops."""
    IMAGES.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "peephole.cli", "explore", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as play:
        found = re.search(r"http://\S+", next(line for line in server.stdout or () if "http://" in line))
        chromium = next(
            filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome")))
        )
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, view in VIEWS.items():
            take(browser, found[0], name, view)  # type: ignore[index]
        for language in ("en", "zh"):
            take_tour(browser, found[0], language)  # type: ignore[index]
        browser.close()
        server.terminate()


if __name__ == "__main__":
    main()
