"""Whether a run may be written to a folder, and what of one is taken away before."""

from __future__ import annotations

import shutil
from pathlib import Path

from peephole.errors import RunExistsError
from peephole.train import run as layout
from peephole.train.run import is_run

# The configuration goes last: while it is there, the folder is known to be a run.
_OWN_FILES = (
    layout.WEIGHTS,
    layout.VOCABULARY,
    layout.METRICS,
    layout.SAMPLE,
    layout.IMPORT,
    layout.CONFIG,
)
_OWN_FOLDERS = (layout.LOGS, str(Path(layout.CHECKPOINT).parent), layout.FILM)


def require_free(folder: Path, *, overwrite: bool = False, resumable: bool = True) -> None:
    """Raise RunExistsError unless a new run may be written to ``folder``: it is absent, empty, or to be replaced.

    resumable
        Whether the message may advise to go on with the run that is there.
    """
    if is_run(folder):
        if not overwrite:
            advice = "go on with it by --resume, " if resumable else ""
            raise RunExistsError(
                f"{folder} holds a run already: {advice}choose another folder by -o, or replace it by --overwrite"
            )
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunExistsError(f"{folder} is there and is not a run: choose another folder by -o")


def remove_run(folder: Path) -> None:
    """Remove what a run consists of, and nothing else that may lie there."""
    for name in _OWN_FOLDERS:
        if (folder / name).exists():
            shutil.rmtree(folder / name)
    for name in _OWN_FILES:
        (folder / name).unlink(missing_ok=True)
