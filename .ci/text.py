"""Checks that every text file of the project is UTF-8, ends with one newline and holds no stray whitespace.

Knows nothing of languages: what a formatter does for Python, this does for Markdown, TypeScript and the rest.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

GIVEN = "src/peephole/zoo/networks/"
"""What networks were given to read lies there as it was, line ends or not."""


def faults(content: bytes) -> list[str]:
    """What is wrong with a text file, one line a fault."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"is not UTF-8 at byte {error.start}"]
    found = []
    if "\r" in text:
        found.append("has carriage returns")
    if text and not text.endswith("\n"):
        found.append("does not end with a newline")
    if text.endswith("\n\n"):
        found.append("ends with an empty line")
    trailing = [number for number, line in enumerate(text.split("\n"), 1) if line != line.rstrip(" \t")]
    if trailing:
        found.append(f"has spaces at the end of line {trailing[0]}")
    return found


def main() -> int:
    """Check all files that git knows or would add, and print the faults."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    )
    failed = False
    for name in filter(None, listing.stdout.split("\0")):
        path = Path(name)
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" in content or name.startswith(GIVEN):
            continue
        for fault in faults(content):
            print(f"{name} {fault}")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
