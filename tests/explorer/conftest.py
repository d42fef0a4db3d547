"""Small runs of every kind, a client that talks to the explorer's application without a socket, and a browser that
talks to a running one.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest
import torch
from browsing import ARGUMENTS, BROWSERS, Explorer, Visit, command, end, explore, unavailable, visit
from playwright.sync_api import Browser, sync_playwright
from safetensors.numpy import load
from starlette.types import ASGIApp

import peephole as ph
from peephole.data.batches import Problem
from peephole.data.digits_problem import DigitsProblem
from peephole.data.series_problem import SeriesProblem
from peephole.data.task_problem import TaskProblem
from peephole.data.tasks import task_named
from peephole.data.text_problem import TextProblem
from peephole.explorer.answers import Answers
from peephole.explorer.app import STATIC, create_app
from peephole.explorer.catalog import Catalog
from peephole.explorer.input_files import InputFiles
from peephole.explorer.text_files import TextFiles
from peephole.nn.models import CellName
from peephole.train.checkpoint import Checkpoint, Position
from peephole.train.options import TrainOptions
from peephole.train.recorder import Recorder
from peephole.train.run import Run

TOKEN = "a-token"
CHINESE = re.compile("[\u4e00-\u9fff]")
HOST = "127.0.0.1:8765"
TEXT = "def f(x):\n    return 'quoted'  # 记忆 é\n\n" * 40


@dataclass(frozen=True)
class Payload:
    """A binary answer: its tensors, and the facts beside them."""

    tensors: dict[str, npt.NDArray[Any]]
    facts: dict[str, Any]

    @classmethod
    def of(cls, answer: httpx.Response) -> Payload:
        assert answer.status_code == 200, answer.text
        header = json.loads(answer.content[8 : 8 + int.from_bytes(answer.content[:8], "little")])
        return cls(load(answer.content), json.loads(header["__metadata__"]["json"]))

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self.tensors[name]


class Client:
    """Sends requests to an application as the explorer's own page does, unless told otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str | bytes | None] | None = None,
        raise_mistakes: bool = True,
        **options: Any,
    ) -> httpx.Response:
        own = {"host": HOST, "origin": f"http://{HOST}", "cookie": f"peephole-8765={TOKEN}"}
        sent = [
            (name.encode(), value if isinstance(value, bytes) else value.encode())
            for name, value in {**own, **(headers or {})}.items()
            if value is not None
        ]

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=raise_mistakes)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
                return await client.request(method, path, headers=sent, **options)

        return asyncio.run(send())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object) -> httpx.Response:
        return self.request("POST", path, json=body)

    def trace(self, run: str, **body: object) -> Payload:
        return Payload.of(self.post(f"/api/runs/{run}/trace", body))

    def payload(self, path: str, body: object = None) -> Payload:
        return Payload.of(self.get(path) if body is None else self.post(path, body))

    def refusal(self, answer: httpx.Response, status: int) -> str:
        """The error of an answer that must be a refusal: what and what to do, a line each, in two languages."""
        assert answer.status_code == status, answer.text
        said = answer.json()
        assert set(said) == {"error", "do"}
        for words in said.values():
            assert set(words) == {"en", "zh"}
            assert all(words.values())
            assert "\n" not in "".join(words.values())
            assert words["zh"] != words["en"]
        assert CHINESE.search(said["do"]["zh"])
        return str(said["error"]["en"])


@pytest.fixture(scope="session")
def write_run() -> Callable[..., Run]:
    """Writes a run with a random network that fits a problem: what training leaves behind, without the wait."""

    def write(folder: Path, problem: Problem, *, cell: CellName = "lstm", **network: Any) -> Run:
        config = ph.NetworkConfig(
            cell=cell,
            input=problem.input,
            input_size=problem.input_size,
            output_size=problem.output_size,
            **{"embedding": None, "hidden": 5, "layers": 1, **network},
        )
        torch.manual_seed(3)
        weights = {name: 2 * value for name, value in ph.Network(config).state_dict().items()}
        Recorder.create(
            folder,
            name=folder.name,
            network=config,
            problem=problem,
            options=TrainOptions(steps=1, batch=2),
            first=Checkpoint(position=Position(), weights=weights, best=weights, optimizer={}),
        )
        return Run.open(folder)

    return write


@pytest.fixture
def connect() -> Callable[..., Client]:
    """Opens an explorer on runs and folders of runs."""
    return lambda paths, texts=(), inputs=(), **options: Client(
        create_app(
            Answers(Catalog(paths), TextFiles(texts), inputs=InputFiles(inputs)), token=TOKEN, **options
        )
    )


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory, write_run: Callable[..., Run]) -> Path:
    """A folder with a run of every kind of problem, and every cell. Tests leave it as it is."""
    folder = tmp_path_factory.mktemp("zoo")
    table = folder / "temperatures.csv"
    table.write_text("day,degrees\n" + "".join(f"{day},{np.sin(day / 3):.3f}\n" for day in range(200)))
    write_run(folder / "text", TextProblem.from_text(TEXT, chunk=10), layers=2, embedding=4)
    write_run(folder / "counter", TaskProblem(task=task_named("counter")), cell="gru")
    write_run(folder / "mirror", TaskProblem(task=task_named("mirror")), cell="rnn", bidirectional=True)
    write_run(folder / "digits", DigitsProblem.load(), peephole="diagonal")
    write_run(folder / "series", SeriesProblem.from_path(table, "degrees", chunk=10))
    return folder


@pytest.fixture
def client(zoo: Path, connect: Callable[..., Client]) -> Client:
    """An explorer of the zoo."""
    return connect([zoo])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        unavailable("no Chromium on this machine: install chromium-headless-shell, chromium or google-chrome")
    if not (STATIC / "index.html").is_file():
        unavailable("the front end is not built: install the package, or run `npm run build` in web/")
    # Not longer than this module: while it runs, no other test can start an event loop.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> ph.Run:
    """A network that was trained for a moment, from the command line."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    options = ("--steps", 30, "--hidden", 8, "--layers", 2, "--embedding", 6)
    subprocess.run(command("train", folder / "text.txt", "-o", folder / "run", *options), check=True)
    return ph.open_run(folder / "run")


@pytest.fixture(scope="module")
def explorer(browser: Browser, run: ph.Run) -> Iterator[Explorer]:
    """`peephole explore RUN`; the browser comes first, so that without one nothing is started."""
    explorer = explore(run.path)
    yield explorer
    end(explorer)


@pytest.fixture(scope="module")
def gallery(browser: Browser, zoo: Path) -> Iterator[Explorer]:
    """`peephole explore FOLDER`, with a run of every kind."""
    explorer = explore(zoo)
    yield explorer
    end(explorer)


@pytest.fixture
def visitor(browser: Browser, explorer: Explorer) -> Iterator[Visit]:
    """A visit that must end without an error in the console."""
    context, found = visit(browser, explorer)
    yield found
    context.close()
    assert found.troubles == []
