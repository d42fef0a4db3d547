"""A trace is a frozen value, survives its file, and a damaged file is an error of ours and never another."""

from __future__ import annotations

import copy
import json
import pickle
import struct
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
import torch
from conformance.forms import PACKED
from conformance.records import assert_same_trace, tensors_of
from conformance.rows import HIDDEN, INPUT
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import peephole as ph
from peephole.errors import TraceError


def a_trace(dtype: torch.dtype = torch.float32) -> Any:
    """Two modules, directions, lengths, two calls."""
    model = nn.ModuleDict(
        {
            "encoder": nn.LSTM(INPUT, HIDDEN, 2, bidirectional=True, proj_size=2),
            "b_c": nn.GRU(4, 3),
        }
    )
    model = model.to(dtype)
    with ph.recording(model) as tape:
        for _ in range(2):
            output, _ = model["encoder"](PACKED.give(torch.randn(5, 3, INPUT, dtype=dtype)))
            model["b_c"](PACKED.take(output))
    return tape.trace()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def files_of(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_a_trace_survives_its_file_bit_for_bit(folder: Path, dtype: torch.dtype) -> None:
    trace = a_trace(dtype)
    trace.save(folder / "one")
    again = ph.Trace.load(folder / "one")
    assert_same_trace(again, trace)
    keys = [(r.module, r.call, r.layer, r.direction, r.kind) for r in trace.records]
    assert [(r.module, r.call, r.layer, r.direction, r.kind) for r in again.records] == keys
    assert [tuple(r.quantities) for r in again.records] == [tuple(r.quantities) for r in trace.records]


def test_a_path_may_be_given_as_text(folder: Path) -> None:
    trace = a_trace()
    trace.save(str(folder / "one"))
    assert_same_trace(ph.Trace.load(str(folder / "one")), trace)


def test_numbers_that_are_not_finite_survive(folder: Path) -> None:
    layer = nn.RNN(1, 1, nonlinearity="relu")
    _, trace = ph.trace(layer, torch.full((2, 1, 1), float("nan")))
    trace.save(folder / "one")
    again = ph.Trace.load(folder / "one")
    assert again.layer().hidden.isnan().all()


def test_a_trace_with_a_graph_can_be_saved(folder: Path) -> None:
    layer = nn.LSTM(INPUT, HIDDEN)
    with ph.recording(layer, grad=True) as tape:
        layer(torch.randn(3, 2, INPUT))
    tape.trace().save(folder / "one")
    assert not ph.Trace.load(folder / "one").layer().hidden.requires_grad


def test_an_empty_batch_survives(folder: Path) -> None:
    _, trace = ph.trace(ph.LSTM(INPUT, HIDDEN), torch.randn(3, 0, INPUT))
    trace.save(folder / "one")
    assert_same_trace(ph.Trace.load(folder / "one"), trace)


def test_saving_again_replaces_the_file_whole(folder: Path) -> None:
    first, second = a_trace(), a_trace()
    first.save(folder / "one")
    second.save(folder / "one")
    assert_same_trace(ph.Trace.load(folder / "one"), second)
    assert files_of(folder) == files_of(folder / "one"), "nothing else may be left beside it"


def test_a_trace_and_its_records_are_frozen() -> None:
    trace = a_trace()
    record = trace.records[0]
    assert isinstance(trace.records, tuple)
    with pytest.raises((FrozenInstanceError, AttributeError)):
        trace.records = ()
    with pytest.raises((FrozenInstanceError, AttributeError)):
        record.layer = 3
    with pytest.raises((FrozenInstanceError, AttributeError)):
        record.hidden = torch.zeros(1)
    for mapping in (record.quantities, record.initial):
        with pytest.raises(TypeError):
            mapping["hidden"] = torch.zeros(1)


def test_a_trace_can_be_copied_and_pickled() -> None:
    trace = a_trace()
    assert_same_trace(copy.deepcopy(trace), trace)
    assert_same_trace(pickle.loads(pickle.dumps(trace)), trace)


def test_a_traces_repr_is_short_and_names_what_it_holds() -> None:
    shown = repr(a_trace())
    assert "encoder" in shown
    assert len(shown) < 2000


def test_a_file_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(TraceError, match="nowhere"):
        ph.Trace.load(folder / "nowhere")


def test_a_folder_that_is_not_there_is_named_when_saving(folder: Path) -> None:
    with pytest.raises(TraceError, match="nowhere"):
        a_trace().save(folder / "nowhere" / "one")


def test_every_truncation_is_refused_naming_the_file(folder: Path) -> None:
    a_trace().save(folder / "one")
    for file in files_of(folder / "one"):
        whole = file.read_bytes()
        for size in sorted({0, 1, 7, 8, 9, 100, len(whole) // 2, len(whole) - 1}):
            file.write_bytes(whole[:size])
            with pytest.raises(TraceError, match="one") as caught:
                ph.Trace.load(folder / "one")
            assert "\n" not in str(caught.value)
        file.write_bytes(whole)
    ph.Trace.load(folder / "one")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a trace at all, but a letter to a friend",
        bytes(1000),
        b"\xff" * 1000,
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 12) + b'{"a":nonsens',
        b"PK\x03\x04 a zip",
    ],
    ids=["empty", "text", "zeros", "ones", "huge header", "no tensors", "list", "bad json", "zip"],
)
def test_a_file_of_something_else_is_refused_naming_the_file(folder: Path, content: bytes) -> None:
    (folder / "one").write_bytes(content)
    with pytest.raises(TraceError, match="one"):
        ph.Trace.load(folder / "one")


def test_a_folder_in_place_of_a_file_is_refused(folder: Path) -> None:
    (folder / "one").mkdir()
    with pytest.raises(TraceError, match="one"):
        ph.Trace.load(folder / "one")


def test_tensors_of_another_program_are_refused(folder: Path) -> None:
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(3)}, folder / "one")
    with pytest.raises(TraceError, match="one"):
        ph.Trace.load(folder / "one")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trace") / "one"
    torch.manual_seed(0)
    _, trace = ph.trace(nn.LSTM(2, 2), torch.randn(3, 1, 2))
    trace.save(path)
    return path


@settings(max_examples=300)
@given(data=st.data())
def test_no_damage_to_the_head_gives_another_error_than_ours(
    saved: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """A damaged file is refused with TraceError, or still is a readable trace; it is never a crash."""
    whole = bytearray(files_of(saved)[0].read_bytes())
    head = 8 + struct.unpack("<Q", whole[:8])[0] if len(whole) >= 8 else len(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, min(head, len(whole)) - 1))] = data.draw(st.integers(0, 255))
    damaged = tmp_path / "damaged"
    damaged.write_bytes(whole)
    try:
        trace = ph.Trace.load(damaged)
    except TraceError:
        return
    assert tensors_of(trace)


def test_every_missing_or_mistyped_fact_in_the_head_is_refused(saved: Path, tmp_path: Path) -> None:
    """Each fact of the JSON head taken out or replaced by something of another type, one at a time."""
    whole = files_of(saved)[0].read_bytes()
    size = struct.unpack("<Q", whole[:8])[0]
    head, data = json.loads(whole[8 : 8 + size]), whole[8 + size :]
    texts = {k: json.loads(v) for k, v in head["__metadata__"].items() if v[:1] in "{["}
    assert texts, "the format keeps its facts as JSON in the head"
    damaged, refused = tmp_path / "damaged", 0
    for key, facts in texts.items():
        for broken in mutations(facts):
            changed = head | {"__metadata__": head["__metadata__"] | {key: json.dumps(broken)}}
            encoded = json.dumps(changed).encode()
            damaged.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)
            try:
                ph.Trace.load(damaged)
            except TraceError:
                refused += 1
    assert refused > 5


def mutations(value: Any) -> list[Any]:
    """The value with one part taken out, or replaced by something of another type, at any depth."""
    found: list[Any] = [None, 3, "text", [], {}]
    if isinstance(value, dict):
        for key, part in value.items():
            found.append({k: v for k, v in value.items() if k != key})
            found += [value | {key: other} for other in mutations(part)]
    if isinstance(value, list):
        for i, part in enumerate(value):
            found.append(value[:i] + value[i + 1 :])
            found += [[*value[:i], other, *value[i + 1 :]] for other in mutations(part)]
    return found
