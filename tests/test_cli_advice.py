"""What the command line tells one to run next can be copied, whatever the folder is called."""

from __future__ import annotations

import shlex
from pathlib import Path

import commands
import pytest


@pytest.mark.parametrize("name", ["my [run]", "a[/b]", "of two words"])
def test_a_training_says_how_to_look_inside_whatever_its_folder_is_called(name: str, tmp_path: Path) -> None:
    done = commands.run(
        *("train", "--task", "copy", "--steps", "1", "--hidden", "2", "--batch", "2", "-o", name),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    copied = done.stderr.splitlines()[-1].partition(": ")[2]
    assert shlex.split(copied) == ["peephole", "explore", name]
