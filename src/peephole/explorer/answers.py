"""The explorer without its server: a path and a body in, a status and bytes out.

The page asks here through whatever host it has: the server of ``peephole explore``, or a notebook's kernel. Knows
the routes; what stands behind each is told in ``endpoints``. Not safe to be asked by strangers: that is the host's
business.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from peephole.errors import PeepholeError
from peephole.explorer.asked import Asked
from peephole.explorer.catalog import Catalog
from peephole.explorer.desk import Desk
from peephole.explorer.endpoints import ROUTES, Route
from peephole.explorer.input_files import InputFiles
from peephole.explorer.payload import Json, to_bytes
from peephole.explorer.refusal import Refusal
from peephole.explorer.surveyed import Watch
from peephole.explorer.text_files import TextFiles
from peephole.explorer.words import RELOAD, Words


@dataclass(frozen=True)
class Answer:
    """What the page gets.

    Attributes:
        status: as HTTP counts them: below 400 is well, and then the body is what was asked for.
        media_type: "application/json", or "application/octet-stream" for safetensors.
        body: the bytes.
    """

    status: int
    media_type: str
    body: bytes


class Answers:
    """Answers whatever the page may ask of some runs. Safe to use from several threads.

    A context, whose end stops the reading of long texts; a program that ends waits for it otherwise.

    Args:
        catalog: the runs.
        files: texts that are offered besides the runs' own.
        watch: is told how far the survey of each long text is.
        inputs: files of numbers that are offered besides.
        surveying: False has long texts traced like short ones, as far as they can be.
    """

    def __init__(
        self,
        catalog: Catalog,
        files: TextFiles | None = None,
        watch: Watch = lambda title, share: None,
        *,
        inputs: InputFiles | None = None,
        surveying: bool = True,
    ) -> None:
        self._desk = Desk(catalog, files, watch, inputs=inputs, surveying=surveying)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends what is still being read."""
        self._desk.surveys.close()

    def answer(self, path: str, body: object = None) -> Answer:
        """The answer to one question; what cannot be answered is answered with a refusal.

        Args:
            path: as it stands in an address, from ``/api/`` on, with its query: "/api/runs/my%20run/trace".
            body: the JSON value that is sent along; None where none is.
        """
        try:
            parts = urlsplit(path)
            route, place = _route(parts.path)
            if route.posted != (body is not None):
                raise _method(parts.path, route)
            asked = Asked(place, dict(parse_qsl(parts.query)), body)
            return Answer(200, *to_bytes(route.endpoint(self._desk, asked)))
        except PeepholeError as error:
            status, said = refused(error)
            return Answer(status, *to_bytes(said))


def refused(error: PeepholeError) -> tuple[int, Json]:
    """An error that is meant for the person at the page: its status, and what the page is told."""
    if isinstance(error, Refusal):
        return error.status, error.to_json()
    # The package speaks English to whoever writes Python or a command line; here it is at least introduced.
    what = Words(str(error), f"未能完成。原文说明：{error}")
    do = Words("Put that right, then reload the page.", "请先解决该问题，再重新加载页面。")
    status = 404 if isinstance(error, FileNotFoundError) else 422
    return status, {"error": what.to_json(), "do": do.to_json()}


def _route(path: str) -> tuple[Route, dict[str, str]]:
    """The first route that a path fits, with what stands in its places."""
    parts = [unquote(part) for part in path.split("/")]
    for route in ROUTES:
        if (place := route.match(parts)) is not None:
            return route, place
    raise Refusal(
        Words(f"nothing answers at {unquote(path)}", f"{unquote(path)} 处没有内容"), do=RELOAD, status=404
    )


def _method(path: str, route: Route) -> Refusal:
    en = "is asked with a body" if route.posted else "is asked without a body"
    zh = "需要附带请求内容" if route.posted else "不接受请求内容"
    return Refusal(Words(f"{path} {en}", f"{path} {zh}"), do=RELOAD, status=405)
