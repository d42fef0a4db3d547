"""The explorer's page as one document: script and style inline, whatever it carries beside them, nothing else to fetch.

For a file that opens from disk, and for a notebook's frame. A Content-Security-Policy in it allows the one script
and the one style by their hashes and no connection at all. Knows nothing of what is carried.
"""

from __future__ import annotations

import base64
import html
import re
from hashlib import sha256
from pathlib import Path

from peephole.errors import ServerError

STATIC = Path(__file__).parent / "static"
NOT_BUILT = "the explorer's front end is not built: install again with `pip install .`"

_POLICY = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)
_PAGE = """<!doctype html>
<html lang="en" data-start="{start}"{framed}>
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="{policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="referrer" content="no-referrer" />
    <title>{title}</title>
    <link rel="icon" href="{icon}" />
    <style>{style}</style>
  </head>
  <body>
    <div id="root"></div>
    <noscript>The explorer draws with JavaScript, which is switched off in this browser.</noscript>
    {data}<script type="module">{script}</script>
  </body>
</html>
"""


def document(
    *,
    start: str,
    title: str = "Peephole",
    data: bytes | None = None,
    framed: bool = False,
    static: Path = STATIC,
) -> str:
    """The page as one HTML document.

    Args:
        start: the address at which it opens, such as "/run/counter".
        title: the document's, until the page has drawn its own.
        data: what it carries; None for a page that asks its frame for everything.
        framed: whether it stands in a notebook's frame.
        static: the folder of the built front end.

    Raises:
        ServerError: the front end is not built.
    """
    script, style = _part(static / "explorer.js", "script"), _part(static / "explorer.css", "style")
    carried = "" if data is None else _carried(base64.b64encode(data).decode())
    return _PAGE.format(
        start=html.escape(start),
        framed=" data-framed" if framed else "",
        policy=_POLICY.format(script=_hash(script), style=_hash(style)),
        title=html.escape(title),
        icon=_icon(static),
        style=style,
        data=carried,
        script=script,
    )


def _carried(text: str) -> str:
    """A block that the browser does not run. Base64 has no character that HTML could mistake."""
    return f'<script type="application/octet-stream" id="data">{text}</script>\n    '


def _part(path: Path, element: str) -> str:
    """The script or the style, which must not end its element by itself."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ServerError(NOT_BUILT) from error
    if re.search(rf"</{element}|<!--", text, re.IGNORECASE):
        raise ServerError(f"{path} cannot stand inside a document: it has '</{element}' or '<!--' in it")
    return text


def _hash(text: str) -> str:
    """How a Content-Security-Policy names a text that it allows."""
    return "sha256-" + base64.b64encode(sha256(text.encode()).digest()).decode()


def _icon(static: Path) -> str:
    """The picture of the page at the server, which stands in its document as it is."""
    found = re.search(r'href="(data:image/[^"]+)"', (static / "index.html").read_text(encoding="utf-8"))
    return found[1] if found else "data:,"
