"""The tour in a real Chromium: every step opens, what it says to move moves, and its numbers are Python's."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from browsing import Explorer, Visit, settle, traced, violations, visit
from playwright.sync_api import Browser, Locator, Page, expect

import peephole as ph
import peephole.analysis as pa
from peephole import zoo

pytestmark = pytest.mark.browser

REMEMBERED, COUNTED, COPIED = "AxxxxxxxYa", "aaaaaXbbbbb", "bcaXbca"
STEPS = 15
ALL = range(1, STEPS + 1)


@pytest.fixture
def guest(browser: Browser, gallery: Explorer) -> Iterator[Visit]:
    """A visit that must end without an error in the console."""
    context, found = visit(browser, gallery)
    yield found
    context.close()
    assert found.troubles == []


def opened(guest: Visit, step: int, language: str = "en") -> Page:
    """A step of the tour, once everything is there."""
    page = guest.go(f"/?tour={step}&lang={language}")
    expect(page.get_by_test_id("tour-question")).to_be_visible()
    settle(page)
    expect(page.locator(".beside .waiting, .widget .waiting")).to_have_count(0)
    return page


def shown(page: Page, lane: str, value: float) -> None:
    """A lane's number under the cursor; the page prints four decimals of what may have come in half precision."""
    expect(page.get_by_test_id(f"tour-lane-{lane}")).to_have_attribute("data-now", re.compile(r"\d"))
    page.wait_for_function(
        "([lane, value]) => Math.abs(Number(document.querySelector(`[data-testid=tour-lane-${lane}]`)"
        ".dataset.now) - value) < 2e-3",
        arg=[lane, value],
    )


def slide(page: Page, name: str, value: float) -> None:
    page.get_by_test_id(f"tour-{name}").fill(f"{value:g}")


def pick(page: Page, group: str, value: str) -> None:
    page.get_by_test_id(f"tour-{group}").locator(f'[data-value="{value}"]').click()


def unit_in(page: Page) -> int:
    """The unit that the page found, which its address names."""
    page.wait_for_url(re.compile(r"unit=\d+"))
    return int(re.search(r"unit=(\d+)", page.url)[1])  # type: ignore[index]


def number(found: Locator, attribute: str) -> float:
    return float(found.get_attribute(attribute) or "nan")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("step", ALL)
def test_every_step_opens_and_has_something_to_move(guest: Visit, step: int, language: str) -> None:
    page = opened(guest, step, language)
    expect(page.get_by_test_id("error-message")).to_have_count(0)
    chinese = re.compile(r"[\u4e00-\u9fff]")
    if language == "zh":
        expect(page.get_by_test_id("tour-question")).to_have_text(chinese)
        expect(page.get_by_test_id("tour-telling")).to_have_text(chinese)
    else:
        expect(page.get_by_test_id("tour-rail")).not_to_have_text(chinese)
        for stage in page.get_by_test_id("tour-stage").all():
            expect(stage).not_to_have_text(chinese)
    movable = page.locator(".beside, .widget").locator("input[type=range], button, select")
    expect(movable.first).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("step", ALL)
def test_a_telephone_shows_every_step_without_sideways_scroll(
    browser: Browser, gallery: Explorer, step: int
) -> None:
    context, found = visit(browser, gallery, viewport={"width": 390, "height": 844}, is_mobile=True)
    for language in ("en", "zh"):
        page = opened(found, step, language)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        small = page.locator(".rail button, .rail a.primary, .stage button").evaluate_all(
            "all => all.filter(one => one.getBoundingClientRect().height < 40).length"
        )
        assert small == 0
    context.close()
    assert found.troubles == []


def test_the_tour_is_taken_from_home_and_from_the_help(guest: Visit) -> None:
    page = guest.go("/")
    page.get_by_test_id("take-tour").click()
    expect(page.get_by_test_id("tour-question")).to_have_text("How many neurons are in one circle?")
    page.get_by_test_id("tour-close").click()
    expect(page.get_by_test_id("tour-rail")).to_have_count(0)
    expect(page.get_by_test_id("network-page")).to_be_visible()
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_test_id("take-tour").click()
    expect(page.get_by_test_id("tour-rail")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_keyboard_alone_goes_through_the_tour(guest: Visit) -> None:
    page = opened(guest, 1)
    page.get_by_test_id("tour-forth").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("tour-question")).to_have_text("Does each step have weights of its own?")
    expect(page.get_by_test_id("tour-question")).to_be_focused()
    page.get_by_test_id("tour-unroll").focus()
    page.keyboard.press("Home")
    expect(page.get_by_test_id("tour-stage")).to_contain_text("one cell, one loop")
    page.get_by_test_id("tour-edge-R").focus()
    expect(page.get_by_test_id("tour-edge-R")).to_have_class("edges lit")
    page.go_back()
    expect(page.get_by_test_id("tour-question")).to_have_text("How many neurons are in one circle?")
    page.get_by_test_id("tour-circle-2").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("tour-dots")).to_have_text("h₃: 60 numbers")


def test_a_step_that_is_none_is_told_with_the_list_of_all(guest: Visit) -> None:
    page = guest.go("/?tour=99&lang=en")
    expect(page.get_by_test_id("tour-rail")).to_contain_text("The tour has no such step; it has 15.")
    expect(page.get_by_test_id("tour-rail").locator("ol a")).to_have_count(STEPS)
    page.get_by_test_id("tour-rail").get_by_role("link", name="Shapes").click()
    expect(page.get_by_test_id("tour-question")).to_have_text("Why is W [110, 240]?")


def test_1_time_adds_columns_and_hidden_adds_parameters(guest: Visit) -> None:
    page = opened(guest, 1)
    count = page.get_by_test_id("tour-count")
    own = sum(value.numel() for value in zoo.open_run("words").network().recurrent.parameters())
    expect(count).to_have_text(f"{own:,}".replace(",", "\u2009"))
    for columns in (1, 8):
        slide(page, "time", columns)
        expect(page.locator(".openable")).to_have_count(columns)
        expect(count).to_have_text("26\u2009880")
    slide(page, "hidden", 61)
    larger = sum(value.numel() for value in ph.LSTM(50, 61).parameters())
    expect(count).to_have_text(f"{larger:,}".replace(",", "\u2009"))
    expect(page.get_by_test_id("tour-dots")).to_contain_text("61 numbers")


def test_2_an_edge_lights_all_its_copies(guest: Visit) -> None:
    page = opened(guest, 2)
    for edge, other, copies in (("W", "R", 6), ("R", "W", 5)):
        page.get_by_test_id(f"tour-edge-{edge}").focus()
        expect(page.get_by_test_id(f"tour-edge-{other}")).to_have_class("edges dim")
        expect(page.locator(".edges.lit .edge")).to_have_count(copies)
        expect(page.get_by_test_id(f"tour-matrix-{edge}")).to_have_class("pinned lit")
    expect(page.get_by_test_id("tour-matrix-W")).to_contain_text("[50, 240]")
    slide(page, "unroll", 0)
    places = page.locator("[data-testid=tour-edge-W] .edge").evaluate_all(
        "all => all.map(one => one.getAttribute('d'))"
    )
    assert len(places) == 6
    assert len(set(places)) == 1


def test_3_reading_moves_the_states_and_training_the_weights(guest: Visit) -> None:
    page = opened(guest, 3)
    weights = page.get_by_test_id("tour-weights")
    run = zoo.open_run("counter")
    finished = run.network().recurrent.weight_ih_l0[0, 0].item()
    assert number(weights, "data-first") == pytest.approx(finished, abs=1e-4)
    for moment in (0, 9):
        slide(page, "time", moment)
        expect(page.locator(".states .later")).to_have_count(len(COUNTED) - 1 - moment)
        assert number(weights, "data-first") == pytest.approx(finished, abs=1e-4)
    frame = run.film()[2]
    then = run.network_at(frame).recurrent.weight_ih_l0[0, 0].item()
    slide(page, "film", 2)
    expect(weights).to_have_attribute("data-first", f"{then:.4f}")
    expect(weights).to_contain_text(f"step {frame.step}")


def test_4_only_the_backward_lane_knows_the_last_letter(guest: Visit) -> None:
    page = opened(guest, 4)
    for letter in "ca":
        pick(page, "last", letter)
        expect(page.get_by_test_id("tour-answers").locator("li")).to_have_text([letter] * 8)
    expect(page.get_by_test_id("tour-known-0-forward")).to_have_attribute("data-changed", "1")
    expect(page.get_by_test_id("tour-known-0-backward")).to_have_attribute("data-changed", "8")
    page.get_by_test_id("tour-station-two").click()
    for layer in (0, 1):
        expect(page.get_by_test_id(f"tour-known-{layer}-forward")).to_have_attribute("data-changed", "1")


def test_5_the_lid_hides_a_cell_that_holds_the_letter(guest: Visit) -> None:
    page = opened(guest, 5)
    unit = unit_in(page)
    run = zoo.open_run("memorizer")
    one, other = (traced(run, letter + REMEMBERED[1:], 0) for letter in "AB")
    held = (one["cell"][1:8, 0].tanh() - other["cell"][1:8, 0].tanh()).abs() * one["forget_gate"][1:8, 0]
    assert float(held.amin(0)[unit]) == pytest.approx(float(held.amin(0).max()), abs=1e-2)
    shown(page, "ledger", float(one["cell"][8, 0, unit]))
    assert page.get_by_test_id("tour-plate").bounding_box()["height"] > 250  # type: ignore[index]
    slide(page, "lid", 100)
    assert page.get_by_test_id("tour-plate").bounding_box()["height"] < 4  # type: ignore[index]
    pick(page, "first", "B")
    shown(page, "ledger", float(traced(run, "BxxxxxxxYb", 0)["cell"][8, 0, unit]))


def test_6_a_snapped_gate_does_to_the_memory_what_the_equation_says(guest: Visit) -> None:
    page = opened(guest, 6)
    unit = unit_in(page)
    record = traced(zoo.open_run("memorizer"), REMEMBERED, 0)
    written = (record["input_gate"] * record["candidate"])[:, 0, unit]
    shown(page, "cell", float(record["cell"][4, 0, unit]))
    pick(page, "lever-forget", "0")
    shown(page, "cell", float(written[4]))
    pick(page, "lever-forget", "1")
    shown(page, "cell", float(written[:5].sum()))
    pick(page, "lever-output", "1")
    shown(page, "hidden", math.tanh(float(written[:5].sum())))
    plain, peeping = page.get_by_test_id("tour-plain"), page.get_by_test_id("tour-peeping")
    slide(page, "before", -3)
    before = number(plain, "data-gate"), number(peeping, "data-gate")
    slide(page, "before", 3)
    expect(peeping).not_to_have_attribute("data-gate", f"{before[1]:.4f}")
    assert number(plain, "data-gate") == before[0]
    assert abs(number(peeping, "data-gate") - before[1]) > 0.05


def test_7_a_unit_that_is_silenced_keeps_its_cell(guest: Visit) -> None:
    page = opened(guest, 7)
    run = zoo.open_run("copy")
    free = traced(run, COPIED, 1)
    ranked = pa.silence(free).units
    first = page.locator("[data-testid^=tour-unit-]").first
    expect(first).to_have_attribute("data-testid", f"tour-unit-{ranked[0]}")
    network, vocabulary = run.network(), run.vocabulary()
    assert vocabulary is not None
    ids = torch.from_numpy(vocabulary.encode(COPIED))[:, None]
    for step in (4, 3):
        slide(page, "at", step)
        with ph.intervene(network, {f"l1.output_gate.{ranked[0]}": 0.0}, steps=[step]):
            held = ph.trace(network, ids)[1].layer(1)
        shown(page, "hidden", 0.0)
        shown(page, "cell", float(free["cell"][step, 0, ranked[0]]))
        before = slice(0, step + 1)
        torch.testing.assert_close(held["cell"][before, 0, ranked[0]], free["cell"][before, 0, ranked[0]])
        expect(page.get_by_test_id("tour-told")).to_contain_text("the same")
        moved = (held["cell"] - free["cell"])[:, 0, ranked[0]].abs() > 0.005
        told = page.get_by_test_id("tour-told")
        if bool(moved.any()):
            expect(told).to_contain_text(f"c moves from step {int(moved.nonzero()[0]) + 1} on")
        else:
            expect(told).to_contain_text("no later c moves")


def test_8_the_roads_are_the_exact_sensitivities(guest: Visit) -> None:
    page = opened(guest, 8)
    for group, name, text in (("memorizer", "memorizer", REMEMBERED), ("rnn", "counter-rnn", COUNTED)):
        pick(page, "network", group)
        run = zoo.open_run(name)
        network, vocabulary = run.network(), run.vocabulary()
        assert vocabulary is not None
        (scores, _), trace = ph.trace(network, torch.from_numpy(vocabulary.encode(text))[:, None])
        step = len(text) - (2 if name == "memorizer" else 1)
        expect(page.get_by_test_id("tour-from")).to_have_value(str(step))
        found = pa.sensitivities(network, trace, pa.Output(int(scores[step, 0].argmax())), step).layer()
        settle(page)
        for at in (0, step):
            road = page.get_by_test_id(f"tour-road-{at}")
            assert number(road, "data-c") == pytest.approx(float(found.c_road[at, 0]), rel=1e-3)
            assert number(road, "data-h") == pytest.approx(float(found.h_road[at, 0]), rel=1e-3)


def test_9_what_is_left_is_the_product_of_the_forget_gates(guest: Visit) -> None:
    page = opened(guest, 9)
    product = page.get_by_test_id("tour-product")
    expect(product).to_have_text("1.6·10⁻⁴")
    assert number(product, "data-value") == pytest.approx((1 / (1 + math.exp(-1))) ** 28)
    pick(page, "settings", "extreme")
    expect(product).to_have_text("1.000")
    slide(page, "keep", 0.9)
    slide(page, "steps", 50)
    assert number(product, "data-value") == pytest.approx(0.9**50)
    unit = unit_in(page)
    pick(page, "settings", "learned")
    slide(page, "steps", 7)
    gates = traced(zoo.open_run("memorizer"), REMEMBERED, 0)["forget_gate"][1:8, 0, unit]
    assert number(product, "data-value") == pytest.approx(float(gates.prod()), rel=1e-4)


def test_10_a_swapped_function_is_run_over_the_recorded_sums(guest: Visit) -> None:
    page = opened(guest, 10)
    said = page.get_by_test_id("tour-stage").get_by_text(re.compile(r"unit \d+ of counter")).inner_text()
    unit = int(re.search(r"unit (\d+)", said)[1])  # type: ignore[index]
    record = {
        name: values[:, 0, unit].double().numpy()
        for name, values in traced(zoo.open_run("counter"), COUNTED, 0).quantities.items()
    }
    shown(page, "cell", record["cell"][3])
    page.get_by_test_id("tour-box-g").select_option("identity")
    candidate, cell = np.arctanh(record["candidate"]), 0.0
    for step in range(4):
        cell = record["forget_gate"][step] * cell + record["input_gate"][step] * candidate[step]
    shown(page, "cell", cell)
    page.get_by_test_id("tour-box-h").select_option("identity")
    shown(page, "hidden", record["output_gate"][3] * cell)


def test_11_the_gates_of_the_same_network_with_its_peepholes_shut(guest: Visit) -> None:
    page = opened(guest, 11)
    said = page.locator(".ranking [aria-pressed=true]").inner_text()
    unit = int(re.search(r"\d+", said)[0])  # type: ignore[index]
    run = zoo.open_run("memorizer-peephole")
    network, vocabulary = run.network(), run.vocabulary()
    assert vocabulary is not None
    with torch.no_grad():
        network.recurrent.weight_peephole_l0.zero_()
    shut = ph.trace(network, torch.from_numpy(vocabulary.encode(REMEMBERED))[:, None])[1].layer()
    open_ = traced(run, REMEMBERED, 0)
    for state, record in (("1", shut), ("0", open_)):
        pick(page, "peepholes", state)
        for quantity in ("cell", "forget_gate", "input_gate", "output_gate"):
            shown(page, quantity, float(record[quantity][8, 0, unit]))


def test_12_the_shapes_are_those_that_python_explains(guest: Visit) -> None:
    page = opened(guest, 12)
    verdict = page.get_by_test_id("tour-verdict")

    def shapes(kind: Any) -> str:
        found = ph.shapes(50, 60, peephole=kind)
        return ",".join(f"{rows}x{columns}" for rows, columns in (gate.matrix for gate in found.gates))

    expect(verdict).to_have_attribute("data-shapes", shapes(None))
    expect(verdict).to_contain_text("26\u2009640 parameters")
    pick(page, "matrix", "full")
    expect(verdict).to_have_attribute("data-shapes", shapes("full"))
    expect(verdict).to_contain_text("37\u2009440 parameters")
    for wrong, shape in (("square", "50x60"), ("wide", "50x110")):
        pick(page, "matrix", wrong)
        expect(verdict).to_have_attribute("data-shapes", shape)
        expect(verdict).not_to_contain_text("parameters")
    expect(page.get_by_test_id("tour-slide")).to_have_value("100")


def test_13_each_line_lights_its_part(guest: Visit) -> None:
    page = opened(guest, 13)
    parts = ("cell", "zero", "outputs")
    for line, part in enumerate(parts):
        page.get_by_test_id(f"tour-line-{line}").focus()
        for other in parts:
            wanted = "part lit" if other == part else "part dim"
            expect(page.get_by_test_id(f"tour-part-{other}")).to_have_class(wanted)
    slide(page, "batch", 7)
    expect(page.get_by_test_id("tour-part-zero")).to_contain_text("c = 0 [7, 60]")
    expect(page.get_by_test_id("tour-outputs")).to_have_text("outputs [7, T, 60]")
    expect(page.get_by_test_id("tour-final")).to_have_text("final_state = (c, h)")
    pick(page, "order", "torch")
    expect(page.get_by_test_id("tour-final")).to_have_text("(h, c)")


def test_14_the_film_opens_on_a_3_that_is_still_taken_for_a_2(guest: Visit) -> None:
    page = opened(guest, 14)
    guess = page.get_by_test_id("tour-guess").locator("output")
    expect(guess).to_have_text("2")
    expect(page.get_by_test_id("digit-page")).to_be_visible()
    slide(page, "row", 27)
    expect(guess).to_have_text("3")
    page.locator("[data-testid^=tour-sample-]").nth(1).click()
    expect(guess).to_have_text("2")


def test_15_units_are_found_for_what_they_follow(guest: Visit) -> None:
    page = opened(guest, 15)
    found = page.locator("[data-testid^=tour-follows-]")
    expect(found.first).to_be_visible()
    assert found.count() == 4
    for place in range(found.count()):
        one = found.nth(place)
        one.click()
        expect(one).to_have_attribute("aria-pressed", "true")
        layer, unit = re.search(r"layer (\d+), unit (\d+)", one.inner_text()).groups()  # type: ignore[union-attr]
        page.wait_for_url(re.compile(rf"unit={unit}\b"))
        assert (f"layer={int(layer) - 1}" in page.url) == (layer != "1")
