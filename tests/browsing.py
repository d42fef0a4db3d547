"""What tests that drive the explorer in a real Chromium share: a running explorer, a visit to it, what it must show."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
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
)

import peephole as ph

AXE = Path(__file__).parents[1] / "web" / "node_modules" / "axe-core" / "axe.min.js"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first that is there: Chromium without a window of its own takes half the time of the one with."""

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


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "peephole.cli", *map(str, arguments)]


def explore(*paths: Path, texts: Sequence[Path] = (), inputs: Sequence[Path] = ()) -> Explorer:
    files = [part for text in texts for part in ("--text", text)]
    files += [part for path in inputs for part in ("--input", path)]
    process = subprocess.Popen(
        command("explore", *paths, *files, "--no-open"), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return Explorer(process, process.stdout.readline().split()[0])


def end(explorer: Explorer) -> None:
    explorer.process.terminate()
    explorer.process.communicate(timeout=20)


def visit(browser: Browser, explorer: Explorer, **options: Any) -> tuple[BrowserContext, Visit]:
    """A fresh browser that has opened the printed address."""
    usual: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US"}
    context = browser.new_context(**{**usual, **options})
    context.set_default_timeout(15_000)
    page = context.new_page()
    found = Visit(page, explorer)
    page.goto(explorer.address)
    return context, found


def settle(page: Page) -> None:
    """Wait until the page has what it asked for."""
    page.wait_for_load_state("networkidle")
    expect(page.locator("main")).to_be_visible()
    expect(page.locator("main[aria-busy=true]")).to_have_count(0)


def violations(page: Page) -> list[str]:
    """What axe calls serious or critical, each with the elements that it is about."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {one['help']}: {', '.join(str(node['target']) for node in one['nodes'][:3])}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


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


def until(page: Page, holds: Callable[[], bool], *, seconds: float = 15) -> None:
    """Wait for what is drawn on a canvas, which no locator can wait for."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        page.wait_for_timeout(50)
