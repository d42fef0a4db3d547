"""Who may talk to the explorer: only the person who started it, and only from its own pages.

The server listens on the loopback address, which any web page in any browser on the machine can send requests to,
and every user of the machine too. So each request is checked here before anything else sees it:

- ``Host`` is a loopback name, or else a foreign domain was rebound to this address;
- ``Origin`` and ``Sec-Fetch-Site``, where the browser sends them, are the explorer's own;
- a random token, printed once by ``peephole explore``, is in the cookie that the first visit exchanged it for.

Knows nothing of runs or traces.
"""

from __future__ import annotations

import re
import secrets
from urllib.parse import quote, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words

LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost)(?::(\d+))?", re.ASCII)
NO_TOKEN = Words("this explorer opens only with its token", "这个探索器只能凭令牌打开")
OPEN = Words(
    "Open the address that `peephole explore` printed when it started.",
    "请打开 `peephole explore` 启动时显示的地址。",
)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def new_token() -> str:
    """A token of 256 random bits that can stand in an address."""
    return secrets.token_urlsafe(32)


class Guard:
    """ASGI middleware that refuses every request but the owner's, and sets the security headers on all answers."""

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request here, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        # The front end's files may be kept, if they are asked for again; a page, and what one looks at, may not.
        cache = "no-cache" if scope["path"].startswith("/static/") else "no-store"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**HEADERS, "Cache-Control": cache}.items():
                    headers[name] = value
            await send(message)

        answer = self._answer(Request(scope)) or self._app
        await answer(scope, receive, send_with_headers)

    def _answer(self, request: Request) -> Response | None:
        """The guard's own answer, or None for a request that may pass."""
        host = request.headers.get("host", "")
        loopback = LOOPBACK.fullmatch(host)
        if loopback is None:
            return _forbid(
                request,
                Words(
                    f"the host {host!r} is not this machine's loopback address",
                    f"主机 {host!r} 不是本机回环地址",
                ),
            )
        origin = request.headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return _forbid(
                request,
                Words(
                    f"the request comes from {origin}, not from the explorer's own page",
                    f"请求来自 {origin}，而不是探索器自己的页面",
                ),
            )
        site = request.headers.get("sec-fetch-site", "none")
        if _is_api(request) and site not in {"same-origin", "none"}:
            return _forbid(
                request, Words("the request comes from another site's page", "请求来自其他网站的页面")
            )

        # Cookies do not tell ports apart: each explorer on this machine has a name of its own.
        cookie = f"peephole-{loopback[1] or 80}"
        known = self._matches(request.cookies.get(cookie))
        shown = request.query_params.get("token")
        if shown is None or _is_api(request):
            return None if known else _forbid(request, NO_TOKEN)
        if not known and not self._matches(shown):
            return _forbid(
                request,
                Words("the token in this address is not this explorer's", "此地址中的令牌不属于这个探索器"),
            )
        redirect = RedirectResponse(_without_token(request), status_code=303)
        redirect.set_cookie(cookie, self._token.decode(), httponly=True, samesite="strict", path="/")
        return redirect

    def _matches(self, token: str | None) -> bool:
        return token is not None and secrets.compare_digest(token.encode(), self._token)


def _is_api(request: Request) -> bool:
    return str(request.scope["path"]).startswith("/api/")


def _without_token(request: Request) -> str:
    """The address that was asked for, the token left out; always on this host, whatever the path."""
    path = "/" + quote(request.scope["path"].lstrip("/"))
    rest = [(key, value) for key, value in request.query_params.multi_items() if key != "token"]
    return f"{path}?{urlencode(rest)}" if rest else path


def _forbid(request: Request, error: Words) -> Response:
    said = Refusal(error, do=OPEN)
    if _is_api(request):
        return JSONResponse(said.to_json(), status_code=403)
    # Who has no page yet has chosen no language either.
    lines = [f"{error.en[0].upper()}{error.en[1:]}.", OPEN.en, f"{error.zh}。", OPEN.zh]
    return PlainTextResponse("".join(f"{line}\n" for line in lines), status_code=403)
