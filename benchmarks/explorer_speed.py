"""How fast the explorer's pages are, measured in Chromium on a network of 2 layers of 256 LSTM units.

    python benchmarks/explorer_speed.py [--steps 1000000] [--rounds 5] [--run FOLDER]

It writes a run with random weights (or takes one that was trained), starts `peephole explore` on it with two texts
from the Python library, of 100,000 and of --steps symbols, waits until both are surveyed, and then prints for each aim
what was found: the median and the best of some rounds. What counts as seen is what is on the canvas: pixels in colour.
The browser draws without a GPU. A busy machine shows; the load is printed beside the figures.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright

import peephole as ph
from peephole.data.text_problem import TextProblem
from peephole.explorer.app import STATIC
from peephole.train.checkpoint import Checkpoint, Position
from peephole.train.options import TrainOptions
from peephole.train.recorder import Recorder

HIDDEN, LAYERS, SHORT = 256, 2, 100_000
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]

WATCH = """
// When the text's canvas first shows colour in its upper and in its lower half.
window.coloured = () => {
  const canvas = document.querySelector("[data-testid=text-canvas] canvas");
  if (!canvas || !canvas.width) return false;
  const { width, height } = canvas;
  // Read from a copy: a canvas that is read from is drawn another way from then on.
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const half = (from, to) => {
    for (let row = from; row < to; row += 6) {
      const { data } = context.getImageData(0, row, width, 1);
      for (let at = 0; at < data.length; at += 4) {
        const [r, g, b, a] = [data[at], data[at + 1], data[at + 2], data[at + 3]];
        if (a && Math.max(r, g, b) - Math.min(r, g, b) > 12) return true;
      }
    }
    return false;
  };
  return half(0, height >> 1) && half(height >> 1, height);
};
window.whenColoured = (begun) => new Promise((resolve) => {
  const look = () => window.coloured() ? resolve(performance.now() - begun) : requestAnimationFrame(look);
  requestAnimationFrame(look);
});
window.first = null;
const open = () => {
  if (window.coloured()) window.first = performance.now();
  else requestAnimationFrame(open);
};
requestAnimationFrame(open);
"""

JUMP = """async (share) => {
  const map = document.querySelector("[data-testid=minimap] > div");
  const box = map.getBoundingClientRect();
  const begun = performance.now();
  map.dispatchEvent(new MouseEvent("click", { bubbles: true, clientX: box.x + share * box.width, clientY: box.y + 9 }));
  return window.whenColoured(begun);
}"""

PRESS = """async (key) => {
  const begun = performance.now();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  await new Promise((resume) => requestAnimationFrame(() => setTimeout(resume)));  // after the frame is drawn
  return performance.now() - begun;
}"""

NUMBERS = """async (key) => {
  const list = () => document.querySelector("[data-testid=readout]").innerText;
  const before = list();
  const begun = performance.now();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  while (list() === before || list().includes("—")) await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""

FRAMES = """async (milliseconds) => {
  const frames = [];
  const begun = performance.now();
  await new Promise((resolve) => {
    const frame = (now) => {
      frames.push(now);
      if (now - begun < milliseconds) requestAnimationFrame(frame); else resolve();
    };
    requestAnimationFrame(frame);
  });
  return frames;
}"""

SCROLL = """async ([milliseconds, by]) => {
  const scroller = document.querySelector("[data-testid=text-canvas] .scroller");
  const frames = [];
  const begun = performance.now();
  await new Promise((resolve) => {
    const frame = (now) => {
      frames.push(now);
      scroller.scrollBy(0, by);
      if (now - begun < milliseconds) requestAnimationFrame(frame); else resolve();
    };
    requestAnimationFrame(frame);
  });
  return frames;
}"""

TYPED = """async () => {
  const place = document.querySelector("[data-testid=live-text]");
  place.focus();
  const shown = () => document.querySelector("[data-testid=readout]").innerText;
  const before = shown();
  const begun = performance.now();
  document.execCommand("insertText", false, "x");
  while (shown() === before || shown().includes("—")) await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""


def library(length: int) -> str:
    """So many characters of the Python library."""
    text = ""
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py")):
        text += path.read_text(encoding="utf-8", errors="ignore")
        if len(text) >= length:
            break
    return text[:length]


def random_run(folder: Path, text: str) -> None:
    """A run with random weights for a text, as training leaves it."""
    problem = TextProblem.from_text(text, chunk=100)
    config = ph.NetworkConfig(
        cell="lstm",
        input="symbols",
        input_size=problem.input_size,
        output_size=problem.output_size,
        embedding=None,
        hidden=HIDDEN,
        layers=LAYERS,
    )
    torch.manual_seed(0)
    weights = {name: 3 * value for name, value in ph.Network(config).state_dict().items()}
    first = Checkpoint(position=Position(), weights=weights, best=weights, optimizer={})
    options = TrainOptions(steps=1, batch=2)
    Recorder.create(folder, name=folder.name, network=config, problem=problem, options=options, first=first)


@contextmanager
def explorer(run: Path, *texts: Path) -> Iterator[tuple[str, str]]:
    """A running `peephole explore`: its origin and its token."""
    files = [part for text in texts for part in ("--text", str(text))]
    command = [sys.executable, "-m", "peephole.cli", "explore", str(run), *files, "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.match(r"(http://[^/]+)/\S*token=(\S+)", process.stdout.readline())
        assert found is not None, "peephole explore printed no address"
        yield found[1], found[2]
    finally:
        process.terminate()
        process.wait()


def say(what: str, values: list[float], aim: str, unit: str = "ms") -> None:
    """One line: the median, the best, the aim."""
    middle = statistics.median(values)
    print(f"  {what:58s} {middle:7.1f} {unit:8s} (best {min(values):.1f}, aim {aim})", flush=True)


def opened(page: Page, address: str) -> None:
    """Opens a text and waits until all of it has been read and is seen."""
    page.goto(address)
    page.wait_for_function("window.first !== null", timeout=3_600_000)


def frame_lengths(frames: list[float]) -> list[float]:
    """From one frame to the next, without the first, which begins anywhere."""
    return [after - before for before, after in pairwise(frames[1:])]


def say_frames(what: str, lengths: list[float]) -> None:
    """Frames a second over all, and the length that one in twenty frames exceeds."""
    rate = 1000 * len(lengths) / sum(lengths)
    late = sorted(lengths)[int(0.95 * len(lengths))]
    print(f"  {what:58s} {rate:7.1f} a second (1 in 20 longer than {late:.1f} ms, aim 50)", flush=True)


def wheel(page: Page, seconds: float) -> list[float]:
    """Frames while the mouse's wheel turns over the text, some 60 times a second."""
    page.mouse.move(400, 300)
    page.evaluate(f"void ({FRAMES})({seconds * 1000}).then((frames) => window.frames_seen = frames)")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        page.mouse.wheel(0, 120)
        page.wait_for_timeout(15)
    page.wait_for_function("window.frames_seen")
    return frame_lengths(page.evaluate("window.frames_seen"))


def measure(page: Page, origin: str, run: str, rounds: int, steps: int) -> None:
    """Prints the figures of the pages."""
    place = f"{origin}/run/{run}?layer=1&file="

    def often(action: Callable[[], float]) -> list[float]:
        found = []
        for _ in range(rounds):
            found.append(action())
            page.wait_for_timeout(300)
        return found

    def first_view(number: int) -> float:
        opened(page, f"{place}{number}")
        return float(page.evaluate("window.first"))

    say(f"first view of {SHORT:,} symbols", often(lambda: first_view(0)), "1000")
    say_frames("scrolling it by the wheel", wheel(page, 4))
    say_frames("scrolling it by 90 pixels every frame", frame_lengths(page.evaluate(SCROLL, [4000, 90])))
    page.wait_for_timeout(1000)
    say("another unit, to the drawn frame", often(lambda: page.evaluate(PRESS, "ArrowDown")), "50")
    say("another unit, to its printed numbers", often(lambda: page.evaluate(NUMBERS, "ArrowDown")), "50")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=unit-page]")
    page.wait_for_timeout(1000)
    say(
        "another unit on its own page, to the drawn frame",
        often(lambda: page.evaluate(PRESS, "ArrowDown")),
        "50",
    )
    say(f"first view of {steps:,} symbols", often(lambda: first_view(1)), "—")
    shares = iter([0.5, 0.93, 0.12, 0.71, 0.33, 0.84, 0.05, 0.62, 0.97, 0.27] * rounds)
    say(
        "a jump to another place in it, to the last colour",
        often(lambda: page.evaluate(JUMP, next(shares))),
        "100",
    )
    say_frames("scrolling it by the wheel", wheel(page, 4))
    page.goto(f"{origin}/run/{run}?layer=1&edit=1")
    page.wait_for_selector("[data-testid=live-text]")
    page.wait_for_timeout(3000)
    say("a typed character, to its numbers", often(lambda: page.evaluate(TYPED)), "100")


def sizes(run: Path, steps: int) -> None:
    """Prints the sizes of the surveys' files and of the bundle."""
    config = ph.open_run(run).config
    trace = (
        2 * config.layers * config.hidden * len(ph.open_run(run).network().recurrent.equations[0].quantities)
    )
    for file in sorted((run / "surveys").glob("*.safetensors"), key=lambda path: path.stat().st_size):
        length = len(ph.Survey.load(file, ph.open_run(run).network()))
        share = file.stat().st_size / (trace * length)
        print(
            f"  survey of {length:,} symbols: {file.stat().st_size / 1e6:.1f} MB, {share:.2%} of its trace (aim 2 %)"
        )
    packed = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in ("explorer.js", "explorer.css"))
    print(f"  bundle: {packed / 1024:.0f} KB gzipped (aim 250)")


def main() -> None:
    """Prints everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--steps", type=int, default=1_000_000, help="symbols of the long text (default 1000000)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each (default 5)")
    parser.add_argument("--run", type=Path, help="a trained run of a text (default: random weights)")
    arguments = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("no Chromium on this machine: install chromium, or google-chrome")
    with tempfile.TemporaryDirectory() as folder:
        run = arguments.run or Path(folder, "speed")
        text = library(arguments.steps)
        if arguments.run is None:
            random_run(run, text[:300_000])
        texts = [Path(folder, "short.py"), Path(folder, "long.py")]
        texts[0].write_text(text[:SHORT], encoding="utf-8")
        texts[1].write_text(text, encoding="utf-8")
        with explorer(run, *texts) as (origin, token), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            page = browser.new_context(
                viewport={"width": 1280, "height": 800}, locale="en-US", bypass_csp=True
            ).new_page()
            page.add_init_script(WATCH)
            page.goto(f"{origin}/?token={token}")
            for number in (0, 1):
                opened(page, f"{origin}/run/{run.name}?layer=1&file={number}")
            print(f"Chromium {browser.version}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
            measure(page, origin, run.name, arguments.rounds, arguments.steps)
            browser.close()
        sizes(run, arguments.steps)


if __name__ == "__main__":
    main()
