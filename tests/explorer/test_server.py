"""`peephole explore` as a process: what it prints, what it refuses, how it ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from peephole.errors import ServerError
from peephole.explorer import server

SERVE = """
import sys
from pathlib import Path
from peephole.explorer import app, server
server.STATIC = Path(sys.argv[1])
server.serve([Path(sys.argv[2])], open_browser=False)
"""


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<!doctype html>")
    return tmp_path


def start(static: Path, path: Path) -> tuple[subprocess.Popen[str], str]:
    """A serving process, and the line that it printed."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(static), str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline()


@pytest.mark.parametrize(("path", "page"), [("", "/"), ("text", "/run/text")])
def test_it_prints_its_address_answers_there_and_ends_quietly(
    zoo: Path, static: Path, path: str, page: str
) -> None:
    process, line = start(static, zoo / path)
    try:
        found = re.fullmatch(
            r"(http://127\.0\.0\.1:\d+)(/[^?]*)\?token=[\w-]{43}  \(Ctrl-C ends it\)\n", line
        )
        assert found, line
        assert found[2] == page
        with httpx.Client(follow_redirects=True, trust_env=False) as browser:
            answer = browser.get(line.split()[0])
            assert (answer.status_code, str(answer.url)) == (200, f"{found[1]}{page}")
            assert browser.get(f"{found[1]}/api/home").status_code == 200
        assert httpx.get(f"{found[1]}/api/home", trust_env=False).status_code == 403
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out.strip(), err) == (0, "", "")


def test_a_port_in_use_is_named(zoo: Path, static: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STATIC", static)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ServerError, match=rf"port {port} is in use; choose another with --port, or --port 0"
        ):
            server.serve([zoo], port=port, open_browser=False)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_cannot_be_is_refused(
    zoo: Path, static: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    monkeypatch.setattr(server, "STATIC", static)
    with pytest.raises(ServerError, match=f"0 to 65535, got {port}"):
        server.serve([zoo], port=port, open_browser=False)


def test_without_a_front_end_it_does_not_start(
    zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "STATIC", tmp_path)
    with pytest.raises(ServerError, match="front end is not built"):
        server.serve([zoo], open_browser=False)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
@pytest.mark.parametrize(
    ("variable", "there"), [("DISPLAY", True), ("WAYLAND_DISPLAY", True), ("TERM", False)]
)
def test_the_browser_opens_only_where_there_is_a_display(
    monkeypatch: pytest.MonkeyPatch, variable: str, there: bool
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, ":0")
    assert server._has_display() is there
