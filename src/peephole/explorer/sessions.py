"""The traces that are open in the explorer: each is made once, held while it is looked at, and then forgotten.

A trace's id follows from the network's weights and from what it read, so a page that is reloaded finds its trace
again, and a server that is restarted makes the same one under the same name. Knows nothing of HTTP.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

from peephole.explorer.material import Material
from peephole.explorer.opened import OpenRun
from peephole.explorer.reading import MOST_NUMBERS, Reading, read
from peephole.explorer.refusal import Refusal

MOST_TRACES = 8


@dataclass(frozen=True)
class Session:
    """One open trace: its id, what was read, and what the network did with it."""

    id: str
    material: Material
    reading: Reading

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

    def read(self, opened: OpenRun, material: Material) -> Session:
        """Trace a material, or find the trace that was made of it.

        Raises:
            Refusal: the trace would be too large to hold.
        """
        name = sha256(f"{opened.digest} {material.digest}".encode()).hexdigest()[:16]
        with opened.lock:  # who asks for the same trace at the same time waits for it
            session = self._find(name)
            if session is None:
                reading = read(opened.network, material, target=opened.target)
                session = Session(id=name, material=material, reading=reading)
                self._hold(session)
        return session

    def get(self, id: str) -> Session:
        """The trace of this id.

        Raises:
            Refusal: it was never made or has been forgotten.
        """
        session = self._find(id)
        if session is None:
            raise Refusal(
                f"the trace {id} is no longer held", do="Reload the page to make it again.", status=404
            )
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
