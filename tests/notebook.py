"""A notebook for tests: a real widget in Python, and a page that shows it as JupyterLab would.

The page implements the part of a widget's model that anywidget hands to a widget's script;
what it sends and hears goes through the widget's own comm. Nothing of ours is in between.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import comm
import pytest
from comm.base_comm import BaseComm
from playwright.sync_api import Frame, Page

PAGE = """<!doctype html>
<html>
  <head><style>button, canvas {{ display: none !important }} body {{ background: {ground}; color: red }}</style></head>
  <body><div id="cell"></div>
  <script type="module">
    window.pressed = [];
    window.addEventListener("keydown", (event) => window.pressed.push(event.key));
    const heard = new Map();
    const on = (event, then) => heard.set(event, [...(heard.get(event) ?? []), then]);
    const off = (event, then) => heard.set(event, (heard.get(event) ?? []).filter((one) => one !== then));
    const tell = (event, ...said) => (heard.get(event) ?? []).forEach((then) => then(...said));
    const state = JSON.parse(await window.kernel("state", "null"));
    let changed = {{}};
    window.deliver = (messages) => {{
      for (const {{ method, content, state: update, buffers }} of messages) {{
        if (method === "custom") {{
          const views = buffers.map((text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer));
          tell("msg:custom", content, views);
        }} else for (const [name, value] of Object.entries(update)) {{
          if (JSON.stringify(state[name]) === JSON.stringify(value)) continue;
          state[name] = value;
          tell(`change:${{name}}`);
        }}
      }}
    }};
    const send = async (data) => window.deliver(JSON.parse(await window.kernel("message", JSON.stringify(data))));
    const model = {{
      get: (name) => state[name],
      set: (name, value) => {{ state[name] = value; changed[name] = value; tell(`change:${{name}}`); }},
      save_changes: () => {{
        const update = changed;
        changed = {{}};
        void send({{ method: "update", state: update }});
      }},
      send: (content) => void send({{ method: "custom", content }}),
      on, off,
    }};
    const url = URL.createObjectURL(new Blob([state._esm], {{ type: "text/javascript" }}));
    const {{ default: widget }} = await import(url);
    window.leave = widget.render({{ model, el: document.getElementById("cell") }});
  </script></body>
</html>
"""


class Wire(BaseComm):
    """A widget's comm, whose other end is a page."""

    def __init__(self, **options: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        super().__init__(**options)

    def publish_msg(self, msg_type: str, data: Any = None, buffers: Any = None, **rest: Any) -> None:
        """Keep what the widget says until the page takes it."""
        if msg_type == "comm_msg" and data is not None:
            encoded = [base64.b64encode(bytes(buffer)).decode() for buffer in buffers or ()]
            self.sent.append({**data, "buffers": encoded})

    def take(self) -> list[dict[str, Any]]:
        """What was said since it was last asked."""
        found, self.sent = self.sent, []
        return [message for message in found if message["method"] in ("custom", "update")]


@pytest.fixture
def wired(monkeypatch: pytest.MonkeyPatch) -> None:
    """Widgets that are made in the test have a ``Wire``."""
    monkeypatch.setattr(comm, "create_comm", lambda *given, **options: Wire(**options))


class Notebook:
    """One widget on one page."""

    def __init__(self, page: Page, widget: Any, *, ground: str = "white") -> None:
        self.page = page
        self.widget = widget
        self.wire: Wire = widget.comm
        page.expose_function("kernel", self._kernel)
        page.route(
            "http://notebook.test/",
            lambda route: route.fulfill(body=PAGE.format(ground=ground), content_type="text/html"),
        )
        page.goto("http://notebook.test/")

    @property
    def frame(self) -> Frame:
        """The explorer's own frame."""
        self.page.wait_for_function("document.querySelector('iframe')?.srcdoc")
        return self.page.frames[1]

    def run(self, **traits: Any) -> None:
        """A cell is run that assigns traits of the widget."""
        for name, value in traits.items():
            setattr(self.widget, name, value)
        self.page.evaluate("(messages) => window.deliver(messages)", self.wire.take())

    def until(self, holds: Callable[[], bool]) -> None:
        """Let the page and the kernel talk until something holds."""
        for _ in range(100):
            if holds():
                return
            self.page.wait_for_timeout(50)
        assert holds()

    def _kernel(self, kind: str, said: str) -> str:
        if kind == "state":
            self.wire.take()
            return json.dumps(
                {name: self.widget.get_state()[name] for name in ("_esm", "selection", "height")}
            )
        self.wire.handle_msg({"content": {"data": json.loads(said)}, "buffers": []})
        return json.dumps(self.wire.take())
