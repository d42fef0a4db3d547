"""A survey survives the disk, is small there, and is opened for no other network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import peephole as ph
from peephole.errors import TraceError


def network(*, hidden: int = 5, bidirectional: bool = False) -> ph.Network:
    config = ph.NetworkConfig(
        cell="lstm",
        input="symbols",
        input_size=7,
        output_size=7,
        embedding=None,
        hidden=hidden,
        layers=2,
        bidirectional=bidirectional,
    )
    return ph.Network(config).eval()


@pytest.fixture
def saved(tmp_path: Path) -> tuple[ph.Survey, ph.Network, Path]:
    model, path = network(bidirectional=True), tmp_path / "survey.safetensors"
    survey = ph.survey(model, torch.randint(0, 7, (1500,)), symbols=list('abc (\n"'), target="next")
    survey.save(path)
    return survey, model, path


Saved = tuple[ph.Survey, ph.Network, Path]


def test_what_was_saved_is_what_is_loaded(saved: Saved) -> None:
    survey, model, path = saved
    again = ph.Survey.load(path, model)
    assert (again.symbols, again.tracks, again.digest) == (survey.symbols, survey.tracks, survey.digest)
    assert torch.equal(again.inputs, survey.inputs)
    assert torch.equal(again.counts, survey.counts)
    for name, values in survey.said.tensors().items():
        torch.testing.assert_close(again.said.tensors()[name], values, rtol=0, atol=0, equal_nan=True)
    for mine, theirs in zip(survey.sketches, again.sketches, strict=True):
        assert (mine.layer, mine.direction, list(mine.quantities)) == (
            theirs.layer,
            theirs.direction,
            list(theirs.quantities),
        )
        for quantity, sketch in mine.quantities.items():
            read = theirs[quantity].tensors()
            assert list(read) == list(sketch.tensors())
            for name, values in sketch.tensors().items():
                torch.testing.assert_close(read[name], values, rtol=0, atol=0, equal_nan=True)
    for mine, theirs in zip(survey.window(900, 1400), again.window(900, 1400), strict=True):
        assert torch.equal(mine.cell, theirs.cell)


def test_a_survey_is_opened_for_no_other_network(saved: Saved) -> None:
    _, model, path = saved
    with pytest.raises(TraceError, match="other weights"):
        ph.Survey.load(path, network(bidirectional=True))
    with pytest.raises(TraceError, match="is damaged"):
        ph.Survey.load(path, network(hidden=6, bidirectional=True))
    model.readout.weight.data[0, 0] += 1e-3
    with pytest.raises(TraceError, match="other weights"):
        ph.Survey.load(path, model)


def test_beside_what_was_read_and_said_its_file_is_two_percent_of_the_trace_at_most(tmp_path: Path) -> None:
    model, steps = network(hidden=64), 100_000
    survey = ph.survey(model, torch.randint(0, 7, (steps,)), target="next")
    survey.save(tmp_path / "survey.safetensors")
    # What is read and said, some 36 bytes a step whatever the units, is 0.6 % of the trace of 2 × 256 units.
    own = 36 * steps
    trace = steps * 2 * 6 * 64 * 2
    assert (tmp_path / "survey.safetensors").stat().st_size - own <= 0.02 * trace


def rewritten(path: Path, **changes: Any) -> Path:
    """The same file with other facts; None drops one."""
    with safe_open(path, framework="pt") as file:
        metadata = dict(file.metadata())
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    facts = json.loads(metadata["survey"])
    facts.update(changes)
    metadata["survey"] = json.dumps({name: value for name, value in facts.items() if value is not None})
    save_file(tensors, path, metadata)
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"every": None},
        {"every": 7},
        {"every": -256},
        {"every": 0},
        {"steps": 10**15},
        {"steps": 3},
        {"states": ["hidden"]},
        {"states": ["hidden", "nonsense"]},
        {"lanes": []},
        {"lanes": "all"},
        {"symbols": 5},
        {"digest": 5},
    ],
    ids=str,
)
def test_a_file_whose_facts_are_wrong_is_refused(saved: Saved, changes: dict[str, Any]) -> None:
    _, model, path = saved
    with pytest.raises(TraceError):
        ph.Survey.load(rewritten(path, **changes), model)


def test_a_file_that_is_no_survey_is_refused(saved: Saved, tmp_path: Path) -> None:
    survey, model, path = saved
    with pytest.raises(TraceError, match="no such file"):
        ph.Survey.load(tmp_path / "nowhere", model)
    survey.window(0, 10).save(tmp_path / "trace.safetensors")
    with pytest.raises(TraceError, match="its format is 'peephole-trace 1'"):
        ph.Survey.load(tmp_path / "trace.safetensors", model)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TraceError, match="no survey, or is damaged"):
        ph.Survey.load(path, model)


def test_a_survey_that_cannot_be_written_leaves_nothing_behind(saved: Saved, tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="cannot be written"):
        saved[0].save(tmp_path / "nowhere" / "survey.safetensors")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["survey.safetensors"]
