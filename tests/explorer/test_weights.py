"""Weights as the page is given them, and a network with its peepholes shut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import peephole as ph
from peephole import zoo as shipped

TEXT = "AxxxxxxxYa"


def parameters(run: str, suffix: str = "_l0") -> dict[str, torch.Tensor]:
    network = shipped.open_run(run).network()
    named = network.recurrent.named_parameters()
    return {name.removesuffix(suffix): value for name, value in named if name.endswith(suffix)}


@pytest.mark.parametrize(
    ("run", "place", "suffix"),
    [
        ("words", "0/forward", "_l0"),
        ("copy", "1/forward", "_l1"),
        ("mirror", "0/backward", "_l0_reverse"),
        ("memorizer-peephole", "0/forward", "_l0"),
    ],
)
def test_the_weights_of_a_layer_are_its_parameters(client: Any, run: str, place: str, suffix: str) -> None:
    found = client.payload(f"/api/runs/zoo:{run}/weights/{place}")
    expected = parameters(run, suffix)
    assert set(found.tensors) == set(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value.detach())


def test_the_weights_of_a_frame_are_those_of_that_moment(client: Any) -> None:
    run = shipped.open_run("counter")
    frame = run.film()[3]
    found = client.payload(f"/api/runs/zoo:counter/weights/0/forward?frame={frame.number}")
    then = run.network_at(frame).recurrent.weight_ih_l0
    np.testing.assert_array_equal(found["weight_ih"], then.detach())
    assert not np.array_equal(found["weight_ih"], parameters("counter")["weight_ih"].detach())
    assert found.facts == {"frame": frame.number}


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("zoo:counter/weights/1/forward", 404, "no layer 2 forward"),
        ("zoo:counter/weights/0/backward", 404, "no layer 1 backward"),
        ("zoo:counter/weights/0/sideways", 404, "no layer 1 sideways"),
        ("zoo:counter/weights/0/forward?frame=x", 400, '"frame"'),
        ("zoo:memorizer/weights/0/forward?frame=0", 404, "no frame 0"),
        ("nobody/weights/0/forward", 404, "nobody"),
    ],
)
def test_weights_that_are_not_there_are_refused(client: Any, path: str, status: int, reason: str) -> None:
    assert reason in client.refusal(client.get(f"/api/runs/{path}"), status)


def test_with_its_peepholes_shut_a_network_is_the_one_whose_peephole_weights_are_0(client: Any) -> None:
    run = shipped.open_run("memorizer-peephole")
    network, vocabulary = run.network(), run.vocabulary()
    assert vocabulary is not None
    with torch.no_grad():
        network.recurrent.weight_peephole_l0.zero_()
        _, expected = ph.trace(network, torch.from_numpy(vocabulary.encode(TEXT))[:, None])
    found = client.trace("zoo:memorizer-peephole", text=TEXT, peepholes=False)
    values = client.payload(f"/api/traces/{found.facts['trace']}/0/forward/unit/4")
    for quantity, numbers in expected.layer().quantities.items():
        np.testing.assert_allclose(values[quantity], numbers[:, 0, 4], atol=1e-6)
    as_learned = client.trace("zoo:memorizer-peephole", text=TEXT)
    assert as_learned.facts["trace"] != found.facts["trace"]
    assert client.trace("zoo:memorizer-peephole", text=TEXT, peepholes=True).facts == as_learned.facts


def test_a_network_without_peepholes_has_none_to_shut(client: Any) -> None:
    answer = client.post("/api/runs/zoo:memorizer/trace", {"text": TEXT, "peepholes": False})
    assert client.refusal(answer, 422) == "this network has no peepholes to shut"


@pytest.mark.parametrize("peepholes", [0, "no", None])
def test_peepholes_are_open_or_not(client: Any, peepholes: object) -> None:
    answer = client.post("/api/runs/zoo:memorizer-peephole/trace", {"text": TEXT, "peepholes": peepholes})
    assert client.refusal(answer, 400) == '"peepholes" must be true or false'
