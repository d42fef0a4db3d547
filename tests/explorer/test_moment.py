"""The moment page: what it draws and prints is what `analysis.moment` says of `ph.trace`, and widths are to scale."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from browsing import Explorer, Visit, end, explore, settle, visit
from playwright.sync_api import Browser, Locator, Page, expect

import peephole as ph
from peephole.analysis.moments import Moment, moment
from peephole.data.text_problem import TextProblem
from peephole.explorer.opened import OpenRun

pytestmark = pytest.mark.browser

PIPES = ("before", "kept", "candidate", "written", "state", "shown")


@dataclass(frozen=True)
class Read:
    """A run's first sample, read by it in Python."""

    record: ph.LayerRecord
    lengths: list[int]

    @classmethod
    def of(cls, path: Path, *, layer: int = 0, direction: str = "forward") -> Read:
        opened = OpenRun(ph.open_run(path))
        sample = opened.sample(0)
        trace = ph.trace(opened.network, sample.inputs, lengths=sample.lengths)[1]
        return cls(trace.layer(layer, direction), sample.lengths.tolist())

    def at(self, step: int, unit: int) -> Moment:
        """The moment at a step of the page, which counts over all sequences."""
        for sequence, length in enumerate(self.lengths):
            if step < length:
                return moment(self.record, unit, step, sequence=sequence)
            step -= length
        raise AssertionError("no such step")

    def find(self, wanted: Callable[[Moment], bool]) -> Moment:
        """The first moment of the first sequence that is as wanted."""
        units = self.record["hidden"].shape[-1]
        return next(
            m
            for step in range(min(60, self.lengths[0]))
            for unit in range(units)
            if wanted(m := self.at(step, unit))
        )


@pytest.fixture
def guest(browser: Browser, gallery: Explorer) -> Iterator[Visit]:
    context, found = visit(browser, gallery)
    yield found
    context.close()
    assert found.troubles == []


def shown(found: Visit, kind: str, step: int, unit: int, more: str = "") -> Page:
    """The moment page, once it shows the moment."""
    page = found.go(f"/run/{kind}/unit/{unit}/moment?t={step}{more}")
    expect(page.get_by_test_id("moment-diagram")).to_have_attribute("data-step", str(step))
    expect(page.get_by_test_id("moment-diagram")).to_have_attribute("data-unit", str(unit))
    return page


def drawing(page: Page) -> Locator:
    return page.get_by_test_id("moment-diagram")


def thickness(page: Page, pipe: str) -> float:
    """How wide a pipe is on the screen, across the way it runs: of its straight piece."""
    found: float = page.locator(f"[data-pipe={pipe}]").evaluate(
        """e => { const box = e.getBoundingClientRect();
                  return e.dataset.runs === 'along' ? box.height : box.width; }"""
    )
    return found


def number(text: str) -> float:
    return float(text.replace("\u2212", "-").replace("+", ""))


KINDS = [
    pytest.param("text", {"layer": 1}, "&layer=1", id="lstm"),
    pytest.param("digits", {}, "", id="peephole lstm"),
    pytest.param("counter", {}, "", id="gru"),
    pytest.param("mirror", {}, "", id="rnn"),
    pytest.param("mirror", {"direction": "backward"}, "&direction=backward", id="rnn backward"),
]


@pytest.mark.parametrize(("kind", "where", "query"), KINDS)
def test_every_number_is_the_records(
    guest: Visit, zoo: Path, kind: str, where: dict[str, Any], query: str
) -> None:
    read = Read.of(zoo / kind, **where)
    for step, unit in ((0, 0), (1, 3), (read.lengths[0] - 1, 2), (read.lengths[0] + 1, 4)):
        if step >= sum(read.lengths):
            continue
        said = read.at(step, unit)
        page = shown(guest, kind, step, unit, query)
        printed = said.printed()
        for field in PIPES:
            for text in drawing(page).locator(f"text[data-number={field}]").all_text_contents():
                assert text == printed[field], field
        for share in ("kept_share", "write_share", "shown_share"):
            for text in page.locator(f"[data-value={share}]").all_text_contents():
                assert number(text) == pytest.approx(getattr(said, share), abs=0.00501), share
        assert page.get_by_test_id("sentence").inner_text() == said.sentence()
        sums(page, said)


def sums(page: Page, said: Moment) -> None:
    """The equations: what was kept and written is the state to the last digit, each gate is its activation's value."""
    if said.kind != "rnn":
        row = page.locator("[data-equation=state]")
        kept, written, state = (
            number(row.locator(f"mn[data-field={f}]").last.text_content() or "")
            for f in ("kept", "written", "state")
        )
        assert round(kept + written, 2) == state == pytest.approx(said.state, abs=0.00501)
    gates = {
        "lstm": {
            "forget_gate": said.kept_share,
            "input_gate": said.write_share,
            "output_gate": said.shown_share,
        },
        "gru": {"update_gate": said.kept_share},
        "rnn": {},
    }[said.kind]
    for gate, value in gates.items():
        taken = page.locator(f"[data-dot={MARKS[gate]}]").get_attribute("data-sum")
        assert taken is not None
        assert 1 / (1 + math.exp(-float(taken))) == pytest.approx(value, abs=1e-5), gate
        terms, total = (
            part.text_content() or "" for part in page.locator(f"[data-equation={gate}] math").all()[1:3]
        )
        values = [float(v) for v in re.findall(r"-?\d+\.\d+", terms.replace("\u2212", "-"))]
        assert sum(values) == pytest.approx(
            number(re.findall(r"[−\d.]+", total)[0]), abs=0.005 * (len(values) + 1)
        )


MARKS = {
    "forget_gate": "kept_share",
    "update_gate": "kept_share",
    "input_gate": "write_share",
    "output_gate": "shown_share",
}


@pytest.mark.parametrize(("kind", "where", "query"), KINDS)
def test_behind_a_sluice_a_pipe_is_as_wide_as_the_printed_gate_times_what_came(
    guest: Visit, zoo: Path, kind: str, where: dict[str, Any], query: str
) -> None:
    read = Read.of(zoo / kind, **where)
    said = read.find(lambda m: abs(m.before) > 0.2 and abs(m.candidate) > 0.2)
    page = shown(guest, kind, said.step, said.unit, query)
    legend = page.locator("[data-legend]").first
    value = float(legend.get_attribute("data-legend") or "nan")
    box = legend.bounding_box()
    assert box is not None
    scale = box["height"] / value
    for pipe in PIPES:
        if page.locator(f"[data-pipe={pipe}]").count():
            assert thickness(page, pipe) == pytest.approx(abs(getattr(said, pipe)) * scale, abs=0.1), pipe
    ways = {
        "kept_share": ("before", "kept"),
        "write_share": ("candidate", "written"),
        "shown_share": ("squashed", "shown"),
    }
    gates = [gate for gate in ways if page.locator(f"[data-gate={gate}]").count()]
    assert gates == {"lstm": list(ways), "gru": list(ways)[:2], "rnn": []}[said.kind]
    for gate in gates:
        before, after = ways[gate]
        open_ = number(page.locator(f"[data-value={gate}]").text_content() or "")
        assert abs(thickness(page, after) - open_ * thickness(page, before)) <= 1, gate
        if said.kind == "gru":
            both = [number(page.locator(f"[data-value={one}]").text_content() or "") for one in gates]
            assert sum(both) == pytest.approx(1, abs=0.0101)


def test_ribbons_of_opposite_sign_cancel(guest: Visit, zoo: Path) -> None:
    read = Read.of(zoo / "text")
    said = read.find(lambda m: m.kept * m.written < -0.01)
    page = shown(guest, "text", said.step, said.unit)
    less = min(abs(said.kept), abs(said.written))
    assert float(page.locator("[data-cancelled]").get_attribute("data-cancelled") or "nan") == pytest.approx(
        less, abs=1e-4
    )
    expect(drawing(page)).to_contain_text(f"{less:.2f} cancels out")
    widths = {pipe: thickness(page, pipe) for pipe in PIPES}
    assert widths["state"] == pytest.approx(abs(widths["kept"] - widths["written"]), abs=0.1)


def test_a_sign_is_told_by_the_edge_that_is_marked(guest: Visit, zoo: Path) -> None:
    read = Read.of(zoo / "text")
    for sign in (1, -1):
        said = read.find(lambda m, sign=sign: sign * m.state > 0.3)  # type: ignore[misc]
        page = shown(guest, "text", said.step, said.unit)
        pipe, ridge = page.locator("[data-pipe=state] >> xpath=..").first.locator("path").all()
        whole, mark = pipe.bounding_box(), ridge.bounding_box()
        assert whole is not None
        assert mark is not None
        assert mark["height"] < 3
        middle = mark["y"] + mark["height"] / 2
        assert (middle < whole["y"] + whole["height"] / 2) == (sign > 0)


def test_peepholes_are_drawn_where_the_cell_has_them(guest: Visit) -> None:
    for kind, there in (("text", 0), ("digits", 3)):
        page = shown(guest, kind, 3, 1)
        lines = page.locator("[data-line=peepholes] path[stroke-dasharray]")
        expect(lines).to_have_count(there)
    # Those of the keep and the write gate leave before the keep sluice, that of the reveal gate right of the sum.
    starts = [number(re.findall(r"[\d.]+", line.get_attribute("d") or "")[0]) for line in lines.all()]
    keep, meeting = place(page, "[data-gate=kept_share] rect"), place(page, "[data-cancelled] circle")
    left = drawing(page).bounding_box()
    assert left is not None
    assert [left["x"] + start < keep for start in starts] == [True, True, False]
    assert left["x"] + starts[2] > meeting


def place(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["x"]


def test_a_sequence_starts_from_nothing_in_either_direction(guest: Visit, zoo: Path) -> None:
    page = shown(guest, "mirror", 0, 1)
    expect(drawing(page)).to_contain_text("starts from 0")
    expect(drawing(page)).to_contain_text("t−1")
    page = shown(guest, "mirror", 0, 1, "&direction=backward")
    expect(drawing(page)).not_to_contain_text("starts from 0")
    expect(drawing(page)).to_contain_text("t+1")
    last = Read.of(zoo / "mirror").lengths[0] - 1
    page = shown(guest, "mirror", last, 1, "&direction=backward")
    expect(drawing(page)).to_contain_text("starts from 0")
    assert thickness(page, "before") == 0


def test_all_units_are_strips_in_which_each_can_be_read_and_chosen(guest: Visit, zoo: Path) -> None:
    read = Read.of(zoo / "text", layer=1)
    page = shown(guest, "text", 7, 1, "&layer=1")
    page.get_by_test_id("all-units").click()
    expect(page).to_have_url(re.compile("all=1"))
    assert {heat.get_attribute("data-heat") for heat in page.locator("[data-heat]").all()} >= {
        *PIPES,
        "squashed",
    }
    strip = page.locator("[data-heat=state] > rect").first
    box = strip.bounding_box()
    assert box is not None
    columns = 3  # five units, as square as may be on a strip twice as long as wide
    strip.hover(position={"x": box["width"] * 1.5 / columns, "y": box["height"] * 0.75})
    roll = page.get_by_test_id("roll")
    expect(roll).to_contain_text("unit 4")
    for quantity in ("cell", "forget_gate", "hidden"):
        found = number(roll.locator(f"[data-roll={quantity}]").inner_text())
        assert found == pytest.approx(read.record[quantity][7, 0, 4].item(), abs=0.00501)
    strip.click(position={"x": box["width"] * 1.5 / columns, "y": box["height"] * 0.75})
    expect(page).to_have_url(re.compile(r"/unit/4/moment"))
    page.get_by_test_id("one-unit").click()
    expect(page.get_by_test_id("sentence")).to_contain_text("Unit 4")


def test_a_layer_of_256_units_is_drawn_whole(browser: Browser, tmp_path: Path, write_run: Any) -> None:
    write_run(tmp_path / "large", TextProblem.from_text("to be or not to be, " * 40, chunk=10), hidden=256)
    explorer = explore(tmp_path / "large")
    context, found = visit(browser, explorer)
    page = shown(found, "large", 5, 200, "&all=1")
    for strip in page.locator("[data-heat=state], [data-heat=forget_gate]").all():
        assert strip.get_attribute("data-cells") == "256"
    assert page.locator("svg *").count() < 4000
    context.close()
    end(explorer)
    assert found.troubles == []


def test_the_drawing_saves_as_an_svg_that_stands_alone(guest: Visit, tmp_path: Path) -> None:
    for more in ("", "&all=1"):
        page = shown(guest, "digits", 9, 2, more)
        with page.expect_download() as waiting:
            page.get_by_test_id("save-svg").click()
        download = waiting.value
        assert download.suggested_filename == "digits-unit-2-step-9.svg"
        path = tmp_path / download.suggested_filename
        download.save_as(path)
        root = ElementTree.parse(path).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert (root.get("width"), root.get("height")) == ("1200", root.get("viewBox", "").split()[3])
        for element in root.iter():
            assert element.tag.partition("}")[2] in (
                "svg",
                "title",
                "g",
                "path",
                "rect",
                "circle",
                "text",
                "tspan",
            )
            for name, value in element.attrib.items():
                assert name not in ("class", "style", "href", "tabindex")
                assert not name.startswith("data-")
                assert "var(" not in value
                assert "url(" not in value
        title = root.find("{http://www.w3.org/2000/svg}title")
        assert title is not None
        assert "Unit 2 kept" in (title.text or "")
        assert drawing(page).locator("text").count() == len(root.findall(".//{*}text"))


def test_pointing_at_a_number_lights_its_mark(guest: Visit) -> None:
    page = shown(guest, "digits", 9, 2)
    pipe = page.locator("[data-pipe=before]")
    assert pipe.get_attribute("stroke") == "none"
    page.locator("[data-lights=before]").hover()
    expect(pipe).not_to_have_attribute("stroke", "none")
    page.mouse.move(0, 0)
    expect(pipe).to_have_attribute("stroke", "none")
    page.locator("[data-lights=before]").focus()
    expect(pipe).not_to_have_attribute("stroke", "none")
    page.keyboard.press("Tab")
    expect(pipe).to_have_attribute("stroke", "none")
    expect(page.locator("[data-lights=written]")).to_be_focused()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_classic_figures_light_the_same_part_of_the_block(guest: Visit, language: str) -> None:
    page = shown(guest, "digits", 9, 2, f"&lang={language}")
    page.get_by_test_id("plate-toggle").click()
    figures = page.get_by_test_id("plate").locator("svg")
    expect(figures).to_have_count(2)
    box = page.locator("[data-box=kept_share] > path").first
    for figure in figures.all():
        part = figure.locator("[data-part=kept_share][role=button]")
        page.mouse.move(0, 0)
        expect(box).to_have_attribute("stroke-width", "1.25")
        part.locator(".body").first.hover()
        expect(box).to_have_attribute("stroke-width", "2")
        expect(page.get_by_test_id("plate-part")).to_contain_text(
            "forget gate" if language == "en" else "遗忘门"
        )
        page.mouse.move(0, 0)
        part.focus()
        expect(box).to_have_attribute("stroke-width", "2")
        part.blur()


def test_keys_lead_deeper_and_back_and_through_the_text(guest: Visit) -> None:
    page = guest.go("/run/text?unit=3&t=5")
    settle(page)
    for place_ in ("unit-page", "moment-page"):
        page.keyboard.press("Enter")
        expect(page.get_by_test_id(place_)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/unit/3/moment\?t=5"))
    page.keyboard.press("ArrowRight")
    expect(drawing(page)).to_have_attribute("data-step", "6")
    page.get_by_test_id("previous").click()
    expect(drawing(page)).to_have_attribute("data-step", "5")
    before = drawing(page).get_attribute("data-unit")
    page.keyboard.press("ArrowDown")
    expect(drawing(page)).not_to_have_attribute("data-unit", before or "")
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press(" ")
    expect(page.get_by_test_id("play")).to_have_attribute("aria-pressed", "true")
    expect(drawing(page)).to_have_attribute("data-step", "7")
    page.keyboard.press(" ")
    expect(page.get_by_test_id("play")).to_have_attribute("aria-pressed", "false")
    for place_ in ("unit-page", "network-page"):
        page.keyboard.press("Backspace")
        expect(page.get_by_test_id(place_)).to_be_visible()


WATCH = """
  window.timings = [];
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (frames, options) {
    window.timings.push([options.id, options.delay + options.duration]);
    return animate.call(this, frames, options);
  };
"""


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_only_a_step_moves_and_only_for_who_wants_motion(
    browser: Browser, gallery: Explorer, motion: str
) -> None:
    context, found = visit(browser, gallery, reduced_motion=motion)
    context.add_init_script(WATCH)
    page = shown(found, "text", 5, 2)
    page.get_by_test_id("all-units").click()
    page.get_by_test_id("one-unit").click()
    page.wait_for_timeout(100)
    assert page.evaluate("timings") == []
    page.keyboard.press("ArrowRight")
    expect(drawing(page)).to_have_attribute("data-step", "6")
    page.wait_for_timeout(100)
    ends: dict[str, float] = dict(page.evaluate("timings"))
    assert list(dict.fromkeys(ends)) == (["keep", "write", "reveal"] if motion == "no-preference" else [])
    assert all(180 <= ends[last] <= 240 for last in ends if last == "reveal")
    context.close()
    assert found.troubles == []


@pytest.mark.parametrize("kind", ["text", "digits", "counter", "mirror"])
@pytest.mark.parametrize("more", ["", "&all=1"])
def test_on_a_telephone_the_block_stands_upright(
    browser: Browser, gallery: Explorer, kind: str, more: str
) -> None:
    context, found = visit(
        browser, gallery, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = shown(found, kind, 4, 1, more)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = drawing(page).bounding_box()
    assert box is not None
    assert box["height"] > 2 * box["width"]
    for text in drawing(page).locator("text").all():
        around = text.bounding_box()
        assert around is None or (around["x"] >= 0 and around["x"] + around["width"] <= 390), (
            text.text_content()
        )
    for button in page.locator("main button:visible").all():
        target = button.bounding_box()
        assert target is not None
        assert min(target["height"], target["width"]) >= 40, button.inner_text()
    context.close()
    assert found.troubles == []


def test_what_the_address_asks_for_beyond_the_text_is_said(guest: Visit) -> None:
    page = guest.go("/run/counter/unit/0/moment?t=99999")
    expect(page.get_by_role("status")).to_contain_text("past the end")
    expect(drawing(page)).to_be_visible()
    page = guest.go("/run/counter/unit/77/moment")
    expect(page.get_by_test_id("error-message")).to_contain_text("no unit 77")
