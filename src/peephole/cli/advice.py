"""What to run next, as a command that can be copied."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def advise(console: Console, command: str, path: Path, rest: str = "") -> None:
    """Print a command that can be copied, whatever the path is called."""
    line = f"{command} {shlex.quote(str(path))} {rest}".rstrip()
    console.print(line, markup=False, highlight=False, soft_wrap=True)
