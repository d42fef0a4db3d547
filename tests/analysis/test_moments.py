"""The speaking moment: exact parts, printed numbers that add up, sentences in two languages."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import peephole as ph
from peephole.analysis.moments import Moment, moment
from peephole.errors import OptionError, TraceError

LENGTHS = torch.tensor([6, 3])


def traced(model: nn.Module) -> ph.Trace:
    values = torch.randn(6, 2, 3, dtype=next(model.parameters()).dtype)
    x = nn.utils.rnn.pack_padded_sequence(values, LENGTHS, enforce_sorted=False)
    return ph.trace(model, x)[1]


def made(**numbers: Any) -> Moment:
    given = {
        "kind": "lstm",
        "unit": 7,
        "step": 3,
        "candidate": 0.0,
        "write_share": 0.0,
        "held": 0.0,
        "shown": 0.0,
    }
    return Moment(**(given | numbers))


def number(text: str) -> float:
    return float(text.replace("−", "-"))


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("options", [{}, {"peephole": "diagonal"}, {"proj_size": 2}])
def test_an_lstm_keeps_writes_and_shows_what_its_record_says(direction: str, options: dict[str, Any]) -> None:
    record = traced(ph.LSTM(3, 4, bidirectional=True, **options).double()).layer(0, direction)
    for sequence, length in enumerate(LENGTHS.tolist()):
        for step in range(length):
            found = moment(record, 1, step, sequence=sequence)
            previous = step + (1 if direction == "backward" else -1)
            before = record.cell[previous, sequence, 1].item() if 0 <= previous < length else 0.0
            assert found.before == before
            assert found.kept == found.kept_share * before
            assert found.kept + found.written == pytest.approx(found.state, abs=1e-12)
            assert found.held == pytest.approx(0, abs=1e-12)
            shown = record["hidden_before_projection" if options.get("proj_size") else "hidden"]
            assert found.shown == pytest.approx(shown[step, sequence, 1].item(), abs=1e-12)


def test_a_grus_one_lever_keeps_and_writes() -> None:
    record = traced(ph.GRU(3, 4).double()).layer()
    found = moment(record, 2, 4)
    assert found.kept_share + found.write_share == 1
    assert found.kept == record.update_gate[4, 0, 2].item() * record.hidden[3, 0, 2].item()
    assert found.kept + found.written == pytest.approx(found.state, abs=1e-12)
    assert (found.shown_share, found.shown) == (1, found.state)


def test_an_rnn_keeps_nothing() -> None:
    record = traced(ph.RNN(3, 4)).layer()
    found = moment(record, 2, 4)
    assert (found.kept, found.written, found.held) == (0, found.state, 0)
    assert found.before == record.hidden[3, 0, 2].item()


def test_the_first_step_starts_from_the_initial_state() -> None:
    model = ph.LSTM(3, 4)
    state = (torch.randn(1, 1, 4), torch.randn(1, 1, 4))
    _, trace = ph.trace(model, torch.randn(5, 1, 3), state)
    assert moment(trace.layer(), 1, 0).before == state[1][0, 0, 1].item()


def test_the_sentence_is_the_one_of_the_design_in_both_languages() -> None:
    found = made(before=-0.91, kept_share=0.98, kept=-0.8918, written=0.02, state=-0.8718, shown_share=0.04)
    assert found.sentence() == "Unit 7 kept 98 % of −0.91, wrote +0.02, shows 4 %."
    assert found.sentence("zh") == "单元 7 保留了 −0.91 的 98 %，写入 +0.02，显露 4 %。"


def test_every_number_of_the_sentence_names_its_mark() -> None:
    found = made(before=-0.91, kept_share=0.98, kept=-0.8918, written=0.02, state=-0.8718, shown_share=0.04)
    for language in ("en", "zh"):
        parts = found.parts(language)  # type: ignore[arg-type]
        assert "".join(part.text for part in parts) == found.sentence(language)  # type: ignore[arg-type]
        marks = {part.mark: part.text for part in parts if part.mark}
        assert marks == {
            "unit": "7",
            "kept_share": "98 %",
            "before": "−0.91",
            "written": "+0.02",
            "shown_share": "4 %",
        }


def test_grus_and_rnns_speak_too() -> None:
    gru = made(
        kind="gru", before=0.5, kept_share=0.25, kept=0.125, written=-0.3, state=-0.175, shown_share=1.0
    )
    assert gru.sentence() == "Unit 7 kept 25 % of +0.50, wrote −0.30, is −0.17."
    rnn = made(kind="rnn", before=0.5, kept_share=0.0, kept=0.0, written=-0.3, state=-0.3, shown_share=1.0)
    assert rnn.sentence() == "Unit 7 was +0.50, is −0.30."
    assert rnn.sentence("zh") == "单元 7 原为 +0.50，现为 −0.30。"


def test_a_state_that_was_held_says_so() -> None:
    model = ph.LSTM(3, 4)
    with ph.intervene(model, {"l0.cell.2": 0.5}, steps=[3]):
        _, trace = ph.trace(model, torch.randn(6, 1, 3))
    found = moment(trace.layer(), 2, 3)
    assert found.kept + found.written + found.held == pytest.approx(0.5)
    assert f", was moved by {found.printed()['held']}, shows" in found.sentence()
    assert "被外力移动" in found.sentence("zh")
    assert "moved" not in moment(trace.layer(), 2, 4).sentence()


@given(
    st.floats(-50, 50),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(-1, 1),
    st.sampled_from([0.0, 0.0, 0.7, -3.0]),
)
def test_what_is_printed_adds_up_and_is_off_by_less_than_one_in_the_last_digit(
    before: float, keep: float, write: float, candidate: float, held: float
) -> None:
    kept, written = keep * before, write * candidate
    state = kept + written + held
    found = made(
        before=before, kept_share=keep, kept=kept, written=written, held=held, state=state, shown_share=0.5
    )
    for digits in (0, 1, 2, 3):
        printed = found.printed(digits)
        parts = ["kept", "written", *(["held"] if held else [])]
        total = sum(round(number(printed[name]) * 10**digits) for name in parts)
        assert total == round(number(printed["state"]) * 10**digits)
        for name in (*parts, "state"):
            assert abs(number(printed[name]) - getattr(found, name)) < 10**-digits + 1e-9


@pytest.mark.parametrize(
    ("kept", "written", "held", "digits"), [(0.0025, 0.0, 0.0, 3), (0.0, 0.25, 0.7, 1), (-6.25, 0.0, 0.7, 1)]
)
def test_what_is_printed_adds_up_at_ties_too(kept: float, written: float, held: float, digits: int) -> None:
    state = kept + written + held
    found = made(
        before=kept, kept_share=1.0, kept=kept, written=written, held=held, state=state, shown_share=0.0
    )
    printed = {name: number(text) for name, text in found.printed(digits).items() if "%" not in text}
    assert printed["kept"] + printed["written"] + printed.get("held", 0.0) == pytest.approx(printed["state"])


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (0.003, "<1 %"), (0.978, "98 %"), (0.997, ">99 %"), (1.0, "100 %")]
)
def test_a_gate_that_is_not_quite_shut_or_open_says_so(share: float, text: str) -> None:
    found = made(before=0.0, kept_share=share, kept=0.0, written=0.0, state=0.0, shown_share=0.0)
    assert found.printed()["kept_share"] == text


def test_zero_has_no_sign() -> None:
    found = made(before=-0.001, kept_share=0.5, kept=-0.0005, written=0.0, state=-0.0005, shown_share=0.0)
    assert found.sentence() == "Unit 7 kept 50 % of 0.00, wrote 0.00, shows 0 %."


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"unit": 4, "step": 0}, "unit 4: the units are 0 to 3"),
        ({"unit": 0, "step": 3, "sequence": 1}, "no step 3: sequence 1 has 3 steps"),
        ({"unit": 0, "step": -1}, "no step -1"),
        ({"unit": 0, "step": 0, "sequence": 2}, "sequences are 0 to 1"),
    ],
)
def test_what_is_not_there_is_named(where: dict[str, int], message: str) -> None:
    record = traced(ph.LSTM(3, 4)).layer()
    with pytest.raises((OptionError, TraceError), match=message):
        moment(record, **where)


def test_other_languages_and_digits_are_refused() -> None:
    found = moment(traced(ph.LSTM(3, 4)).layer(), 0, 0)
    with pytest.raises(OptionError, match="language must be one of en, zh, got 'de'"):
        found.sentence("de")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="digits must be from 0 to 3, got 7"):
        found.printed(7)
