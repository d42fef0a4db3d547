"""The explorer in a notebook: what the widget says and hears in Python, and the page that it shows in Chromium."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anywidget
import pytest
import torch
import traitlets
from notebook import Notebook, Wire, wired
from playwright.sync_api import Browser, Frame, expect

import peephole as ph
from peephole.explorer.answers import Answers
from peephole.explorer.catalog import Catalog
from peephole.explorer.document import STATIC

__all__ = ["wired"]  # a fixture, used by its name

built = pytest.mark.skipif(not (STATIC / "widget.js").is_file(), reason="the front end is not built")


@pytest.fixture
def widget(wired: None, run: ph.Run) -> Any:
    return run.explore()


def asked(widget: Any, **said: Any) -> list[tuple[dict[str, Any], bytes]]:
    """What the widget says when it hears a message of its page."""
    wire: Wire = widget.comm
    wire.take()
    wire.handle_msg({"content": {"data": {"method": "custom", "content": said}}, "buffers": []})
    return [(message["content"], base64.b64decode(message["buffers"][0])) for message in wire.take()]


@built
def test_a_question_is_answered_as_the_server_answers_it(widget: Any, run: ph.Run) -> None:
    name = run.path.name
    ((said, body),) = asked(widget, view="v", kind="ask", id=4, path=f"/api/runs/{name}", body=None)
    assert said == {"view": "v", "kind": "answer", "id": 4, "status": 200}
    assert body == Answers(Catalog([run.path])).answer(f"/api/runs/{name}").body
    ((said, body),) = asked(
        widget, view="v", kind="ask", id=5, path=f"/api/runs/{name}/trace", body={"text": ""}
    )
    assert (said["id"], said["status"]) == (5, 400)
    assert json.loads(body)["error"]["zh"]


@built
def test_the_page_is_one_document_that_may_reach_nothing(widget: Any) -> None:
    ((said, body),) = asked(widget, view="v", kind="page")
    assert said == {"view": "v", "kind": "page"}
    page = body.decode()
    assert "default-src 'none'" in page
    assert "connect-src" not in page
    assert "http://" not in page.replace("http://www.w3.org/", "")


@built
def test_what_fails_is_answered_and_does_not_leave_the_page_waiting(
    widget: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answers, "answer", lambda *asked: 1 / 0)
    ((said, body),) = asked(widget, view="v", kind="ask", id=1, path="/api/home", body=None)
    assert said["status"] == 500
    assert "ZeroDivisionError" in json.loads(body)["error"]["en"]


@built
def test_what_a_selection_leaves_out_stays_as_it_was(widget: Any, run: ph.Run) -> None:
    widget.selection = {"unit": 3, "moment": 12}
    widget.selection = {"layer": 1, "text": "return x"}
    found = widget.selection
    assert (found["run"], found["layer"], found["unit"], found["moment"]) == (run.path.name, 1, 3, 12)
    assert (found["text"], found["sample"]) == ("return x", None)
    widget.selection = {"sample": 0}
    assert (widget.selection["text"], widget.selection["sample"]) == (None, 0)


@built
@pytest.mark.parametrize(
    "wrong",
    [
        {"unit": -1},
        {"unit": True},
        {"unit": 1.5},
        {"colour": "red"},
        {"direction": "up"},
        {"stretch": [1]},
        {"clamps": [{"unit": "l0.cell.3"}]},
        {"clamps": [{"unit": "cell", "value": 0.0, "from": 0, "to": None}]},
        {"page": "nonsense"},
    ],
)
def test_a_selection_that_cannot_be_is_refused(widget: Any, wrong: dict[str, Any]) -> None:
    before = dict(widget.selection)
    with pytest.raises(traitlets.TraitError, match="selection"):
        widget.selection = wrong
    assert widget.selection == before


def test_without_anywidget_the_error_says_what_to_install() -> None:
    code = """
import sys
sys.modules["anywidget"] = None
import peephole as ph, torch
_, trace = ph.trace(torch.nn.GRU(2, 3), torch.zeros(4, 1, 2))
try:
    trace.explore()
except ImportError as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.startswith("NotInstalledError")
    assert "pip install 'peephole[notebook]'" in done.stdout


@built
def test_a_trace_with_other_than_one_label_a_step_is_refused(wired: None) -> None:
    _, trace = ph.trace(torch.nn.LSTM(2, 3), torch.zeros(4, 2, 2))
    assert isinstance(trace.explore(labels=list("abcdefgh")), anywidget.AnyWidget)
    with pytest.raises(ph.errors.TraceError, match="3 labels for 8 steps"):
        trace.explore(labels=list("abc"))
    with pytest.raises(ph.errors.TraceError, match="nonsense"):
        trace.explore(module="nonsense")


# In Chromium


@pytest.fixture
def notebook(browser: Browser, widget: Any) -> Iterator[Notebook]:
    context = browser.new_context(viewport={"width": 1000, "height": 900}, locale="en-US")
    context.set_default_timeout(15_000)
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    yield Notebook(page, widget)
    context.close()
    assert troubles == []


def open_on(frame: Frame, unit: int) -> None:
    expect(frame.get_by_test_id(f"unit-row-{unit}")).to_have_attribute("aria-pressed", "true")


@pytest.mark.browser
def test_the_selection_goes_both_ways(notebook: Notebook) -> None:
    frame, widget = notebook.frame, notebook.widget
    frame.get_by_test_id("unit-row-2").click()
    open_on(frame, 2)
    notebook.until(lambda: widget.selection["unit"] == 2)
    assert widget.selection["quantity"] == "cell"

    notebook.run(selection={"unit": 5, "layer": 1, "quantity": "forget_gate", "moment": 9})
    open_on(frame, 5)
    expect(frame.get_by_test_id("quantity-select")).to_have_value("forget_gate")
    expect(frame.get_by_test_id("readout").locator("b").first).to_have_text("9")
    assert widget.selection["layer"] == 1

    frame.get_by_test_id("quantity-select").select_option("hidden")
    notebook.until(lambda: widget.selection["quantity"] == "hidden")
    notebook.run(selection={"text": "return 'x'"})
    expect(frame.get_by_test_id("text-canvas")).to_be_visible()
    notebook.until(lambda: widget.selection["text"] == "return 'x'" and widget.selection["sample"] is None)


@pytest.mark.browser
def test_what_python_chose_before_the_page_was_there_is_shown(browser: Browser, widget: Any) -> None:
    widget.selection = {"unit": 4, "moment": 3}
    page = browser.new_page()
    open_on(Notebook(page, widget).frame, 4)
    page.close()


@pytest.mark.browser
def test_style_keys_and_address_stay_apart(notebook: Notebook) -> None:
    frame, page = notebook.frame, notebook.page
    row = frame.get_by_test_id("unit-row-1")
    expect(row).to_be_visible()  # the notebook hides all buttons of its own
    address = page.url
    row.click()
    page.keyboard.press("ArrowRight")
    expect(frame.get_by_test_id("readout").locator("b").first).to_have_text("1")
    assert page.evaluate("window.pressed") == []
    page.evaluate("document.body.tabIndex = 0; document.body.focus()")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("window.pressed") == ["ArrowRight"]
    expect(frame.get_by_test_id("readout").locator("b").first).to_have_text("1")
    frame.get_by_test_id("unit-link").click()
    expect(frame.get_by_test_id("unit-page")).to_be_visible()
    assert page.url == address


@pytest.mark.browser
def test_the_page_wears_the_notebooks_theme_and_height(browser: Browser, widget: Any) -> None:
    page = browser.new_page(color_scheme="null")  # what is emulated in a page would also be so in its frames
    notebook = Notebook(page, widget, ground="#111")
    expect(notebook.frame.get_by_test_id("network-page")).to_be_visible()
    assert notebook.frame.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    notebook.run(height=700)
    assert page.locator("iframe").bounding_box()["height"] == 700  # type: ignore[index]
    page.close()


@pytest.mark.browser
def test_a_view_that_is_closed_leaves_nothing(notebook: Notebook) -> None:
    expect(notebook.frame.get_by_test_id("network-page")).to_be_visible()
    notebook.page.evaluate("window.leave()")
    assert notebook.page.locator("iframe").count() == 0


@pytest.mark.browser
def test_a_text_too_long_for_an_address_is_read_in_a_frame_without_storage(notebook: Notebook) -> None:
    frame = notebook.frame
    frame.get_by_test_id("edit-text").click()
    frame.get_by_test_id("live-text").fill("def " * 600)
    frame.get_by_test_id("live-done").click()
    expect(frame.get_by_test_id("live-text")).to_have_count(0)
    expect(frame.locator("main")).to_contain_text(re.compile(r"Your text · 2.\d\d\d"))
    expect(frame.get_by_test_id("error-message")).to_have_count(0)


@pytest.mark.browser
def test_any_models_trace_is_shown_with_its_labels(browser: Browser, wired: None) -> None:
    model = torch.nn.LSTM(3, 5, 2, bidirectional=True)
    _, trace = ph.trace(model, torch.randn(12, 1, 3))
    widget = trace.explore(labels=list("hello </scri"))
    page = browser.new_page()
    notebook = Notebook(page, widget)
    frame = notebook.frame
    notebook.run(
        selection={"layer": 1, "direction": "backward", "unit": 2, "moment": 7, "quantity": "output_gate"}
    )
    readout = frame.get_by_test_id("readout")
    expect(readout.locator("b").first).to_have_text("7")
    expected = trace.layer(1, "backward").output_gate[7, 0, 2].item()
    expect(readout).to_contain_text(f"o {expected:.2f}")
    expect(readout.locator(".symbol").first).to_have_text("/")
    page.close()


@pytest.mark.browser
def test_one_bundle_serves_server_file_and_notebook() -> None:
    """At most 250 KB gzipped, all together."""
    import gzip

    files = [path for path in Path(STATIC).iterdir() if path.suffix in (".js", ".css", ".html")]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 250_000
