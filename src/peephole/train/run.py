"""A run: the folder that training leaves behind, opened for reading.

    config.json           the network, the problem, the training options, the result
    weights.safetensors   the network at its best validation
    vocabulary.json       the symbols, where the input is made of symbols
    metrics.csv           the course of training, one row a validation
    sample.txt            the start of the held-out text, where the problem is a text
    logs/                 for TensorBoard
    checkpoint/last.ckpt  what --resume goes on from
    film/                 numbered weights and index.json, where a film was asked for
    import.json           what was understood, where the network was imported; such a run has config.json,
                          weights.safetensors and, for symbols, vocabulary.json, and nothing else

Only ``recorder.py`` writes one, and of an imported network ``peephole.interchange.saving``. A run is opened without its
data, and without the training framework.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from peephole.data.batches import Problem
from peephole.data.problems import problem_from
from peephole.data.tasks import task_named
from peephole.data.vocabulary import Vocabulary
from peephole.errors import DataError, RunError, RunNotFoundError
from peephole.nn.chain import ChainConfig, config_from_json
from peephole.nn.chain_network import Chain
from peephole.nn.models import Network, NetworkConfig
from peephole.trace.showing import hosts
from peephole.train.checkpoint import Checkpoint
from peephole.train.metrics import Metric, from_csv
from peephole.train.options import TrainOptions
from peephole.train.weights import count_parameters, load_weights

if TYPE_CHECKING:
    from peephole.explorer.widget import Explorer

FORMAT = 1
CONFIG = "config.json"
WEIGHTS = "weights.safetensors"
VOCABULARY = "vocabulary.json"
METRICS = "metrics.csv"
SAMPLE = "sample.txt"
LOGS = "logs"
CHECKPOINT = "checkpoint/last.ckpt"
FILM = "film"
IMPORT = "import.json"
IMPORTED = "imported"
"""The kind of problem of a network that was not trained here."""


@dataclass(frozen=True)
class Frame:
    """One checkpoint of a film: its number, its file, and the step and share of the budget at which it was taken."""

    number: int
    path: Path
    step: int
    share: float


@dataclass(frozen=True)
class Run:
    """An opened run.

    path, name
        The folder, and what the run is called.
    version
        The version of Peephole that trained or imported it.
    config
        What the network is made of; an imported one is a chain.
    description
        The problem, as ``problem_from`` takes it; of an imported network its kind, "imported", the ``file`` and what
        that is (``from``).
    options
        How it was trained; None where it was imported.
    result
        The best validation (``validation_bits``, or ``validation_loss`` for numbers, and further scores such as
        ``accuracy``), its ``best_step``, how far training has come (``step``, ``epoch``, ``seconds``,
        ``symbols``) and why it stopped (``stopped``: "budget", "patience", "SIGINT", "SIGTERM"; null: it has not).
        Empty where it was imported.
    parameters
        The number of the network's weights.
    """

    path: Path
    name: str
    version: str
    config: NetworkConfig | ChainConfig
    description: Mapping[str, object]
    options: TrainOptions | None
    result: Mapping[str, Any]
    parameters: int

    @classmethod
    def open(cls, path: str | Path, *, without_weights: bool = False) -> Run:
        """Open a run folder: its configuration is read and its weights file is checked, not loaded.

        without_weights
            Do not look at the weights file; resuming writes it anew from the checkpoint.

        Raises RunNotFoundError where there is none, RunError where it is damaged or of another version.
        """
        path = Path(path)
        if not path.is_dir():
            raise RunNotFoundError(f"{path} is not there: name a run folder that `peephole train` wrote")
        if not (path / CONFIG).is_file():
            raise RunNotFoundError(
                f"{path} is no run, it has no {CONFIG}: name a folder that `peephole train` wrote"
            )
        data = _read_config(path)
        try:
            config, training = config_from_json(data["network"]), data["training"]
            description = dict(data["problem"])
            if (description.get("kind") == IMPORTED) != isinstance(config, ChainConfig):
                raise ValueError("its network and its problem do not fit together")
            return cls(
                path=path,
                name=str(data["name"]),
                version=str(data["peephole"]),
                config=config,
                description=description,
                options=None if isinstance(config, ChainConfig) else TrainOptions.from_json(training),
                result=dict(data["result"]),
                parameters=0 if without_weights else count_parameters(path / WEIGHTS),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, RunError):
                raise
            raise RunError(f"{path / CONFIG} is damaged ({error}): train the network again") from error

    @property
    def imported(self) -> bool:
        """Whether the network was trained elsewhere: there are no data, no course of training, no checkpoint."""
        return isinstance(self.config, ChainConfig)

    def training(self) -> tuple[NetworkConfig, TrainOptions]:
        """What the network is made of and how it was trained. Raises RunError for an imported network."""
        self.refuse_imported("it cannot be trained on")
        return cast(NetworkConfig, self.config), cast(TrainOptions, self.options)

    def refuse_imported(self, consequence: str) -> None:
        """Raise RunError for an imported network, with what follows from that."""
        if self.imported:
            raise RunError(
                f"{self.path} was imported from {self.description.get('file')}, not trained here: {consequence}"
            )

    def understood(self) -> Mapping[str, Any] | None:
        """What the import understood of the file, as ``peephole.interchange`` wrote it; None for a trained network.

        Raises RunError if the file is damaged.
        """
        if not self.imported:
            return None
        path = self.path / IMPORT
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"{path} is missing or damaged ({error}): import the network again") from error
        if not isinstance(found, dict):
            raise RunError(f"{path} is damaged, it holds no object: import the network again")
        return found

    @property
    def predicts_next_symbol(self) -> bool:
        """Whether the network can write: it reads symbols, and its outputs are the symbols that may follow."""
        kind = self.description.get("kind")
        return kind == "text" or (kind == "task" and not task_named(str(self.description.get("task"))).tags)

    def network(self) -> Network | Chain:
        """The network with the best weights, in evaluation mode; an imported one is a ``Chain``.

        Raises RunError if the weights do not fit the config.
        """
        network = Chain(self.config) if isinstance(self.config, ChainConfig) else Network(self.config)
        load_weights(network, self.path / WEIGHTS)
        return network.eval()

    def trained_network(self) -> Network:
        """As ``network``. Raises RunError for an imported one too."""
        network = Network(self.training()[0])
        load_weights(network, self.path / WEIGHTS)
        return network.eval()

    def vocabulary(self) -> Vocabulary | None:
        """The input's symbols; None where the input is numbers. Raises RunError if the file is damaged."""
        if self.config.input == "numbers":
            return None
        try:
            vocabulary = Vocabulary.load(self.path / VOCABULARY)
        except DataError as error:
            raise RunError(str(error)) from error
        if len(vocabulary) != self.config.input_size:
            raise RunError(
                f"{self.path / VOCABULARY} has {len(vocabulary)} symbols but the network reads "
                f"{self.config.input_size}: one of the two is of another run"
            )
        return vocabulary

    def problem(self) -> Problem:
        """The problem again, from its data.

        Raises DataError where the data is gone or has changed, RunError where the network was imported.
        """
        self.refuse_imported("there is no data")
        return problem_from(self.description, vocabulary=self.vocabulary())

    def sample_text(self) -> str | None:
        """The first held-out symbols of a text run, kept with it; None for other problems."""
        path = self.path / SAMPLE
        return path.read_bytes().decode() if path.is_file() else None

    def metrics(self) -> list[Metric]:
        """The course of training; empty before the first validation. Raises RunError if the table is damaged."""
        path = self.path / METRICS
        if not path.is_file():
            return []
        try:
            return from_csv(path.read_text(encoding="utf-8"))
        except (RunError, UnicodeDecodeError) as error:
            raise RunError(f"{path} is damaged: {error}") from error

    def checkpoint(self) -> Checkpoint:
        """What training goes on from. Raises RunError where it is missing or damaged, or there never was one."""
        self.refuse_imported("there is nothing to resume")
        path = self.path / CHECKPOINT
        try:
            return Checkpoint.from_bytes(path.read_bytes())
        except FileNotFoundError as error:
            raise RunError(
                f"{path} is not there, so this run cannot be resumed: train with --overwrite"
            ) from error
        except RunError as error:
            raise RunError(f"{path} cannot be resumed from, {error}: train again with --overwrite") from error

    def film(self) -> list[Frame]:
        """The frames of the film in order; empty if none was asked for."""
        index = self.path / FILM / "index.json"
        if not index.is_file():
            return []
        try:
            return [
                Frame(int(f["number"]), index.with_name(str(f["file"])), int(f["step"]), float(f["share"]))
                for f in json.loads(index.read_text(encoding="utf-8"))
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"{index} is damaged ({error}): train again with --film") from error

    def explore(self, *, height: int = 640) -> Explorer:
        """The explorer in a notebook, showing this run; the last line of a cell shows what is returned.

        ``widget.selection`` is what is looked at, both ways. ``height`` is the frame's, in pixels. Raises
        NotInstalledError where anywidget is not installed.
        """
        return hosts().explore_run(self, height=height)

    def save_html(self, path: str | Path, *, text: str | None = None) -> None:
        """Write the explorer with this run as one HTML file, which opens from disk with the network off.

        A small network runs in the page, on whatever is typed there. Of a large one the page holds what it did,
        rounded to the two decimals that are printed.

        text
            What it reads; None for its own samples.

        Raises TraceError where the file cannot be written, OptionError for a text and a network that reads numbers,
        and ServerError where the network cannot read the text or the front end is not built.
        """
        hosts().save_run(self, Path(path), text=text)

    def network_at(self, frame: Frame) -> Network:
        """The network as it was at a frame of the film, in evaluation mode."""
        network = Network(self.training()[0])
        load_weights(network, frame.path)
        return network.eval()


def find_runs(folder: str | Path) -> list[Run | RunError]:
    """All runs right inside ``folder``, the latest first, with an error in place of each that cannot be opened."""
    found: list[tuple[float, Run | RunError]] = []
    for path in _run_folders(Path(folder)):
        changed = (path / CONFIG).stat().st_mtime
        try:
            found.append((changed, Run.open(path)))
        except RunError as error:
            found.append((changed, error))
    return [run for _, run in sorted(found, key=lambda pair: -pair[0])]


def is_run(path: Path) -> bool:
    """Whether ``path`` is a folder that training wrote, of whatever version and state."""
    return (path / CONFIG).is_file()


def _run_folders(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise RunNotFoundError(f"{folder} is not there: name a run, or a folder of runs")
    yield from (path for path in sorted(folder.iterdir()) if is_run(path))


def _read_config(path: Path) -> dict[str, Any]:
    """The configuration of a run of this version."""
    try:
        data = json.loads((path / CONFIG).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path / CONFIG} is damaged ({error}): train the network again") from error
    if not isinstance(data, dict) or "format" not in data:
        raise RunError(f"{path} is not a run: its {CONFIG} is something else's")
    if data["format"] != FORMAT:
        raise RunError(
            f"{path} was written by Peephole {data.get('peephole', '?')} in run format {data['format']}, and this "
            f"version reads format {FORMAT}: open it with that version, or train again"
        )
    return data
