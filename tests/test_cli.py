from __future__ import annotations

import json
import resource
import socket
from pathlib import Path

import commands
import pytest

from peephole.train.run import Run

TEXT = "".join(f"{n} green bottles hanging on the wall,\n" for n in range(200))
SMALL = ("--hidden", "8", "--chunk", "20", "--batch", "4", "--steps", "6")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text and a run of it, made by the command line; tests copy it before they change it."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "bottles.txt").write_text(TEXT)
    done = commands.run("train", "bottles.txt", *SMALL, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained folder, to spoil."""
    import shutil

    return Path(shutil.copytree(trained, tmp_path / "copy"))


def refusal(folder: Path, *arguments: str | Path, **options: object) -> str:
    """The one line that a command ends with, which leaves all files of the folder as they were."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    process = commands.run(*arguments, cwd=folder, **options)  # type: ignore[arg-type]
    assert process.returncode == 1, (process.stdout, process.stderr)
    lines = process.stderr.splitlines()
    assert len(lines) == 1, process.stderr
    assert lines[0].startswith("peephole: ")
    assert process.stdout == ""
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert after == before
    return lines[0]


def test_help_is_there_for_every_command(tmp_path: Path) -> None:
    overview = commands.run("--help", cwd=tmp_path)
    assert overview.returncode == 0
    for name in ("train", "sample", "explore", "shapes", "demo"):
        assert name in overview.stdout
        shown = commands.run(name, "--help", cwd=tmp_path)
        assert shown.returncode == 0
        assert "Usage" in shown.stdout


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    from peephole import __version__

    assert commands.run("--version", cwd=tmp_path).stdout.strip() == f"peephole {__version__}"


def test_training_names_the_run_after_the_text_and_says_what_it_reached(trained: Path) -> None:
    run = Run.open(trained / "runs" / "bottles")
    assert run.name == "bottles"
    assert run.result["step"] == 6
    assert run.config.hidden == 8


def test_a_run_writes_text(trained: Path) -> None:
    command = ("sample", "runs/bottles", "--prompt", "3 green", "--length", "30", "--seed", "4")
    first, second = (commands.run(*command, cwd=trained) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("3 green")
    assert len(first.stdout) == len("3 green") + 30 + 1
    assert first.stdout == second.stdout


def test_a_missing_text_is_named(tmp_path: Path) -> None:
    assert "nothing.txt is not there" in refusal(tmp_path, "train", "nothing.txt")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"caf\xe9 au lait " * 100, "not UTF-8"),
        (b"", "is empty"),
        (b"too short", "a chunk of 64 steps"),
    ],
)
def test_a_text_that_cannot_be_learned_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "text.txt").write_bytes(content)
    assert says in refusal(tmp_path, "train", "text.txt")


@pytest.mark.parametrize("command", ["sample", "explore", "resume"])
def test_a_run_of_another_version_is_refused(folder: Path, command: str) -> None:
    config = folder / "runs/bottles/config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "format": 99, "peephole": "7.0"}))
    arguments = (
        ("train", "-o", "runs/bottles", "--resume") if command == "resume" else (command, "runs/bottles")
    )
    assert "Peephole 7.0 in run format 99" in refusal(folder, *arguments)


@pytest.mark.parametrize("command", ["sample", "explore"])
def test_truncated_weights_are_refused(folder: Path, command: str) -> None:
    weights = folder / "runs/bottles/weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-7])
    assert "weights.safetensors is truncated or damaged" in refusal(folder, command, "runs/bottles")


def test_a_csv_with_gaps_is_refused_by_line(tmp_path: Path) -> None:
    (tmp_path / "waves.csv").write_text("time,level\n1,3.5\n2,\n3,4.5\n" + "4,4\n" * 200)
    line = refusal(tmp_path, "train", "--series", "waves.csv", "--column", "level")
    assert "line 3" in line
    assert "level" in line


def test_a_port_in_use_is_named(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert port in refusal(folder, "explore", "runs/bottles", "--port", port, "--no-open")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("bottles.txt", "--hidden", "0", "-o", "new"), "hidden must be at least 1, got 0"),
        (("bottles.txt", "--bidirectional", "-o", "new"), "would read the very symbol it is to predict"),
        (("bottles.txt", *SMALL), "runs/bottles holds a run already"),
        (("bottles.txt", "--task", "copy"), "TEXT and --task"),
        (("--steps", "3"), "none of them"),
        (("bottles.txt", "--minutes", "1", "--steps", "3", "-o", "new"), "minutes and steps"),
        (("--task", "copy", "--unit", "word"), "--unit means nothing to a task"),
        (("--series", "bottles.txt"), "--column"),
        (("bottles.txt", "--resume", "--hidden", "9"), "hidden=8, which cannot become 9"),
        (("--resume",), "-o RUN"),
        (("-o", "nowhere", "--resume"), "nowhere is not there"),
        (("bottles.txt", "--resume", "--overwrite"), "give one of them"),
        (("bottles.txt", "--cell", "gru", "--peephole", "-o", "new"), "LSTM"),
        (("bottles.txt", "--library", "code"), "TEXT and --library"),
        (("bottles.txt", "--characters", "9", "-o", "new"), "--characters means nothing to a text"),
        (("--task", "copy", "--held-out", "9"), "--held-out means nothing to what is not the library"),
        (("--task", "copy", "--augment"), "--augment means nothing to the task copy"),
        (("--library", "code", "--validation", "0.2"), "--validation means nothing to the library"),
        (("--library", "code", "--characters", "0"), "characters must be at least 1, got 0"),
        (("bottles.txt", "-o", "bottles.txt"), "is there and is not a run"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_that_makes_no_sense_is_refused(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    says: str,
) -> None:
    from peephole.cli import main

    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["peephole", "train", *arguments])
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    before = sorted(folder.rglob("*"))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert says in err
    assert sorted(folder.rglob("*")) == before


def test_the_librarys_prose_and_moved_digits_are_learned_and_gone_on_with(tmp_path: Path) -> None:
    size = ("--hidden", "4", "--steps", "1", "--validations", "1")
    words = ("--library", "prose", "--characters", "9000", "--held-out", "2000", "--unit", "word")
    assert commands.run("train", *words, *size, cwd=tmp_path).returncode == 0
    learned = Run.open(tmp_path / "runs" / "prose")
    assert (learned.description["part"], learned.description["characters"]) == ("prose", 9000)
    assert commands.run("train", *words, *size, "--resume", cwd=tmp_path).returncode == 0
    other = commands.run("train", "--library", "code", "-o", "runs/prose", "--resume", cwd=tmp_path)
    assert "part='prose', which cannot become 'code'" in other.stderr

    assert commands.run("train", "--task", "digits", "--augment", *size, cwd=tmp_path).returncode == 0
    assert Run.open(tmp_path / "runs" / "digits").description["augment"] is True


def test_hidden_zero_is_one_line_as_a_process_too(folder: Path) -> None:
    assert "hidden" in refusal(folder, "train", "bottles.txt", "--hidden", "0", "-o", "new")


def test_a_traceback_is_shown_to_those_who_ask(tmp_path: Path) -> None:
    process = commands.run("train", "nothing.txt", cwd=tmp_path, PEEPHOLE_DEBUG="1")
    assert process.returncode == 1
    assert "Traceback" in process.stderr


def test_a_loss_that_becomes_nan_is_one_line_and_leaves_a_usable_run(folder: Path) -> None:
    command = (
        "bottles.txt",
        *SMALL[:-1],
        "400",
        "--learning-rate",
        "1e38",
        "--schedule",
        "constant",
        "-o",
        "new",
    )
    process = commands.run("train", *command, cwd=folder)
    assert process.returncode == 1
    last = process.stderr.splitlines()[-1]
    assert last.startswith("peephole: the ")
    assert "--learning-rate" in last
    assert "Traceback" not in process.stderr
    Run.open(folder / "new").network()


def test_a_disk_that_is_full_is_one_line_and_harms_nothing(folder: Path) -> None:
    """A real failing write: the process may not write files beyond the size of the weights, and a checkpoint is."""
    run = folder / "runs/bottles"
    weights, checkpoint = (run / name for name in ("weights.safetensors", "checkpoint/last.ckpt"))
    limit = weights.stat().st_size + 2048
    assert checkpoint.stat().st_size > limit
    before = (weights.read_bytes(), checkpoint.read_bytes())
    process = commands.run(
        *("train", "-o", "runs/bottles", "--resume", "--steps", "40"),
        cwd=folder,
        before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert process.returncode == 1, process.stderr
    last = process.stderr.splitlines()[-1]
    assert last.startswith("peephole: runs/bottles/checkpoint/last.ckpt could not be written")
    assert "Traceback" not in process.stderr
    assert checkpoint.read_bytes() == before[1]
    Run.open(run).network()
    assert not list(folder.rglob("*.part"))
    again = commands.run("train", "-o", "runs/bottles", "--resume", "--steps", "12", cwd=folder)
    assert again.returncode == 0, again.stderr
    assert Run.open(run).result["step"] == 12
