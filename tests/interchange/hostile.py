"""Readers against damaged files: whatever a file holds, a reader gives a ``Found`` or refuses in one line.

    campaign("peephole.interchange.pytorch.reader:read", {"lstm.pt": data}, tmp_path, mutations=300)

The reading is done in a process of its own with bounded memory, so that a crash of a C library, a hang or a flood of
memory is one more finding and not the end of the tests. There every attempt to open a file for writing, to start a
process, to connect or to look up a pickle's class is a finding too. All mutations follow from the seeds' names and
their numbers, so that a finding can be had again.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from interchange.mutations import Mutation, mutated

HUNG = 20.0  # seconds after which a read is said to hang; a hang, not a pace, is what is looked for
FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.spawn",
    "os.remove",
    "os.rename",
    "os.mkdir",
)
FORBIDDEN += (
    "os.rmdir",
    "os.chmod",
    "os.link",
    "os.symlink",
    "shutil.",
    "socket.",
    "subprocess.",
    "pickle.find_class",
)


def campaign(
    read: str,
    seeds: Mapping[str, bytes],
    folder: Path,
    *,
    mutations: int,
    more: str | None = None,
    megabytes: int = 256,
    allowed: Sequence[str] = (),
    seconds: float = HUNG,
) -> None:
    """Damages files and has them read; fails with the first findings.

    Args:
        read: "module:function", which takes a path.
        seeds: file name to bytes: whole files, each of which can be read.
        folder: an empty folder to work in; damaged files that make findings are left there.
        mutations: how many damaged files.
        more: "module:list" of mutations that suit this kind of file (see ``mutations.py``); they are chosen about as
            often as all the others together.
        megabytes: memory that reading may take beyond what the process has after it has read every seed.
        allowed: beginnings of audit events that this reader needs ("subprocess.").
        seconds: after which a read is said to hang.
    """
    originals = folder / "seeds"
    originals.mkdir()
    for name, data in seeds.items():
        (originals / name).write_bytes(data)
    task = {"read": read, "folder": str(folder), "names": list(seeds), "more": more, "megabytes": megabytes}
    task |= {"allowed": list(allowed), "seconds": seconds}
    findings: list[str] = []
    done = 0
    while done < mutations and len(findings) < 5:
        ready = False
        for line in _worker({**task, "first": done, "end": mutations}):
            if "seed" in line:
                raise AssertionError(f"a seed cannot be read: {line['seed']}")
            ready = True
            if "finding" in line:
                findings.append(f"mutation {line['number']}: {line['finding']}")
            if "done" in line:
                done = line["number"] + 1
        assert ready, f"{read}: the reading process did not get as far as damaged files; see what it wrote"
        if done < mutations:  # it ended in the middle of one
            findings.append(f"mutation {done}: the reading process died or hung")
            done += 1
    assert not findings, f"{read} over {', '.join(seeds)}:\n" + "\n".join(findings[:5])


def _worker(task: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Runs this file as a process and yields what it says; ends when the process does or says nothing for long."""
    scratch = Path(task["folder"]) / "scratch"
    scratch.mkdir(exist_ok=True)
    paths = os.pathsep.join(str(Path(path).absolute()) for path in sys.path if path)
    with subprocess.Popen(
        [sys.executable, __file__, json.dumps(task)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=scratch,
        env={**os.environ, "TMPDIR": str(scratch), "OMP_NUM_THREADS": "1", "PYTHONPATH": paths},
    ) as process:
        lines: queue.Queue[str | None] = queue.Queue()

        def listen() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                lines.put(line)
            lines.put(None)

        threading.Thread(target=listen, daemon=True).start()
        try:
            while (line := lines.get(timeout=30 + 2 * task["seconds"])) is not None:
                yield json.loads(line)
        except queue.Empty:
            return
        finally:
            process.kill()


def unprintable(found: Any) -> str | None:
    """A word of a ``Found`` that would do something to a terminal; None where there is none."""
    words = [found.kind, *(found.chain or ()), *found.notes]
    words += [
        word for part in found.parts for word in (part.part.name, *part.sources, *part.sources.values())
    ]
    words += [word for left in found.left_out for word in (left.name, left.what, left.reason)]
    bad = next((word for word in words if not word.isprintable()), None)
    return None if bad is None else f"says {bad!r}"


class _Hung(BaseException):
    """A read that does not end."""


def _work(task: Mapping[str, Any]) -> None:
    """The process: reads the seeds, then damaged ones under limits, and says what was wrong."""
    from peephole.errors import PeepholeError
    from peephole.interchange.found import Found

    def say(**line: object) -> None:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    def got(path: Path) -> str | None:
        """What is wrong with how a file was read; None for nothing."""
        forbidden.clear()
        signal.setitimer(signal.ITIMER_REAL, task["seconds"])
        try:
            found = read(path)
            wrong = unprintable(found) if isinstance(found, Found) else f"gave a {type(found).__name__}"
        except PeepholeError as error:
            text = str(error)
            wrong = None if text and text.isprintable() and len(text) < 1000 else f"said {text!r}"
        except _Hung:
            wrong = f"still reading after {task['seconds']} s"
        except BaseException as error:  # noqa: BLE001 - every kind but one's own is the finding
            wrong = f"raised {type(error).__name__}: {error}"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if forbidden:
            wrong = f"did {forbidden[0]}"
        if left := sorted(entry.name for entry in Path.cwd().iterdir() if entry != path):
            wrong = f"left {left} behind"
        return wrong

    def hang(*_: object) -> None:
        raise _Hung

    read = _named(task["read"])
    more: list[Mutation] = _named(task["more"]) if task["more"] else []
    forbidden: list[str] = []
    signal.signal(signal.SIGALRM, hang)
    folder, names = Path(task["folder"]), task["names"]
    seeds = [(folder / "seeds" / name).read_bytes() for name in names]
    for name in names:
        try:
            read(folder / "seeds" / name)
        except PeepholeError as error:
            say(seed=f"{name}: {error}")
            return
    _limit_memory(task["megabytes"])
    watch = _watch(forbidden, tuple(task["allowed"]))
    say(ready=True)
    for number in range(task["first"], task["end"]):
        at = number % len(names)
        chance = Random(f"{names[at]} {number}")
        data = mutated(chance, seeds[at], [*seeds[:at], *seeds[at + 1 :]], more)
        path = Path.cwd() / names[at]
        path.write_bytes(data)
        watch(True)
        wrong = got(path)
        watch(False)
        path.unlink()
        if wrong is not None:
            kept = folder / f"{number}-{names[at]}"
            kept.write_bytes(data)
            say(number=number, finding=f"{wrong} ({kept})")
        say(number=number, done=True)


def _watch(forbidden: list[str], allowed: tuple[str, ...]) -> Callable[[bool], None]:
    """Notes what a reader has no business to do, while it is switched on."""
    on = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not on:
            return
        if event == "open":
            _, mode, flags = arguments
            writing = (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            opened = isinstance(
                arguments[0], int
            )  # a descriptor, such as a pipe's: opening it was seen before
            if writing and not opened and not str(arguments[0]).endswith((".pyc", "/dev/null")):
                forbidden.append(f"open({arguments[0]!r}, {mode!r})")
        elif event.startswith(FORBIDDEN) and not (allowed and event.startswith(allowed)):
            forbidden.append(f"{event}{arguments!r}"[:200])

    def switch(to: bool) -> None:
        nonlocal on
        on = to

    sys.addaudithook(hook)
    return switch


def _limit_memory(megabytes: int) -> None:
    """No more address space than is taken now and so much beyond."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (megabytes << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _named(name: str) -> Any:
    """What "module:attribute" names."""
    module, attribute = name.split(":")
    return getattr(import_module(module), attribute)


if __name__ == "__main__":
    _work(json.loads(sys.argv[1]))
