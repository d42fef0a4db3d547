"""Two networks on one text: the numbers are those of each alone, and what cannot be compared is said."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import pytest
import torch
from browsing import Explorer, Visit, settle, visit
from playwright.sync_api import Browser, Page, expect

import peephole as ph
from peephole.nn.models import Network
from peephole.zoo import gallery as shipped

pytestmark = pytest.mark.browser

TEXT = "aaaaaaXbbbbbb"
PAIR = "/compare/zoo:counter/zoo:counter-rnn"


@pytest.fixture
def visitor(browser: Browser, gallery: Explorer) -> Iterator[Visit]:
    """A visit that must end without an error in the console."""
    context, found = visit(browser, gallery)
    yield found
    context.close()
    assert found.troubles == []


class Known:
    """What a network does with a text, by Python."""

    def __init__(self, name: str, text: str, network: Network | None = None) -> None:
        run = ph.open_run(shipped.folder(name))
        vocabulary = run.vocabulary()
        assert vocabulary is not None
        self.symbols = vocabulary.symbols
        ids = torch.from_numpy(vocabulary.encode(text))
        (scores, _), trace = ph.trace(network or run.network(), ids[:, None])
        self.record = trace.layer(run.config.layers - 1)
        self.quantity = "cell" if run.config.cell == "lstm" else "hidden"
        self.shares = scores[:, 0].softmax(-1)
        bits = -scores[:-1, 0].log_softmax(-1).gather(-1, ids[1:, None])[:, 0] / math.log(2)
        self.bits: list[float] = bits.tolist()

    def expect_shown(self, page: Page, side: str, moment: int) -> None:
        """The page's numbers at a moment are these."""
        said = page.get_by_test_id(f"{side}-numbers")
        expect(said.locator("b").first).to_have_text(str(moment))
        letter = "c" if self.quantity == "cell" else "h"
        expect(said).to_contain_text(re.compile(rf"{letter} [−\d]"))
        unit = int(page.get_by_test_id(f"{side}-unit").input_value())
        text = said.inner_text().replace("−", "-")
        shown = dict(re.findall(r"\b([chxt]|surprise|next \S)\s+(-?[\d.]+)", text))
        value = self.record[self.quantity][moment, 0, unit].item()
        assert float(shown[letter]) == pytest.approx(value, abs=0.0051)
        share, output = self.shares[moment].max(-1)
        assert float(shown[f"next {self.symbols[output]}"]) == pytest.approx(share.item(), abs=0.0051)
        if moment > 0:
            assert float(shown["surprise"]) == pytest.approx(self.bits[moment - 1], abs=0.0051)

    @property
    def mean(self) -> float:
        return sum(self.bits) / len(self.bits)


def test_each_shows_its_own_numbers_under_one_cursor(visitor: Visit) -> None:
    page = visitor.go(f"{PAIR}?text={TEXT}")
    one, other = Known("counter", TEXT), Known("counter-rnn", TEXT)
    for moment in range(4):
        one.expect_shown(page, "one", moment)
        other.expect_shown(page, "other", moment)
        page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    one.expect_shown(page, "one", len(TEXT) - 1)
    other.expect_shown(page, "other", len(TEXT) - 1)

    page.get_by_test_id("other-unit").select_option("0")
    expect(page).to_have_url(re.compile("unit2=0"))
    page.get_by_test_id("one-unit").select_option("1")
    one.expect_shown(page, "one", len(TEXT) - 1)
    other.expect_shown(page, "other", len(TEXT) - 1)

    cursor = page.locator(".cursor").bounding_box()
    assert cursor is not None
    for lane in ("one-text", "other-text", "one-surprise", "other-surprise", "lane-difference"):
        box = page.get_by_test_id(lane).bounding_box()
        assert box is not None
        assert cursor["y"] <= box["y"] + 1, lane
        assert box["y"] + box["height"] <= cursor["y"] + cursor["height"] + 1, lane


def test_what_the_text_costs_each_on_average(visitor: Visit) -> None:
    long = "a" * 14 + "X" + "b" * 14  # more than either was shown in training
    page = visitor.go(f"{PAIR}?text={long}")
    means = {name: Known(name, long).mean for name in ("counter", "counter-rnn")}
    for side, mean in zip(("one", "other"), means.values(), strict=True):
        expect(page.get_by_test_id(f"{side}-mean")).to_contain_text(f"{mean:.3f} bits")
    better = min(means, key=lambda name: means[name])
    apart = abs(means["counter"] - means["counter-rnn"])
    expect(page.get_by_test_id("verdict")).to_contain_text(f"{better} needs {apart:.3f} bits less")


def test_a_sample_is_read_by_both_and_siblings_are_offered(visitor: Visit) -> None:
    page = visitor.go("/compare/zoo:counter/zoo:counter-gru")
    expect(page.get_by_test_id("verdict")).to_be_visible()
    page.get_by_test_id("siblings").get_by_role("link", name="counter-rnn").click()
    expect(page).to_have_url(re.compile("/compare/zoo:counter/zoo:counter-rnn"))
    expect(page.get_by_test_id("other-numbers")).to_contain_text("counter-rnn")


def test_a_moment_of_the_training_beside_what_came_of_it(visitor: Visit) -> None:
    run = ph.open_run(shipped.folder("counter"))
    frame = run.film()[2]
    page = visitor.go(f"/compare/zoo:counter/zoo:counter?frame={frame.number}&text={TEXT}&t=4")
    expect(page.get_by_test_id("one")).to_contain_text(f"after {frame.step} steps")
    Known("counter", TEXT, run.network_at(frame)).expect_shown(page, "one", 4)
    Known("counter", TEXT).expect_shown(page, "other", 4)


def test_symbols_that_one_does_not_know_are_told_and_can_be_left_out(visitor: Visit) -> None:
    page = visitor.go("/compare/zoo:selective/zoo:counter?text=aXaYbb")
    message = page.get_by_test_id("error-message")
    expect(message).to_contain_text("counter does not know Y.")
    expect(message).to_contain_text("Both know: a X b .")
    message.get_by_role("button").click()
    expect(page).to_have_url(re.compile(r"text=aXabb(&|$)"))
    Known("selective", "aXabb").expect_shown(page, "one", 0)
    Known("counter", "aXabb").expect_shown(page, "other", 0)


def test_a_text_is_typed_for_both(visitor: Visit) -> None:
    page = visitor.go(PAIR)
    page.get_by_test_id("compare-edit").click()
    page.get_by_test_id("compare-input").fill(TEXT)
    page.get_by_test_id("compare-submit").click()
    expect(page).to_have_url(re.compile(f"text={TEXT}"))
    expect(page.get_by_test_id("compare-input")).to_have_count(0)
    Known("counter", TEXT).expect_shown(page, "one", 0)
    Known("counter-rnn", TEXT).expect_shown(page, "other", 0)
    page.get_by_test_id("compare-edit").click()
    page.get_by_test_id("compare-input").fill("")
    page.get_by_test_id("compare-submit").click()
    expect(page.get_by_test_id("error-message")).to_contain_text("no text to read")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("compare-input")).to_have_count(0)


def test_what_reads_no_symbols_is_not_compared(visitor: Visit) -> None:
    page = visitor.go("/compare/zoo:counter/zoo:digits")
    expect(page.get_by_test_id("error-message")).to_contain_text("digits reads numbers")
    page = visitor.go("/compare/zoo:counter/mirror")
    expect(page.get_by_test_id("error-message")).to_contain_text("does not know X")


def test_nobody_knows_the_right_tags_of_a_sample_that_was_copied(visitor: Visit) -> None:
    page = visitor.go("/compare/zoo:mirror/mirror")
    expect(page.get_by_test_id("one-text")).to_be_visible()
    expect(page.get_by_test_id("lane-difference")).to_have_count(0)
    expect(page.get_by_role("main")).to_contain_text("Nobody has said")


def test_a_network_links_to_its_siblings(visitor: Visit) -> None:
    page = visitor.go(f"/run/zoo:counter?text={TEXT}")
    page.get_by_test_id("compare-link").click()
    expect(page).to_have_url(re.compile(rf"/compare/zoo:counter/(zoo:)?counter[a-z-]*\?.*text={TEXT}"))
    settle(page)
