"""The explorer's routes: which address answers what.

Knows HTTP and the order of things; what is read, traced and packed is done in the files beside this one. An
endpoint that may run a network is a plain function, which Starlette gives to a thread of its pool.
"""

from __future__ import annotations

import json
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from peephole import __version__
from peephole.errors import PeepholeError
from peephole.explorer.cards import gallery_page, home_page, run_page
from peephole.explorer.catalog import Catalog
from peephole.explorer.payload import layer_payload, trace_payload, unit_payload
from peephole.explorer.refusal import Refusal
from peephole.explorer.security import Guard
from peephole.explorer.sessions import Session, Sessions
from peephole.trace.trace import LayerRecord

STATIC = Path(__file__).parent / "static"
NOT_BUILT = "the explorer's front end is not built: install again with `pip install .`"
MOST_BYTES = 2 * 2**20
"""Of a request's body: the longest text that can be read fits in, however it is escaped."""


def create_app(catalog: Catalog, *, token: str, static: Path = STATIC) -> ASGIApp:
    """The explorer of some runs, as an ASGI application.

    Args:
        catalog: the runs.
        token: what a visitor must show once, as ``?token=…`` in the address of any page.
        static: the folder of the built front end.
    """
    api = _Api(catalog)

    def page(request: Request) -> Response:
        """Every address that is a page: the same document, whose script reads the address."""
        if not (static / "index.html").is_file():
            return PlainTextResponse(f"{NOT_BUILT}\n", status_code=503)
        return FileResponse(static / "index.html", media_type="text/html; charset=utf-8")

    files = [Mount("/static", StaticFiles(directory=static))] if static.is_dir() else []
    app = Starlette(
        routes=[
            Route("/api/home", api.home),
            Route("/api/runs/{run}", api.run),
            Route("/api/runs/{run}/trace", api.trace, methods=["POST"]),
            Route("/api/traces/{trace}/{layer}/{direction}/{quantity}", api.layer),
            Route("/api/traces/{trace}/{layer}/{direction}/unit/{unit}", api.unit),
            Route("/api/{rest:path}", _nothing_here),
            *files,
            Route("/{page:path}", page),
        ],
        exception_handlers={HTTPException: _refuse_http, PeepholeError: _refuse, Exception: _fail},
    )
    # Around everything, so that nothing is answered, not even with an error of ours, before the guard has looked.
    return Guard(app, token=token)


class _Api:
    """The endpoints, and what they share: the runs and the traces that are open."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._sessions = Sessions()

    def home(self, request: Request) -> Response:
        runs, gallery = home_page(self._catalog.folders()), gallery_page(self._catalog.shipped())
        return JSONResponse({"version": __version__, "runs": runs, "gallery": gallery})

    def run(self, request: Request) -> Response:
        return JSONResponse(
            run_page(request.path_params["run"], self._catalog.open(request.path_params["run"]))
        )

    async def trace(self, request: Request) -> Response:
        return await run_in_threadpool(self._trace, request.path_params["run"], await _body(request))

    def _trace(self, run: str, asked: object) -> Response:
        opened = self._catalog.open(run)
        match asked:
            case {"text": str(text)}:
                material = opened.typed(text)
            case {"sample": int(index)}:
                material = opened.sample(index)
            case _:
                raise Refusal(
                    'a trace is asked for with {"text": "…"} or {"sample": 0}', do="Reload the page."
                )
        return _binary(trace_payload(opened, self._sessions.read(opened, material)))

    def layer(self, request: Request) -> Response:
        _, record = self._record(request)
        quantity = request.path_params["quantity"]
        if quantity not in record.quantities:
            raise Refusal(
                f"this layer has no {quantity}", do=f"It has {', '.join(record.quantities)}.", status=404
            )
        return _binary(layer_payload(record, quantity))

    def unit(self, request: Request) -> Response:
        session, record = self._record(request)
        units = record.quantities["hidden"].shape[-1]
        unit = _number("unit", request.path_params["unit"])
        if unit >= units:
            raise Refusal(
                f"there is no unit {unit}", do=f"This layer has units 0 to {units - 1}.", status=404
            )
        return _binary(unit_payload(record, unit, session.material))

    def _record(self, request: Request) -> tuple[Session, LayerRecord]:
        session = self._sessions.get(request.path_params["trace"])
        layer, direction = _number("layer", request.path_params["layer"]), request.path_params["direction"]
        there = {(record.layer, record.direction): record for record in session.reading.trace.records}
        if (layer, direction) not in there:
            names = ", ".join(f"layer {layer} {direction}" for layer, direction in there)
            raise Refusal(
                f"there is no layer {layer} {direction}", do=f"This network has {names}.", status=404
            )
        return session, there[layer, direction]


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refusal(f"{text!r} is no number of a {name}", do=f"Choose a {name} on the page.", status=404)
    return int(text)


async def _body(request: Request) -> object:
    """The request's JSON, if it is short enough to be honest."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refusal("the request's body is not said to be JSON", do="Reload the page.", status=415)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise Refusal(
                f"the text is larger than {MOST_BYTES:,} bytes",
                do="Paste a shorter stretch of it.",
                status=413,
            )
    try:
        return json.loads(body)
    except ValueError as error:  # not UTF-8, or not JSON
        raise Refusal(f"the request's body is not JSON: {error}", do="Reload the page.") from error


def _binary(payload: bytes) -> Response:
    return Response(payload, media_type="application/octet-stream")


async def _nothing_here(request: Request) -> Response:
    raise Refusal(f"nothing answers at {request.url.path}", do="Reload the page.", status=404)


async def _refuse(request: Request, error: Exception) -> Response:
    """An error that is meant for the person at the page."""
    if isinstance(error, Refusal):
        return JSONResponse({"error": error.error, "do": error.do}, status_code=error.status)
    status = 404 if isinstance(error, FileNotFoundError) else 422
    return JSONResponse(
        {"error": str(error), "do": "Put that right, then reload the page."}, status_code=status
    )


async def _refuse_http(request: Request, error: Exception) -> Response:
    """What Starlette refuses by itself: a method that an address does not take, a file that is not there."""
    refused = error if isinstance(error, HTTPException) else HTTPException(400)
    said = {"error": f"{request.url.path}: {refused.detail}", "do": "Reload the page."}
    return JSONResponse(said, status_code=refused.status_code, headers=refused.headers)


async def _fail(request: Request, error: Exception) -> Response:
    """A mistake of ours. Starlette raises it again behind this answer, so that the terminal shows it."""
    what = f"the explorer failed with {type(error).__name__}: {error}"
    return JSONResponse(
        {"error": what, "do": "Its terminal says where; please report that."}, status_code=500
    )
