"""One HTML file: it opens from disk with the network off, shows what Python computes, and runs small networks."""

from __future__ import annotations

import base64
import re
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from browsing import Explorer, Visit, assert_shows, command, traced
from playwright.sync_api import Browser, Page, Request, expect
from safetensors.numpy import load

import peephole as ph
from peephole.explorer import carrying
from peephole.explorer.carrying import Text, carried
from peephole.explorer.catalog import Catalog
from peephole.explorer.document import STATIC, document
from peephole.explorer.rounded import COARSEST, nearly_bytes, rounded, small_integers

STORY = "def g(</script>):\n    return '<b>记忆' & \"x\"  # <!-- é ☃\n" * 3


class FileVisit(Visit):
    """A visit to a file: it may ask for nothing but itself."""

    def __init__(self, page: Page, file: Path) -> None:
        self.file = file.resolve().as_uri()
        super().__init__(page, Explorer(None, self.file))  # type: ignore[arg-type]
        page.set_default_timeout(15_000)

    def _require_own(self, request: Request) -> None:
        if request.url.partition("#")[0] != self.file:
            self.troubles.append(f"asked for {request.url}")

    def go(self, path: str = "") -> Page:
        """Open an address in the file."""
        self.page.goto("about:blank")
        self.page.goto(self.file + ("#" + path if path else ""))
        return self.page


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., FileVisit]]:
    """Visits files with the network off; at the end none may have troubled the console."""
    visits: list[FileVisit] = []
    contexts = []

    def look(file: Path, **options: Any) -> FileVisit:
        usual: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US"}
        context = browser.new_context(offline=True, **{**usual, **options})
        contexts.append(context)
        visits.append(FileVisit(context.new_page(), file))
        return visits[-1]

    yield look
    for context in contexts:
        context.close()
    assert [trouble for visit in visits for trouble in visit.troubles] == []


@pytest.fixture(scope="module")
def story(run: ph.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that reads a text, exported from the command line."""
    folder = tmp_path_factory.mktemp("story")
    (folder / "story.txt").write_text(STORY, encoding="utf-8")
    page = folder / "page.html"
    done = subprocess.run(
        command("export", run.path, "--text", folder / "story.txt", "-o", page),
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(f"{page}  ")
    return page


@pytest.fixture(scope="module")
def gallery(zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Several runs in one file."""
    page = tmp_path_factory.mktemp("gallery") / "page.html"
    subprocess.run(command("export", zoo, "-o", page), check=True, capture_output=True)
    return page


@pytest.mark.browser
def test_a_file_opens_from_disk_and_shows_what_python_computes(look: Any, story: Path, run: ph.Run) -> None:
    visit = look(story)
    page = visit.go()
    page.get_by_test_id("unit-row-3").click()
    page.keyboard.press("End")
    last = len(STORY) - 1
    visit.expect_moment(last)
    assert_shows(visit.numbers(), traced(run, STORY, layer=0), moment=last, unit=3)
    expect(page.get_by_test_id("readout")).to_contain_text("↵")


@pytest.mark.browser
def test_what_is_typed_is_read_in_the_page(look: Any, story: Path, run: ph.Run) -> None:
    visit = look(story)
    page = visit.go(f"/run/{run.path.name}?layer=1")
    own = "return ['x']"
    page.get_by_test_id("edit-text").click()
    page.get_by_test_id("live-text").fill(own)
    expect(page).to_have_url(re.compile("text=return"))
    page.get_by_test_id("unit-row-5").click()
    page.keyboard.press("Escape")
    page.get_by_test_id("live-done").click()
    expect(page.get_by_test_id("live-text")).to_have_count(0)
    page.keyboard.press("End")
    visit.expect_moment(len(own) - 1)
    assert_shows(visit.numbers(), traced(run, own, layer=1), moment=len(own) - 1, unit=5)


@pytest.mark.browser
def test_addresses_live_behind_the_hash(look: Any, story: Path, run: ph.Run) -> None:
    visit = look(story)
    page = visit.go()
    page.get_by_test_id("unit-row-2").click()
    page.get_by_test_id("quantity-select").select_option("forget_gate")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    visit.expect_moment(3)
    page.get_by_test_id("unit-link").click()
    expect(page.get_by_test_id("unit-page")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\.html#/run/.*/unit/2\?quantity=forget_gate&t=3$"))
    page.reload()
    expect(page.get_by_test_id("unit-page")).to_be_visible()
    visit.expect_moment(3)
    page.go_back()
    expect(page.get_by_test_id("quantity-select")).to_have_value("forget_gate")
    page.go_back()
    expect(page.get_by_test_id("quantity-select")).to_have_value("cell")
    page.go_forward()
    expect(page.get_by_test_id("quantity-select")).to_have_value("forget_gate")
    link = page.get_by_test_id("unit-link").get_attribute("href")
    assert link is not None
    assert link.startswith("#/run/")


@pytest.mark.browser
@pytest.mark.parametrize("name", ["counter", "digits", "mirror", "series", "text"])
def test_every_kind_of_network_opens_in_the_file(look: Any, gallery: Path, name: str) -> None:
    visit = look(gallery)
    page = visit.go(f"/run/{name}?unit=1&t=2")
    visit.expect_moment(2)
    visit.numbers()
    page.get_by_test_id("unit-link").click()
    expect(page.get_by_test_id("unit-page")).to_be_visible()
    expect(page.get_by_test_id("error-message")).to_have_count(0)


@pytest.mark.browser
def test_what_the_file_cannot_do_is_said_in_both_languages(
    look: Any, run: ph.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "LIVE", 10)
    run.save_html(tmp_path / "page.html", text="def x")
    for language, said in (("en", "too large for this file"), ("zh", "未放入此文件")):
        page = look(tmp_path / "page.html").go(f"/run/{run.path.name}?text=other&lang={language}")
        message = page.get_by_test_id("error-message")
        expect(message).to_contain_text(said)
        expect(message).to_contain_text("peephole explore")


@pytest.mark.browser
def test_a_damaged_file_says_so(look: Any, story: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.html"
    text = story.read_text(encoding="utf-8")
    start = text.index('id="data">') + len('id="data">')
    damaged.write_text(text[: start + 400] + text[text.index("</script>", start) :], encoding="utf-8")
    page = look(damaged).go()
    expect(page.get_by_test_id("error-message")).to_contain_text("damaged")


@pytest.mark.browser
def test_a_bare_trace_opens_with_its_labels(look: Any, tmp_path: Path) -> None:
    model = torch.nn.GRU(3, 4, bidirectional=True)
    _, trace = ph.trace(model, torch.randn(9, 1, 3))
    trace.save_html(tmp_path / "page.html", labels=list("</script>"))
    visit = look(tmp_path / "page.html")
    page = visit.go("/run/trace?direction=backward&unit=2&t=8&quantity=update_gate")
    visit.expect_moment(8)
    expected = trace.layer(0, "backward").update_gate[8, 0, 2].item()
    assert visit.numbers()["z"] == pytest.approx(expected, abs=0.0051 + 1 / 510)
    expect(page.get_by_test_id("readout").locator(".symbol").first).to_have_text(">")


def tensors_in(page: Path) -> dict[str, np.ndarray[Any, Any]]:
    found = re.search(r'id="data">([^<]*)<', page.read_text(encoding="utf-8"))
    assert found is not None
    return load(zlib.decompress(base64.b64decode(found[1])))


@pytest.mark.parametrize("live", [True, False], ids=["network", "record"])
def test_a_file_is_no_larger_than_its_data_half_as_much_again_and_the_bundle(
    zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, live: bool
) -> None:
    """The data: every tensor in the type that it has in the file, before it is compressed; nothing else counts."""
    if not live:
        monkeypatch.setattr(carrying, "LIVE", 0)
    run, page = ph.open_run(zoo / "text"), tmp_path / "page.html"
    text = "def f(x):\n    return 'quoted'\n" * 100
    run.save_html(page, text=text)
    data = sum(values.nbytes for values in tensors_in(page).values())
    catalog = Catalog([run.path])
    assert data == carried(catalog, ["text"], text=Text("page", text)).size()
    bundle = len(document(start="/run/text", title="text · Peephole").encode())
    assert page.stat().st_size <= 1.5 * data + bundle


def test_a_record_in_a_file_is_a_quarter_of_what_it_was(
    zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "LIVE", 0)
    ph.open_run(zoo / "text").save_html(tmp_path / "page.html", text="def f(x):\n" * 300)
    found = tensors_in(tmp_path / "page.html")
    kinds = {
        name.rpartition(".")[2]: values.dtype
        for name, values in found.items()
        if name.startswith("text/0/0.")
    }
    assert kinds["forget_gate"] == np.uint8
    assert {kinds["candidate"], kinds["hidden"]} == {np.dtype(np.int8)}
    assert kinds["cell"] in (np.int8, np.int16)


@pytest.mark.parametrize("reach", [0.3, 1.0, 5.0, 300.0, 1e5])
def test_no_rounded_value_is_further_off_than_the_page_prints(reach: float) -> None:
    values = (np.random.default_rng(1).random((200, 7), dtype=np.float32) * 2 - 1) * np.float32(reach)
    values[:, 3] = 0
    found = rounded("x", values, share=False)
    again = found["x"] * found.get("x.scale", np.float32(1))
    assert np.abs(again - values).max() <= COARSEST / 2 + 1e-6
    assert found["x"].nbytes <= values.nbytes


def test_shares_are_bytes_and_pixels_come_back_as_they_were() -> None:
    pixels = (np.arange(256, dtype=np.float32) / np.float32(255)).reshape(16, 16)
    found = nearly_bytes("x", pixels)
    assert found["x"].dtype == np.uint8
    np.testing.assert_allclose(found["x"] * found["x.scale"], pixels, rtol=1e-6)
    others = pixels / 3
    assert nearly_bytes("x", others)["x"] is others
    assert small_integers(np.array([0, 70_000])).dtype == np.int32
    assert [small_integers(np.array([-1, most])).dtype for most in (3, 300)] == [np.int8, np.int16]


def test_a_file_holds_nothing_that_could_end_its_script(story: Path) -> None:
    page = story.read_text(encoding="utf-8")
    assert page.count("</script>") == 2
    assert page.count("<script") == 2 + page.count('"<script')
    assert "记忆" not in page
    assert (STATIC / "explorer.js").read_text(encoding="utf-8") in page


def test_a_text_and_a_network_that_reads_numbers_do_not_go_together(zoo: Path, tmp_path: Path) -> None:
    with pytest.raises(ph.errors.OptionError, match="digits"):
        ph.open_run(zoo / "digits").save_html(tmp_path / "page.html", text="abc")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    _, trace = ph.trace(torch.nn.RNN(2, 3), torch.zeros(4, 1, 2))
    with pytest.raises(ph.errors.TraceError, match="cannot be written"):
        trace.save_html(tmp_path / "nowhere" / "page.html")


def test_modules_that_went_through_different_steps_are_shown_one_at_a_time(tmp_path: Path) -> None:
    class Two(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = torch.nn.LSTM(2, 3, proj_size=2), torch.nn.GRU(2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.second(self.first(x)[0][:2])[0]

    _, trace = ph.trace(Two(), torch.randn(5, 1, 2))
    with pytest.raises(ph.errors.TraceError, match="module="):
        trace.save_html(tmp_path / "page.html")
    trace.save_html(tmp_path / "page.html", module="first")
    shapes = {
        name: values.shape
        for name, values in tensors_in(tmp_path / "page.html").items()
        if name.endswith("hidden")
    }
    assert shapes == {"trace/0/0.forward.hidden": (5, 3)}
