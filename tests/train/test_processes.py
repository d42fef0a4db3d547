from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path

import commands
import pytest

from peephole.cli import main
from peephole.train.run import Run

# Enough steps that processes which disagree would drift apart; whole strings of unequal lengths and a text.
TEXT = [
    "bottles.txt",
    "--hidden",
    "8",
    "--chunk",
    "20",
    "--batch",
    "4",
    "--epochs",
    "3",
    "--validations",
    "6",
]
STRINGS = ["--task", "counter", "--hidden", "8", "--batch", "16", "--steps", "60", "--validations", "6"]


def checked(process: subprocess.CompletedProcess[str]) -> None:
    assert process.returncode == 0, process.stderr


def alone(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """Train in this process, which is a thing less to start."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["peephole", "train", *arguments])
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0


def losses(folder: Path) -> list[float]:
    return [row.validation for row in Run.open(folder).metrics()]


@pytest.mark.parametrize("what", [TEXT, STRINGS], ids=["text", "strings"])
def test_two_processes_learn_what_one_does(
    tmp_path: Path, text_file: Path, monkeypatch: pytest.MonkeyPatch, what: list[str]
) -> None:
    alone(tmp_path, monkeypatch, *what, "-o", "one")
    two = commands.run("train", *what, "-o", "two", "--devices", "2", cwd=tmp_path)
    checked(two)
    assert len(losses(tmp_path / "one")) == 6
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), abs=1e-4)
    assert two.stderr.count("Held-out data") == 1, "only the first process speaks"
    assert not list(tmp_path.glob("**/*.part"))


def test_two_nodes_learn_what_one_does_and_one_goes_on(
    tmp_path: Path, text_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone(tmp_path, monkeypatch, *TEXT, "-o", "one")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shorter = [*TEXT, "-o", "two", "--nodes", "2"]
    nodes = [
        commands.start(
            "train", *shorter, cwd=tmp_path, MASTER_ADDR="127.0.0.1", MASTER_PORT=port, NODE_RANK=str(rank)
        )
        for rank in (0, 1)
    ]
    for node in nodes:
        _, err = node.communicate(timeout=240)
        assert node.returncode == 0, err
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), abs=1e-4)
    alone(tmp_path, monkeypatch, "-o", "two", "--resume", "--nodes", "1", "--epochs", "4")
    assert Run.open(tmp_path / "two").result["epoch"] >= 3


def wait_for_validations(folder: Path, process: subprocess.Popen[str], count: int) -> None:
    """Until the run has so many, while the process lives."""
    table = folder / "metrics.csv"
    for _ in range(2400):
        if table.is_file() and len(table.read_text().splitlines()) > count:
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("no validation within two minutes")


LONG = [
    *(
        "bottles.txt",
        "--hidden",
        "8",
        "--chunk",
        "20",
        "--batch",
        "4",
        "--steps",
        "1500",
        "--validations",
        "50",
    ),
    *("--layers", "2", "--dropout", "0.3"),
]


def test_a_killed_run_is_usable_and_resumes_to_the_same_weights(
    tmp_path: Path, text_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = commands.start("train", *LONG, "-o", "parts/run", cwd=tmp_path)
    wait_for_validations(tmp_path / "parts" / "run", killed, 3)
    killed.kill()
    killed.communicate()
    left = Run.open(tmp_path / "parts" / "run")
    assert left.result["stopped"] is None
    assert 0 < left.checkpoint().position.step < 800, "it was killed too late to show anything"
    left.network()
    checked(commands.run("train", *LONG, "-o", "parts/run", "--resume", cwd=tmp_path))
    alone(tmp_path, monkeypatch, *LONG, "-o", "whole/run")
    parts, whole = (tmp_path / name / "run" for name in ("parts", "whole"))
    assert (parts / "weights.safetensors").read_bytes() == (whole / "weights.safetensors").read_bytes()
    assert losses(parts) == losses(whole)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_usable_run_and_says_how_to_go_on(
    tmp_path: Path, text_file: Path, number: signal.Signals
) -> None:
    process = commands.start("train", *LONG, "-o", "run", cwd=tmp_path)
    wait_for_validations(tmp_path / "run", process, 1)
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert "peephole train -o run --resume" in err
    assert "Traceback" not in err
    run = Run.open(tmp_path / "run")
    run.network()
    assert run.result["stopped"] == number.name
