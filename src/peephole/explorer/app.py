"""The explorer over HTTP: its pages, its files, and one way through to ``Answers`` for everything under /api/.

Knows HTTP; what is asked and answered there is none of its business. Whatever is asked may run a network, so it is
answered in a thread of Starlette's pool.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from peephole.explorer.answers import Answers
from peephole.explorer.refusal import Refusal
from peephole.explorer.security import Guard
from peephole.explorer.words import RELOAD, Words

STATIC = Path(__file__).parent / "static"
NOT_BUILT = "the explorer's front end is not built: install again with `pip install .`"
MOST_BYTES = 12 * 2**20
"""Of a request's body: the longest text that can be read fits in, however it is escaped."""


def create_app(answers: Answers, *, token: str, static: Path = STATIC) -> ASGIApp:
    """The explorer as an ASGI application.

    Args:
        answers: what the page may ask.
        token: what a visitor must show once, as ``?token=…`` in the address of any page.
        static: the folder of the built front end.
    """

    async def api(request: Request) -> Response:
        """Whatever the page asks."""
        try:
            body = await _body(request) if request.method == "POST" else None
        except Refusal as refusal:
            return _said(refusal, refusal.status)
        path = f"{quote(request.scope['path'])}?{request.url.query}"
        answer = await run_in_threadpool(answers.answer, path, body)
        return Response(answer.body, answer.status, media_type=answer.media_type)

    def page(request: Request) -> Response:
        """Every address that is a page: the same document, whose script reads the address."""
        if not (static / "index.html").is_file():
            return PlainTextResponse(f"{NOT_BUILT}\n", status_code=503)
        return FileResponse(static / "index.html", media_type="text/html; charset=utf-8")

    files = [Mount("/static", StaticFiles(directory=static))] if static.is_dir() else []
    app = Starlette(
        routes=[
            Route("/api/{rest:path}", api, methods=["GET", "POST"]),
            *files,
            Route("/{page:path}", page),
        ],
        exception_handlers={HTTPException: _refuse_http, Exception: _fail},
    )
    # Around everything, so that nothing is answered, not even with an error of ours, before the guard has looked.
    return Guard(app, token=token)


async def _body(request: Request) -> object:
    """The request's JSON, if it is short enough to be honest."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refusal(
            Words("the request's body is not said to be JSON", "请求内容未标明为 JSON"), do=RELOAD, status=415
        )
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise Refusal(
                Words(f"the text is larger than {MOST_BYTES:,} bytes", f"文本超过 {MOST_BYTES:,} 字节"),
                do=Words("Paste a shorter stretch of it.", "请粘贴较短的一段。"),
                status=413,
            )
    try:
        return json.loads(body)
    except ValueError as error:  # not UTF-8, or not JSON
        raise Refusal(
            Words(f"the request's body is not JSON: {error}", f"请求内容不是 JSON：{error}"), do=RELOAD
        ) from error


async def _refuse_http(request: Request, error: Exception) -> Response:
    """What Starlette refuses by itself: a method that an address does not take, a file that is not there."""
    refused = error if isinstance(error, HTTPException) else HTTPException(400)
    said = Refusal(
        Words(
            f"{request.url.path}: {refused.detail}",
            f"{request.url.path}：请求被拒绝（{refused.status_code}）",
        ),
        do=RELOAD,
    )
    return _said(said, refused.status_code, refused.headers)


async def _fail(request: Request, error: Exception) -> Response:
    """A mistake of ours. Starlette raises it again behind this answer, so that the terminal shows it."""
    what = f"{type(error).__name__}: {error}"
    said = Refusal(
        Words(f"the explorer failed with {what}", f"探索器出错：{what}"),
        do=Words("Its terminal says where; please report that.", "终端里有出错位置；请报告这个问题。"),
    )
    return _said(said, 500)


def _said(refusal: Refusal, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(refusal.to_json(), status_code=status, headers=headers)
