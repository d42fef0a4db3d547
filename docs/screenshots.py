"""Takes the pictures of the README and the docs: the explorer, in a real Chromium, on networks trained here.

Train what they show first, ``peephole demo -o runs/python --no-explore``, then run this file on ``runs``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PLACES: dict[str, dict[str, Any]] = {
    "home": {"path": "/"},
    "network": {"path": "/run/python?layer=1&t=1200"},
    "unit": {"path": "/run/python?layer=1&t=1200", "unit": True},
    "network-dark-zh": {"path": "/run/python?layer=1&lanes=surprise&lang=zh&t=1200", "scheme": "dark"},
    "network-phone": {"path": "/run/python?layer=1&t=1200", "width": 390, "height": 844},
}


def take(address: str, browser: Any, name: str, place: dict[str, Any]) -> None:
    """One picture: a page of its own, so that nothing of the one before is left."""
    size = {"width": place.get("width", 1280), "height": place.get("height", 800)}
    context = browser.new_context(viewport=size, color_scheme=place.get("scheme", "light"))
    page = context.new_page()
    page.goto(address)
    page.goto(re.match(r"http://[^/]+", address)[0] + place["path"])  # type: ignore[index]
    page.wait_for_load_state("networkidle")
    if place.get("unit"):
        page.get_by_test_id("unit-link").first.click()
        page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / f"{name}.png")
    context.close()


def main() -> None:
    """Serves the runs, takes every picture, and stops."""
    IMAGES.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "peephole.cli", "explore", sys.argv[1], "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as play:
        found = re.search(r"http://\S+", next(line for line in server.stdout or () if "http://" in line))
        chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, place in PLACES.items():
            take(found[0], browser, name, place)  # type: ignore[index]
        browser.close()
        server.terminate()


if __name__ == "__main__":
    main()
