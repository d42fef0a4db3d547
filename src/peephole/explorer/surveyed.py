"""A text too long for a trace: it is surveyed once, and any stretch of it is run again when it is looked at.

Knows how a text is read and kept, nothing of which texts are open or of what the page makes of them.
"""

from __future__ import annotations

import copy
import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import torch
from torch import Tensor

from peephole.errors import TraceError
from peephole.explorer.models import SHOWN, Model, layers_of
from peephole.explorer.opened import OpenRun, Version
from peephole.explorer.reading import MOST_NUMBERS, numbers_per_step
from peephole.explorer.refusal import Refusal
from peephole.explorer.task import Task
from peephole.explorer.words import Words
from peephole.trace.subject import Subject
from peephole.trace.survey import Survey, survey
from peephole.trace.trace import LayerRecord

SURVEYED_FROM = 16_384
"""A text of so many steps is surveyed: what its trace holds could no longer be sent to the page at once."""
SPAN = 512
"""Steps of a window. The page asks for whole ones."""
MOST_ASKED = 16 * SPAN
EVERY = 128
"""Steps between keyframes: closer than usual, since a window takes as many steps in a row."""
MOST_WINDOW_NUMBERS = 2**25
"""Most numbers of windows that are held: 128 MiB as float32."""
MOST_KEPT = 8
"""Most surveys that are kept beside one run."""

Watch = Callable[[str, float], None]
"""Is told of the survey of a text, by its title, and the share that is done."""


class Stopped(Exception):
    """The survey is no longer wanted."""


def is_long(version: Version, task: Task) -> bool:
    """Whether a task is one text that is too long for a trace."""
    steps, batch = task.material.inputs.shape[:2]
    large = steps * numbers_per_step(version.network) > MOST_NUMBERS
    return batch == 1 and (steps >= SURVEYED_FROM or large) and _can_be_surveyed(version.network)


def _can_be_surveyed(network: Model) -> bool:
    """Whether any stretch of what it does can be had alone, and is no more than what the page has names for."""
    layers = layers_of(network)
    if any(not set(layer.equations.quantities) <= set(SHOWN) for layer in layers):
        return False
    try:
        Subject.of(network)
    except TraceError:
        return False
    return True


@dataclass(frozen=True, eq=False)
class Names:
    """Which symbol stands at each step: ``ids`` (step,) int32 among ``names``, the different symbols."""

    names: tuple[str, ...]
    ids: Tensor


class LongText:
    """One text that a network reads by being surveyed. Safe to use from several threads.

    Attributes:
        id: its name.
        opened: the run.
        task: what is read.
        symbols: of the text.
        network: what reads it; a copy of its own, since others may read with the run's meanwhile.
    """

    def __init__(self, id: str, opened: OpenRun, version: Version, task: Task) -> None:
        self.id = id
        self.opened = opened
        self.task = task
        self.symbols = _named(task.material.symbols)
        self.network = copy.deepcopy(version.network)
        self._share = 0.0
        self._survey: Survey | None = None
        self._reading: Future[None] | None = None
        self._stopped = False
        self._windows: OrderedDict[tuple[int, int], tuple[LayerRecord, ...]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.task.material.inputs)

    @property
    def title(self) -> str:
        """What the text is called in the terminal."""
        title = self.task.material.title
        return "a pasted text" if title is None else title.en

    @property
    def share(self) -> float:
        """How much of it has been read, 0 to 1.

        Raises:
            TraceError: it cannot be surveyed.
        """
        if self._reading is not None and self._reading.done():
            self._reading.result()
        return self._share

    @property
    def survey(self) -> Survey:
        """What was found.

        Raises:
            Refusal: it is still being read.
        """
        if self._survey is None:
            raise Refusal(
                Words("this text is still being read", "此文本仍在读取中"),
                do=Words("Wait a moment.", "请稍候。"),
                status=409,
            )
        return self._survey

    def stop(self) -> None:
        """Ends the survey, if it is under way."""
        self._stopped = True

    def begin(self, reader: Executor, watch: Watch) -> None:
        """Has the text surveyed by another thread, unless its survey is kept from another time."""
        self._survey = self._kept()
        if self._survey is None:
            self._reading = reader.submit(self._read, watch)
        else:
            self._share = 1.0

    def _read(self, watch: Watch) -> None:
        self._survey = self._surveyed(watch)
        self._share = 1.0
        watch(self.title, 1.0)

    def _surveyed(self, watch: Watch) -> Survey:
        def report(share: float) -> None:
            if self._stopped:
                raise Stopped
            self._share = min(share, 0.999)  # until what it amounts to is there
            watch(self.title, self._share)

        report(0.0)
        material = self.task.material
        target = self.opened.target
        told = None if target == "output" or target == "none" else target  # or mypy does not see it
        vocabulary = self.opened.vocabulary
        found = survey(
            self.network,
            material.inputs.squeeze(1),
            symbols=None if vocabulary is None else vocabulary.symbols,
            target=told,
            outcomes=None if self.opened.shown is not None else material.targets.squeeze(1),
            every=EVERY,
            report=report,
        )
        self._keep(found)
        return found

    @property
    def _path(self) -> Path:
        return self.opened.run.path / "surveys" / f"{self.id}.safetensors"

    def _kept(self) -> Survey | None:
        """The survey of this very text by these very weights, if it lies beside the run."""
        if not self._path.is_file():
            return None
        try:
            found = Survey.load(self._path, self.network)
        except TraceError as error:
            logging.getLogger(__name__).warning("%s; it is made again", error)
            return None
        return found if torch.equal(found.inputs, self.task.material.inputs.squeeze(1)) else None

    def _keep(self, found: Survey) -> None:
        """Lays a survey beside the run, if it is of a file; what somebody pasted is not written anywhere."""
        if not self.task.keep:
            return
        try:
            self._path.parent.mkdir(exist_ok=True)
            found.save(self._path)
            kept = sorted(self._path.parent.glob("*.safetensors"), key=lambda path: path.stat().st_mtime)
            for oldest in kept[:-MOST_KEPT]:
                oldest.unlink(missing_ok=True)
        except (OSError, TraceError) as error:  # a shipped network's folder may be read-only
            logging.getLogger(__name__).warning("the survey of %s is not kept: %s", self.title, error)

    def window(self, layer: int, begin: int, end: int) -> tuple[LayerRecord, ...]:
        """The records of every direction of one layer over steps ``begin`` to ``end`` − 1.

        They lie between multiples of ``SPAN`` or the text's ends; the latest ones are held.

        Raises:
            Refusal: no such stretch, or too long a one, or it is still being read.
        """
        if begin % SPAN or not begin < end <= len(self) or (end % SPAN and end != len(self)):
            raise _no_window(begin, end, len(self))
        if end - begin > MOST_ASKED:
            raise _no_window(begin, end, len(self))
        with self._lock:
            missing = [at for at in range(begin, end, SPAN) if (layer, at) not in self._windows]
            if missing:
                self._run(layer, missing[0], min(missing[-1] + SPAN, len(self)))
            found = []
            for at in range(begin, end, SPAN):
                self._windows.move_to_end((layer, at))
                found.append(self._windows[layer, at])
            self._forget(keep=len(found))
        return tuple(_joined(parts) for parts in zip(*found, strict=True))

    def _run(self, layer: int, begin: int, end: int) -> None:
        """Runs a stretch of one layer again, and holds it in windows."""
        records = self.survey.window(begin, end, layer=layer).records
        for at in range(begin, end, SPAN):
            here = slice(at - begin, at - begin + SPAN)
            self._windows[layer, at] = tuple(_cut(record, here) for record in records)

    def _forget(self, *, keep: int) -> None:
        """Forgets the windows not asked for longest while there are too many."""
        per_window = SPAN * numbers_per_step(self.network) // len(layers_of(self.network))
        most = max(keep, MOST_WINDOW_NUMBERS // per_window)
        while len(self._windows) > most:
            self._windows.popitem(last=False)


def _named(symbols: tuple[str, ...]) -> Names:
    number: dict[str, int] = {}
    ids = torch.tensor([number.setdefault(symbol, len(number)) for symbol in symbols], dtype=torch.int32)
    return Names(tuple(number), ids)


def _cut(record: LayerRecord, here: slice) -> LayerRecord:
    quantities = {name: values[here] for name, values in record.quantities.items()}
    return replace(record, quantities=quantities, input=record.input[here])


def _joined(parts: tuple[LayerRecord, ...]) -> LayerRecord:
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    quantities = {name: torch.cat([part[name] for part in parts]) for name in first.quantities}
    return replace(first, quantities=quantities, input=torch.cat([part.input for part in parts]))


def _no_window(begin: int, end: int, steps: int) -> Refusal:
    return Refusal(
        Words(
            f"there is no window of steps {begin} to {end} in a text of {steps:,}",
            f"在 {steps:,} 步的文本中没有第 {begin} 至 {end} 步的窗口",
        ),
        do=Words("Reload the page.", "请重新加载页面。"),
        status=404,
    )
