"""Where a trace or a run can be looked at without the explorer's server: in a notebook, and as one file.

Called through ``trace.explore()``, ``trace.save_html()`` and the same of a run; ``peephole export`` saves several
runs. Knows what each host needs, not how it is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from peephole.errors import NotInstalledError, TraceError
from peephole.explorer.answers import Answers
from peephole.explorer.carrying import Text, carried
from peephole.explorer.catalog import Catalog
from peephole.explorer.document import document
from peephole.explorer.input_files import InputFiles
from peephole.explorer.loose import ID, carried_trace
from peephole.trace.trace import Trace
from peephole.train.run import Run

if TYPE_CHECKING:
    from peephole.explorer.widget import Explorer


def explore_trace(
    trace: Trace,
    *,
    labels: Sequence[str] | None,
    outputs: Sequence[str] | None,
    module: str | None,
    height: int,
) -> Explorer:
    """A trace in a notebook; see ``Trace.explore``."""
    explorer = _explorer()
    capsule = carried_trace(trace, labels=labels, outputs=outputs, module=module, exact=True)
    data = capsule.to_bytes()
    return explorer(ID, lambda: document(start=_page(ID), data=data, framed=True), height=height)


def explore_run(run: Run, *, height: int) -> Explorer:
    """A run in a notebook; see ``Run.explore``."""
    explorer = _explorer()
    catalog = Catalog([run.path])
    (name,) = catalog.folders()
    return explorer(name, lambda: document(start=_page(name), framed=True), Answers(catalog), height=height)


def save_trace(
    trace: Trace,
    path: Path,
    *,
    labels: Sequence[str] | None,
    outputs: Sequence[str] | None,
    module: str | None,
) -> None:
    """A trace as one file; see ``Trace.save_html``."""
    capsule = carried_trace(trace, labels=labels, outputs=outputs, module=module, title=path.stem)
    _write(path, document(start=_page(ID), title=path.stem, data=capsule.to_bytes()))


def save_run(run: Run, path: Path, *, text: str | None) -> None:
    """A run as one file; see ``Run.save_html``."""
    catalog = Catalog([run.path])
    read = None if text is None else Text(path.stem, text)
    save_runs(catalog, list(catalog.folders()), path, text=read)


def save_runs(
    catalog: Catalog,
    names: Sequence[str],
    path: Path,
    *,
    text: Text | None,
    inputs: InputFiles | None = None,
) -> None:
    """Some runs of a catalog as one file.

    Args:
        catalog: the runs.
        names: the ids of those that are saved.
        path: the file.
        text: what they read; None for their own samples.
        inputs: files of numbers, which those read that read numbers.

    Raises:
        Refusal: a run cannot read the text or a file.
        RunError: a run is damaged.
        OptionError: there is a text, and no run reads texts; or a file of numbers, and no run reads those.
        ServerError: the front end is not built.
    """
    capsule = carried(catalog, names, text=text, inputs=inputs)
    start, title = (_page(names[0]), names[0]) if len(names) == 1 else ("/", path.stem)
    _write(path, document(start=start, title=f"{title} · Peephole", data=capsule.to_bytes()))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TraceError(f"{path} cannot be written: {error.strerror or error}") from error


def _page(name: str) -> str:
    return f"/run/{quote(name, safe=':')}"


def _explorer() -> type[Explorer]:
    """The widget, whose packages are an extra."""
    try:
        from peephole.explorer.widget import Explorer
    except ModuleNotFoundError as error:
        if error.name not in {"anywidget", "traitlets", "ipywidgets"}:
            raise
        raise NotInstalledError(
            "showing this in a notebook needs anywidget: pip install 'peephole[notebook]'"
        ) from error
    return Explorer
