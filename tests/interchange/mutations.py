"""Damage to files: each function takes a chance, a file's bytes and the other files', and gives other bytes.

Bytes are damaged anywhere; in archives also inside one entry, with everything around it put right again, so that what
stands deep inside is reached; in pickles also opcode by opcode. All of it follows from the chance alone.
"""

from __future__ import annotations

import io
import pickletools
import zipfile
from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]

NASTY = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1]
GROWN = 1 << 16  # bytes that one mutation may add


def flipped(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """One to eight bits."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 8) if out else 0):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def numbered(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """A number of 1, 2, 4 or 8 bytes, of either order, that is very large or nothing: what lengths look like."""
    width = chance.choice([1, 2, 4, 8])
    value = chance.choice(NASTY) % (1 << (8 * width))
    at = chance.randrange(max(1, len(data) - width + 1))
    return data[:at] + value.to_bytes(width, chance.choice(["little", "big"])) + data[at + width :]


def redigited(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """A decimal number in a text becomes another one: headers in JSON, code."""
    digits = [at for at, byte in enumerate(data[:GROWN]) if 48 <= byte <= 57]
    if not digits:
        return flipped(chance, data, others)
    start = end = chance.choice(digits)
    while start > 0 and 48 <= data[start - 1] <= 57:
        start -= 1
    while end < len(data) and 48 <= data[end] <= 57:
        end += 1
    old = int(data[start:end][:30])
    new = chance.choice([old + 1, max(0, old - 1), old * 2, -old, *NASTY])
    return data[:start] + str(new).encode() + data[end:]


def truncated(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """The beginning alone, or the end alone."""
    at = chance.randint(0, len(data))
    return data[:at] if chance.random() < 0.8 else data[at:]


def cut(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """A stretch is missing."""
    at = chance.randint(0, len(data))
    return data[:at] + data[at + _length(chance) :]


def repeated(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """A stretch stands there several times."""
    at = chance.randint(0, len(data))
    piece = data[at : at + _length(chance)]
    times = chance.choice([2, 3, 50])
    return data[:at] + (piece * times)[:GROWN] + data[at + len(piece) :]


def spliced(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """A stretch of this file or of another one, put in or written over what is there."""
    source = chance.choice([data, *others])
    start = chance.randint(0, len(source))
    piece = source[start : start + _length(chance)]
    at = chance.randint(0, len(data))
    return data[:at] + piece + data[at + (len(piece) if chance.random() < 0.5 else 0) :]


def run(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """The same byte many times."""
    at, length = chance.randint(0, len(data)), _length(chance)
    return (
        data[:at]
        + bytes([chance.choice([0, 0x20, 0x28, 0x5B, 0x7B, 0x80, 0xFF])]) * length
        + data[at + length :]
    )


def _length(chance: Random) -> int:
    """Of a stretch: most are short."""
    return int(2 ** chance.uniform(0, 12))


PLAIN: list[Mutation] = [flipped, numbered, redigited, truncated, cut, repeated, spliced, run]


def in_archive(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """One entry of a zip archive is damaged, dropped, doubled, renamed or compressed; the archive itself is whole."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    # Entries of text and pickles are where a reader decides; those of numbers only fill tensors.
    telling = [n for n, (name, _) in enumerate(entries) if "/data/" not in name] or range(len(entries))
    at = chance.choice(telling) if chance.random() < 0.8 else chance.randrange(len(entries))
    name, inside = entries[at]
    deed = chance.random()
    if deed < 0.75:
        deeper = [*PLAIN, in_pickle, in_pickle, in_pickle] if name.endswith(".pkl") else PLAIN
        entries[at] = (name, chance.choice(deeper)(chance, inside, [body for _, body in entries]))
    elif deed < 0.8:
        del entries[at]
    elif deed < 0.85:
        entries.insert(at, (name, chance.choice(entries)[1]))
    elif deed < 0.95:
        entries[at] = (chance.choice(entries)[0] + chance.choice(["", "0", "/x"]), inside)
    packed = io.BytesIO()
    how = zipfile.ZIP_DEFLATED if chance.random() < 0.2 else zipfile.ZIP_STORED
    with zipfile.ZipFile(packed, "w", how) as archive:
        for name, inside in entries:
            # Written by its description: two entries of one name are what is wanted, not warned of.
            archive.NameToInfo.pop(name, None)
            archive.writestr(zipfile.ZipInfo(name), inside, compress_type=how)
    return packed.getvalue()


ALONE = [b"(", b")", b"0", b"1", b"2", b"R", b"b", b"a", b"e", b"s", b"u", b"t", b"l", b"d", b"}", b"]", b"N"]
ALONE += [
    b"\x81",
    b"\x85",
    b"\x86",
    b"\x87",
    b"\x88",
    b"\x8f",
    b"\x90",
    b"\x91",
    b"\x92",
    b"\x93",
    b"\x94",
    b"Q",
]
ALONE += [
    b"o",
    b".",
    b"h\x00",
    b"q\x00",
    b"j\xff\xff\xff\x7f",
    b"r\xff\xff\xff\x7f",
    b"K\x05",
    b"J\xff\xff\xff\xff",
]
ALONE += [
    b"cos\nsystem\n",
    b"cbuiltins\neval\n",
    b"X\x02\x00\x00\x00ls",
    b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
]


def in_pickle(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Opcodes of a pickle are dropped, doubled, moved, replaced or put in, with their arguments whole."""
    places = [place for _, _, place in pickletools.genops(data) if place is not None]
    pieces = [data[start:end] for start, end in zip(places, [*places[1:], len(data)], strict=True)]
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(pieces))
        deed = chance.randrange(6)
        if deed == 0 and len(pieces) > 1:
            del pieces[at]
        elif deed == 1:
            pieces[at : at + 1] = [pieces[at]] * chance.choice([2, 100])
        elif deed == 2:
            pieces[at] = chance.choice(pieces)
        elif deed == 3:
            pieces.insert(at, chance.choice(ALONE))
        elif deed == 4:
            pieces[at] = chance.choice(ALONE)
        else:
            pieces[at] = chance.choice(PLAIN)(chance, pieces[at], others)
    return b"".join(pieces)


def mutated(chance: Random, data: bytes, others: Sequence[bytes], more: Sequence[Mutation] = ()) -> bytes:
    """One damaged file; what suits its kind is chosen most often."""
    ways = [*PLAIN, *([*more] * max(1, len(PLAIN) // max(1, len(more))) if more else [])]
    if zipfile.is_zipfile(io.BytesIO(data)):
        ways += [in_archive] * 3 * len(PLAIN)
    if data[:1] == b"\x80":
        ways += [in_pickle] * len(PLAIN)
    out = chance.choice(ways)(chance, data, others)
    return chance.choice(PLAIN)(chance, out, others) if chance.random() < 0.1 else out
