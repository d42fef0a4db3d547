"""A run with its network in memory, and what it can be given to read.

Knows run folders and problems, nothing of HTTP or of traces.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from threading import Lock

from peephole.data.batches import Problem, Target, text_sample
from peephole.explorer.changes import Change, changes
from peephole.explorer.material import Material, sampled, typed
from peephole.explorer.refusal import Refusal
from peephole.trace.beside import one_thread
from peephole.train.run import WEIGHTS, Run


class OpenRun:
    """A run whose network is loaded.

    A run of a text is opened without that text, which may be gone or have changed: the run keeps the stretch of it
    that is its sample. Other problems are built again when they are first asked for.

    Attributes:
        run: the folder.
        network: in eval mode.
        vocabulary: the input's symbols; None where the input is numbers.
        lock: held while the network reads, so that one thing at a time is traced.
        digest: names these very weights; other weights in the same folder have another.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.digest = weights_digest(run)  # before they are read: later ones will differ
        self.network = run.network()
        self.vocabulary = run.vocabulary()
        self.lock = Lock()
        self._text = run.sample_text()
        self._problem_lock = Lock()

    @property
    def target(self) -> Target:
        """What the outputs mean."""
        return "next" if self._text is not None else self._problem.target

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Names of the outputs where they are not the vocabulary's symbols; None otherwise."""
        return None if self._text is not None else self._problem.labels

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, by number; empty where the output is a number itself."""
        if self.target == "value":
            return ()
        return self.labels or (self.vocabulary.symbols if self.vocabulary else ())

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return 1 if self._text is not None else self._problem.samples

    def sample(self, index: int) -> Material:
        """Held-out data of the run's own.

        Raises:
            Refusal: there is no sample of this number.
            DataError: the run's data is gone or has changed.
        """
        if not 0 <= index < self.samples:
            raise Refusal(
                f"there is no sample {index}", do=f"Choose one from 0 to {self.samples - 1}.", status=404
            )
        if self._text is not None and self.vocabulary is not None:
            return sampled(text_sample(self._text, self.vocabulary, title="held-out text"))
        return sampled(self._problem.sample(index))

    def typed(self, text: str) -> Material:
        """What somebody typed.

        Raises:
            Refusal: the network reads numbers, or it cannot read this text.
        """
        if self.vocabulary is None:
            raise Refusal("this network reads numbers, not text", do="Choose one of its samples.", status=422)
        return typed(text, self.vocabulary, follows=self.target == "next")

    def changes(self) -> list[Change]:
        """The held-out images over which the network changes its mind, the latest to settle first.

        Raises:
            Refusal: the network labels no images.
        """
        if self.target != "class":
            raise Refusal("this network labels no images", do="Choose a network of digits.", status=422)
        with self.lock, one_thread():
            return changes(self.network, self._problem.validation(batch=self.samples))

    @property
    def _problem(self) -> Problem:
        with self._problem_lock:
            return self._built_problem

    @cached_property
    def _built_problem(self) -> Problem:
        return self.run.problem()


def weights_digest(run: Run) -> str:
    """Names the weights that lie in the run's folder now, without reading them."""
    state = (run.path / WEIGHTS).stat()
    return sha256(f"{run.path.resolve()} {state.st_mtime_ns} {state.st_size}".encode()).hexdigest()
