"""What of a run goes along in a page without a server: its network where it is small, and what it did where not.

A small network runs in the page, exactly, on whatever is typed there; what it did need not be carried unless it is
so much that making it again would take seconds. Of a large network the record goes along, rounded, of one material.
Knows runs and readings, nothing of documents.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from torch import Tensor

from peephole.analysis.steps import flatten
from peephole.errors import OptionError
from peephole.explorer.answers import Answers
from peephole.explorer.capsule import Capsule, CarriedMaterial, CarriedRun
from peephole.explorer.catalog import Catalog
from peephole.explorer.endpoints.long import axis_of
from peephole.explorer.input_files import InputFiles
from peephole.explorer.material import Material
from peephole.explorer.offered import Offered
from peephole.explorer.opened import OpenRun
from peephole.explorer.payload import Json
from peephole.explorer.sessions import Sessions
from peephole.explorer.task import Task
from peephole.explorer.words import Words
from peephole.nn.models import Network

Facts = dict[str, Any]
"""What an answer says in JSON."""

LIVE = 250_000
"""Most weights of a network that runs in the page: a megabyte."""
WORK = 2 * 10**8
"""Most weights times steps that a page does before it shows anything: a fraction of a second."""
SAMPLES = 100
"""Most of a run's own samples that go along with its network."""
FILM = 500_000
"""Most weights of all frames of a film that go along."""


@dataclass(frozen=True)
class Text:
    """A text to read, and what the page calls it."""

    title: str
    content: str


def carried(
    catalog: Catalog, names: Sequence[str], *, text: Text | None = None, inputs: InputFiles | None = None
) -> Capsule:
    """Some runs, reading a text, and their own samples where there is none or the network goes along.

    Args:
        catalog: the runs.
        names: the ids of those that are carried.
        text: what they read; those that read numbers keep to their samples.
        inputs: files of numbers, which those read that read numbers.

    Raises:
        OptionError: there is a text, and none of the runs reads texts; or files of numbers, and none reads those.
        Refusal: there is no such run, or one cannot read the text or a file.
        RunError: a run is damaged.
    """
    inputs = inputs or InputFiles()
    # A page without a server has no windows to ask for.
    answers = Answers(catalog, inputs=inputs, surveying=False)
    if text is not None and all(catalog.open(name).vocabulary is None for name in names):
        raise OptionError(
            f"of {', '.join(names)} none reads texts: leave {text.title} out to show their own samples"
        )
    if inputs.titles and all(catalog.open(name).vocabulary is not None for name in names):
        raise OptionError(
            f"of {', '.join(names)} none reads numbers: leave {', '.join(inputs.titles)} out, or use --text"
        )
    home = _said(answers, "/api/home")
    for shelf in ("runs", "gallery"):
        home[shelf] = [card for card in home[shelf] if card["id"] in names]
    return Capsule(
        home, {name: _run(answers, catalog.open(name), name, names, text, inputs) for name in names}
    )


def _run(
    answers: Answers,
    opened: OpenRun,
    name: str,
    there: Sequence[str],
    text: Text | None,
    inputs: InputFiles,
) -> CarriedRun:
    page = _said(answers, f"/api/runs/{quote(name, safe='')}")
    network = opened.network
    # What an imported network says is told in its own terms, which the page does not compute.
    live = opened.run.parameters <= LIVE and isinstance(network, Network) and opened.shown is None
    tasks: list[Json] = []
    materials: list[CarriedMaterial] = []
    if text is not None and opened.vocabulary is not None:
        read = replace(opened.typed(text.content), title=Words(text.title, text.title))
        tasks.append({"text": text.content})
        materials.append(_material(opened, read, live))
    if opened.vocabulary is None:
        for index in range(len(inputs.titles)):
            tasks.append({"file": index})
            materials.append(_material(opened, Offered(inputs=inputs).read(opened, index), live))
    # A large network's record goes along of one material; a small one makes its own of every other.
    most = SAMPLES if live else len(opened.demonstrations) or 1
    for index in range(min(opened.samples, most) if live or not materials else 0):
        tasks.append({"sample": index})
        materials.append(_material(opened, opened.sample(index), live))
    titles = [None if one.title is None else one.title for one in materials]
    page["sample_titles"] = titles if inputs.titles or opened.demonstrations else None
    page["opens_files"] = False
    page["texts"] = []  # they are among the materials
    for number in range(1 if live else len(materials)):
        materials[number] = replace(materials[number], kept=_kept(answers, name, page, tasks[number]))
    frames = _frames(opened) if live else {}
    page["film"] = [frame for frame in page["film"] if frame["frame"] in frames]
    page["siblings"] = [other for other in page["siblings"] if other in there]
    return CarriedRun(
        page=page,
        input=opened.network.config.input,
        target=opened.target,
        predicted=opened.outputs,
        materials=materials,
        network=network if live and isinstance(network, Network) else None,
        vocabulary=opened.vocabulary,
        frames=frames,
    )


def _material(opened: OpenRun, material: Material, live: bool) -> CarriedMaterial:
    """A material, with what the network did where the page is not to find out by itself."""
    inputs = flatten(material.inputs, material.lengths)
    bare = CarriedMaterial(
        title=None if material.title is None else dict(material.title.to_json()),
        symbols=material.symbols,
        lengths=material.lengths.tolist(),
        inputs=inputs,
        targets=_known(flatten(material.targets, material.lengths)),
        unknown=material.unknown,
        axis=axis_of(material),
    )
    if live and opened.run.parameters * len(inputs) <= WORK:
        return bare
    session = Sessions().read(opened, Task(material))
    lanes = session.lanes
    if isinstance(opened.network, Network):
        embedded = opened.network.config.embedding is not None
        read = {0: flatten(lanes[0].input, lanes[0].lengths)} if embedded else {}
    else:  # what stands between its parts is not for the page to know
        read = {record.layer: flatten(record.input, record.lengths) for record in reversed(lanes)}
    return replace(bare, records=lanes, read=read, said=session.reading.said)


def _known(targets: Tensor) -> Tensor | None:
    unknown = targets.isnan() if targets.is_floating_point() else targets < 0
    return None if bool(unknown.all()) else targets


def _frames(opened: OpenRun) -> dict[int, Network]:
    """The film, where all of it is small."""
    film = opened.run.film()
    if len(film) * opened.run.parameters > FILM:
        return {}
    networks = {frame.number: opened.version(frame.number).network for frame in film}
    return {number: network for number, network in networks.items() if isinstance(network, Network)}


def _kept(answers: Answers, name: str, page: Facts, task: Json) -> dict[str, bytes]:
    """What is long to compute and small to keep: what each unit follows, and sensitivity against lag."""
    trace = answers.answer(f"/api/runs/{quote(name, safe='')}/trace", task)
    length = int.from_bytes(trace.body[:8], "little")
    facts = json.loads(json.loads(trace.body[8 : 8 + length])["__metadata__"]["json"])
    lanes = [
        (detail["layer"], direction) for detail in page["layers_detail"] for direction in detail["directions"]
    ]
    ends = ["lags", *(f"{layer}/{direction}/follows" for layer, direction in lanes)]
    found = {end: answers.answer(f"/api/traces/{facts['trace']}/{end}") for end in ends}
    # A network with a backward direction has no lags, and says so.
    return {end: answer.body for end, answer in found.items() if answer.status == 200}


def _said(answers: Answers, path: str) -> Facts:
    said: Facts = json.loads(answers.answer(path).body)
    return said
