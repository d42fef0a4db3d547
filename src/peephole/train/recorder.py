"""Writes a run's folder while it is trained; ``run.py`` says what is in it and reads it.

Each file is replaced in one step, so that at any moment the folder is a run that can be opened: killed, out of
disk space or interrupted. Only one process of a training writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import safetensors.torch
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from peephole import __version__
from peephole.data.batches import Problem
from peephole.data.text_problem import TextProblem
from peephole.errors import TrainingError
from peephole.nn.models import NetworkConfig
from peephole.train import run as layout
from peephole.train.checkpoint import Checkpoint, Position
from peephole.train.files import replace_bytes, replace_json, replace_text, writing
from peephole.train.folders import remove_run, require_free
from peephole.train.metrics import Metric, to_csv
from peephole.train.options import TrainOptions
from peephole.train.run import Run


class Recorder:
    """Writes one run.

    folder
        Of the run.
    bits
        Whether its loss is counted in bits (symbols) or in squared deviations (numbers).
    """

    def __init__(self, folder: Path, config: dict[str, Any], metrics: list[Metric], *, bits: bool) -> None:
        self.folder = folder
        self.bits = bits
        self._config = config
        self._metrics = metrics
        last = metrics[-1].step if metrics else 0
        with writing(folder / layout.LOGS):
            self._logs = SummaryWriter(str(folder / layout.LOGS), purge_step=last + 1)

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        name: str,
        network: NetworkConfig,
        problem: Problem,
        options: TrainOptions,
        first: Checkpoint,
        overwrite: bool = False,
    ) -> Recorder:
        """Begin a new run in ``folder``. It can be opened and resumed from the first moment on.

        Raises RunExistsError as ``require_free`` does, TrainingError if it cannot be written.
        """
        require_free(folder, overwrite=overwrite)
        config: dict[str, Any] = {
            "format": layout.FORMAT,
            "peephole": __version__,
            "name": name,
            "network": network.to_json(),
            "problem": problem.describe(),
            "training": options.to_json(),
            "result": {},
        }
        try:
            with writing(folder):
                folder.mkdir(parents=True, exist_ok=True)
                remove_run(folder)
                (folder / layout.CHECKPOINT).parent.mkdir()
            recorder = cls(folder, config, [], bits=problem.target != "value")
            if problem.vocabulary is not None:
                replace_json(folder / layout.VOCABULARY, problem.vocabulary.to_json())
            if isinstance(problem, TextProblem):
                replace_text(folder / layout.SAMPLE, problem.excerpt)
            recorder.weights(first.weights)
            recorder.checkpoint(first)
            recorder.result(first.position)  # last: a folder with a config.json is a run
        except TrainingError as error:
            with suppress(OSError):
                remove_run(folder)
            raise TrainingError(
                f"{folder} could not be begun: {_reason(error)}; make room or rights there, or choose another "
                "folder by -o"
            ) from error
        return recorder

    @classmethod
    def reopen(cls, run: Run, *, problem: Problem, options: TrainOptions, start: Checkpoint) -> Recorder:
        """Go on with a run from one of its checkpoints: what was written after that moment is taken back."""
        step = start.position.step
        config = json.loads((run.path / layout.CONFIG).read_text(encoding="utf-8"))
        config["training"] = options.to_json()
        metrics = [row for row in run.metrics() if row.step <= step]
        recorder = cls(run.path, config, metrics, bits=problem.target != "value")
        if metrics:
            recorder._write_metrics()
        if run.film():
            recorder._write_film([frame for frame in recorder._read_film() if frame["step"] <= step])
        recorder.weights(start.best)
        recorder.result(start.position)
        return recorder

    def weights(self, weights: Mapping[str, Tensor]) -> None:
        """Keep these as the run's best weights."""
        replace_bytes(self.folder / layout.WEIGHTS, _serialised(weights))

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep this as the moment that ``--resume`` goes on from."""
        replace_bytes(self.folder / layout.CHECKPOINT, checkpoint.to_bytes())

    def result(self, position: Position, *, stopped: str | None = None) -> None:
        """Say in ``config.json`` how far training has come and what the best validation was."""
        best = {}
        if position.best_step:
            best = {f"validation_{self._unit}": position.best_loss, **position.best_scores}
        self._config["result"] = {
            **best,
            "best_step": position.best_step,
            "step": position.step,
            "epoch": position.epoch,
            "seconds": position.seconds,
            "symbols": position.symbols,
            "stopped": stopped,
        }
        replace_json(self.folder / layout.CONFIG, self._config)

    def metric(self, row: Metric) -> None:
        """Add a row to ``metrics.csv`` and to TensorBoard's logs."""
        self._metrics.append(row)
        self._write_metrics()
        held_out = {f"validation_{self._unit}": row.validation, **row.scores}
        for name, value in held_out.items():
            self.log(name, value, step=row.step)
        with writing(self.folder / layout.LOGS):
            self._logs.flush()

    def log(self, name: str, value: float, *, step: int) -> None:
        """One number for TensorBoard."""
        with writing(self.folder / layout.LOGS):
            self._logs.add_scalar(name, value, step)

    def frame(self, weights: Mapping[str, Tensor], *, number: int, step: int, share: float) -> None:
        """Keep these weights as a frame of the film."""
        file = f"{number:04d}.safetensors"
        with writing(self.folder / layout.FILM):
            (self.folder / layout.FILM).mkdir(exist_ok=True)
        replace_bytes(self.folder / layout.FILM / file, _serialised(weights))
        frames = [frame for frame in self._read_film() if frame["number"] != number]
        self._write_film([*frames, {"number": number, "file": file, "step": step, "share": share}])

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the logs. Raises TrainingError if they cannot be written, unless an error is under way already."""
        try:
            with writing(self.folder / layout.LOGS):
                self._logs.close()
        except TrainingError:
            if error is None:
                raise

    @property
    def _unit(self) -> str:
        return "bits" if self.bits else "loss"

    @property
    def _film_index(self) -> Path:
        return self.folder / layout.FILM / "index.json"

    def _write_metrics(self) -> None:
        replace_text(self.folder / layout.METRICS, to_csv(self._metrics, unit=self._unit))

    def _read_film(self) -> list[dict[str, Any]]:
        return list(json.loads(self._film_index.read_text())) if self._film_index.is_file() else []

    def _write_film(self, frames: list[dict[str, Any]]) -> None:
        replace_json(self._film_index, frames)


def _serialised(weights: Mapping[str, Tensor]) -> bytes:
    return safetensors.torch.save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    )


def _reason(error: TrainingError) -> str:
    """What kept a file from being written, without the advice for a run that is under way."""
    cause = error.__cause__
    return (cause.strerror or str(cause)) if isinstance(cause, OSError) else str(error)
