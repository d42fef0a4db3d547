"""Whoever looks: axe finds nothing serious on any page, and sign and opening are told without hue."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import numpy.typing as npt
import pytest
from browsing import Explorer, settle, violations, visit
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import peephole as ph

pytestmark = pytest.mark.browser

LOOKS = {
    "wide": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "narrow": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "is_mobile": True},
}
PLACES = {
    "home": "/",
    "network": "/run/{run}?lanes=predictions%2Csurprise&t=5",
    "unit": "/run/{run}/unit/2?t=5",
    "moment": "/run/{run}/unit/2/moment?t=5",
    "all units": "/run/{run}/unit/2/moment?t=5&all=1",
    "compare": "/compare/zoo:counter/zoo:counter-rnn?t=5",
    "digit": "/run/zoo:digits/digit?sample=3&t=14",
    "drawn digit": "/run/zoo:digits/digit?drawn=" + "A" * 523,
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("place", PLACES)
def test_axe_finds_nothing_serious(
    browser: Browser, explorer: Explorer, run: ph.Run, place: str, look: str, language: str
) -> None:
    context, found = visit(browser, explorer, **LOOKS[look])
    path = PLACES[place].format(run=run.path.name)
    page = found.go(f"{path}{'&' if '?' in path else '?'}lang={language}")
    settle(page)
    assert violations(page) == []
    context.close()


DEFICIENCIES = ("none", "achromatopsia", "protanopia", "deuteranopia", "tritanopia")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_signs_and_openings_are_told_without_hue(
    browser: Browser, explorer: Explorer, run: ph.Run, deficiency: str, scheme: str
) -> None:
    context, found = visit(browser, explorer, color_scheme=scheme)
    eyes = context.new_cdp_session(found.page)
    eyes.send("Emulation.setEmulatedVisionDeficiency", {"type": deficiency})

    signed = ramp(found.go(f"/run/{run.path.name}?quantity=hidden"))
    width, height = signed.shape[1], signed.shape[0]
    ridge = height // 8  # the deeper edge is on the side of the sign: above for positive, below for negative
    for left, sign in ((width // 42, -1), (width - width // 42, 1)):
        column = signed[:, left]
        difference = (column[-ridge:].mean() - column[:ridge].mean()).item()
        assert sign * difference * (1 if scheme == "light" else -1) > 8, f"{sign:+}: {difference}"

    gate = ramp(found.go(f"/run/{run.path.name}?quantity=forget_gate"))
    ground = gate[0, 0]
    opening = (np.abs(gate - ground) > 8).sum(0)  # open is tall as well as dark
    assert opening[width // 42] < height / 8
    assert opening[-width // 42] > height * 7 / 8
    context.close()


def ramp(page: Page) -> npt.NDArray[np.float32]:
    """The legend's ramp as it is seen, in luminance from 0 to 255."""
    settle(page)
    shown = page.get_by_test_id("legend").first.locator("canvas")
    expect(shown).to_be_visible()
    image = Image.open(BytesIO(shown.screenshot())).convert("L")
    return np.asarray(image, dtype=np.float32)
