"""The tree in the README is the tree on the disk.

The tree stands between `<!-- tree -->` and `<!-- /tree -->`, one line a file or folder, two spaces a level, the
name first and what it is for after it. Folders end with a slash. All of src/peephole must be there; any other
folder may be left closed, but one that is opened must be complete. Files that are no modules may be left out.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
MODULE = {".py", ".ts", ".tsx", ".mjs", ".cpp", ".h"}
LINE = re.compile(r"^(?P<indent> *)(?P<name>[\w.][\w./-]*)(?:\s+\S.*)?$")


def listed(readme: str) -> set[PurePosixPath]:
    """The paths of the README's tree."""
    found = re.search(r"<!-- tree -->\s*```\w*\n(.*?)```\s*<!-- /tree -->", readme, re.DOTALL)
    assert found, "README.md has no tree between <!-- tree --> and <!-- /tree -->"
    paths: set[PurePosixPath] = set()
    above: list[tuple[int, PurePosixPath]] = []
    for line in filter(str.strip, found[1].splitlines()):
        match = LINE.match(line)
        assert match, f"not a line of a tree: {line!r}"
        indent = len(match["indent"])
        while above and above[-1][0] >= indent:
            above.pop()
        path = (above[-1][1] if above else PurePosixPath()) / match["name"]
        assert path not in paths, f"{path} stands twice"
        paths.add(path)
        if match["name"].endswith("/"):
            above.append((indent, path))
    return paths


def on_disk() -> set[PurePosixPath]:
    """All modules and folders that git knows or would add, hidden ones and the `__init__.py` of folders aside.

    What lies below a folder of data, such as the shipped networks, is that folder's own business.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    files = {PurePosixPath(name) for name in names if name and (ROOT / name).is_file()}
    shown = {path for path in files if not any(part.startswith(".") for part in path.parts)}
    modules = {path for path in shown if path.suffix in MODULE}
    folders = {folder for path in modules for folder in path.parents if folder.parts}
    top = {path.parents[-2] for path in shown if len(path.parts) > 1}
    return folders | top | {path for path in modules if path.name != "__init__.py"}


def differences(tree: set[PurePosixPath], disk: set[PurePosixPath]) -> list[str]:
    """What the tree lacks, and what it has that is not there."""
    package = PurePosixPath("src/peephole")
    opened = {folder for path in tree for folder in path.parents}
    lacking = {path for path in disk if path.parent in opened or package in path.parents} - tree
    # A line such as `src/peephole/` stands for its parents too.
    lacking -= opened
    return sorted(f"{path} is not in the tree" for path in lacking) + sorted(
        f"{path} is not on the disk" for path in tree if not (ROOT / path).exists()
    )


def test_the_readme_shows_the_tree_that_is_on_the_disk() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: git tells what belongs to the project")
    assert differences(listed((ROOT / "README.md").read_text(encoding="utf-8")), on_disk()) == []


def test_a_missing_and_an_extra_module_are_found() -> None:
    readme = "<!-- tree -->\n```\nsrc/peephole/   the package\n  errors.py  all errors\n  gone.py\n```\n<!-- /tree -->"
    disk = {
        PurePosixPath("src/peephole"),
        PurePosixPath("src/peephole/errors.py"),
        PurePosixPath("src/peephole/new"),
    }
    assert differences(listed(readme), disk) == [
        "src/peephole/new is not in the tree",
        "src/peephole/gone.py is not on the disk",
    ]
