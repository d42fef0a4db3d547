"""Runs are looked at on the disk as it is now: broken, replaced, deleted, and two of one name."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

import peephole as ph
from peephole.errors import RunNotFoundError
from peephole.explorer.catalog import Catalog


@pytest.fixture
def runs(zoo: Path, tmp_path: Path) -> Path:
    """A folder with a copy of the zoo's text run, to be harmed."""
    shutil.copytree(zoo / "text", tmp_path / "runs" / "text")
    return tmp_path / "runs"


def replace_weights(run: Path, factor: float) -> None:
    """As training does: the whole file at once, later than the one before."""
    weights = {name: factor * values for name, values in load_file(run / "weights.safetensors").items()}
    before = (run / "weights.safetensors").stat().st_mtime_ns
    save_file(weights, run / "weights.safetensors")
    os.utime(run / "weights.safetensors", ns=(before + 1_000_000, before + 1_000_000))


def test_a_broken_run_has_a_card_that_says_why_and_harms_no_other(
    runs: Path, zoo: Path, connect: Any
) -> None:
    for name in ("truncated", "garbled", "older", "weightless"):
        shutil.copytree(zoo / "counter", runs / name)
    weights = (runs / "truncated" / "weights.safetensors").read_bytes()
    (runs / "truncated" / "weights.safetensors").write_bytes(weights[:-7])
    (runs / "garbled" / "config.json").write_text("{")
    config = json.loads((runs / "older" / "config.json").read_text())
    (runs / "older" / "config.json").write_text(json.dumps(config | {"format": 0}))
    (runs / "weightless" / "weights.safetensors").unlink()
    client = connect([runs])
    errors = {card["id"]: card["error"] for card in client.json("/api/home")["runs"]}
    assert errors["text"] is None
    assert "truncated or damaged" in errors["truncated"]
    assert "config.json is damaged" in errors["garbled"]
    assert "run format 0" in errors["older"]
    assert "weights.safetensors is not there" in errors["weightless"]
    for run in ("truncated", "garbled", "older", "weightless"):
        refused = client.refusal(client.post(f"/api/runs/{run}/trace", {"sample": 0}), 422)
        assert refused == errors[run]
    assert client.trace("text", text="x").facts["symbols"] == ["x"]


def test_folders_that_are_no_run_are_passed_over(runs: Path, connect: Any) -> None:
    (runs / "notes").mkdir()
    (runs / "notes.txt").write_text("nothing")
    assert [card["id"] for card in connect([runs]).json("/api/home")["runs"]] == ["text"]


def test_a_run_that_was_deleted_while_open_is_missed_politely(runs: Path, connect: Any) -> None:
    client = connect([runs / "text"])
    trace = client.trace("text", text="x").facts["trace"]
    shutil.rmtree(runs)
    assert client.json("/api/home")["runs"] == []
    assert "'text' is not there" in client.refusal(client.get("/api/runs/text"), 404)
    assert "'text' is not there" in client.refusal(client.post("/api/runs/text/trace", {"text": "x"}), 404)
    # What is looked at stays to be looked at.
    assert client.payload(f"/api/traces/{trace}/0/forward/cell")["values"].shape == (1, 5)


def test_a_run_that_was_made_while_open_is_found(runs: Path, zoo: Path, connect: Any) -> None:
    client = connect([runs])
    shutil.copytree(zoo / "counter", runs / "new")
    assert {card["id"] for card in client.json("/api/home")["runs"]} == {"text", "new"}
    assert client.trace("new", text="aX").facts["lengths"] == [2]


def test_replaced_weights_are_loaded_and_traced_anew(runs: Path, connect: Any) -> None:
    client = connect([runs])
    before = client.trace("text", text="return")
    replace_weights(runs / "text", 0.5)
    after = client.trace("text", text="return")
    assert before.facts["trace"] != after.facts["trace"]
    vocabulary = ph.open_run(runs / "text").vocabulary()
    assert vocabulary is not None
    _, trace = ph.trace(
        ph.open_run(runs / "text").network(), torch.from_numpy(vocabulary.encode("return"))[:, None]
    )
    values = client.payload(f"/api/traces/{after.facts['trace']}/0/forward/cell")["values"]
    np.testing.assert_allclose(values, trace.layer()["cell"][:, 0], atol=1e-3)
    old = client.payload(f"/api/traces/{before.facts['trace']}/0/forward/cell")["values"]
    assert np.abs(old - values).max() > 1e-2


def test_two_runs_of_one_name_have_two_ids(runs: Path, zoo: Path, connect: Any) -> None:
    client = connect([zoo, runs, runs / "text"])
    ids = {card["id"] for card in client.json("/api/home")["runs"]}
    assert ids == {"text", "text-2", "counter", "mirror", "digits", "series"}
    assert Catalog([zoo, runs]).folders()["text-2"] == (runs / "text").resolve()


@pytest.mark.parametrize("name", ["a b", "mémoire 记忆", "100%", "a?b#c", "..."])
def test_a_run_may_have_any_name(runs: Path, connect: Any, name: str) -> None:
    (runs / "text").rename(runs / name)
    client = connect([runs])
    assert client.json("/api/home")["runs"][0]["id"] == name
    assert client.trace(quote(name, safe=""), text="x").facts["symbols"] == ["x"]


def test_the_data_of_a_text_run_may_be_gone(runs: Path, connect: Any) -> None:
    client = connect([runs])  # its problem was made from memory and cannot be built again
    assert client.json("/api/runs/text")["samples"] == 1
    assert len(client.trace("text", sample=0).facts["symbols"]) > 100


def test_data_that_is_gone_and_was_not_kept_is_named(zoo: Path, tmp_path: Path, connect: Any) -> None:
    shutil.copytree(zoo / "series", tmp_path / "series")
    config = json.loads((tmp_path / "series" / "config.json").read_text())
    config["problem"]["path"] = str(tmp_path / "gone.csv")
    (tmp_path / "series" / "config.json").write_text(json.dumps(config))
    client = connect([tmp_path])
    assert client.json("/api/home")["runs"][0]["error"] is None
    assert "gone.csv" in client.refusal(client.get("/api/runs/series"), 404)


def test_numbers_that_json_lacks_become_null(runs: Path, connect: Any) -> None:
    config = json.loads((runs / "text" / "config.json").read_text())
    config["result"]["validation_bits"] = float("nan")
    (runs / "text" / "config.json").write_text(json.dumps(config))
    assert connect([runs]).json("/api/home")["runs"][0]["result"]["validation_bits"] is None


def test_a_path_that_is_not_there_or_holds_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError, match="nowhere is not there: name a run"):
        Catalog([tmp_path / "nowhere"])
    (tmp_path / "file").write_text("")
    with pytest.raises(RunNotFoundError, match="file is not there"):
        Catalog([tmp_path / "file"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunNotFoundError, match="is no run and holds none: make one with `peephole train`"):
        Catalog([tmp_path / "empty"])
