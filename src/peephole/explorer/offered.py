"""The files that are offered to be read besides the runs' own: texts to networks of texts, numbers to the others."""

from __future__ import annotations

from dataclasses import dataclass, field

from peephole.explorer.input_files import InputFiles
from peephole.explorer.material import Material
from peephole.explorer.opened import OpenRun
from peephole.explorer.text_files import TextFiles
from peephole.explorer.words import Words


@dataclass(frozen=True)
class Offered:
    """Files by kind; a network numbers those of the kind that it reads from 0."""

    texts: TextFiles = field(default_factory=TextFiles)
    inputs: InputFiles = field(default_factory=InputFiles)

    def titles(self, opened: OpenRun) -> list[str]:
        """The names of those that a run can be given."""
        return self.inputs.titles if opened.vocabulary is None else self.texts.titles

    def read(self, opened: OpenRun, index: int) -> Material:
        """One of them, as a run reads it.

        Raises:
            Refusal: there is no such file, or the run cannot read it.
        """
        if opened.vocabulary is not None:
            return self.texts.read(index, opened.vocabulary, follows=opened.target == "next")
        signal = self.inputs.signal(index)
        name = self.inputs.titles[index]
        return opened.measured(signal, name, title=Words(name, name))
