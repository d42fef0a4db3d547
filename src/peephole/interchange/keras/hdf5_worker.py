"""Reads one HDF5 file in a process of its own: a malformed file can crash or hang HDF5's C library, and then only this.

    python -I hdf5_worker.py '{"size": 4096, …}' < file > answer

The file is standard input. The answer is 8 bytes, the length of a JSON object; that object; and the raw values of
the arrays that it lists, one after another. The file is walked whole before any array is read, and whatever is not
plain is refused: links, external and virtual storage, values that are not there, compression beyond a bound. Run as a
script; imports h5py and NumPy alone, since every refusal waits for it.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from typing import Any

EXPANSION = 8  # bytes of values that a byte of the file may hold: networks are stored as they are
SLACK = 1 << 16  # bytes of values that any file may hold
DEPTH = 32  # groups inside groups
OBJECTS = 100_000  # groups and arrays
STRINGS = 100_000  # in one attribute
FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}
KINDS = {"f": "float", "i": "integer", "u": "integer"}


class Refused(Exception):
    """Something in the file is not plain."""


def limit(size: int) -> None:
    """No more memory than a small multiple of the file, no more time than reading it takes, no files, no dumps.

    Args:
        size: of the file, bytes.
    """
    if sys.platform == "win32":
        return
    import resource
    import signal

    seconds = 1 + size // 50_000_000
    # An interval timer counts this process's own time from now; its signal ends it.
    signal.setitimer(signal.ITIMER_PROF, seconds)
    limits = {resource.RLIMIT_CPU: seconds + 2, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - pathlib is one import more
            taken = int(statm.read().split()[0]) * resource.getpagesize()
        limits[resource.RLIMIT_AS] = taken + (64 << 20) + (EXPANSION + 4) * size
    for which, most in limits.items():
        hard = resource.getrlimit(which)[1]  # nobody may raise it
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))


class Walk:
    """What is in a file: attributes of its groups, and arrays that may be read.

    Args:
        file: an ``h5py.File``.
        size: of the file, bytes.
        skip: names of groups at the top whose arrays are counted and not read.
        attributes: beginnings of the names of attributes that are read.
    """

    def __init__(self, h5: Any, file: Any, *, size: int, skip: list[str], attributes: list[str]) -> None:
        self.h5, self.size, self.attributes = h5, size, tuple(attributes)
        self.groups: dict[str, dict[str, Any]] = {}
        self.arrays: dict[str, Any] = {}
        self.skipped: dict[str, int] = {}
        self._seen: set[Any] = set()
        self._bytes = 0
        self._group("", file.id, set(skip))

    def _group(self, path: str, group: Any, skip: set[str]) -> None:
        if path.count("/") > DEPTH:
            raise Refused(f"group {path!r} lies more than {DEPTH} groups deep")
        self._once(path, group)
        self.groups[path] = self._attributes(path, group)
        for name, child in self._children(path, group):
            inside = f"{path}/{name}" if path else name
            if isinstance(child, self.h5.h5g.GroupID):
                if name in skip:
                    self.skipped[name] = self._count(inside, child, 0)
                else:
                    self._group(inside, child, set())
            elif isinstance(child, self.h5.h5d.DatasetID):
                self._once(inside, child)
                self.arrays[inside] = child
                self._check(inside, child)
            else:
                raise Refused(f"{inside!r} is a {type(child).__name__}, neither a group nor an array")

    def _children(self, path: str, group: Any) -> Iterator[tuple[str, Any]]:
        """Every object in a group; only what lies in the file by itself."""
        names: list[bytes] = []
        group.links.iterate(names.append)
        for raw in names:
            name = raw.decode("utf-8", "backslashreplace")
            kind = group.links.get_info(raw).type
            if kind != self.h5.h5l.TYPE_HARD:
                words = {self.h5.h5l.TYPE_SOFT: "a soft link", self.h5.h5l.TYPE_EXTERNAL: "an external link"}
                raise Refused(
                    f"{f'{path}/{name}'.lstrip('/')!r} is {words.get(kind, 'a link of an unknown kind')} "
                    "to another place, which no network's file needs"
                )
            yield name, self.h5.h5o.open(group, raw)

    def _once(self, path: str, child: Any) -> None:
        """An object stands under one name, so that nothing is walked in circles or read many times."""
        if len(self._seen) >= OBJECTS:
            raise Refused(f"more than {OBJECTS:,} groups and arrays")
        address = self.h5.h5o.get_info(child).addr
        if address in self._seen:
            raise Refused(f"{path!r} stands in the file under another name too")
        self._seen.add(address)

    def _count(self, path: str, group: Any, depth: int) -> int:
        """Arrays in a group that is not read."""
        if depth > DEPTH:
            raise Refused(f"group {path!r} lies more than {DEPTH} groups deep")
        self._once(path, group)
        total = 0
        for name, child in self._children(path, group):
            if isinstance(child, self.h5.h5g.GroupID):
                total += self._count(f"{path}/{name}", child, depth + 1)
            else:
                total += 1
        return total

    def _attributes(self, path: str, group: Any) -> dict[str, Any]:
        """Those asked for: a string, or a list of strings."""
        found: dict[str, Any] = {}
        for index in range(self.h5.h5a.get_num_attrs(group)):
            attribute = self.h5.h5a.open(group, index=index)
            name = attribute.name.decode("utf-8", "backslashreplace")
            if not name.startswith(self.attributes):
                continue
            where = f"attribute {name!r} of {path or 'the file'!r}"
            empty = attribute.get_space().get_simple_extent_type() == self.h5.h5s.NULL
            if empty or 0 in attribute.shape:
                found[name] = []  # no names: Keras writes them as an array of numbers without any
                continue
            if math.prod(attribute.shape) > STRINGS or attribute.get_storage_size() > self.size:
                raise Refused(
                    f"{where} has the shape {attribute.shape}, too large for a file of {self.size:,} bytes"
                )
            if attribute.get_type().get_class() != self.h5.h5t.STRING:
                raise Refused(f"{where} is not text")
            value = self.h5.AttributeManager(self.h5.Group(group))[name]
            found[name] = _text(value) if attribute.shape == () else [_text(v) for v in value.reshape(-1)]
        return found

    def _check(self, path: str, array: Any) -> None:
        """An array whose values lie in the file, and no more of them than it can hold."""
        plist, shape = array.get_create_plist(), array.shape
        if plist.get_layout() == self.h5.h5d.VIRTUAL:
            raise Refused(f"array {path!r} is virtual: its values lie elsewhere")
        if plist.get_external_count():
            raise Refused(f"array {path!r} has external storage: its values lie in another file")
        filters = [plist.get_filter(index)[0] for index in range(plist.get_nfilters())]
        if unknown := [code for code in filters if code not in FILTERS]:
            raise Refused(
                f"array {path!r} is packed by filter {unknown[0]}; {', '.join(FILTERS.values())} can be read"
            )
        kind = array.get_type().get_class()
        if kind not in (self.h5.h5t.FLOAT, self.h5.h5t.INTEGER) or array.dtype.kind not in KINDS:
            raise Refused(f"array {path!r} holds {array.dtype}, not numbers")
        if shape is None or len(shape) > 8:
            raise Refused(f"array {path!r} has the shape {shape}, which no weight has")
        held, stored = math.prod(shape) * array.dtype.itemsize, array.get_storage_size()
        if held and not stored:
            raise Refused(
                f"array {path!r} of shape {shape} has no values in the file, only one to fill it with"
            )
        if stored > self.size:
            raise Refused(f"array {path!r} says that it takes {stored:,} bytes of a file of {self.size:,}")
        if filters or plist.get_layout() == self.h5.h5d.CHUNKED:
            chunk = math.prod(plist.get_chunk()) * array.dtype.itemsize
            if max(held, chunk) > EXPANSION * stored + SLACK:
                raise Refused(
                    f"array {path!r} of shape {shape} would unpack {stored:,} bytes to {max(held, chunk):,}, more than "
                    f"{EXPANSION} times as much"
                )
        elif held > stored:
            raise Refused(f"array {path!r} of shape {shape} needs {held:,} bytes and has {stored:,}")
        self._bytes += held
        if self._bytes > EXPANSION * self.size + SLACK:
            raise Refused(
                f"its arrays up to {path!r} hold more than {EXPANSION} times the file's {self.size:,} bytes"
            )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def values(numpy: Any, h5: Any, path: str, array: Any) -> Any:
    """An array's values in this machine's order of bytes, C-contiguous."""
    out = numpy.empty(array.shape, array.dtype.newbyteorder("="))
    if out.size:
        try:
            array.read(h5.h5s.ALL, h5.h5s.ALL, out)
        except OSError as error:
            raise Refused(f"array {path!r} cannot be read: {_line(error)}") from error
    return out


def _line(error: BaseException) -> str:
    """What HDF5 says, in one printable line."""
    text = " ".join(f"{error}".split()) or type(error).__name__
    return "".join(c if c.isprintable() else "?" for c in text)[:300]


def answer(header: dict[str, Any], bodies: list[Any]) -> None:
    """Writes the answer."""
    text = json.dumps(header).encode("ascii")
    out = sys.stdout.buffer
    out.write(len(text).to_bytes(8, "little") + text)
    for body in bodies:
        out.write(body.data if body.size else b"")
    out.flush()


def opened(h5: Any, *, piped: bool) -> Any:
    """Standard input as an ``h5py.File``; what comes through a pipe is opened in memory."""
    if not piped:
        return h5.File("/dev/fd/0", "r", locking=False)
    access = h5.h5p.create(h5.h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    access.set_file_image(sys.stdin.buffer.read())
    return h5.File(h5.h5f.open(b"piped", h5.h5f.ACC_RDONLY, fapl=access))


def main(task: dict[str, Any]) -> None:
    """Reads standard input and answers: {"groups", "arrays", "skipped"} or {"refused"}."""
    sys.path.extend(task["path"])
    import h5py  # type: ignore[import-untyped]
    import numpy

    limit(task["size"])
    try:
        with opened(h5py, piped=task["piped"]) as file:
            walk = Walk(h5py, file, size=task["size"], skip=task["skip"], attributes=task["attributes"])
            bodies = [values(numpy, h5py, path, array) for path, array in walk.arrays.items()]
        arrays = [
            {"path": path, "dtype": body.dtype.str, "shape": list(body.shape)}
            for path, body in zip(walk.arrays, bodies, strict=True)
        ]
        answer({"groups": walk.groups, "arrays": arrays, "skipped": walk.skipped}, bodies)
    except Refused as error:
        answer({"refused": _line(error)}, [])
    except MemoryError:
        answer({"refused": "reading it takes more memory than a file of its size may"}, [])
    except Exception as error:  # noqa: BLE001 - h5py raises every kind of error at damage, and this process ends
        answer({"refused": f"HDF5 cannot read it: {_line(error)}"}, [])


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
