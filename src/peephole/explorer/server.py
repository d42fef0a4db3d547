"""Serves the explorer on this machine's loopback address until Ctrl-C.

Knows sockets, the browser and uvicorn; what is served is ``app.create_app``'s business.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import typer
import uvicorn

from peephole.errors import OptionError, ServerError
from peephole.explorer.answers import Answers
from peephole.explorer.app import NOT_BUILT, STATIC, create_app
from peephole.explorer.catalog import Catalog
from peephole.explorer.input_files import InputFiles
from peephole.explorer.offered import Offered
from peephole.explorer.reader import Reader
from peephole.explorer.security import new_token
from peephole.explorer.text_files import TextFiles

HOST = "127.0.0.1"


def serve(
    paths: Sequence[str | os.PathLike[str]],
    *,
    texts: Sequence[str | os.PathLike[str]] = (),
    inputs: Sequence[str | os.PathLike[str]] = (),
    port: int = 0,
    open_browser: bool = True,
) -> None:
    """Print the explorer's address, open the browser where there is a display, and serve until Ctrl-C.

    Args:
        paths: each a run, or a folder of runs. One run opens on its own page, anything else on the home page.
        texts: files that the pages offer to read; one run opens on the first of them.
        inputs: files of numbers, offered to the networks that read those.
        port: 0 lets the system choose a free one.
        open_browser: False only prints the address.

    Raises:
        RunNotFoundError, RunError: a path is neither a run nor a folder that holds one.
        DataNotFoundError, DataError: a text is not there, or is no UTF-8 text; a file of numbers cannot be used.
        OptionError, ServerError: one run was named and it cannot read a file of numbers, or reads no such files.
        ServerError: the port is in use or not allowed, or the front end is not built.
    """
    catalog = Catalog([Path(path) for path in paths])
    files = TextFiles([Path(text) for text in texts])
    numbers = InputFiles([Path(path) for path in inputs])
    only = catalog.only_run
    offered = only is not None and _offered(catalog, only, files, numbers)
    if not (STATIC / "index.html").is_file():
        raise ServerError(NOT_BUILT)
    with (
        _listen(port) as listener,
        Reader() as reader,
        Answers(catalog, files, reader.watch, inputs=numbers) as answers,
    ):
        token = new_token()
        page = "/" if only is None else f"/run/{quote(only, safe='')}"
        first = "file=0&" if offered else ""
        address = f"http://{HOST}:{listener.getsockname()[1]}{page}?{first}token={token}"
        typer.echo(f"{address}  (Ctrl-C ends it)")
        if open_browser and _has_display():
            # Some browsers keep the call until they are closed. The socket listens already, so none comes too early.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        if first:
            # What the page will ask for first. Who looks at it is told of anything that is wrong with it.
            task = f"/api/runs/{quote(only or '', safe='')}/trace", {"file": 0}
            threading.Thread(target=answers.answer, args=task, daemon=True).start()
        config = uvicorn.Config(
            create_app(answers, token=token, static=STATIC),
            log_level="warning",
            access_log=False,
            ws="none",
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        try:
            uvicorn.Server(config).run(sockets=[listener])
        except KeyboardInterrupt:
            # How a person ends it: uvicorn has closed the connections, and passes the signal on.
            typer.echo()


def _offered(catalog: Catalog, run: str, files: TextFiles, numbers: InputFiles) -> bool:
    """Whether there is a file for a run that was named alone.

    Raises:
        OptionError: there is one of the kind that it does not read.
        Refusal: there are numbers that it cannot read. What it makes of a text, which may be long, the page tells.
    """
    opened, offered = catalog.open(run), Offered(files, numbers)
    reads_text = opened.vocabulary is not None
    if useless := numbers.titles if reads_text else files.titles:
        kind, other = ("text", "--text") if reads_text else ("numbers", "--input")
        raise OptionError(f"{run} reads {kind}: leave {', '.join(useless)} out, or use {other}")
    for index in range(len(numbers.titles)):
        offered.read(opened, index)
    return bool(offered.titles(opened))


def _listen(port: int) -> socket.socket:
    """A socket that accepts connections from this machine."""
    if not 0 <= port <= 65535:
        raise ServerError(f"--port must be 0 to 65535, got {port}; 0 chooses a free one")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # Lets a port be taken again at once after a server on it ended. On Windows it would let two share it.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
        raise ServerError(
            f"port {port} {reason}; choose another with --port, or --port 0 for any free one"
        ) from error
    return listener


def _has_display() -> bool:
    """Whether a browser window could appear before whoever started this."""
    if sys.platform in ("win32", "darwin"):
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
