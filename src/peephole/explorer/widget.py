"""The explorer in a notebook: an anywidget around the same page, with the kernel as its host.

The page stands in a frame of its own (`web/src/widget.ts`), so that the notebook's style, keys and address stay the
notebook's. What it asks comes as a message and is answered with bytes. Importing this needs the extra ``notebook``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from peephole.errors import OptionError, ServerError
from peephole.explorer.answers import Answer, Answers
from peephole.explorer.document import NOT_BUILT, STATIC
from peephole.explorer.refusal import Refusal
from peephole.explorer.selection import completed, opening
from peephole.explorer.words import Words


class Explorer(anywidget.AnyWidget):
    """The explorer in a notebook's cell.

    ``selection`` is what is looked at, both ways: it follows the page, and the page follows it. It is a dict with
    ``page``, ``run``, ``layer``, ``direction``, ``quantity``, ``unit``, ``moment``, ``sample``, ``text``, ``frame``,
    ``clamps``, ``light`` and ``stretch``; what an assignment leaves out stays as it was:

        widget.selection = {"unit": 3, "moment": 12}
        widget.observe(lambda change: print(change.new["unit"]), "selection")

    Assigning what no selection can be raises ``traitlets.TraitError``.

    Args:
        run: the id of what is shown first.
        document: makes the page.
        answers: what answers it; None where the page carries all that it needs.
        height: of the frame, in pixels.
    """

    selection = traitlets.Dict().tag(sync=True)
    height = traitlets.Int(640, min=200).tag(sync=True)

    def __init__(
        self, run: str, document: Callable[[], str], answers: Answers | None = None, *, height: int = 640
    ) -> None:
        script = STATIC / "widget.js"
        if not script.is_file():
            raise ServerError(NOT_BUILT)
        self._esm = script.read_text(encoding="utf-8")
        self._document = document
        self._answers = answers
        self._opening = opening(run)
        super().__init__(selection=self._opening, height=height)
        self.on_msg(self._hear)

    @traitlets.validate("selection")
    def _complete(self, proposal: Any) -> dict[str, Any]:
        try:
            return completed(proposal["value"], self.selection or self._opening)
        except OptionError as error:
            raise traitlets.TraitError(str(error)) from error

    def _hear(self, widget: object, said: Any, buffers: object) -> None:
        """A message of the page: it wants its document, or asks something."""
        match said:
            case {"view": str(view), "kind": "page"}:
                self.send({"view": view, "kind": "page"}, [self._document().encode()])
            case {"view": str(view), "kind": "ask", "id": int(number), "path": str(path), "body": body}:
                answer = self._answer(path, body)
                said = {"view": view, "kind": "answer", "id": number, "status": answer.status}
                self.send(said, [answer.body])

    def _answer(self, path: str, body: object) -> Answer:
        """What was asked; a mistake of ours is told to the page, which waits for an answer, and to the log."""
        try:
            if self._answers is None:
                raise ServerError(f"a page that carries its trace asked for {path}")
            return self._answers.answer(path, body)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            said = Refusal(
                Words(f"the explorer failed with {what}", f"探索器出错：{what}"),
                do=Words(
                    "The notebook's log says where; please report that.", "笔记本的日志里有出错位置；请报告。"
                ),
                status=500,
            )
            self.log.exception("the explorer failed at %s", path)
            return Answer(said.status, "application/json", json.dumps(said.to_json()).encode())
