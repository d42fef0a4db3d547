"""The digit film: the guesses after each row are the network's, of any held-out digit and of one's own drawing."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from browsing import Explorer, Visit, visit
from playwright.sync_api import Browser, Page, expect
from torch import Tensor

import peephole as ph
from peephole.zoo import gallery as shipped

pytestmark = pytest.mark.browser

FILM = "/run/zoo:digits/digit"
THREE = (
    (0.25, 0.25),
    (0.45, 0.15),
    (0.65, 0.25),
    (0.6, 0.42),
    (0.42, 0.5),
    (0.7, 0.65),
    (0.5, 0.88),
    (0.25, 0.8),
)


@pytest.fixture
def visitor(browser: Browser, gallery: Explorer) -> Iterator[Visit]:
    """A visit that must end without an error in the console."""
    context, found = visit(browser, gallery)
    yield found
    context.close()
    assert found.troubles == []


@pytest.fixture(scope="module")
def digits() -> ph.Run:
    return ph.open_run(shipped.folder("digits"))


def shares(run: ph.Run, image: Tensor) -> Tensor:
    """(row, label) probabilities after each row of an image (row, column)."""
    with torch.no_grad():
        return run.network()(image[:, None])[0][:, 0].softmax(-1)


def held_out(run: ph.Run, sample: int) -> tuple[Tensor, int]:
    found = run.problem().sample(sample)
    return torch.from_numpy(found.sequences[0]), int(found.targets[0][0])


def drawing(page: Page) -> Tensor:
    """The picture (row, column) in the page's address, 0 to 1."""
    found = re.search(r"drawn=([\w-]{523})", page.url)
    assert found
    packed = np.frombuffer(base64.urlsafe_b64decode(found[1] + "="), dtype=np.uint8)
    return torch.from_numpy(np.stack([packed >> 4, packed & 15], -1).reshape(28, 28)).float() / 15


def expect_guesses(page: Page, row: int, expected: Tensor) -> None:
    """The ten bars and the doubt after a row, from 1, are these (label,) probabilities."""
    expect(page.get_by_test_id("digit-row")).to_have_text(f"After row {row}")
    doubt = -sum(share * math.log2(share) for share in expected.tolist() if share > 0)
    expect(page.get_by_test_id("digit-doubt")).to_have_text(f"doubt {doubt:.2f} bits")
    bars = page.get_by_test_id("digit-bars").locator("li")
    expect(bars).to_have_count(10)
    shown = [float(text) for text in bars.locator("b").all_inner_texts()]
    assert shown == pytest.approx(expected.tolist(), abs=0.0051)
    widths = bars.locator(".bar-ink").evaluate_all("all => all.map(bar => parseFloat(bar.style.width) / 100)")
    assert widths == pytest.approx(expected.tolist(), abs=1e-4)
    assert bars.nth(int(expected.argmax())).get_attribute("class") == "best"


def test_the_bars_are_the_guesses_after_the_row_under_the_cursor(visitor: Visit, digits: ph.Run) -> None:
    image, label = held_out(digits, 17)
    expected = shares(digits, image)
    page = visitor.go(f"{FILM}?sample=17")
    expect(page.get_by_test_id("digit-title")).to_have_text(f"held-out digit 17, a {label}")
    expect_guesses(page, 28, expected[27])
    for row in (27, 26):
        page.keyboard.press("ArrowLeft")
        expect_guesses(page, row, expected[row - 1])
    page.keyboard.press("Home")
    expect_guesses(page, 1, expected[0])
    record = ph.trace(digits.network(), image[:, None])[1].layer(0)
    found = re.search(r"unit (\d+)", page.locator(".breadcrumb").inner_text())
    assert found
    numbers = visitor.numbers()
    assert numbers["c"] == pytest.approx(record["cell"][0, 0, int(found[1])].item(), abs=0.0051)
    assert numbers["h"] == pytest.approx(record["hidden"][0, 0, int(found[1])].item(), abs=0.0051)


def test_space_reads_on_to_the_last_row(visitor: Visit) -> None:
    page = visitor.go(f"{FILM}?sample=3&t=20")
    expect(page.get_by_test_id("digit-row")).to_have_text("After row 21")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("digit-row")).to_have_text("After row 28")
    expect(page.get_by_test_id("digit-play")).to_have_attribute("aria-pressed", "false")


def test_any_held_out_digit_can_be_chosen(visitor: Visit) -> None:
    page = visitor.go(FILM)
    title = page.get_by_test_id("digit-title")
    expect(title).to_contain_text("digit 0,")
    page.get_by_test_id("digit-previous").click()
    expect(title).to_contain_text("digit 999,")
    page.get_by_test_id("digit-next").click()
    page.get_by_test_id("digit-next").click()
    expect(title).to_contain_text("digit 1,")
    page.get_by_test_id("digit-input").fill("42")
    page.get_by_test_id("digit-input").press("Enter")
    expect(title).to_contain_text("digit 42,")
    expect(page).to_have_url(re.compile("sample=42"))


def test_a_digit_over_which_the_network_changes_its_mind_is_found(visitor: Visit, digits: ph.Run) -> None:
    page = visitor.go(FILM)
    page.get_by_test_id("digit-changing").click()
    change = page.get_by_test_id("digit-change")
    expect(change).to_contain_text("settles at row")
    said = re.search(r"row (\d+), after (\d+)", change.inner_text())
    sample = re.search(r"sample=(\d+)", page.url)
    assert said
    assert sample
    image, label = held_out(digits, int(sample[1]))
    guesses = shares(digits, image).argmax(-1).tolist()
    first = int((image > 0).any(-1).nonzero()[0])
    turns = [row for row in range(first + 1, 28) if guesses[row] != guesses[row - 1]]
    assert guesses[-1] == label
    assert (int(said[1]), int(said[2])) == (turns[-1] + 1, len(turns))
    page.get_by_test_id("digit-changing").click()
    expect(page).not_to_have_url(re.compile(rf"sample={sample[1]}$"))


def test_a_drawn_digit_is_recognised_as_its_own_pixels_say(visitor: Visit, digits: ph.Run) -> None:
    page = visitor.go(FILM)
    page.get_by_test_id("digit-draw").click()
    box = page.get_by_test_id("pad").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in THREE]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()
    expect(page.get_by_test_id("digit-bars").locator(".best")).to_contain_text("3")
    page.wait_for_load_state("networkidle")
    picture = drawing(page)
    expected = shares(digits, picture)
    expect_guesses(page, 28, expected[27])
    assert int(expected[27].argmax()) == 3
    rows, columns = picture.any(1).nonzero().flatten(), picture.any(0).nonzero().flatten()
    assert (
        18 <= max(rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1) <= 21
    )  # as the digits it learned from

    page.reload()
    expect_guesses(page, 28, expected[27])
    page.get_by_test_id("pad-clear").click()
    expect(page).not_to_have_url(re.compile(r"drawn=[\w-]*[B-Zb-z]"))


def test_a_digit_can_be_drawn_with_the_keyboard(visitor: Visit, digits: ph.Run) -> None:
    page = visitor.go(FILM)
    page.get_by_test_id("digit-draw").click()
    page.get_by_test_id("pad").press("Enter")
    for _ in range(18):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")  # the pen is up
    expect(page.get_by_test_id("digit-bars").locator(".best")).to_contain_text("1")
    page.wait_for_load_state("networkidle")
    expect_guesses(page, 28, shares(digits, drawing(page))[27])
    page.keyboard.press("Backspace")
    expect(page.get_by_test_id("pad-undo")).to_be_disabled()


def test_the_film_and_the_pages_of_the_network_lead_to_each_other(visitor: Visit) -> None:
    page = visitor.go("/run/zoo:digits?sample=5")
    page.get_by_test_id("digit-link").click()
    expect(page).to_have_url(re.compile(r"/run/zoo:digits/digit\?.*sample=5"))
    expect(page.get_by_test_id("digit-bars")).to_be_visible()
    page.get_by_test_id("unit-link").click()
    expect(page.get_by_test_id("unit-page")).to_be_visible()


def test_what_is_no_digit_is_said(browser: Browser, gallery: Explorer) -> None:
    context, found = visit(browser, gallery)
    page = found.go(f"{FILM}?drawn=AAf")
    expect(page.get_by_test_id("error-message")).to_contain_text("the drawing cannot be read")
    page = found.go("/run/zoo:counter/digit")
    expect(page.get_by_test_id("error-message")).to_contain_text("reads no digits")
    page = found.go(f"{FILM}?sample=1000")
    expect(page.get_by_test_id("error-message")).to_contain_text("no sample")
    context.close()
