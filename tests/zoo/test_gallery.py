"""The shipped networks can be found, opened and described; the package stays light."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import peephole as ph
from peephole import zoo
from peephole.errors import RunError, RunNotFoundError
from peephole.zoo import gallery
from peephole.zoo.words import WORDS


@pytest.mark.parametrize("name", zoo.names())
def test_a_shipped_network_is_a_run_that_reads(name: str) -> None:
    run = zoo.open_run(name)
    assert run.name == name
    network = run.network()
    assert {weights.dtype for weights in network.state_dict().values()} == {torch.float32}
    size = run.config.input_size
    inputs = (
        torch.zeros(3, 1, dtype=torch.int64) if run.config.input == "symbols" else torch.zeros(3, 1, size)
    )
    outputs, _ = network(inputs)
    assert outputs.isfinite().all()
    assert ph.open_run(run.path) == run


@pytest.mark.parametrize("name", zoo.names())
def test_nothing_in_a_shipped_run_tells_of_the_machine_that_made_it(name: str) -> None:
    folder = zoo.open_run(name).path
    assert not {"path", "folder"} & {key for key, value in zoo.open_run(name).description.items() if value}
    for file in ("config.json", "zoo.json"):
        assert str(Path.home()) not in (folder / file).read_text(encoding="utf-8")
    assert {path.name for path in folder.iterdir()} <= {
        "config.json",
        "film",
        "metrics.csv",
        "sample.txt",
        "vocabulary.json",
        "weights.safetensors",
        "zoo.json",
    }


def test_all_of_them_are_small() -> None:
    assert sum(path.stat().st_size for path in gallery.NETWORKS.rglob("*") if path.is_file()) < 6e6


def test_there_is_a_card_for_each_in_both_languages() -> None:
    cards = zoo.cards()
    assert tuple(card.name for card in cards) == zoo.names() == tuple(WORDS)
    for card in cards:
        for said in (card.title, card.look_for):
            assert set(said) == {"en", "zh"}
            assert said["en"].isascii()
            assert any("\u4e00" <= character <= "\u9fff" for character in said["zh"])
        assert card.look_for["en"].endswith(".")
        assert card.look_for["zh"].endswith("。")


@pytest.mark.parametrize("name", ["counter", "counter-gru", "counter-rnn"])
def test_the_counters_have_a_film_that_ends_better_than_it_begins(name: str) -> None:
    run = zoo.open_run(name)
    frames = run.film()
    assert len(frames) == next(card.film for card in zoo.cards() if card.name == name) >= 50
    first, last = (run.network_at(frame) for frame in (frames[0], frames[-1]))
    ids = torch.from_numpy(run.vocabulary().encode("aaaXbbb"))[:, None]
    wanted = torch.from_numpy(run.vocabulary().encode("bbb."))
    assert last(ids)[0][3:, 0].argmax(-1).equal(wanted)
    assert not first(ids)[0][3:, 0].argmax(-1).equal(wanted)


def test_a_network_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(RunNotFoundError, match="no network 'conter': it has memorizer, counter"):
        zoo.open_run("conter")
    with pytest.raises(RunNotFoundError, match=r"'\.\./counter'"):
        zoo.open_run("../counter")


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"first_failure": 3, "measured": 4}'])
def test_measurements_that_are_damaged_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    monkeypatch.setattr(gallery, "NETWORKS", tmp_path)
    (tmp_path / "counter").mkdir()
    if content is not None:
        (tmp_path / "counter" / "zoo.json").write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match=r"zoo\.json is missing or damaged") as caught:
        gallery.card("counter")
    assert "\n" not in str(caught.value)


def test_importing_peephole_does_not_import_the_zoo() -> None:
    code = (
        "import json, sys, peephole as ph; before = 'peephole.zoo' in sys.modules;"
        "print(json.dumps([before, ph.zoo.names()[0], 'peephole.zoo.claims' in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert json.loads(done.stdout) == [False, zoo.names()[0], False]
