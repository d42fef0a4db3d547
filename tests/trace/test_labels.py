"""``ph.trace(..., labels=…)``: what each step of any model read is kept with the trace and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import peephole as ph
from peephole.errors import TraceError
from peephole.explorer import loose
from peephole.nn.chain import ChainConfig, DensePart, RecurrentPart
from peephole.nn.chain_network import Chain

MODEL = torch.nn.LSTM(3, 4)
X = torch.randn(5, 1, 3)
WORDS = ["the", "cat", "sat", "on", "it"]


def test_labels_are_kept_with_the_trace_and_in_its_file(tmp_path: Path) -> None:
    _, trace = ph.trace(MODEL, X, labels=WORDS)
    assert trace.labels == tuple(WORDS)
    trace.save(tmp_path / "trace.safetensors")
    assert ph.Trace.load(tmp_path / "trace.safetensors").labels == tuple(WORDS)


def test_without_labels_there_are_none(tmp_path: Path) -> None:
    _, trace = ph.trace(MODEL, X)
    trace.save(tmp_path / "trace.safetensors")
    assert trace.labels is None
    assert ph.Trace.load(tmp_path / "trace.safetensors").labels is None


def test_a_text_is_its_characters() -> None:
    assert ph.trace(MODEL, X, labels="hello")[1].labels == tuple("hello")


def test_of_a_ragged_batch_there_is_one_for_each_step_without_padding() -> None:
    layer = ph.LSTM(3, 4)
    x, lengths = torch.randn(5, 3, 3), [5, 1, 2]
    labels = [f"{b}.{t}" for b, length in enumerate(lengths) for t in range(length)]
    assert ph.trace(layer, x, lengths=lengths, labels=labels)[1].labels == tuple(labels)
    with pytest.raises(TraceError, match="15 labels for 8 steps"):
        ph.trace(layer, x, lengths=lengths, labels=["x"] * 15)


@pytest.mark.parametrize(
    "labels",
    [torch.zeros(5), [1, 2, 3, 4, 5], 5, ["a", "b", "c", "d", None]],
    ids=["tensor", "ids", "number", "none"],
)
def test_labels_that_are_no_texts_are_refused_and_say_how_a_models_own_are_given(labels: Any) -> None:
    with pytest.raises(TraceError, match=r"labels must be texts.*ph\.recording"):
        ph.trace(MODEL, X, labels=labels)


def test_a_label_that_is_no_text_is_named() -> None:
    with pytest.raises(TraceError, match=r"one for each step, got 2 at 1; a model"):
        ph.trace(MODEL, X, labels=["a", 2, "c", "d", "e"])


def test_the_explorer_shows_the_traces_own_labels_and_others_where_they_are_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = []
    carried = loose.carried_trace
    monkeypatch.setattr(
        "peephole.explorer.hosts.carried_trace",
        lambda trace, **options: (seen.append(options["labels"]), carried(trace, **options))[1],
    )
    _, trace = ph.trace(MODEL, X, labels=WORDS)
    trace.save_html(tmp_path / "own.html")
    trace.save_html(tmp_path / "other.html", labels="hello")
    assert seen == [tuple(WORDS), "hello"]


def test_a_chain_that_returns_scores_at_every_step_keeps_them_as_predictions() -> None:
    lstm = RecurrentPart(name="lstm", cell="lstm", options={"input_size": 3, "hidden_size": 4})
    dense = DensePart(name="out", inputs=4, outputs=2)
    chain = Chain(ChainConfig((lstm, dense)))
    (outputs, _), trace = ph.trace(chain, X)
    assert trace.predictions is not None
    assert torch.equal(trace.predictions, outputs)
    for other in (
        (lstm,),
        (lstm, DensePart(name="out", inputs=4, outputs=2, activation="softmax")),
        (RecurrentPart(name="lstm", cell="lstm", options=lstm.options, returns="last"), dense),
    ):
        assert ph.trace(Chain(ChainConfig(other)), X)[1].predictions is None
