"""``peephole import``: a table, a run that opens, and nothing written where something is refused."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import commands
import pytest
import safetensors.torch
import torch

import peephole as ph
from peephole.data.vocabulary import UNKNOWN, Vocabulary
from peephole.errors import (
    DataError,
    DataNotFoundError,
    InterchangeError,
    OptionError,
    RunError,
    RunExistsError,
    TrainingError,
)
from peephole.interchange import saving
from peephole.interchange.saving import read_vocabulary, save_run
from peephole.nn.chain import ChainConfig
from peephole.train.run import Run, find_runs


class Tagger(torch.nn.Module):
    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.emb = torch.nn.Embedding(6, 3, dtype=dtype)
        self.lstm = torch.nn.LSTM(3, 4, bidirectional=True, dtype=dtype)
        self.hidden = torch.nn.Linear(8, 5, dtype=dtype)
        self.out = torch.nn.Linear(5, 2, dtype=dtype)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.out(self.hidden(self.lstm(self.emb(ids))[0]).relu()).softmax(-1)


PARTS = {"embedding": "emb", "readout": ["hidden", "out"], "activation": ["relu", "softmax"]}
AS_OPTIONS = (
    *("--embedding", "emb", "--readout", "hidden", "--readout", "out"),
    *("--activation", "relu", "--activation", "softmax"),
)


@pytest.fixture
def tagger(tmp_path: Path) -> Tagger:
    """A model, whose weights are in tagger.pt."""
    model = Tagger()
    torch.save(model.state_dict(), tmp_path / "tagger.pt")
    return model


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# The command


def test_it_prints_what_it_understood_and_what_to_run_next(tagger: Tagger, tmp_path: Path) -> None:
    done = commands.run("import", "tagger.pt", *AS_OPTIONS, "-o", "runs/tagger", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for told in (
        "tagger.pt: PyTorch",
        "bidirectional LSTM",
        "3 → 4 each way",
        "6 symbols → 3",
        "activation='softmax'",
        "lstm: weight_hh_l0_reverse",
        "peephole explore runs/tagger",
    ):
        assert told in done.stdout
    run = Run.open(tmp_path / "runs" / "tagger")
    ids = torch.randint(6, (7, 2))
    torch.testing.assert_close(run.network()(ids)[0], tagger(ids), rtol=0, atol=1e-6)


def test_without_a_folder_nothing_is_written(tagger: Tagger, tmp_path: Path) -> None:
    done = commands.run("import", "tagger.pt", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "peephole import tagger.pt -o RUN" in done.stdout
    assert "embedding='emb'" in done.stdout
    assert files(tmp_path) == ["tagger.pt"]


@pytest.mark.parametrize("name", ["w[v2].pt", "a[/b].pt", "of two words.pt"])
def test_what_to_run_next_can_be_copied_whatever_the_file_is_called(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    torch.save(torch.nn.GRU(3, 4).state_dict(), tmp_path / name)
    done = commands.run("import", name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    copied = done.stdout.splitlines()[-1].partition(": ")[2]
    assert shlex.split(copied) == ["peephole", "import", name, "-o", "RUN"]
    done = commands.run("import", name, "-o", "runs [1]", cwd=tmp_path)
    assert shlex.split(done.stdout.splitlines()[-1])[-3:] == ["peephole", "explore", "runs [1]"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nothing.pt",), "nothing.pt is not there"),
        (("tagger.pt", "--layer", "gru"), "layer='gru' is not in this file; such parts of it are 'lstm'"),
        (("tagger.pt", "--embedding", "emb", "--vocabulary", "none.txt"), "none.txt is not there"),
        (("tagger.pt", "--option", "sideways"), "--option must be NAME=VALUE"),
        (("tagger.pt", "--option", "sideways=1"), "sideways"),
        (("tagger.pt", "--option", "kind=torch"), "kind has an option of its own: --kind torch"),
        (("tagger.pt", "--activation", "softmax"), "choose a dense part by readout="),
    ],
    ids=["file", "layer", "vocabulary", "no pair", "option", "own option", "activation"],
)
def test_a_refusal_is_one_line_and_nothing_is_written(
    arguments: tuple[str, ...], told: str, tagger: Tagger, tmp_path: Path
) -> None:
    done = commands.run("import", *arguments, "-o", "run", cwd=tmp_path)
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert files(tmp_path) == ["tagger.pt"]


def test_a_readers_option_is_a_text_or_what_it_says_as_json(tmp_path: Path) -> None:
    rnn = torch.nn.RNN(3, 4, nonlinearity="relu")
    torch.save(rnn.state_dict(), tmp_path / "rnn.pt")
    done = commands.run("import", "rnn.pt", "--option", "nonlinearity=relu", "-o", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    x = torch.randn(5, 2, 3)
    torch.testing.assert_close(Run.open(tmp_path / "run").network()(x)[0], rnn(x)[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "arguments", [("--overwrite",), ("--vocabulary", "v.txt")], ids=["overwrite", "vocabulary"]
)
def test_options_of_the_run_need_one(arguments: tuple[str, ...], tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("a\n")
    done = commands.run("import", "tagger.pt", *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert "name its folder by -o" in done.stderr


def test_train_and_sample_refuse_an_imported_run(tagger: Tagger, tmp_path: Path) -> None:
    save_run(ph.load(tmp_path / "tagger.pt", **PARTS), tmp_path / "run")
    for arguments, told in (
        (("train", "-o", "run", "--resume"), "cannot be trained on"),
        (("sample", "run"), "cannot write"),
    ):
        done = commands.run(*arguments, cwd=tmp_path)
        assert done.returncode == 1
        assert "was imported from tagger.pt, not trained here" in done.stderr
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1


# The run


def test_a_run_keeps_the_network_and_what_was_understood(tagger: Tagger, tmp_path: Path) -> None:
    network = ph.load(tmp_path / "tagger.pt", **PARTS)
    run = save_run(network, tmp_path / "run")
    assert isinstance(run.config, ChainConfig)
    assert run.config == network.chain.config
    assert (run.name, run.imported, run.options, dict(run.result)) == ("run", True, None, {})
    assert run.description == {"kind": "imported", "file": "tagger.pt", "from": network.understood.kind}
    assert run.understood() == json.loads(json.dumps(network.understood.to_json()))
    assert run.parameters == sum(p.numel() for p in tagger.parameters())
    assert files(tmp_path / "run") == ["config.json", "import.json", "vocabulary.json", "weights.safetensors"]
    assert (run.metrics(), run.film(), run.sample_text(), run.predicts_next_symbol) == ([], [], None, False)
    assert [found.name for found in find_runs(tmp_path)] == ["run"]


def test_what_only_a_trained_run_has_is_refused_with_the_reason(tagger: Tagger, tmp_path: Path) -> None:
    run = save_run(ph.load(tmp_path / "tagger.pt", **PARTS), tmp_path / "run")
    for ask in (run.problem, run.checkpoint, run.training, run.trained_network):
        with pytest.raises(RunError, match=r"was imported from tagger\.pt, not trained here"):
            ask()


def test_values_in_float64_stay_float64(tmp_path: Path) -> None:
    model = Tagger(torch.float64)
    torch.save(model.state_dict(), tmp_path / "tagger.pt")
    run = save_run(ph.load(tmp_path / "tagger.pt", **PARTS), tmp_path / "run")
    network, ids = run.network(), torch.randint(6, (7, 2))
    assert {p.dtype for p in network.parameters()} == {torch.float64}
    torch.testing.assert_close(network(ids)[0], model(ids), rtol=0, atol=1e-14)


def test_symbols_are_named_by_their_ids_or_by_a_vocabulary(tagger: Tagger, tmp_path: Path) -> None:
    network = ph.load(tmp_path / "tagger.pt", **PARTS)
    plain = save_run(network, tmp_path / "plain").vocabulary()
    assert plain is not None
    assert plain.symbols == ("0", "1", "2", "3", "4", "5")
    named = save_run(network, tmp_path / "named", vocabulary=Vocabulary(tuple("abcdef"))).vocabulary()
    assert named == Vocabulary(tuple("abcdef"))


def test_a_vocabulary_of_another_size_or_for_numbers_is_refused(tagger: Tagger, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="reads 6 symbols and the vocabulary has 2"):
        save_run(
            ph.load(tmp_path / "tagger.pt", **PARTS), tmp_path / "run", vocabulary=Vocabulary(("a", "b"))
        )
    numbers = ph.load(tmp_path / "tagger.pt")
    with pytest.raises(OptionError, match="reads numbers"):
        save_run(numbers, tmp_path / "run", vocabulary=Vocabulary(("a", "b")))
    assert save_run(numbers, tmp_path / "run").vocabulary() is None
    assert files(tmp_path / "run") == ["config.json", "import.json", "weights.safetensors"]


def test_a_network_without_wiring_makes_no_run(tmp_path: Path) -> None:
    two = torch.nn.ModuleDict({"a": torch.nn.GRU(3, 4), "b": torch.nn.GRU(5, 4)})
    with pytest.raises(InterchangeError, match="'a', 'b' are wired: choose by layer="):
        save_run(ph.load(two), tmp_path / "run")
    assert files(tmp_path) == []


def test_nothing_is_replaced_unasked(tagger: Tagger, tmp_path: Path) -> None:
    network = ph.load(tmp_path / "tagger.pt", **PARTS)
    save_run(network, tmp_path / "run", name="first")
    with pytest.raises(RunExistsError, match="--overwrite"):
        save_run(network, tmp_path / "run", name="second")
    assert Run.open(tmp_path / "run").name == "first"
    assert (
        save_run(ph.load(tmp_path / "tagger.pt"), tmp_path / "run", name="second", overwrite=True).name
        == "second"
    )
    assert files(tmp_path / "run") == ["config.json", "import.json", "weights.safetensors"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("mine")
    with pytest.raises(RunExistsError, match="is not a run"):
        save_run(network, tmp_path / "other", overwrite=True)
    assert files(tmp_path / "other") == ["mine.txt"]


def test_a_full_disk_leaves_no_run(tagger: Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = ph.load(tmp_path / "tagger.pt", **PARTS)
    whole = saving.replace_json

    def full(path: Path, data: object) -> None:
        if path.name == "import.json":
            raise TrainingError("no room") from OSError(28, "No space left on device")
        whole(path, data)

    monkeypatch.setattr(saving, "replace_json", full)
    with pytest.raises(TrainingError, match="No space left on device"):
        save_run(network, tmp_path / "run")
    assert files(tmp_path / "run") == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda c: c | {"network": {"chain": []}}, "needs a recurrent part"),
        (lambda c: c | {"network": {"chain": [{"kind": "attention"}]}}, "part 0"),
        (lambda c: c | {"problem": {"kind": "text"}}, "do not fit together"),
        (lambda c: c | {"network": 3}, "is damaged"),
    ],
    ids=["empty", "kind", "problem", "type"],
)
def test_a_damaged_config_is_refused(change: object, told: str, tagger: Tagger, tmp_path: Path) -> None:
    path = save_run(ph.load(tmp_path / "tagger.pt", **PARTS), tmp_path / "run").path / "config.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))  # type: ignore[operator]
    with pytest.raises(RunError, match=told):
        Run.open(tmp_path / "run")


def test_damaged_files_beside_it_are_refused(tagger: Tagger, tmp_path: Path) -> None:
    run = save_run(ph.load(tmp_path / "tagger.pt", **PARTS), tmp_path / "run")
    (run.path / "import.json").write_text("[")
    with pytest.raises(RunError, match=r"import\.json is missing or damaged"):
        run.understood()
    safetensors.torch.save_file({"x": torch.zeros(3)}, run.path / "weights.safetensors")
    with pytest.raises(RunError, match="truncated or damaged"):
        run.network()


# Vocabularies


@pytest.mark.parametrize(
    ("text", "symbols", "unit"),
    [
        ("a\nb\nc\n", ("a", "b", "c"), "char"),
        ('["a", "\\n", " "]', ("a", "\n", " "), "char"),
        ("<pad>\nthe\ncat", ("<pad>", "the", "cat"), "word"),
        ("[\n]\na\n", ("[", "]", "a"), "char"),
        (f"a\n{UNKNOWN}\n", ("a", UNKNOWN), "char"),
    ],
    ids=["lines", "json", "words", "brackets", "unknown"],
)
def test_a_vocabulary_is_a_json_list_or_one_symbol_a_line(
    text: str, symbols: tuple[str, ...], unit: str, tmp_path: Path
) -> None:
    (tmp_path / "v").write_text(text, encoding="utf-8")
    found = read_vocabulary(tmp_path / "v")
    assert (found.symbols, found.unit) == (symbols, unit)
    assert found.unknown == (symbols.index(UNKNOWN) if UNKNOWN in symbols else None)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a\n\nb\n", "symbol 1 must be a text that is not empty"),
        (b"", "symbol 0"),
        (b"a\nb\na\n", "'a' is there more than once"),
        (b'["a", 3]', "symbol 1 must be a text that is not empty, got 3"),
        (b'{"a": 0}', "it holds an object"),
        (b'["a", ', "is no JSON list"),
        (b"\xff\xfe\x00", "is not UTF-8"),
    ],
    ids=["empty line", "empty", "twice", "number", "object", "cut", "bytes"],
)
def test_what_is_no_vocabulary_is_refused(data: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(data)
    with pytest.raises(DataError, match=told):
        read_vocabulary(tmp_path / "v")


def test_a_vocabulary_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError):
        read_vocabulary(tmp_path / "v")
