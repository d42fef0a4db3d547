"""Only the person who started the explorer may talk to it, and only from its own pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from peephole.explorer.answers import Answers
from peephole.explorer.app import create_app
from peephole.explorer.catalog import Catalog
from peephole.explorer.security import new_token

PAGE = "<!doctype html><title>Peephole</title>"


@pytest.fixture
def client(zoo: Path, connect: Any, tmp_path: Path) -> Any:
    """An explorer whose front end is one line of HTML and one of JavaScript."""
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "explorer.js").write_text("0\n")
    return connect([zoo], static=tmp_path)


def test_the_token_is_exchanged_for_a_cookie_and_leaves_the_address(client: Any) -> None:
    answer = client.get("/run/te%20xt?unit=3&text=a%26b%2B&token=a-token&lang=", headers={"cookie": None})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/run/te%20xt?unit=3&text=a%26b%2B&lang="
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name == "peephole-8765=a-token"
    assert {attribute.lower() for attribute in attributes} == {"httponly", "path=/", "samesite=strict"}


def test_with_the_cookie_pages_and_data_open(client: Any) -> None:
    assert client.get("/").text == PAGE
    assert client.get("/static/explorer.js").text == "0\n"
    assert client.get("/api/home").status_code == 200


@pytest.mark.parametrize("path", ["/", "/run/text", "/static/explorer.js", "/api/home", "/api/nothing"])
@pytest.mark.parametrize(
    "cookie", [None, b"peephole-8765=", b"peephole-8765=wrong", b"peephole-1=a-token", b"peephole-8765=\xfc"]
)
def test_without_the_right_cookie_nothing_opens(client: Any, path: str, cookie: bytes | None) -> None:
    answer = client.get(path, headers={"cookie": cookie})
    assert answer.status_code == 403
    assert "Open the address that `peephole explore` printed" in answer.text
    assert "text" not in answer.text  # the name of a run


@pytest.mark.parametrize("token", ["", "wrong", "a-token2", "é"])
def test_a_wrong_token_is_refused(client: Any, token: str) -> None:
    answer = client.get(f"/?token={token}", headers={"cookie": None})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_an_old_token_is_forgiven_to_whoever_has_the_cookie(client: Any) -> None:
    answer = client.get("/run/text?token=old")
    assert (answer.status_code, answer.headers["location"]) == (303, "/run/text")


def test_data_is_not_given_for_a_token_in_the_address(client: Any) -> None:
    assert client.get("/api/home?token=a-token", headers={"cookie": None}).status_code == 403


def test_the_redirect_never_leaves_this_host(client: Any) -> None:
    answer = client.get("http://127.0.0.1:8765//evil.example/?token=a-token")
    assert answer.headers["location"] == "/evil.example/"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8765",
        "127.0.0.1.evil.example",
        "127.0.0.2:8765",
        "[::1]:8765",
        "",
        "127.0.0.1:8765/api?",
    ],
)
def test_a_host_that_is_not_loopback_is_refused(client: Any, host: str) -> None:
    answer = client.get("/api/home", headers={"host": host, "origin": None})
    assert answer.status_code == 403
    assert "loopback" in client.refusal(answer, 403)


def test_localhost_is_this_machine_too(client: Any) -> None:
    answer = client.get("/api/home", headers={"host": "localhost:8765", "origin": "http://localhost:8765"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "https://127.0.0.1:8765",
        "http://127.0.0.1:1",
        "http://localhost:8765",
        "http://127.0.0.1:8765.evil.example",
    ],
)
def test_another_origin_is_refused(client: Any, origin: str) -> None:
    answer = client.request("POST", "/api/runs/text/trace", json={"text": "x"}, headers={"origin": origin})
    assert origin in client.refusal(answer, 403)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_data_is_not_given_to_another_sites_page(client: Any, site: str) -> None:
    answer = client.get("/api/home", headers={"origin": None, "sec-fetch-site": site})
    assert "another site" in client.refusal(answer, 403)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/static/explorer.js", 200),
        ("/api/home", 200),
        ("/api/nothing", 404),
        ("/?token=wrong", 303),
    ],
)
def test_every_answer_carries_the_security_headers(client: Any, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
    refused = client.get(path, headers={"host": "evil.example"})
    assert refused.headers["content-security-policy"] == answer.headers["content-security-policy"]


def test_static_files_are_asked_for_again_only_if_they_changed(client: Any) -> None:
    tag = client.get("/static/explorer.js").headers["etag"]
    assert client.get("/static/explorer.js", headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize(
    "path", ["/static/../conftest.py", "/static/..%2fconftest.py", "/static/%2e%2e/secret"]
)
def test_no_file_outside_the_front_end_is_served(client: Any, path: str, tmp_path: Path) -> None:
    (tmp_path.parent / "secret").write_text("secret")
    answer = client.get(path)
    assert answer.status_code == 404 or answer.text == PAGE


@pytest.mark.parametrize("path", ["/", "/run/text", "/run/text/unit/3?layer=1", "/no/such/page"])
def test_every_page_is_the_same_document(client: Any, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_front_end_that_was_not_built_is_said_so(zoo: Path, connect: Any, tmp_path: Path) -> None:
    answer = connect([zoo], static=tmp_path / "none").get("/")
    assert answer.status_code == 503
    assert "not built" in answer.text


def test_a_mistake_of_ours_is_told_without_its_details_but_for_one_line(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Catalog, "folders", lambda self: 1 / 0)
    answer = client.get("/api/home", raise_mistakes=False)
    assert "ZeroDivisionError: division by zero" in client.refusal(answer, 500)
    assert "content-security-policy" in answer.headers


def test_tokens_are_long_and_never_the_same() -> None:
    assert len(new_token()) >= 43  # 256 bits in base64
    assert new_token() != new_token()


def test_an_application_needs_a_token(zoo: Path) -> None:
    with pytest.raises(TypeError, match="token"):
        create_app(Answers(Catalog([zoo])))  # type: ignore[call-arg]
