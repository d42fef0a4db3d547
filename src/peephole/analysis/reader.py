"""Reads a text character by character and knows where it is: in a string, a comment, a bracket, a line, a word.

Never looks ahead: what it says is what could be known. Two marks in a row are an empty string that has ended, and
the third opens a triple one.
"""

from __future__ import annotations

from typing import Literal

Syntax = Literal["python", "prose"]

TAB = 8
"""A tab leads to the next column that is a multiple of this, as in Python."""

_PROSE_QUOTES = {'"': '"', "“": "”", "«": "»", "「": "」", "『": "』"}
_OPENING, _CLOSING = "([{（［｛【", ")]}）］｝】"


class Reader:
    """Where a text is after what has been read of it.

    Attributes:
        quote: the mark that would end the string that is open, "" outside.
        comment: whether a comment is open.
        depth: brackets that are open.
        indentation: columns of white space at the line's beginning, as far as it has been read.
        column: characters since the line began.
        word: characters of the word so far, 0 outside.
    """

    def __init__(self, syntax: Syntax = "python") -> None:
        self.syntax = syntax
        self.quote = ""
        self.comment = False
        self.depth = 0
        self.indentation = 0
        self.column = 0
        self.word = 0
        self._indenting = True
        self._escaped = False
        self._seen = ""  # what may become a mark: "" of a triple one, or the newline before a blank line

    def read(self, text: str) -> None:
        """Goes on by some characters."""
        for character in text:
            if self.syntax == "python":
                self._python(character)
            else:
                self._prose(character)
            self._place(character)

    def _place(self, character: str) -> None:
        self.word = self.word + 1 if character.isalnum() or character == "_" else 0
        if character == "\n":
            self.column, self.indentation, self._indenting = 0, 0, True
            return
        self.column += 1
        if self._indenting and character == " ":
            self.indentation += 1
        elif self._indenting and character == "\t":
            self.indentation += TAB - self.indentation % TAB
        else:
            self._indenting = False

    def _python(self, character: str) -> None:
        if self.comment:
            self.comment = character != "\n"
        elif self.quote:
            self._python_string(character)
        elif character in "'\"":
            # After "" a third mark opens a triple string.
            self.quote = 3 * character if self._seen == 2 * character else character
            self._seen = character if len(self.quote) == 1 else ""
        else:
            self._seen = ""
            self.comment = character == "#"
            self._bracket(character)

    def _python_string(self, character: str) -> None:
        if self._escaped:
            self._escaped, self._seen = False, ""
            return
        self._escaped = character == "\\"
        if len(self.quote) == 1:
            if character == self.quote:
                self._seen = 2 * character if self._seen == character else ""
                self.quote = ""
            else:
                self._seen = ""
                if character == "\n":
                    self.quote = ""
            return
        self._seen = self._seen + character if character == self.quote[0] else ""
        if self._seen == self.quote:
            self.quote, self._seen = "", ""

    def _prose(self, character: str) -> None:
        blank_line = character == "\n" and self._seen == "\n"
        if character == "\n" or not character.isspace():
            self._seen = character
        if self.quote:
            if character == self.quote or blank_line:
                self.quote = ""
        elif character in _PROSE_QUOTES:
            self.quote = _PROSE_QUOTES[character]
        self._bracket(character)

    def _bracket(self, character: str) -> None:
        if character in _OPENING:
            self.depth += 1
        elif character in _CLOSING:
            self.depth = max(0, self.depth - 1)
