"""A page that is a file answers what the server answers: the same questions are put to both.

The file's side is TypeScript (`web/src/file`), run in Node here as it is in the page.
"""

from __future__ import annotations

import base64
import json
import re
import runpy
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from peephole.explorer.answers import Answers
from peephole.explorer.carrying import Text
from peephole.explorer.catalog import Catalog
from peephole.explorer.hosts import save_runs

WEB = Path(__file__).parents[2] / "web"
Question = tuple[str, Any]

CLAMP = {"unit": "l0.hidden.1", "value": 0.4, "from": 2, "to": None}
TASKS: dict[str, list[dict[str, Any]]] = {
    "text": [{"sample": 0}, {"text": "def 'x' # é☃记\n"}, {"text": "return x", "clamps": [CLAMP]}],
    "counter": [{"sample": 0}, {"text": "aXb\naaXbb"}, {"text": "aaX", "clamps": [CLAMP | {"to": 2}]}],
    "mirror": [{"sample": 0}],
    "digits": [{"sample": 0}, {"sample": 7}, {"drawn": "A" * 100 + "_w" * 150 + "A" * 123}],
    "series": [{"sample": 0}],
}
"""What each network of the test's zoo is asked to read."""
OWN = {"trace", "samples", "siblings", "film", "opens_files"}
"""Where a file speaks for itself: of what is in it."""


@dataclass(frozen=True)
class Said:
    """One answer, decoded."""

    status: int
    facts: Any
    tensors: dict[str, Any]

    @classmethod
    def of(cls, status: int, body: bytes) -> Said:
        if body[:1] == b"{":
            return cls(status, json.loads(body), {})
        header = json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])
        return cls(status, json.loads(header["__metadata__"]["json"]), load(body))


def asked_of_file(page: Path, questions: list[Question]) -> list[Said]:
    node, folder = runpy.run_path(str(WEB / "node.py"))["node_command"]("node")
    done = subprocess.run(
        [*node, WEB / "tests" / "ask-file.mjs", page],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(folder)},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [Said.of(status, base64.b64decode(body)) for status, body in json.loads(done.stdout)]


def asked_of_server(catalog: Catalog, questions: list[Question]) -> list[Said]:
    answers, found, trace = Answers(catalog), [], ""
    for path, body in questions:
        answer = answers.answer(path.replace("TRACE", trace), body)
        said = Said.of(answer.status, answer.body)
        trace = said.facts.get("trace", trace)
        found.append(said)
    return found


def questions_of(catalog: Catalog, name: str, tasks: list[dict[str, Any]]) -> list[Question]:
    """Everything that the page asks of a network and of what it reads."""
    network = catalog.open(name).network
    layers = range(network.config.layers)
    directions = ["forward", "backward"] if network.config.bidirectional else ["forward"]
    questions: list[Question] = [(f"/api/runs/{name}", None)]
    for task in tasks:
        questions.append((f"/api/runs/{name}/trace", task))
        for lane in (f"/api/traces/TRACE/{layer}/{way}" for layer in layers for way in directions):
            questions += [
                (f"{lane}/{quantity}", None) for quantity in network.recurrent.equations[0].quantities
            ]
            questions += [
                (f"{lane}/unit/1", None),
                (f"{lane}/unit/1/moment/3", None),
                (f"{lane}/moment/3", None),
            ]
            questions += [(f"{lane}/moment/0", None), (f"{lane}/unit/2/moment/0", None)]
        last = {"layer": layers[-1], "direction": directions[-1]}
        questions.append(("/api/traces/TRACE/light", {"step": 3, "output": None}))
        if network.config.output_size > 1:
            questions.append(("/api/traces/TRACE/light", {"step": 2, "output": 1, "unit": 1, **last}))
        stretch = {**last, "quantity": "hidden", "from": 1, "to": 2}
        questions.append(("/api/traces/TRACE/phrases", stretch))
        own = {**last, "quantity": "hidden"}
        questions.append((f"/api/runs/{name}/ablate", {**task, **own}))
        questions.append((f"/api/runs/{name}/continue", {**task, "length": 20, "temperature": 0}))
    for task in tasks[:1]:  # what is kept of the file's own first material
        questions.append((f"/api/runs/{name}/trace", task))
        questions += [
            (f"/api/traces/TRACE/{layer}/{way}/follows", None) for layer in layers for way in directions
        ]
        questions.append(("/api/traces/TRACE/lags", None))
    return questions


def assert_same(file: Said, server: Said, question: Question) -> None:
    where = f"{question[0]} {json.dumps(question[1])[:80]}"
    assert (file.status < 400) == (server.status < 400), f"{where}: {file.facts}"
    if server.status >= 400:
        assert {key: set(value) for key, value in file.facts.items()} == {
            "error": {"en", "zh"},
            "do": {"en", "zh"},
        }
        return
    same_facts(file.facts, server.facts, where)
    assert set(file.tensors) == set(server.tensors), where
    for name, expected in server.tensors.items():
        # Half precision on the server's wire has three digits.
        tolerance = 1e-3 if expected.dtype == np.float16 else 2e-5
        found = file.tensors[name]
        assert found.shape == expected.shape, f"{where} {name}"
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance, err_msg=f"{where} {name}")


def same_facts(found: Any, expected: Any, where: str) -> None:
    if isinstance(expected, dict):
        assert set(found) >= set(expected), where
        for key in set(expected) - OWN:
            same_facts(found[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for place, value in enumerate(expected):
            same_facts(found[place], value, f"{where}[{place}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-4, abs=2e-5), where
    else:
        assert found == expected, where


@pytest.fixture(scope="module")
def catalog(zoo: Path) -> Catalog:
    return Catalog([zoo])


@pytest.fixture(scope="module")
def page(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zoo of the tests as one file; every network of it is small."""
    place = tmp_path_factory.mktemp("file") / "page.html"
    save_runs(catalog, list(TASKS), place, text=None)
    return place


@pytest.mark.parametrize("name", TASKS)
def test_a_file_answers_what_the_server_answers(catalog: Catalog, page: Path, name: str) -> None:
    questions = questions_of(catalog, name, TASKS[name])
    pairs = zip(asked_of_file(page, questions), asked_of_server(catalog, questions), questions, strict=True)
    for file, server, question in pairs:
        assert_same(file, server, question)


WRONG: list[Question] = [
    ("/api/runs/nobody", None),
    ("/api/runs/text/trace", {"text": ""}),
    ("/api/runs/counter/trace", {"text": "hello"}),
    ("/api/runs/digits/trace", {"text": "hello"}),
    ("/api/runs/digits/trace", {"sample": 5000}),
    ("/api/runs/digits/trace", {"drawn": "x"}),
    ("/api/traces/nothing/0/forward/cell", None),
    ("/api/runs/text/trace", {"text": "x"}),
    ("/api/traces/TRACE/9/forward/cell", None),
    ("/api/traces/TRACE/0/backward/cell", None),
    ("/api/traces/TRACE/0/forward/nonsense", None),
    ("/api/traces/TRACE/0/forward/unit/99", None),
    ("/api/nonsense", None),
]


def test_a_file_refuses_what_the_server_refuses(catalog: Catalog, page: Path) -> None:
    pairs = zip(asked_of_file(page, WRONG), asked_of_server(catalog, WRONG), WRONG, strict=True)
    for file, server, question in pairs:
        assert_same(file, server, question)


def test_a_text_of_ones_own_is_the_first_sample(catalog: Catalog, tmp_path: Path) -> None:
    own = "x = 'own'  # 记 <script>\n"
    save_runs(catalog, ["text"], tmp_path / "page.html", text=Text("story.txt", own))
    (trace,) = asked_of_file(tmp_path / "page.html", [("/api/runs/text/trace", {"sample": 0})])
    assert "".join(trace.facts["symbols"]) == own
    assert trace.facts["title"] == {"en": "story.txt", "zh": "story.txt"}


def test_of_a_large_network_the_record_is_there_and_nothing_else_can_be_read(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peephole.explorer.carrying.LIVE", 10)
    save_runs(catalog, ["text"], tmp_path / "page.html", text=None)
    network = re.compile("/(light|ablate|continue)$")  # what asks the network itself
    asked = questions_of(catalog, "text", [{"sample": 0}])
    questions = [question for question in asked if not network.search(question[0])]
    pairs = zip(
        asked_of_file(tmp_path / "page.html", questions),
        asked_of_server(catalog, questions),
        questions,
        strict=True,
    )
    for file, server, question in pairs:
        assert file.status == 200, question
        values = {name for name in server.tensors if re.fullmatch(r"[a-z]+|[a-z]+_gate", name)}
        for name in values - {"telling", "turnover", "deviation", "counts", "surprise"}:
            np.testing.assert_allclose(
                file.tensors[name],
                server.tensors[name].astype(np.float32),
                atol=0.0051,
                err_msg=f"{question[0]} {name}",
            )
    refused = asked_of_file(tmp_path / "page.html", [("/api/runs/text/trace", {"text": "x"})])
    assert refused[0].status == 422
    assert "peephole explore" in refused[0].facts["do"]["en"]
    assert "peephole explore" in refused[0].facts["do"]["zh"]
