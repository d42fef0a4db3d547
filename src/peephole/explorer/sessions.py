"""The traces that are open in the explorer: each is made once, held while it is looked at, and then forgotten.

A trace's id follows from the network's weights, from what it read and from what was held, so a page that is reloaded
finds its trace again, and a server that is restarted makes the same one under the same name. Knows nothing of HTTP.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from threading import Lock

import torch

from peephole.explorer.held import Held
from peephole.explorer.material import Material
from peephole.explorer.missing import no_moment
from peephole.explorer.models import Model, lanes_of
from peephole.explorer.opened import OpenRun, Version
from peephole.explorer.prefix import shared
from peephole.explorer.reading import MOST_NUMBERS, Begun, Reading, read
from peephole.explorer.refusal import Refusal
from peephole.explorer.task import Task
from peephole.explorer.words import RELOAD, Words
from peephole.nn.models import Network
from peephole.trace.trace import LayerRecord

MOST_TRACES = 32


@dataclass(frozen=True, eq=False)
class Session:
    """One open trace.

    Attributes:
        id: its name.
        opened: the run.
        version: which network did it.
        task: what was asked of it.
        reading: what it did.
    """

    id: str
    opened: OpenRun
    version: Version
    task: Task
    reading: Reading

    @property
    def network(self) -> Model:
        """The network that did it."""
        return self.version.network

    @cached_property
    def lanes(self) -> tuple[LayerRecord, ...]:
        """Its records, the layers numbered as on the page."""
        return lanes_of(self.network, self.reading.trace)

    @property
    def material(self) -> Material:
        """What was read."""
        return self.task.material

    @property
    def clamps(self) -> tuple[Held, ...]:
        """What was held."""
        return self.task.clamps

    def place(self, step: int) -> tuple[int, int]:
        """Which sequence, and which of its times, a step is that is counted over all sequences.

        Raises:
            Refusal: there is no such step.
        """
        ends = self.material.lengths.cumsum(0)
        steps = int(ends[-1])
        if not 0 <= step < steps:
            raise no_moment(step, steps)
        sequence = int(torch.searchsorted(ends, step, right=True))
        return sequence, step - int(ends[sequence] - self.material.lengths[sequence])

    @property
    def numbers(self) -> int:
        """How many numbers its trace holds."""
        return sum(values.numel() for record in self.reading.trace for values in record.quantities.values())


class Sessions:
    """The open traces, the most recently used kept. Safe to use from several threads."""

    def __init__(self, *, most: int = MOST_TRACES, most_numbers: int = MOST_NUMBERS) -> None:
        self._most = most
        self._most_numbers = most_numbers
        self._held: OrderedDict[str, Session] = OrderedDict()
        self._lock = Lock()

    def read(self, opened: OpenRun, task: Task) -> Session:
        """Trace what a task asks for, or find the trace that was made of it.

        Raises:
            Refusal: the trace would be too large to hold, or there is no such frame.
        """
        version = opened.version(task.frame, peepholes=task.peepholes)
        name = sha256(f"{version.digest} {task.digest}".encode()).hexdigest()[:16]
        with opened.lock:  # who asks for the same trace at the same time waits for it
            session = self._find(name)
            if session is None:
                reading = read(
                    version.network,
                    task.material,
                    target=opened.target,
                    shown=opened.shown,
                    held=task.clamps,
                    begun=self._begun(version, task),
                )
                session = Session(id=name, opened=opened, version=version, task=task, reading=reading)
                self._hold(session)
        return session

    def _begun(self, version: Version, task: Task) -> Begun | None:
        """The open trace of this network that begins as the task does, furthest; None where none does."""
        if not isinstance(version.network, Network) or version.network.config.bidirectional:
            return None
        with self._lock:
            known = [session for session in self._held.values() if session.version.digest == version.digest]
        # Of those that go as far, the one with the least held: it is there to be returned to, and so is kept.
        found = max(((shared(each.task, task), -len(each.clamps), each.id) for each in known), default=None)
        if found is None or not found[0].steps:
            return None
        nearest = self._find(found[2])
        return None if nearest is None else Begun(nearest.reading, found[0])

    def get(self, id: str) -> Session:
        """The trace of this id.

        Raises:
            Refusal: it was never made or has been forgotten.
        """
        session = self._find(id)
        if session is None:
            raise forgotten(id)
        return session

    def _find(self, id: str) -> Session | None:
        with self._lock:
            if id in self._held:
                self._held.move_to_end(id)
            return self._held.get(id)

    def _hold(self, session: Session) -> None:
        """Hold one more; forget those not used for longest while there are too many or they are too large."""
        with self._lock:
            self._held[session.id] = session
            while len(self._held) > 1 and self._too_many():
                self._held.popitem(last=False)

    def _too_many(self) -> bool:
        numbers = sum(session.numbers for session in self._held.values())
        return len(self._held) > self._most or numbers > self._most_numbers


def forgotten(id: str) -> Refusal:
    """The refusal of a trace that was never made or has been forgotten."""
    return Refusal(Words(f"the trace {id} is no longer held", f"记录 {id} 已不再保留"), do=RELOAD, status=404)
