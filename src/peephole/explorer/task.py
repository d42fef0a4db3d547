"""What a network is asked to do: what it reads, as it was at which moment of its training, with what held.

{"text": "…"} or {"file": 0} or {"sample": 0} or {"drawn": "…"} or {"opened": {"name": "…", "content": base64}}, and
where wanted
"frame": a frame of its film, "clamps": as in ``held.py``, and "peepholes": false for a network with peepholes whose
weights are set to 0
"""

from __future__ import annotations

from dataclasses import dataclass

from peephole.explorer.asked import Asked
from peephole.explorer.held import Held, held_in
from peephole.explorer.input_files import sent_signal
from peephole.explorer.material import Material
from peephole.explorer.offered import Offered
from peephole.explorer.opened import OpenRun
from peephole.explorer.refusal import Refusal
from peephole.explorer.words import RELOAD, Words


@dataclass(frozen=True)
class Task:
    """What a network is to do.

    Attributes:
        material: what it reads.
        frame: which frame of the film of its training; None for the finished network.
        clamps: what is held.
        peepholes: whether the gates see the cell as they have learned to; False: they do not.
        keep: what is found out about a long text may be kept on disk: it is a file's.
    """

    material: Material
    frame: int | None = None
    clamps: tuple[Held, ...] = ()
    peepholes: bool = True
    keep: bool = False

    @property
    def digest(self) -> str:
        """Names what is read and held: the same for equal tasks, in every process; which network does it is no part."""
        return f"{self.material.digest} {self.clamps}"


def task_in(opened: OpenRun, files: Offered, asked: Asked) -> Task:
    """The task that a request's body describes.

    Raises:
        Refusal: it describes none, or one that this network cannot do.
    """
    frame = None if asked.fields.get("frame") is None else asked.whole("frame")
    clamps = () if asked.fields.get("clamps") is None else held_in(asked.fields["clamps"], opened.network)
    peepholes = asked.truth("peepholes", otherwise=True)
    material = _material(opened, files, asked)
    return Task(material, frame, clamps, peepholes=peepholes, keep="file" in asked.fields)


def _material(opened: OpenRun, files: Offered, asked: Asked) -> Material:
    match asked.fields:
        case {"text": str(text)}:
            return opened.typed(text)
        case {"file": int(index)}:
            return files.read(opened, index)
        case {"opened": {"name": name, "content": content}}:
            return opened.measured(sent_signal(name, content), str(name), title=None)
        case {"drawn": str(pixels)}:
            return opened.drawn(pixels)
        case {"sample": int(index)}:
            return opened.sample(index)
    forms = '{"text": "…"}, {"file": 0}, {"sample": 0}, {"drawn": "…"}, {"opened": {…}}'
    raise Refusal(
        Words(f"what is to be read is given by one of {forms}", f"读取内容须以下列形式之一给出：{forms}"),
        do=RELOAD,
    )
