from __future__ import annotations

from pathlib import Path

import pytest

from peephole.cli import demonstration, main
from peephole.train.run import Run


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run the demo in, with a hundredth of the text."""
    monkeypatch.setattr(demonstration, "CHARACTERS", 20_000)
    monkeypatch.setattr(demonstration, "HELD_OUT", 2_000)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def demo(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["peephole", "demo", "--minutes", "0.02", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0


def test_the_demo_trains_compares_and_writes(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    demo(monkeypatch, "--no-explore")
    shown = capsys.readouterr().out
    run = Run.open(small / "runs" / "demo")
    assert run.result["stopped"] == "budget"
    assert f"{run.result['validation_bits']:.2f}" in shown
    for order in (3, 4, 5):
        assert f"{order}-gram" in shown
    assert "left" in shown, "progress is told without a terminal too"
    assert "It writes:" in shown


def test_a_folder_with_brackets_is_named_as_it_is(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    demo(monkeypatch, "--no-explore", "-o", "my [run]")
    assert "units in my [run]\n" in capsys.readouterr().out


def test_each_demo_is_kept_and_the_explorer_opens_on_the_new_one(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[list[Path], int, bool]] = []
    monkeypatch.setattr(
        demonstration,
        "serve",
        lambda paths, *, port, open_browser: served.append((paths, port, open_browser)),
    )
    demo(monkeypatch)
    demo(monkeypatch, "--port", "4000", "--no-open")
    assert served == [([Path("runs/demo")], 0, True), ([Path("runs/demo-2")], 4000, False)]
