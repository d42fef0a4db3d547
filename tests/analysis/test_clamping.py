"""What clamps change, beside what is said without them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import peephole as ph
from peephole.analysis.clamping import Clamp, compare, continuations, holding
from peephole.analysis.predictions import surprise
from peephole.errors import OptionError


def network(**options: Any) -> ph.Network:
    values: dict[str, Any] = {
        "cell": "lstm",
        "output_size": 4,
        "hidden": 5,
        "layers": 2,
        "dropout": 0.5,
    } | options
    model = ph.Network(ph.NetworkConfig(input="symbols", input_size=4, embedding=None, **values))
    torch.nn.init.normal_(model.readout.weight)  # so that the choice depends on the units
    return model


def test_a_comparison_is_two_runs_that_differ_from_the_clamp_on() -> None:
    model, ids = network(), torch.randint(4, (8, 2))
    found = compare(model, ids, {"l1.cell.2": 5.0}, steps=[4])
    assert model.training
    model.eval()
    with torch.no_grad():
        torch.testing.assert_close(found.unclamped, model(ids)[0])
        with ph.intervene(model, {"l1.cell.2": 5.0}, steps=[4]):
            torch.testing.assert_close(found.clamped, model(ids)[0])
    assert (found.divergence[:4] < 1e-6).all()
    assert (found.divergence[4] > 1e-4).all()


def test_divergence_and_added_surprise_are_told_in_bits() -> None:
    model, ids = network(), torch.randint(4, (8, 2))
    found = compare(model, ids, {"l0.input_gate.*": 0.0})
    p, q = found.unclamped.softmax(-1), found.clamped.softmax(-1)
    torch.testing.assert_close(found.divergence, (p * (p / q).log2()).sum(-1), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        found.added_surprise(ids), surprise(found.clamped, ids) - surprise(found.unclamped, ids)
    )


def test_a_clamp_at_the_units_own_values_changes_nothing() -> None:
    model, ids = network().eval(), torch.randint(4, (6, 1))
    _, trace = ph.trace(model, ids)
    cell = trace.layer(1).cell[3, :, 2]
    found = compare(model, ids, {"l1.cell.2": cell}, steps=[3])
    torch.testing.assert_close(found.clamped, found.unclamped)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_without_an_effect_both_texts_are_the_same_whatever_the_luck(temperature: float) -> None:
    found = continuations(network(), torch.tensor([0, 1]), 30, {}, temperature=temperature, seed=3)
    assert found.unclamped.shape == found.clamped.shape == (30,)
    assert torch.equal(found.unclamped, found.clamped)
    assert found.agree == 30


def test_texts_part_after_the_clamp_acts_and_not_before() -> None:
    prompt = torch.tensor([0, 1, 2])
    found = continuations(network(), prompt, 40, {"l1.hidden.*": 4.0}, steps=slice(13, None))
    # Step 13 is the symbol number 10 that was added; what is put after it is number 11.
    assert torch.equal(found.unclamped[:11], found.clamped[:11])
    assert found.agree >= 11
    assert not torch.equal(found.unclamped, found.clamped)


def test_a_clamp_within_the_prompt_acts_there() -> None:
    model = network().eval()
    prompt = torch.tensor([0, 1, 2])
    found = continuations(model, prompt, 1, {"l1.hidden.*": 4.0}, steps=[2], temperature=0)
    with ph.intervene(model, {"l1.hidden.*": 4.0}, steps=[2]):
        assert found.clamped.item() == model(prompt[:, None])[0][-1, 0].argmax().item()
    assert found.unclamped.item() == model(prompt[:, None])[0][-1, 0].argmax().item()


def test_clamped_generation_is_the_clamped_run_of_what_was_generated() -> None:
    model, prompt = network().eval(), torch.tensor([0, 1, 2])
    clamps, steps = {"l0.cell.1": 2.0, "l1.output_gate.3": 1.0}, slice(1, 9)
    found = continuations(model, prompt, 12, clamps, steps=steps, temperature=0)
    whole = torch.cat([prompt, found.clamped])[:, None]
    with ph.intervene(model, clamps, steps=steps):
        said = model(whole)[0][2:-1, 0].argmax(-1)
    assert torch.equal(said, found.clamped)


def test_steps_are_counted_through_the_prompt_and_what_is_added() -> None:
    model = network()
    with torch.no_grad():
        model.readout.weight[3], model.readout.bias[3] = (
            5.0,
            -50.0,
        )  # only with all units at 4 is symbol 3 likely
    found = continuations(
        model, torch.tensor([0, 1, 2]), 8, {"l1.hidden.*": 4.0}, steps=[5, 8], temperature=0
    )
    assert [place for place, symbol in enumerate(found.clamped.tolist()) if symbol == 3] == [5 - 2, 8 - 2]
    assert 3 not in found.unclamped
    assert found.agree == 3


def test_symbols_are_chosen_as_often_as_they_are_likely() -> None:
    model = network()
    with torch.no_grad():
        model.readout.weight.zero_()
        model.readout.bias.copy_(torch.tensor([0.5, 0.25, 0.2, 0.05]).log())
    found = continuations(model, torch.tensor([0]), 800, {}, seed=1)
    shares = torch.bincount(found.unclamped, minlength=4) / 800
    torch.testing.assert_close(shares, torch.tensor([0.5, 0.25, 0.2, 0.05]), rtol=0, atol=0.05)
    assert 0 not in continuations(model, torch.tensor([0]), 200, {}, never=[0]).unclamped


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prompt": torch.zeros(0, dtype=torch.long)}, "at least one"),
        ({"length": -1}, "at least 0, got -1 and 1.0"),
        ({"temperature": -0.5}, "at least 0, got 3 and -0.5"),
        ({"clamps": {"l9.cell.0": 0.0}}, "names no layer"),
    ],
)
def test_what_cannot_be_continued_is_told(options: dict[str, Any], message: str) -> None:
    values = {"prompt": torch.tensor([0]), "length": 3, "clamps": {}} | options
    with pytest.raises(OptionError, match=message):
        continuations(network(), **values)


def test_a_network_that_labels_does_not_go_on_with_a_text() -> None:
    with pytest.raises(OptionError, match="reads 4 symbols and has 3 outputs"):
        continuations(network(output_size=3), torch.tensor([0]), 3, {})


def test_clamps_with_steps_of_their_own_each_act_at_theirs() -> None:
    model, ids = network().eval(), torch.randint(4, (9, 1))
    clamps = [Clamp("l0.cell.1", 2.0, [1]), Clamp("l0.cell.1", -2.0, slice(5, 7)), Clamp("l1.hidden.0", 0.5)]
    with holding(model, clamps, range(9), total=9):
        _, trace = ph.trace(model, ids)
    cell = trace.layer(0).cell[:, 0, 1]
    assert cell[1] == 2
    assert (cell[5:7] == -2).all()
    assert not cell[[0, 2, 3, 4, 7, 8]].abs().eq(2).any()
    assert (trace.layer(1).hidden[:, 0, 0] == 0.5).all()


def test_a_stretch_of_a_run_is_held_as_the_run_is() -> None:
    model, ids = network().eval(), torch.randint(4, (9, 1))
    clamps = [Clamp("l0.cell.1", 2.0, slice(3, 7)), Clamp("l1.cell.0", 1.0, slice(-2, None))]
    with torch.no_grad():
        with holding(model, clamps, range(9), total=9):
            whole, _ = model(ids)
        parts, state = [], None
        for here in (range(4), range(4, 8), range(8, 9)):
            with holding(model, clamps, here, total=9):
                part, state = model(ids[here.start : here.stop], state)
            parts.append(part)
    torch.testing.assert_close(torch.cat(parts), whole)


def test_a_continuation_takes_clamps_with_steps_of_their_own() -> None:
    model, prompt = network().eval(), torch.tensor([1, 2, 3])
    clamps = [Clamp("l1.hidden.*", 0.0, slice(3, None)), Clamp("l0.cell.0", 9.0, [0])]
    found = continuations(model, prompt, 12, clamps, temperature=0)
    read = torch.cat([prompt, found.clamped[:-1]])
    with torch.no_grad(), holding(model, clamps, range(len(read)), total=len(read)):
        scores, _ = model(read[:, None])
    assert found.clamped.tolist() == scores[2:, 0].argmax(-1).tolist()
    assert found.unclamped.tolist() == continuations(model, prompt, 12, {}, temperature=0).clamped.tolist()
