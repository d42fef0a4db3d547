"""The images over which a network changes its mind are those over which it does."""

from __future__ import annotations

from typing import Any, cast

import torch

from peephole.data.batches import Batch
from peephole.explorer.changes import Change, changes
from peephole.nn.models import Network


class Says:
    """Stands for a network: says certain labels, (row, image)."""

    def __init__(self, labels: list[list[int]]) -> None:
        self._scores = torch.nn.functional.one_hot(torch.tensor(labels), 10).float()

    def __call__(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        return self._scores, None


def asked(labels: list[list[int]], right: list[int], *, blank: int = 0) -> list[Change]:
    """Changes over images of one pixel a row, the first ``blank`` rows without ink."""
    inputs = torch.ones(len(labels), len(right), 1)
    inputs[:blank] = 0
    targets = torch.tensor(right).expand(len(labels), -1)
    batch = Batch(inputs=inputs, targets=targets, weight=torch.ones(targets.shape), total_weight=1.0)
    return changes(cast(Network, Says(labels)), [batch])


def test_the_latest_to_settle_come_first_then_those_that_waver_most() -> None:
    labels = [[1, 1, 1, 1], [2, 1, 2, 1], [3, 1, 2, 3], [3, 3, 3, 3]]
    found = [(change.sample, change.row, change.turns) for change in asked(labels, [3, 3, 3, 3])]
    assert found == [(2, 4, 2), (1, 4, 1), (0, 3, 2), (3, 3, 1)]


def test_what_an_image_was_mistaken_for_is_what_was_guessed_most_on_ink() -> None:
    labels = [[9, 3], [9, 3], [2, 7], [2, 3], [5, 3], [3, 3]]
    first, second = sorted(asked(labels, [3, 3], blank=2), key=lambda change: change.sample)
    assert (first.label, first.mistaken, first.rows, first.until) == (3, 2, 2, 4)
    assert (second.label, second.mistaken, second.rows, second.until) == (3, 7, 1, 3)


def test_an_image_that_wavered_on_paper_only_was_mistaken_for_nothing_on_ink() -> None:
    assert asked([[1], [3], [3]], [3], blank=1) == []


def test_an_image_that_is_never_told_or_never_doubted_is_none() -> None:
    assert asked([[1, 4], [2, 4], [2, 4]], [1, 4]) == []


def test_a_change_on_blank_paper_is_none() -> None:
    assert asked([[1], [2], [3], [3]], [3], blank=2) == []
    assert asked([[1], [2], [3], [3]], [3], blank=1) == [
        Change(0, 3, 1, label=3, mistaken=2, rows=1, until=2)
    ]


def test_the_page_is_told_and_a_network_of_texts_refuses(client: Any) -> None:
    found: list[dict[str, Any]] = client.json("/api/runs/zoo:digits/changes")["samples"]
    assert found
    assert found == sorted(found, key=lambda change: (-change["row"], -change["turns"], change["sample"]))
    for change in found[:3]:
        trace = client.trace("zoo:digits", sample=change["sample"])
        guesses = trace["distribution"].argmax(-1)
        assert guesses[change["row"] - 2] != guesses[change["row"] - 1]
        assert (guesses[change["row"] - 1 :] == guesses[-1]).all()
    assert client.refusal(client.get("/api/runs/text/changes"), 422) == "this network labels no images"


def test_threes_that_were_taken_for_twos_are_found_by_asking_for_them(client: Any) -> None:
    found = client.json("/api/runs/zoo:digits/changes?label=3&mistaken=2")["samples"]
    assert found
    for change in found:
        assert (change["label"], change["mistaken"]) == ("3", "2")
    first = max(found, key=lambda change: change["rows"])
    guesses = client.trace("zoo:digits", sample=first["sample"])["distribution"].argmax(-1)
    assert (guesses == 2).sum() >= first["rows"] >= 5
    assert guesses[first["until"] - 1] == 2
    assert guesses[-1] == 3


def test_every_label_of_an_image_is_told_with_how_likely_it_is(client: Any) -> None:
    trace = client.trace("digits", sample=1)
    assert trace["distribution"].shape == (28, 10)
    assert abs(trace["distribution"].sum(-1) - 1).max() < 1e-6
    likeliest = -torch.from_numpy(-trace["distribution"]).topk(5, largest=False).values
    assert torch.equal(likeliest, torch.from_numpy(trace["probabilities5"]))
    assert "distribution" not in client.trace("text", text="def").tensors
