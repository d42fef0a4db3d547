"""A run with its network in memory, and what it can be given to read.

Knows run folders and problems, nothing of HTTP or of traces.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from threading import Lock

import numpy as np

from peephole.data.batches import Problem, text_sample
from peephole.data.signals import Signal
from peephole.data.vocabulary import Vocabulary
from peephole.errors import DataError
from peephole.explorer import drawing, material
from peephole.explorer.changes import Change, changes
from peephole.explorer.demonstrations import demonstration, titles
from peephole.explorer.input_files import unreadable
from peephole.explorer.material import Material
from peephole.explorer.models import Model, Says, Shown, network_of, shown_chain
from peephole.explorer.peepholes import without_peepholes
from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words
from peephole.nn.chain_network import Chain
from peephole.trace.beside import one_thread
from peephole.train.run import WEIGHTS, Run

MOST_FRAMES = 64
"""Most networks of a film that are kept in memory: they are small."""


@dataclass(frozen=True, eq=False)
class Version:
    """The network at one moment of its training.

    Attributes:
        network: in eval mode.
        digest: names these very weights; others have another.
    """

    network: Model
    digest: str


class OpenRun:
    """A run whose network is loaded.

    A run of a text is opened without that text, which may be gone or have changed: the run keeps the stretch of it
    that is its sample. Other problems are built again when they are first asked for. An imported network learned
    nothing here: it has demonstrations in place of samples.

    Attributes:
        run: the folder.
        network: in eval mode.
        shown: how an imported network became it; None for another.
        vocabulary: the input's symbols; None where the input is numbers, or symbols without names.
        lock: held while the network reads, so that one thing at a time is traced.
        digest: names these very weights; other weights in the same folder have another.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.digest = weights_digest(run)  # before they are read: later ones will differ
        network = run.network()
        self.shown: Shown | None = shown_chain(network) if isinstance(network, Chain) else None
        self.network: Model = network if self.shown is None else self.shown.model
        self.vocabulary = _named(run.vocabulary())
        self.lock = Lock()
        self._text = run.sample_text()
        self._problem_lock = Lock()
        self._frames: OrderedDict[str, Version] = OrderedDict()
        self._frames_lock = Lock()

    def version(self, frame: int | None, *, peepholes: bool = True) -> Version:
        """The finished network, or the one of a frame of the film; as it is, or with its peepholes shut.

        Raises:
            Refusal: there is no such frame, or there are no peepholes to shut.
            RunError: its file is damaged.
        """
        found = self._version(frame)
        if peepholes:
            return found
        return Version(without_peepholes(found.network), f"{found.digest} without peepholes")

    def _version(self, frame: int | None) -> Version:
        if frame is None:
            return Version(self.network, self.digest)
        film = {found.number: found for found in self.run.film()}
        if frame not in film:
            raise _no_frame(frame, list(film))
        digest = _digest(film[frame].path)
        with self._frames_lock:
            version = self._frames.pop(digest, None) or Version(self.run.network_at(film[frame]), digest)
            self._frames[digest] = version
            if len(self._frames) > MOST_FRAMES:
                self._frames.popitem(last=False)
        return version

    @property
    def target(self) -> Says:
        """What the outputs mean."""
        if self.shown is not None:
            return self.shown.target
        return "next" if self._text is not None else self._problem.target

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Names of the outputs where they are not the vocabulary's symbols; None otherwise."""
        return None if self._text is not None or self.shown is not None else self._problem.labels

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, by number; empty where the output is a number itself."""
        if self.target in ("value", "output", "none"):
            return ()
        if self.shown is not None:
            return tuple(map(str, range(self.network.config.output_size)))
        return self.labels or (self.vocabulary.symbols if self.vocabulary else ())

    @property
    def samples(self) -> int:
        """How many samples there are."""
        if self.shown is not None:
            return len(self.demonstrations)
        return 1 if self._text is not None else self._problem.samples

    @property
    def demonstrations(self) -> tuple[Words, ...]:
        """What each sample is, where they are made up."""
        return () if self.shown is None else titles(numbers=self.network.config.input == "numbers")

    def sample(self, index: int) -> Material:
        """Held-out data of the run's own.

        Raises:
            Refusal: there is no sample of this number.
            DataError: the run's data is gone or has changed.
        """
        if not 0 <= index < self.samples:
            last = self.samples - 1
            raise Refusal(
                Words(f"there is no sample {index}", f"没有样本 {index}"),
                do=Words(f"Choose one from 0 to {last}.", f"请从 0 到 {last} 中选择。"),
                status=404,
            )
        if self._text is not None and self.vocabulary is not None:
            titles = {"title": "held-out text", "chinese": "留出的文本"}
            return material.sampled(text_sample(self._text, self.vocabulary, **titles))
        if self.shown is not None:
            config = self.network.config
            made = demonstration(
                index, config.input_size, numbers=config.input == "numbers", never=self.shown.never
            )
            if self.vocabulary is None:
                return made
            names = self.vocabulary.symbols
            return replace(made, symbols=tuple(names[symbol] for symbol in made.inputs.flatten().tolist()))
        return material.sampled(self._problem.sample(index))

    def measured(self, signal: Signal, name: str, *, title: Words | None) -> Material:
        """Numbers of a file, or whole numbers as symbols without names.

        Args:
            signal: them.
            name: what the file is called.
            title: what the page calls them; None for what somebody opened there.

        Raises:
            Refusal: the network cannot read them.
        """
        config = self.network.config
        wanted = config.input_size if config.input == "numbers" else 1
        found = signal.values.shape[1]
        if found != wanted and signal.samples_per_step is None:
            raise Refusal(
                Words(
                    f"{name} has {found} numbers a step and this network reads {wanted}",
                    f"{name} 每步有 {found} 个数值，而该网络每步读取 {wanted} 个",
                ),
                do=Words("Choose another file.", "请选择另一个文件。"),
                status=422,
            )
        try:
            if config.input == "numbers":
                return material.measured(
                    self._standardised(signal),
                    config.input_size,
                    title,
                    labels=self.target in ("tag", "class"),
                    follows=self.target == "value",
                )
            never = None if self.shown is None else self.shown.never
            return material.counted(signal, config.input_size, title, never=never)
        except DataError as error:
            raise unreadable(name, error, status=422) from error

    def _standardised(self, signal: Signal) -> Signal:
        """What a network of a series reads: numbers in the deviations of what it learned from."""
        about = self.run.description
        mean, deviation = about.get("mean"), about.get("deviation")
        if about.get("kind") != "series" or not isinstance(mean, float) or not isinstance(deviation, float):
            return signal
        return replace(signal, values=(signal.values.astype(np.float64) - mean) / deviation)

    def typed(self, text: str) -> Material:
        """What somebody typed.

        Raises:
            Refusal: the network reads numbers, or it cannot read this text.
        """
        read = material.typed(text, self._letters, follows=self.target == "next")
        return (
            read
            if self.shown is None or self.shown.never is None
            else material.without(read, self.shown.never)
        )

    @property
    def _letters(self) -> Vocabulary:
        """The vocabulary of a network that reads text."""
        if self.vocabulary is None:
            raise Refusal(
                Words("this network reads numbers, not text", "该网络读取的是数值，不是文本"),
                do=Words(
                    "Choose one of its samples, or open a file of numbers.",
                    "请选择它的一个样本，或打开数值文件。",
                ),
                status=422,
            )
        return self.vocabulary

    def drawn(self, pixels: str) -> Material:
        """A digit that somebody drew.

        Raises:
            Refusal: the network does not read images of this size, or it is no drawing.
        """
        config = self.network.config
        if (config.input, config.input_size, self.target) != ("numbers", drawing.SIDE, "class"):
            raise Refusal(
                Words("this network does not read drawn digits", "该网络不读取手写数字"),
                do=Words("Choose a network of digits.", "请选择识别数字的网络。"),
                status=422,
            )
        return material.drawn(pixels)

    def changes(self) -> list[Change]:
        """The held-out images over which the network changes its mind, the latest to settle first.

        Raises:
            Refusal: the network labels no images.
        """
        if self.target != "class":
            raise Refusal(
                Words("this network labels no images", "该网络不识别图像"),
                do=Words("Choose a network of digits.", "请选择识别数字的网络。"),
                status=422,
            )
        network = network_of(self.network, Words("a change of mind", "改变判断"))
        with self.lock, one_thread():
            return changes(network, self._problem.validation(batch=self.samples))

    @property
    def _problem(self) -> Problem:
        with self._problem_lock:
            return self._built_problem

    @cached_property
    def _built_problem(self) -> Problem:
        return self.run.problem()


def _named(vocabulary: Vocabulary | None) -> Vocabulary | None:
    """The vocabulary, unless its symbols are called by their numbers alone: nobody writes such a text."""
    if vocabulary is None or vocabulary.symbols == tuple(map(str, range(len(vocabulary)))):
        return None
    return vocabulary


def weights_digest(run: Run) -> str:
    """Names the weights that lie in the run's folder now, without reading them."""
    return _digest(run.path / WEIGHTS)


def _digest(path: Path) -> str:
    state = path.stat()
    return sha256(f"{path.resolve()} {state.st_mtime_ns} {state.st_size}".encode()).hexdigest()


def _no_frame(frame: int, there: list[int]) -> Refusal:
    if there:
        do = Words(f"It has frames {there[0]} to {there[-1]}.", f"可选的帧为 {there[0]} 到 {there[-1]}。")
    else:
        do = Words("It was trained without --film.", "训练时未使用 --film。")
    return Refusal(
        Words(
            f"the film of this network's training has no frame {frame}", f"该网络的训练影片没有第 {frame} 帧"
        ),
        do=do,
        status=404,
    )
