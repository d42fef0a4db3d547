"""`peephole shapes` prints what `ph.shapes` says."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from peephole.cli.shapes import shapes
from peephole.errors import OptionError

app = typer.Typer()
app.command()(shapes)


def printed(*arguments: str) -> str:
    result = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(
        app, list(arguments), catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return result.output


def test_the_plain_lstm() -> None:
    text = printed("50", "60")
    for words in (
        "[110, 60]",
        "[110, 240]",
        "26,640",
        "26,880",
        "26,820",
        "37,440",
        "i, j, f, o",
        "Not [50, 110]",
    ):
        assert words in text, words
    assert "170" not in text


def test_every_option_reaches_the_shapes() -> None:
    assert "[170, 60]" in printed("50", "60", "--peephole", "full")
    assert "w_i_diag [60]" in printed("50", "60", "--peephole", "diagonal")
    assert "weight_hr_l0 [7, 60]" in printed("50", "60", "--proj-size", "7")
    assert "[110, 180]" in printed("50", "60", "--cell", "gru")
    assert "candidate/kernel [110, 60]" in printed("50", "60", "--cell", "gru", "--reset-before")
    assert "[110, 60]" in printed("50", "60", "--cell", "rnn")
    assert "bias" not in printed("50", "60", "--no-bias").split("parameters")[0].replace("bias=False", "")
    assert "weight_ln_ih_l0 [240]" in printed("50", "60", "--layer-norm")
    assert "weight_gate_recurrence_l0 [180, 180]" in printed("50", "60", "--full-gate-recurrence")
    for flag, gate in (
        ("--coupled", "forget"),
        *((f"--no-{gate}-gate", gate) for gate in ("input", "forget", "output")),
    ):
        assert f" {gate}_gate " not in printed("50", "60", flag)


def test_a_wrong_option_is_an_error_that_the_program_shows_as_one_line() -> None:
    with pytest.raises(OptionError, match="is an option of the LSTM"):
        printed("50", "60", "--cell", "gru", "--coupled")
    with pytest.raises(OptionError, match="proj_size must be below hidden_size=60"):
        printed("50", "60", "--proj-size", "60")
    assert CliRunner().invoke(app, ["50", "0"]).exit_code == 2
